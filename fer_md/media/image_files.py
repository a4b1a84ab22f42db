"""Image files of unknown origin: decoded only once their header shows a size that is safe to decode."""

import struct
from pathlib import Path

import cv2
import numpy as np

from fer_md.errors import FerMdError
from fer_md.media.image_headers import SIZES, png_overflows, unread_format

MAX_PIXELS = 50_000_000
"""Largest width times height that is decoded: 50 MB as grayscale."""

MAX_BYTES = 100_000_000
"""Largest file that is read."""

DATA_FORMATS = ("PNG", "JPEG")
"""Formats of the data sets' images, all with exact pixels or a standard decoder."""

ALL_FORMATS = tuple(SIZES)
"""Formats that users' pictures come in; of an animation the first picture is decoded."""


def read_gray(path, max_pixels=MAX_PIXELS):
    """Reads a PNG or JPEG file as grayscale.

    Gray, RGB, CMYK and palette images are converted, 16 bits are scaled to 8, transparency is ignored;
    an orientation in the EXIF data is applied.

    Args:
        path: the file.
        max_pixels: the largest width times height that is decoded.

    Returns:
        (H, W) uint8.

    Raises:
        FerMdError: the file is missing, empty, too large, neither PNG nor JPEG, or damaged.
    """
    return decode_gray(read_bytes(Path(path)), path, max_pixels)


def decode_gray(data, name, max_pixels=MAX_PIXELS):
    """Decodes the bytes of a PNG or JPEG file as grayscale; see `read_gray`.

    Args:
        data: bytes.
        name: what an error calls the image.
        max_pixels: the largest width times height that is decoded.

    Returns:
        (H, W) uint8.
    """
    return _decode(data, name, max_pixels, cv2.IMREAD_GRAYSCALE)


def decode_rgb(data, name, max_pixels=MAX_PIXELS, formats=DATA_FORMATS):
    """Decodes the bytes of an image file in colour, under the rules of `read_gray`.

    Args:
        data: bytes.
        name: what an error calls the image.
        max_pixels: the largest width times height that is decoded.
        formats: names of the formats that are accepted, out of `ALL_FORMATS`.

    Returns:
        (H, W, 3) uint8, red first.
    """
    return _decode(data, name, max_pixels, cv2.IMREAD_COLOR_RGB, formats)


def _decode(data, name, max_pixels, mode, formats=DATA_FORMATS):
    if not data:
        raise FerMdError(f"{name}: the file is empty; fetch it again or leave it out")
    try:
        size = next(filter(None, (SIZES[kind](data) for kind in formats)), None)
    except (struct.error, IndexError):
        raise FerMdError(f"{name}: the image is truncated in its header; fetch it again or leave it out") from None
    if size is None:
        found = f", but a {unread}" if (unread := unread_format(data)) else ""
        raise FerMdError(f"{name}: neither a {' nor a '.join(formats)} image{found}; convert it to PNG or JPEG")
    width, height = size
    check_size(width, height, f"{name}: the image is", max_pixels)
    try:
        image = None if png_overflows(data) else cv2.imdecode(np.frombuffer(data, np.uint8), mode)
    except cv2.error:
        image = None
    if image is None:
        raise FerMdError(f"{name}: the image is damaged and cannot be decoded; fetch it again or leave it out")
    return image


def check_size(width, height, what, max_pixels=MAX_PIXELS):
    """Raises FerMdError, which starts with ``what``, unless there are 1 to ``max_pixels`` pixels."""
    pixels, size = width * height, f"{width:.0f}x{height:.0f}"
    if pixels > max_pixels:
        raise FerMdError(f"{what} {size}, {pixels:,.0f} pixels; at most {max_pixels:,} are decoded: make it smaller")
    if not pixels > 0:
        raise FerMdError(f"{what} {size}, without a pixel; fetch it again or leave it out")


def read_bytes(path, max_bytes=MAX_BYTES):
    """Reads a file of at most ``max_bytes``, given as ``pathlib.Path``."""
    try:
        if path.stat().st_size > max_bytes:
            raise FerMdError(f"{path}: the file is larger than {max_bytes} bytes; make it smaller")
        return path.read_bytes()
    except OSError as error:
        raise FerMdError(f"{path}: cannot be read ({error.strerror})") from None
