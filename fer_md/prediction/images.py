"""All that a user may call a picture, as an array."""

import os
import sys
from pathlib import Path
from typing import IO, TYPE_CHECKING, Any, TypeAlias, TypeGuard, Union

import cv2
import numpy as np

from fer_md.errors import FerMdError
from fer_md.media.limits import MAX_BYTES
from fer_md.media.pictures import ALL_FORMATS, decode_rgb, read_picture
from fer_md.media.pillow_formats import as_rgb

if TYPE_CHECKING:
    import PIL.Image

Picture: TypeAlias = Union[str, os.PathLike, bytes, IO[bytes], np.ndarray, "PIL.Image.Image"]
"""A path; the content of a picture file, as bytes or as a file open for reading bytes; an array, (H, W, 3) RGB or (H,
W) gray, uint8; or a picture of Pillow."""


def is_picture(value: Any) -> bool:
    """Whether something is one picture and not several; it need not be a sound one."""
    if isinstance(value, np.ndarray):
        return value.ndim < 4
    return isinstance(value, str | os.PathLike | bytes) or hasattr(value, "read") or _is_pillow(value)


def source_of(picture: Picture) -> str | None:
    """The path or the file's name of a picture; None where it has none."""
    if isinstance(picture, str | os.PathLike):
        return os.fspath(picture)
    name = getattr(picture, "filename" if _is_pillow(picture) else "name", None)
    return name if isinstance(name, str) and name else None


def as_image(picture: Picture, name: str) -> np.ndarray:
    """A picture as (H, W, 3) uint8, red first. An orientation in EXIF data is applied.

    Args:
        picture: see `Picture`. A file is read from where it stands to its end, and is left open.
        name: what an error calls a picture without a path.

    Raises:
        FerMdError: it is no picture, or cannot be read.
    """
    if isinstance(picture, str | os.PathLike):
        return read_picture(Path(picture))
    if isinstance(picture, bytes):
        return decode_rgb(picture, name, formats=ALL_FORMATS)
    if _is_pillow(picture):
        return as_rgb(picture, name)
    if hasattr(picture, "read"):
        return decode_rgb(_content(picture, name), name, formats=ALL_FORMATS)
    if isinstance(picture, np.ndarray) and picture.dtype == np.uint8 and picture.size:
        if picture.ndim == 2:
            return cv2.cvtColor(picture, cv2.COLOR_GRAY2RGB)
        if picture.ndim == 3 and picture.shape[2] == 3:
            return picture
    found = f"{picture.shape} {picture.dtype}" if isinstance(picture, np.ndarray) else type(picture).__name__
    raise FerMdError(
        f"{name}: must be a path, bytes, an open file, a picture of Pillow, or (H, W, 3) RGB or (H, W) gray uint8; "
        f"found {found}"
    )


def _content(file, name):
    try:
        data = file.read(MAX_BYTES + 1)
    except (OSError, ValueError) as error:  # ValueError: it is closed, or text in another encoding
        raise FerMdError(f"{name}: cannot be read ({error})") from None
    if not isinstance(data, bytes):
        raise FerMdError(f'{name}: the file gives {type(data).__name__}, not bytes; open it with mode "rb"')
    if len(data) > MAX_BYTES:
        raise FerMdError(f"{name}: the file is larger than {MAX_BYTES} bytes; make it smaller")
    return data


def _is_pillow(value: Any) -> TypeGuard["PIL.Image.Image"]:
    """Pillow is not imported: who has a picture of it has done so."""
    pillow = sys.modules.get("PIL.Image")
    return pillow is not None and isinstance(value, pillow.Image)
