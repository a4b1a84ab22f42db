"""Image files of unknown origin: decoded only once their header shows a size that is safe to decode."""

import struct
from pathlib import Path

import cv2
import numpy as np

from fer_md.errors import FerMdError

MAX_PIXELS = 50_000_000
"""Largest width times height that is decoded: 50 MB as grayscale."""

MAX_BYTES = 100_000_000
"""Largest file that is read."""

_JPEG_FRAMES = frozenset(range(0xC0, 0xD0)) - {0xC4, 0xC8, 0xCC}


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


def decode_rgb(data, name, max_pixels=MAX_PIXELS):
    """Decodes the bytes of a PNG or JPEG file in colour, under the rules of `read_gray`.

    Args:
        data: bytes.
        name: what an error calls the image.
        max_pixels: the largest width times height that is decoded.

    Returns:
        (H, W, 3) uint8, red first.
    """
    return _decode(data, name, max_pixels, cv2.IMREAD_COLOR_RGB)


def _decode(data, name, max_pixels, mode):
    if not data:
        raise FerMdError(f"{name}: the file is empty")
    try:
        size = _png_size(data) or _jpeg_size(data)
    except (struct.error, IndexError):
        raise FerMdError(f"{name}: the image is truncated in its header") from None
    if size is None:
        raise FerMdError(f"{name}: neither a PNG nor a JPEG image")
    width, height = size
    if not 0 < width * height <= max_pixels:
        raise FerMdError(f"{name}: the image is {width}x{height}; at most {max_pixels} pixels are decoded")
    try:
        image = cv2.imdecode(np.frombuffer(data, np.uint8), mode)
    except cv2.error:
        image = None
    if image is None:
        raise FerMdError(f"{name}: the image is damaged and cannot be decoded")
    return image


def read_bytes(path):
    """Reads a file of at most `MAX_BYTES`, given as ``pathlib.Path``."""
    try:
        if path.stat().st_size > MAX_BYTES:
            raise FerMdError(f"{path}: the file is larger than {MAX_BYTES} bytes")
        return path.read_bytes()
    except OSError as error:
        raise FerMdError(f"{path}: cannot be read ({error.strerror})") from None


def _png_size(data):
    """Width and height from the header of a PNG, None for anything else."""
    if data[:8] != b"\x89PNG\r\n\x1a\n":
        return None
    return struct.unpack(">II", data[16:24])


def _jpeg_size(data):
    """Width and height from the first frame header of a JPEG, None for anything else."""
    if data[:3] != b"\xff\xd8\xff":
        return None
    position = 2
    while True:
        while data[position + 1] == 0xFF:  # fill bytes
            position += 1
        marker, (length,) = data[position + 1], struct.unpack(">H", data[position + 2 : position + 4])
        if data[position] != 0xFF or length < 2:
            return None
        if marker in _JPEG_FRAMES:
            height, width = struct.unpack(">HH", data[position + 5 : position + 9])
            return width, height
        position += 2 + length
