"""The file ``weights.npz``. Large matrices that ``network.tflite`` holds too are left out of it and read from there."""

import io
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np

from fer_md.files import atomic_file, file_sha256, read_packaged

WEIGHTS, NETWORK = "weights.npz", "network.tflite"


def write_weights(folder: Path, arrays: Mapping[str, np.ndarray], network: bytes = b"") -> str:
    """Writes ``weights.npz``.

    Args:
        folder: where to.
        arrays: by their names. In place of ``NAME:values``, an int8 matrix that ``network`` holds, ``NAME:place`` is
            written: where in ``network`` it begins, and its rows and columns. LiteRT has the columns one by one.
        network: the content of ``network.tflite`` beside it.

    Returns:
        the SHA-256 of the file.
    """
    stored = dict(arrays)
    for name, array in arrays.items():
        place = network.find(array.T.tobytes()) if array.dtype == np.int8 else -1
        if place >= 0:
            stored[name.removesuffix("values") + "place"] = np.array([place, *stored.pop(name).shape])
    with atomic_file(folder / WEIGHTS) as partial, open(partial, "wb") as stream:
        np.savez_compressed(stream, **stored)  # type: ignore[arg-type]  # names of arrays, not allow_pickle
    return file_sha256(folder / WEIGHTS)


def read_weights(folder: Path, description: Mapping[str, Any]) -> dict[str, np.ndarray]:
    """The arrays that `write_weights` was given.

    Args:
        folder: where the files are.
        description: with ``npz_sha256``, and ``litert`` where there is a ``network.tflite``.

    Raises:
        FerMdError: a file is missing or damaged.
    """
    content = read_packaged(folder / WEIGHTS, description["npz_sha256"])
    with np.load(io.BytesIO(content), allow_pickle=False) as stored:
        arrays = dict(stored)
    places = [name for name in arrays if name.endswith(":place")]
    network = read_packaged(folder / NETWORK, description["litert"]["sha256"]) if places else b""
    for name in places:
        place, rows, columns = arrays.pop(name).tolist()
        values = np.frombuffer(network, np.int8, rows * columns, place).reshape(columns, rows).T
        arrays[name.removesuffix("place") + "values"] = values
    return arrays
