"""Everything a run needs to go on, in one file that appears whole or not at all."""

from collections.abc import Mapping
from pathlib import Path

import numpy as np
from numpy.typing import ArrayLike

from fer_md.array_files import read_arrays
from fer_md.files import atomic_file


def save_checkpoint(path: Path | str, arrays: Mapping[str, ArrayLike]) -> None:
    """Writes a dict of arrays as an uncompressed .npz, beside its place, then renamed into it."""
    with atomic_file(path) as partial, open(partial, "wb") as stream:
        np.savez(stream, **arrays)  # type: ignore[arg-type]


def load_checkpoint(path: Path | str) -> dict[str, np.ndarray]:
    """Reads the dict of arrays back.

    Raises:
        FerMdError: the file is missing, truncated or damaged; it is never unpickled.
    """
    return read_arrays(path, "delete it to start the run again")
