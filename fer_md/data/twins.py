"""Near twins: the faces of a test split that are in Training as well, though moved a little, mirrored or saved again.

Such faces measure memory. Their pixels differ, so that no hash finds them; their correlation does.
"""

import dataclasses
from collections.abc import Iterator

import cv2
import numpy as np

MARGIN = 4
"""Largest shift, in pixels along both axes."""

CELL = 4
"""Side of the squares whose means are compared first, in pixels."""

NEAR = 0.9
"""From this correlation on a face counts as a twin."""

BLOCK = 2048
"""So many faces are compared with all of Training at a time. It bounds the memory."""


@dataclasses.dataclass(frozen=True)
class Twins:
    """The most similar training face of each face.

    Attributes:
        index: (N,) int64 row in Training.
        correlation: (N,) float64 in [-1, 1], of the inner part of the face, ``MARGIN`` pixels from its edges, with the
            part of the training face that it fits best; 0 for a face without contrast.
        mirrored: (N,) bool, whether the face had to be mirrored.
        shift: (N, 2) int64 pixels, right and down, from the face to the training face.
    """

    index: np.ndarray
    correlation: np.ndarray
    mirrored: np.ndarray
    shift: np.ndarray


def find_twins(faces: np.ndarray, training: np.ndarray) -> Twins:
    """Looks for each face's twin: coarsely among all of Training, then pixel by pixel among the best few.

    Args:
        faces: (N, H, W) uint8; H and W are multiples of ``CELL``, above twice ``MARGIN``: 12, 16, 20 and so on.
        training: (M, H, W) uint8, M > 0.

    Raises:
        ValueError: the sides are others, or not the same for both.
    """
    sides = faces.shape[1:]
    if sides != training.shape[1:] or any(side <= 2 * MARGIN or (side - 2 * MARGIN) % CELL for side in sides):
        raise ValueError(
            f"faces and training must have the same sides, each 12, 16, 20 and so on, not {sides} and "
            f"{training.shape[1:]}"
        )
    found = np.zeros(len(faces), [("correlation", float), ("index", int), ("mirrored", bool), ("shift", int, 2)])
    for mirrored in (False, True):
        views = faces[:, :, ::-1] if mirrored else faces
        for row, candidates in enumerate(_candidates(views, training)):
            for index in candidates:
                correlation, shift = _best_fit(views[row], training[index])
                if correlation > found["correlation"][row]:
                    found[row] = correlation, index, mirrored, shift
    return Twins(*(found[name] for name in ("index", "correlation", "mirrored", "shift")))


def _candidates(faces: np.ndarray, training: np.ndarray) -> Iterator[np.ndarray]:
    """For each face the rows in Training that are most like it, at one of nine shifts each."""
    known = _descriptors(training, MARGIN, MARGIN)
    places = (0, MARGIN, 2 * MARGIN)
    shifted = [_descriptors(faces, top, left) for top in places for left in places]
    for start in range(0, len(faces), BLOCK):
        nearest = [(part[start : start + BLOCK] @ known.T).argmax(1) for part in shifted]
        yield from (np.unique(rows) for rows in np.transpose(nearest))


def _descriptors(images, top, left):
    """(N, D) float32 of mean 0 and length 1: the means of squares of the part that begins at a place."""
    height, width = (length - 2 * MARGIN for length in images.shape[1:])
    parts = images[:, top : top + height, left : left + width].astype(np.float32)
    means = parts.reshape(len(images), height // CELL, CELL, width // CELL, CELL).mean((2, 4)).reshape(len(images), -1)
    means -= means.mean(1, keepdims=True)
    return means / np.maximum(np.linalg.norm(means, axis=1, keepdims=True), 1e-6)


def _best_fit(face, other):
    """The greatest correlation of the inner part of a face with any part of another, and the shift to it."""
    inner = np.ascontiguousarray(face[MARGIN:-MARGIN, MARGIN:-MARGIN])
    if inner.min() == inner.max():
        return 0.0, (0, 0)
    fits = cv2.matchTemplate(other, inner, cv2.TM_CCOEFF_NORMED)
    fits[~np.isfinite(fits) | (np.abs(fits) > 1 + 1e-3)] = 0  # parts without contrast
    _, correlation, _, (x, y) = cv2.minMaxLoc(fits)
    return min(correlation, 1.0), (x - MARGIN, y - MARGIN)
