"""Text that came from elsewhere: what of it cannot be seen, and how it is shown all the same."""

from unicodedata import category

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


def is_invisible(character: str) -> bool:
    """Whether a character shows nothing, or changes how others are shown; a space does neither."""
    return category(character) in _UNSEEN or ord(character) in _BLANK


def visible(text: str) -> str:
    r"""`text` with each invisible character spelt out, such as \u200b, for terminals and people."""
    if text.isascii() and text.isprintable():
        return text
    return "".join(_spelt(c) if is_invisible(c) else c for c in text)


def _spelt(character: str) -> str:
    return character.encode("unicode_escape").decode("ascii")
