"""How large a picture, a frame of a video or a file may be."""

from fer_md.errors import FerMdError

MAX_PIXELS = 50_000_000
"""Largest width times height that is decoded: 50 MB as grayscale."""

MAX_BYTES = 100_000_000
"""Largest file of a picture that is read."""

MAX_SCANS = 100
"""Most passes of a JPEG that are decoded."""


def check_size(width: float, height: float, what: str, max_pixels: int = MAX_PIXELS) -> None:
    """Raises `FerMdError`, which starts with ``what``, unless there are 1 to ``max_pixels`` pixels."""
    pixels, size = width * height, f"{width:.0f}x{height:.0f}"
    if pixels > max_pixels:
        raise FerMdError(f"{what} {size}, {pixels:,.0f} pixels; at most {max_pixels:,} are decoded: make it smaller")
    if not pixels > 0:
        raise FerMdError(f"{what} {size}, without a pixel; fetch it again or leave it out")
