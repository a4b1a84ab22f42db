"""Reading arrays from .npz files that may be damaged, or somebody else's."""

from pathlib import Path

import numpy as np

from fer_md.errors import FerMdError
from fer_md.files import DAMAGED_ZIP


def read_arrays(path: Path | str, advice: str) -> dict[str, np.ndarray]:
    """Reads all arrays of an .npz by their names.

    Args:
        path: of the file; nothing in it is ever unpickled.
        advice: what to do where it is missing or damaged, for the error.

    Raises:
        FerMdError: the file is missing, truncated or damaged.
        OSError: it cannot be opened.
    """
    try:
        with np.load(Path(path), allow_pickle=False) as stored:
            return {name: stored[name] for name in stored.files}
    except FileNotFoundError:
        raise FerMdError(f"{path}: no such file; {advice}") from None
    except (OSError, *DAMAGED_ZIP) as error:
        if isinstance(error, OSError) and error.filename is not None:  # it cannot be opened; a damaged zip has no name
            raise
        raise FerMdError(f"{path}: truncated or damaged ({error}); {advice}") from None
