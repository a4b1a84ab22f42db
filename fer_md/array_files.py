"""Reading arrays from .npz files that may be damaged, or somebody else's."""

import zipfile
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import NamedTuple

import numpy as np

from fer_md.errors import FerMdError
from fer_md.files import DAMAGED_ZIP

MAX_UNPACKED = 4 << 30
"""Most bytes that the arrays of a file may have together."""

LARGEST = np.finfo(np.float64).max
"""Greatest number that is finite."""


class Numbers(NamedTuple):
    """What an array of a model file must be.

    Attributes:
        shape: of the array.
        kinds: letters that ``numpy.dtype.kind`` may be.
        low, high: least and greatest number, of complex ones for both parts; without them any that is finite.
    """

    shape: tuple[int, ...]
    kinds: str = "fiu"
    low: float = -LARGEST
    high: float = LARGEST


def read_arrays(path: Path | str, advice: str) -> dict[str, np.ndarray]:
    """Reads all arrays of an .npz by their names.

    Args:
        path: of the file; nothing in it is ever unpickled, and no more than `MAX_UNPACKED` bytes are unpacked.
        advice: what to do where it is missing or damaged, for the error.

    Raises:
        FerMdError: the file is missing, too large, truncated or damaged.
        OSError: it cannot be opened.
    """
    try:
        with zipfile.ZipFile(path) as archive:
            size = sum(member.file_size for member in archive.infolist())
        if size > MAX_UNPACKED:
            raise FerMdError(f"{path}: {size} bytes once unpacked; at most {MAX_UNPACKED} are read; {advice}")
        with np.load(Path(path), allow_pickle=False) as stored:
            return {name: stored[name] for name in stored.files}
    except FileNotFoundError:
        raise FerMdError(f"{path}: no such file; {advice}") from None
    except (OSError, *DAMAGED_ZIP) as error:
        if isinstance(error, OSError) and error.filename is not None:  # it cannot be opened; a damaged zip has no name
            raise
        raise FerMdError(f"{path}: truncated or damaged ({error}); {advice}") from None


def check_format(
    path: Path | str, arrays: Mapping[str, np.ndarray], what: str, version: int, names: Iterable[str]
) -> None:
    """Asserts that a model file has the array ``format``, which is its version, and those of ``names``.

    Args:
        path: of the file, for the error.
        arrays: as `read_arrays` returns them.
        what: kind of model, for the error.
        version: that can be read.
        names: of the arrays that must be there.

    Raises:
        FerMdError: an array is missing, or it is another version.
    """
    missing = [name for name in ("format", *names) if name not in arrays]
    if missing or arrays["format"].tolist() != version:
        raise FerMdError(f"{path}: not a {what} of format {version}" + (f" (no {missing[0]})" if missing else ""))


def check_arrays(path: Path | str, arrays: Mapping[str, np.ndarray], expected: Mapping[str, Numbers]) -> None:
    """Holds the arrays of a model file to what is expected of each, by its name; others may be there.

    Raises:
        FerMdError: an array has another shape or type, or a number that is out of range or not finite.
    """
    for name, (shape, kinds, low, high) in expected.items():
        array = arrays[name]
        if array.shape != shape or array.dtype.kind not in kinds:
            raise FerMdError(
                f"{path}: {name} must be {'complex' if kinds == 'c' else 'whole' if kinds == 'iu' else 'real'} numbers "
                f"of shape {shape}; found {array.dtype} of shape {array.shape}"
            )
        parts = (array.real, array.imag) if kinds == "c" else (array,)
        least, most = np.float64(low), np.float64(high)  # which are not rounded to the precision of the array
        if not all(((least <= part) & (part <= most)).all() for part in parts):
            span = "finite" if (low, high) == (-LARGEST, LARGEST) else f"{low:g} to {high:g}"
            raise FerMdError(f"{path}: {name} must be {span}; found {array.min()} to {array.max()}")
