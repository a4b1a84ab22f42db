"""Where a network looks: how much the probability of a label falls when a part of the face is hidden."""

from collections.abc import Callable

import numpy as np

PATCH, STEP = 12, 4
"""Side of the square that hides a part of a face, and the pixels it is moved by; the side is a multiple of the step."""


def occlusion_map(classify: Callable[[np.ndarray], np.ndarray], face: np.ndarray, label: int) -> np.ndarray:
    """Hides each part of a face in turn behind a gray square.

    The square has the face's mean gray level and `PATCH` pixels a side, and is moved by `STEP`. It begins and ends
    beyond the face, so that all pixels are hidden equally often, (PATCH / STEP)^2 times.

    It needs no gradients, so it works for any classifier, in any runtime.

    Args:
        classify: function from faces (N, S, S) uint8 to probabilities (N, K).
        face: (S, S) uint8; S is a multiple of `STEP`.
        label: whose probability is looked at, in [0, K).

    Returns:
        (S, S) float64 in [-1, 1]: for each pixel the mean of the fall of the probability over the squares that hide it.
        Above 0, the part speaks for the label; below, against it.

    Reference: Zeiler and Fergus, Visualizing and understanding convolutional networks, ECCV 2014, Sec. 4.2.
    """
    size = len(face)
    starts = range(STEP - PATCH, size, STEP)
    places = [
        (slice(max(row, 0), row + PATCH), slice(max(column, 0), column + PATCH)) for row in starts for column in starts
    ]
    hidden = np.repeat(face[None], len(places), axis=0)
    for picture, place in zip(hidden, places, strict=True):
        picture[place] = round(float(face.mean()))
    falls = classify(face[None])[0, label] - classify(hidden)[:, label]
    heat = np.zeros((size, size))
    for fall, place in zip(falls, places, strict=True):
        heat[place] += fall
    return heat / (PATCH // STEP) ** 2
