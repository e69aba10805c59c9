"""What a file of a picture is by how it begins, whatever it is called: the one table of them."""

from enum import StrEnum
from pathlib import Path

from visitord.core import reading


class Format(StrEnum):
    """A format of pictures; the value is what people call it."""

    JPEG = "JPEG"
    PNG = "PNG"
    GIF = "GIF"
    BMP = "BMP"
    WEBP = "WebP"
    TIFF = "TIFF"
    JPEG_2000 = "JPEG 2000"
    AVIF = "AVIF"
    HEIC = "HEIC"
    # Known, and decoded by nothing that is installed.
    JPEG_XL = "JPEG XL"
    CANON_RAW = "Canon raw"


BEGINNING_BYTES = 64
"""So much of a file tells its format."""

_SIGNATURES = (
    (b"\xff\xd8\xff", Format.JPEG),
    (b"\x89PNG\r\n\x1a\n", Format.PNG),
    (b"GIF87a", Format.GIF),
    (b"GIF89a", Format.GIF),
    (b"II*\0", Format.TIFF),
    (b"MM\0*", Format.TIFF),
    (b"\0\0\0\x0cjP  \r\n\x87\n", Format.JPEG_2000),
    (b"\xff\x4f\xff\x51", Format.JPEG_2000),
    (b"\0\0\0\x0cJXL \r\n\x87\n", Format.JPEG_XL),
    (b"\xff\x0a", Format.JPEG_XL),
)

# Brands of an ISO base media file's `ftyp` box: ISO/IEC 14496-12, 23008-12, and the AV1 Image File
# Format.  Films have others.
_BRANDS = {
    b"avif": Format.AVIF,
    b"avis": Format.AVIF,
    b"heic": Format.HEIC,
    b"heix": Format.HEIC,
    b"heim": Format.HEIC,
    b"heis": Format.HEIC,
    b"hevc": Format.HEIC,
    b"hevx": Format.HEIC,
    b"mif1": Format.HEIC,
    b"msf1": Format.HEIC,
    b"crx ": Format.CANON_RAW,
}
_MOVING_BRANDS = frozenset({b"avis", b"hevc", b"hevx", b"msf1"})

_WEBP_ANIMATION = 2  # of the flags in its header

_SUFFIXES = frozenset(
    {
        *(".jpg", ".jpeg", ".jpe", ".jfif", ".png", ".apng", ".gif", ".bmp", ".dib", ".webp"),
        *(".tif", ".tiff", ".jp2", ".j2k", ".jpf", ".jpx", ".avif", ".heic", ".heif", ".hif"),
        *(".jxl", ".cr3"),
    }
)


def format_of(content: bytes) -> Format | None:
    """The format of a picture, by the beginning of its file; None for what is no picture."""
    for signature, form in _SIGNATURES:
        if content.startswith(signature):
            return form
    if content[:4] == b"RIFF" and content[8:12] == b"WEBP":
        return Format.WEBP
    if content[:2] == b"BM" and content[6:10] == bytes(4):  # reserved: two letters are not enough
        return Format.BMP
    return next((_BRANDS[brand] for brand in _brands(content) if brand in _BRANDS), None)


def is_moving(content: bytes) -> bool:
    """Whether a WebP, HEIC or AVIF file says first of all that its pictures move."""
    if content[:4] == b"RIFF" and content[12:16] == b"VP8X":
        return any(flags & _WEBP_ANIMATION for flags in content[20:21])
    return any(brand in _MOVING_BRANDS for brand in _brands(content)[:1])


def _brands(content: bytes) -> list[bytes]:
    """What an ISO base media file says that it is, the main one first; nothing of others."""
    if content[4:8] != b"ftyp":
        return []
    end = min(int.from_bytes(content[:4]), BEGINNING_BYTES)
    # The four bytes after the main brand are its version.
    return [content[8:12], *(content[at : at + 4] for at in range(16, end, 4))]


def is_picture(path: Path) -> bool:
    """Whether a file is a picture, or by its name was meant as one."""
    try:
        content = reading.beginning(path, BEGINNING_BYTES)
    except OSError:
        content = b""
    return format_of(content) is not None or has_pictures_name(path)


def has_pictures_name(path: Path) -> bool:
    """Whether a person would say by its name that a file is a picture."""
    return path.suffix.lower() in _SUFFIXES
