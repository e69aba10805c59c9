"""How large a picture may be, wherever it comes from."""

MEGAPIXEL = 1_000_000
PIXELS_MAX = 64 * MEGAPIXEL
"""More than photographs of 50 megapixels, and than 8K video (33), have.

In colour 192 MB, of which looking for faces holds up to four copies: less than 1 GB.
"""
LIMIT = f"{PIXELS_MAX // MEGAPIXEL} megapixels"


def too_large(width_px: int, height_px: int) -> bool:
    """Whether a picture of this size is refused before it is decoded."""
    return width_px * height_px > PIXELS_MAX
