"""Text that came from elsewhere: what of it cannot be seen, and how it is shown all the same."""

from unicodedata import bidirectional, category, combining, normalize

# Control and format characters (zero-width ones and those that turn a line around are among them),
# lone surrogates, and the separators of lines and paragraphs.
_UNSEEN = frozenset({"Cc", "Cf", "Cs", "Zl", "Zp"})

# Letters, marks and signs that Unicode has nothing drawn for (Default_Ignorable_Code_Point), and
# the empty Braille pattern.
_BLANK = frozenset(
    (
        *(0x034F, 0x115F, 0x1160, 0x17B4, 0x17B5, 0x2800, 0x3164, 0xFFA0),
        *(*range(0x180B, 0x1810), *range(0xFE00, 0xFE10), *range(0xE0100, 0xE01F0)),
    )
)

ZWNJ = "\u200c"
_JOINERS = frozenset({ZWNJ, "\u200d"})
_VIRAMA = 9  # the combining class of the signs that take an Indic letter's vowel away


def composed(text: str) -> str:
    """`text` with each letter composed in one way (Unicode's NFC): what looks the same is the same.

    Systems differ in how they write letters with accents, and keyboards do.
    """
    return normalize("NFC", text)


def is_invisible(character: str) -> bool:
    """Whether a character shows nothing, or changes how others are shown; a space does neither."""
    return category(character) in _UNSEEN or ord(character) in _BLANK


def unseen(text: str) -> list[str]:
    """The invisible characters of a text, but for those by which some scripts join letters."""
    return [c for n, c in enumerate(text) if is_invisible(c) and not _joins(text, n)]


def _joins(text: str, at: int) -> bool:
    """Whether a (non-)joiner stands where a script is written with it, and is seen by its effect.

    As in domain names (RFC 5892, appendix A): after a virama, and the one that keeps letters apart
    also between letters that would join, as those of Persian do.
    """
    if text[at] not in _JOINERS or not 0 < at < len(text) - 1:
        return False
    before = text[at - 1]
    if combining(before) == _VIRAMA:
        return True
    between_letters = bidirectional(before) == bidirectional(text[at + 1]) == "AL"
    return text[at] == ZWNJ and between_letters


def visible(text: str) -> str:
    r"""`text` with each invisible character spelt out, such as \u200b, for terminals and people."""
    if text.isascii() and text.isprintable():
        return text
    return "".join(
        _spelt(c) if is_invisible(c) and not _joins(text, n) else c for n, c in enumerate(text)
    )


def _spelt(character: str) -> str:
    return character.encode("unicode_escape").decode("ascii")


def is_text(given: str) -> bool:
    """Whether what the system handed over is text, and no bytes that are not UTF-8.

    Python has lone surrogates for such bytes.  The database takes none, and OpenCV crashes on them.
    """
    return not any("\ud800" <= character <= "\udfff" for character in given)


def as_text(name: str) -> str:
    r"""A file's name as text that can be kept: bytes that are not UTF-8 spelt out, such as \xe9."""
    return name.encode("utf-8", "surrogateescape").decode("utf-8", "backslashreplace")


def printable(text: str, characters_max: int) -> str:
    """`text` with ? for all that is not plainly visible, cut to a length."""
    seen = "".join(c if c.isprintable() else "?" for c in text[: characters_max + 1])
    return seen if len(seen) <= characters_max else f"{seen[: characters_max - 1]}…"
