"""Which files are pictures, and of which kind: the one table of their types."""

from pathlib import Path

PHOTOGRAPHS = frozenset({".jpg", ".jpeg", ".png", ".bmp", ".webp", ".tif", ".tiff"})
"""One picture each, wherever recordings are expected too."""

PICTURES = PHOTOGRAPHS | {".jfif", ".gif", ".heic", ".heif", ".avif"}
"""What a person would call a picture; those that cannot be decoded are told of."""

_ANIMATIONS = frozenset({".gif", ".webp", ".png", ".apng"})
"""May hold more than one picture."""

_HEIF_BRANDS = frozenset({b"heic", b"heix", b"hevc", b"mif1", b"msf1", b"avif"})
"""Of an ISO base media file's `ftyp` box (ISO/IEC 14496-12, 23008-12)."""


def is_photograph(path: Path) -> bool:
    """Whether a file is one picture by its name, not a recording."""
    return path.suffix.lower() in PHOTOGRAPHS


def is_picture(path: Path) -> bool:
    """Whether a file is a picture by its name, if not one that can be decoded."""
    return path.suffix.lower() in PICTURES


def may_be_animated(path: Path) -> bool:
    """Whether a file of that name may hold more than one picture."""
    return path.suffix.lower() in _ANIMATIONS


def is_heif(content: bytes) -> bool:
    """Whether a file is a HEIC, HEIF or AVIF picture by how it begins, whatever it is called."""
    return content[4:8] == b"ftyp" and content[8:12] in _HEIF_BRANDS
