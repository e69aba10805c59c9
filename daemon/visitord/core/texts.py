"""Text of strangers, as it may be shown."""


def printable(text: str, characters_max: int) -> str:
    """`text` with ? for all that is not plainly visible, cut to a length."""
    seen = "".join(c if c.isprintable() else "?" for c in text[: characters_max + 1])
    return seen if len(seen) <= characters_max else f"{seen[: characters_max - 1]}…"
