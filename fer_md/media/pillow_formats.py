"""TIFF, JPEG 2000, AVIF and HEIC, as Pillow and ``pillow-heif`` decode them; the extra ``fer_md[pictures]``."""

import io
import os
from typing import TYPE_CHECKING

import numpy as np

from fer_md.errors import FerMdError
from fer_md.media.limits import MAX_PIXELS, check_size

if TYPE_CHECKING:
    import PIL.Image

FORMATS = ("TIFF", "JPEG 2000", "AVIF", "HEIC")
"""Names of the formats."""

_START = {
    b"II*\0": "TIFF",
    b"MM\0*": "TIFF",
    b"\0\0\0\x0cjP  ": "JPEG 2000",
    b"\xff\x4f\xff\x51": "JPEG 2000",
}
_DAMAGED = "the image is damaged or of a kind that is not read; convert it to PNG or JPEG"
_HEIC = frozenset((b"heic", b"heix", b"heim", b"heis", b"mif1", b"msf1"))
_PLUGINS = {"TIFF": "TIFF", "JPEG 2000": "JPEG2000", "AVIF": "AVIF", "HEIC": "HEIF"}


def format_of(data: bytes) -> str | None:
    """The name of the picture's format where it is one of `FORMATS`, otherwise None."""
    for start, kind in _START.items():
        if data.startswith(start):
            return kind
    if data[4:8] != b"ftyp":
        return None
    box = data[8 : min(int.from_bytes(data[:4], "big"), 256)]
    brands = {box[at : at + 4] for at in (0, *range(8, len(box), 4))}  # between them is a version
    return "AVIF" if brands & {b"avif", b"avis"} else "HEIC" if brands & _HEIC else None


def decode(data: bytes, kind: str, name: os.PathLike | str, max_pixels: int = MAX_PIXELS) -> np.ndarray:
    """Decodes a picture of one of `FORMATS`, turned as it says; of several pictures the first.

    Args:
        data: content of the file.
        kind: the name of its format, from `format_of`.
        name: what an error calls the picture.
        max_pixels: the largest width times height that is decoded.

    Returns:
        (H, W, 3) uint8, red first.

    Raises:
        FerMdError: the decoder is not installed, or the picture is too large, damaged, or of a kind that is not read.
    """
    try:
        from PIL import Image

        if kind == "HEIC":
            import pillow_heif

            pillow_heif.register_heif_opener()
    except ImportError:
        raise FerMdError(f"{name}: a {kind} image; to read it, pip install 'fer_md[pictures]'") from None
    try:
        image = Image.open(io.BytesIO(data), formats=[_PLUGINS[kind]])
    except Image.DecompressionBombError:
        raise FerMdError(f"{name}: the image has more than {max_pixels:,} pixels; make it smaller") from None
    except Exception:  # a damaged file makes Pillow raise anything
        raise FerMdError(f"{name}: {_DAMAGED}") from None
    with image:
        return as_rgb(image, name, max_pixels)


def as_rgb(image: "PIL.Image.Image", name: os.PathLike | str, max_pixels: int = MAX_PIXELS) -> np.ndarray:
    """A picture of Pillow, which may be not decoded yet, as (H, W, 3) uint8, red first, turned as it says.

    Args:
        image: the picture.
        name: what an error calls it.
        max_pixels: the largest width times height that is decoded.

    Raises:
        FerMdError: it is too large, damaged, or has 32 bits a value, of which nothing says what is white.
    """
    check_size(image.width, image.height, f"{name}: the image is", max_pixels)
    try:
        image.load()
        upright = _upright(image)
        if upright.mode.startswith("I;16"):
            gray = (np.asarray(upright) / 257).round().astype(np.uint8)
            return np.repeat(gray[..., None], 3, axis=2)
        if upright.mode not in ("I", "F"):
            return np.array(upright.convert("RGB"))
    except Exception:
        raise FerMdError(f"{name}: {_DAMAGED}") from None
    raise FerMdError(f"{name}: the image has 32 bits a value, which are not read; convert it to 8 or 16")


def _upright(image):
    """A decoded picture, turned as its EXIF data say, or as it is where they are broken."""
    from PIL import ImageOps

    try:
        return ImageOps.exif_transpose(image)
    except Exception:
        return image
