"""Weights in a quarter to a half of their bytes: int8 for large matrices, float16 for the rest."""

import numpy as np

INT8_FROM = 2**16
"""Entries from which on a matrix becomes int8: the fully connected layers, which hold nearly all weights."""


def compress(array):
    """Codes an array of weights.

    A matrix of at least ``INT8_FROM`` entries has one scale a column, ``max |w| / 127``, so that an entry is off by at
    most half of it. Other arrays become float16: an entry is off by 1/2048 of itself or 3e-8, whichever is more.
    Those with an entry above 65,504 stay float32.

    Args:
        array: float32, finite.

    Returns:
        dict of arrays: ``values`` int8 and ``scale`` (columns,) float32, or ``values`` float16 or float32.
    """
    array = np.asarray(array, np.float32)
    if array.ndim == 2 and array.size >= INT8_FROM:
        scale = np.abs(array).max(0) / 127
        scale = np.where(scale > 0, scale, 1).astype(np.float32)
        return {"values": np.rint(array / scale).astype(np.int8), "scale": scale}
    with np.errstate(over="ignore"):
        half = array.astype(np.float16)
    return {"values": half if np.isfinite(half).all() else array}


def decompress(coded):
    """The float32 array of what ``compress`` returned."""
    return coded["values"].astype(np.float32) * coded.get("scale", np.float32(1))
