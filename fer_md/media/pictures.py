"""Picture files of unknown origin: each is decoded only after its header has stated a size that is safe to decode."""

import os
import struct
from collections.abc import Callable, Sequence
from pathlib import Path

import cv2
import numpy as np

from fer_md.errors import FerMdError
from fer_md.files import atomic_file
from fer_md.media import pillow_formats
from fer_md.media.jpeg_header import read_jpeg_header
from fer_md.media.limits import MAX_BYTES, MAX_PIXELS, MAX_SCANS, check_size

PNG_SIGNATURE = b"\x89PNG\r\n\x1a\n"
"""The first eight bytes of every PNG."""

DATA_FORMATS = ("PNG", "JPEG")
"""Formats of the data sets' pictures. Both have exact pixels or a standard decoder."""

ALL_FORMATS = ("PNG", "JPEG", "GIF", "WebP", "BMP", *pillow_formats.FORMATS)
"""Formats of users' pictures. The first picture of an animation is decoded. The last four need Pillow."""


def read_picture(path: Path | str) -> np.ndarray:
    """Reads a picture of any of `ALL_FORMATS` in colour.

    An orientation in the EXIF data, or in the header, is applied. 16 bits are scaled to 8, CMYK and gray are converted,
    transparency is ignored.

    Args:
        path: the file.

    Returns:
        (H, W, 3) uint8, red first.

    Raises:
        FerMdError: the file is missing, empty, too large, of another format, or damaged.
    """
    path = Path(path)
    if not path.is_file():
        raise FerMdError(f"{path}: {'a folder, not a picture' if path.is_dir() else 'no such file'}")
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
        if not (path.is_file() or path.is_dir()):  # reading it could wait, or last, for ever
            raise FerMdError(f"{path}: a pipe or device, not a file")
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
    other = pillow_formats.format_of(data)
    if other and other in formats:
        return pillow_formats.decode(data, other, name, max_pixels)
    try:
        jpeg = read_jpeg_header(data)
        sizes = (_SIZES[kind](data) for kind in formats if kind in _SIZES)
        size = (jpeg.width, jpeg.height) if jpeg else next(filter(None, sizes), None)
    except (struct.error, IndexError):
        raise FerMdError(f"{name}: the image is truncated in its header; fetch it again or leave it out") from None
    if size is None:
        found = f", but a {other}" if other else ""
        raise FerMdError(
            f"{name}: not a {', '.join(formats[:-1])} or {formats[-1]} image{found}; convert it to PNG or JPEG"
        )
    check_size(size[0], size[1], f"{name}: the image is", max_pixels)
    if jpeg and jpeg.scans > MAX_SCANS:
        raise FerMdError(f"{name}: the image has {jpeg.scans} scans; at most {MAX_SCANS} are decoded: save it again")
    try:
        image = None if _png_overflows(data) else cv2.imdecode(np.frombuffer(_plain_exif(data), np.uint8), mode)
    except cv2.error:
        image = None
    if image is None and jpeg and jpeg.bits != 8:
        raise FerMdError(f"{name}: a JPEG of {jpeg.bits} bits is not supported; convert it to PNG")
    if image is None:
        raise FerMdError(f"{name}: the image is damaged and cannot be decoded; fetch it again or leave it out")
    return image


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


def _plain_exif(data):
    """A WebP whose EXIF data begin as in a JPEG without that beginning, which OpenCV does not step over."""
    position = 12
    while data[:4] == b"RIFF" and data[8:12] == b"WEBP" and position + 8 <= len(data):
        kind, length = struct.unpack_from("<4sI", data, position)
        content = position + 8
        if kind == b"EXIF" and data[content : content + 6] == b"Exif\0\0":
            (riff,) = struct.unpack_from("<I", data, 4)
            head = data[:4] + struct.pack("<I", max(riff - 6, 0)) + data[8:position]
            return head + struct.pack("<4sI", kind, max(length - 6, 0)) + data[content + 6 :]
        position = content + length + length % 2
    return data


def _bmp_size(data):
    if data[:2] != b"BM":
        return None
    if data[14:18] == struct.pack("<I", 12):  # the header of OS/2
        return struct.unpack("<HH", data[18:22])
    width, height = struct.unpack("<ii", data[18:26])
    return width, abs(height)  # below zero where the rows start at the top


_SIZES: dict[str, Callable[[bytes], tuple[int, ...] | None]] = {
    "PNG": _png_size,
    "GIF": _gif_size,
    "WebP": _webp_size,
    "BMP": _bmp_size,
}
"""What reads width and height from the header of each format but JPEG. It returns None for a file of another format,
and raises ``struct.error`` or ``IndexError`` where the header is cut off."""
