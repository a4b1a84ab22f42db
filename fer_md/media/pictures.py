"""Picture files of unknown origin: each is decoded only after its header has stated a size that is safe to decode."""

import os
import struct
from collections.abc import Callable, Sequence
from pathlib import Path

import cv2
import numpy as np

from fer_md.errors import FerMdError
from fer_md.files import atomic_file

MAX_PIXELS = 50_000_000
"""Largest width times height that is decoded: 50 MB as grayscale."""

MAX_BYTES = 100_000_000
"""Largest file that is read."""

PNG_SIGNATURE = b"\x89PNG\r\n\x1a\n"
"""The first eight bytes of every PNG."""

DATA_FORMATS = ("PNG", "JPEG")
"""Formats of the data sets' pictures. Both have exact pixels or a standard decoder."""

ALL_FORMATS = ("PNG", "JPEG", "GIF", "WebP", "BMP")
"""Formats of users' pictures. The first picture of an animation is decoded."""


def read_picture(path: Path | str) -> np.ndarray:
    """Reads a picture of any of `ALL_FORMATS` in colour.

    An orientation in the EXIF data is applied. 16 bits are scaled to 8, CMYK and gray are converted, transparency is
    ignored.

    Args:
        path: the file.

    Returns:
        (H, W, 3) uint8, red first.

    Raises:
        FerMdError: the file is missing, empty, too large, of another format, or damaged.
    """
    path = Path(path)
    if not path.is_file():
        raise FerMdError(f"{path}: no such file")
    return decode_rgb(read_bytes(path), path, formats=ALL_FORMATS)


def read_gray(path: Path | str, max_pixels: int = MAX_PIXELS) -> np.ndarray:
    """Reads a PNG or JPEG file as grayscale.

    Gray, RGB, CMYK and palette pictures are converted, 16 bits are scaled to 8, transparency is ignored. An
    orientation in the EXIF data is applied.

    Args:
        path: the file.
        max_pixels: the largest width times height that is decoded.

    Returns:
        (H, W) uint8.

    Raises:
        FerMdError: the file is missing, empty, too large, neither PNG nor JPEG, or damaged.
    """
    return decode_gray(read_bytes(path), path, max_pixels)


def save_picture(path: Path | str, image: np.ndarray) -> None:
    """Writes a picture, whole or not at all.

    Args:
        path: the file; its suffix, such as ``.png``, chooses the format.
        image: (H, W, 3) uint8, red first.

    Raises:
        FerMdError: the picture cannot be encoded in that format.
    """
    path = Path(path)
    encoded, data = cv2.imencode(path.suffix, cv2.cvtColor(image, cv2.COLOR_RGB2BGR))
    if not encoded:
        raise FerMdError(f"{path}: cannot be encoded; name a .png or .jpg file")
    with atomic_file(path) as partial:
        partial.write_bytes(data.tobytes())


def read_bytes(path: Path | str, max_bytes: int = MAX_BYTES) -> bytes:
    """Reads a file of at most ``max_bytes``; `FerMdError` where it is larger or cannot be read."""
    path = Path(path)
    try:
        if path.stat().st_size > max_bytes:
            raise FerMdError(f"{path}: the file is larger than {max_bytes} bytes; make it smaller")
        return path.read_bytes()
    except OSError as error:
        raise FerMdError(f"{path}: cannot be read ({error.strerror})") from None


def decode_gray(data: bytes, name: os.PathLike | str, max_pixels: int = MAX_PIXELS) -> np.ndarray:
    """Decodes the bytes of a PNG or JPEG file as grayscale; see `read_gray`.

    Args:
        data: content of the file.
        name: what an error calls the picture.
        max_pixels: the largest width times height that is decoded.

    Returns:
        (H, W) uint8.
    """
    return _decode(data, name, max_pixels, cv2.IMREAD_GRAYSCALE, DATA_FORMATS)


def decode_rgb(
    data: bytes, name: os.PathLike | str, max_pixels: int = MAX_PIXELS, formats: Sequence[str] = DATA_FORMATS
) -> np.ndarray:
    """Decodes the bytes of a picture file in colour, under the rules of `read_gray`.

    Args:
        data: content of the file.
        name: what an error calls the picture.
        max_pixels: the largest width times height that is decoded.
        formats: names of the formats that are accepted, out of `ALL_FORMATS`.

    Returns:
        (H, W, 3) uint8, red first.
    """
    return _decode(data, name, max_pixels, cv2.IMREAD_COLOR_RGB, formats)


