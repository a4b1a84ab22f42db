"""Everything a run needs to go on, in one file that appears whole or not at all."""

from collections.abc import Mapping
from pathlib import Path

import numpy as np
from numpy.typing import ArrayLike

from fer_md.errors import FerMdError
from fer_md.files import DAMAGED_ZIP, atomic_file


def save_checkpoint(path: Path | str, arrays: Mapping[str, ArrayLike]) -> None:
    """Writes a dict of arrays as an uncompressed .npz, beside its place, then renamed into it."""
    with atomic_file(path) as partial, open(partial, "wb") as stream:
        np.savez(stream, **arrays)  # type: ignore[arg-type]


def load_checkpoint(path: Path | str) -> dict[str, np.ndarray]:
    """Reads the dict of arrays back.

    Raises:
        FerMdError: the file is truncated or damaged; it is never unpickled.
    """
    try:
        with np.load(Path(path), allow_pickle=False) as stored:
            return {name: stored[name] for name in stored.files}
    except (OSError, *DAMAGED_ZIP) as error:
        if isinstance(error, OSError) and error.filename is not None:  # it cannot be opened; a damaged zip has no name
            raise
        raise FerMdError(f"{path}: truncated or damaged ({error}); delete it to start the run again") from None
