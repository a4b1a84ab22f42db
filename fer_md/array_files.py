"""Reading arrays from .npz files that may be damaged, or somebody else's."""

import zipfile
from pathlib import Path

import numpy as np

from fer_md.errors import FerMdError
from fer_md.files import DAMAGED_ZIP

MAX_UNPACKED = 4 << 30
"""Most bytes that the arrays of a file may have together."""


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