def _decode(data, name, max_pixels, mode, formats):
    if not data:
        raise FerMdError(f"{name}: the file is empty; fetch it again or leave it out")
    try:
        size = next(filter(None, (_SIZES[kind](data) for kind in formats)), None)
    except (struct.error, IndexError):
        raise FerMdError(f"{name}: the image is truncated in its header; fetch it again or leave it out") from None
    if size is None:
        found = f", but a {unread}" if (unread := _unread_format(data)) else ""
        raise FerMdError(f"{name}: neither a {' nor a '.join(formats)} image{found}; convert it to PNG or JPEG")
    width, height = size
    check_size(width, height, f"{name}: the image is", max_pixels)
    try:
        image = None if _png_overflows(data) else cv2.imdecode(np.frombuffer(data, np.uint8), mode)
    except cv2.error:
        image = None
    if image is None:
        raise FerMdError(f"{name}: the image is damaged and cannot be decoded; fetch it again or leave it out")
    return image


def check_size(width: float, height: float, what: str, max_pixels: int = MAX_PIXELS) -> None:
    """Raises `FerMdError`, which starts with ``what``, unless there are 1 to ``max_pixels`` pixels."""
    pixels, size = width * height, f"{width:.0f}x{height:.0f}"
    if pixels > max_pixels:
        raise FerMdError(f"{what} {size}, {pixels:,.0f} pixels; at most {max_pixels:,} are decoded: make it smaller")
    if not pixels > 0:
        raise FerMdError(f"{what} {size}, without a pixel; fetch it again or leave it out")


def _png_size(data):
    if data[:8] != PNG_SIGNATURE:
        return None
    return struct.unpack(">II", data[16:24])


def _png_overflows(data):
    """Whether data is a PNG with a chunk that claims to be longer than the file: decoders reserve up to 2 GB for it."""
    if _png_size(data) is None:
        return False
    position = 8
    while position + 8 <= len(data):
        length, kind = struct.unpack(">I4s", data[position : position + 8])
        position += 12 + length
        if kind == b"IEND":
            break
    return position > len(data)


_JPEG_FRAMES = frozenset(range(0xC0, 0xD0)) - {0xC4, 0xC8, 0xCC}
_JPEG_BARE = frozenset((0x01, *range(0xD0, 0xDA)))
"""Markers without a length. They may not come before the frame; decoders step over them, whatever follows."""


def _jpeg_size(data):
    """The size in the first frame header."""
    if data[:3] != b"\xff\xd8\xff":
        return None
    position = 2
    while True:
        while data[position + 1] == 0xFF:  # fill bytes
            position += 1
        marker, (length,) = data[position + 1], struct.unpack(">H", data[position + 2 : position + 4])
        if data[position] != 0xFF or length < 2 or marker in _JPEG_BARE:
            return None
        if marker in _JPEG_FRAMES:
            height, width = struct.unpack(">HH", data[position + 5 : position + 9])
            return width, height
        position += 2 + length


def _gif_size(data):
    """The size of the canvas, on which all pictures of the animation lie."""
    if data[:6] not in (b"GIF87a", b"GIF89a"):
        return None
    return struct.unpack("<HH", data[6:10])


def _webp_size(data):
    """The size in a WebP of any of the three kinds: lossy, lossless and extended."""
    if data[:4] != b"RIFF" or data[8:12] != b"WEBP":
        return None
    if data[12:16] == b"VP8 ":
        return tuple(side & 0x3FFF for side in struct.unpack("<HH", data[26:30]))
    if data[12:16] == b"VP8L":
        (bits,) = struct.unpack("<I", data[21:25])
        return (bits & 0x3FFF) + 1, (bits >> 14 & 0x3FFF) + 1
    width, height = struct.unpack("<I", data[24:27] + b"\0") + struct.unpack("<I", data[27:30] + b"\0")
    return width + 1, height + 1


def _bmp_size(data):
    if data[:2] != b"BM":
        return None
    if data[14:18] == struct.pack("<I", 12):  # the header of OS/2
        return struct.unpack("<HH", data[18:22])
    width, height = struct.unpack("<ii", data[18:26])
    return width, abs(height)  # below zero where the rows start at the top


_SIZES: dict[str, Callable[[bytes], tuple[int, ...] | None]] = {
    "PNG": _png_size,
    "JPEG": _jpeg_size,
    "GIF": _gif_size,
    "WebP": _webp_size,
    "BMP": _bmp_size,
}
"""What reads width and height from the header of each format. It returns None for a file of another format, and raises
``struct.error`` or ``IndexError`` where the header is cut off."""


def _unread_format(data):
    """Name of the picture's format where it is a common one that is not read, otherwise None."""
    if data[:4] in (b"II*\0", b"MM\0*"):
        return "TIFF"
    return {b"ftypheic": "HEIC", b"ftypmif1": "HEIC", b"ftypavif": "AVIF"}.get(data[4:12])
