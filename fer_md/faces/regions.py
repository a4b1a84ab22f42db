"""Boxes as arrays: overlap, labels for training, steps between boxes, non-maximum suppression.

Boxes are rows x, y, width, height in pixels, float.
"""

from collections.abc import Callable

import numpy as np

POSITIVE = 0.5
"""A region that overlaps a face by more than this is a face (the paper's Sec. 3.1, after Ranjan et al.'s HyperFace)."""

NEGATIVE = 0.35
"""A region that overlaps every face by less than this is no face. What lies between the two limits is ignored."""

_BLOCK = 256
"""Boxes that are compared with each other at once."""

_SPREAD = np.array((0.1, 0.1, 0.2, 0.2))
"""Usual size of the steps: about their standard deviation."""


def iou(first: np.ndarray, second: np.ndarray) -> np.ndarray:
    """Intersection over union: (N, 4) and (M, 4) boxes give (N, M) values in [0, 1]."""
    common, first, second = _areas(first, second)
    return common / (first + second - common)


def cover(first: np.ndarray, second: np.ndarray) -> np.ndarray:
    """Intersection over the smaller of two boxes: (N, 4) and (M, 4) boxes give (N, M) values in [0, 1]."""
    common, first, second = _areas(first, second)
    return common / np.minimum(first, second)


def _areas(first, second):
    """Areas of the intersections (N, M), of the first boxes (N, 1) and the second (1, M)."""
    first, second = np.asarray(first, float)[:, None], np.asarray(second, float)[None]
    low = np.maximum(first[..., :2], second[..., :2])
    high = np.minimum(first[..., :2] + first[..., 2:], second[..., :2] + second[..., 2:])
    return np.clip(high - low, 0, None).prod(-1), first[..., 2:].prod(-1), second[..., 2:].prod(-1)


def label_regions(regions: np.ndarray, faces: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Says of each region whether it is a face.

    Args:
        regions: (N, 4) boxes.
        faces: (M, 4) boxes of the faces, M >= 0.

    Returns:
        (labels, nearest): (N,) int, 1 for a face, 0 for no face, -1 for what lies between; and (N,) int, the row of the
        face that the region overlaps most (0 where there are no faces).
    """
    if not len(faces):
        return np.zeros(len(regions), int), np.zeros(len(regions), int)
    overlap = iou(regions, faces)
    best = overlap.max(1)
    return np.where(best > POSITIVE, 1, np.where(best < NEGATIVE, 0, -1)), overlap.argmax(1)


def steps_between(regions: np.ndarray, faces: np.ndarray) -> np.ndarray:
    """What the box regression learns: the steps from (N, 4) regions to their (N, 4) faces.

    With the center (x, y) and the size (w, h) of a region p and its face g, the steps are (g_x - p_x) / p_w,
    (g_y - p_y) / p_h, log(g_w / p_w) and log(g_h / p_h), each divided by its usual size.

    Returns:
        (N, 4).

    Reference: Girshick et al., Rich feature hierarchies for accurate object detection, CVPR 2014, app. C.
    """
    centers = (faces[:, :2] + faces[:, 2:] / 2 - regions[:, :2] - regions[:, 2:] / 2) / regions[:, 2:]
    return np.concatenate([centers, np.log(faces[:, 2:] / regions[:, 2:])], 1) / _SPREAD


def take_steps(regions: np.ndarray, steps: np.ndarray) -> np.ndarray:
    """The boxes (N, 4) that ``steps`` (N, 4) lead to; undoes `steps_between`. A side changes at most sevenfold."""
    steps = steps * _SPREAD
    centers = regions[:, :2] + regions[:, 2:] / 2 + steps[:, :2] * regions[:, 2:]
    sides = regions[:, 2:] * np.exp(np.clip(steps[:, 2:], -2, 2))
    return np.concatenate([centers - sides / 2, sides], 1)


def suppress(
    boxes: np.ndarray, scores: np.ndarray, overlap: float, measure: Callable[[np.ndarray, np.ndarray], np.ndarray] = iou
) -> np.ndarray:
    """Greedy non-maximum suppression: drops each box that a better one, itself kept, overlaps too much.

    Args:
        boxes: (N, 4).
        scores: (N,).
        overlap: greatest overlap of two boxes that are kept.
        measure: what the overlap is, `iou` or `cover`.

    Returns:
        (K,) int, the rows of the boxes that are kept, the best first.
    """
    order, kept = np.argsort(-scores, kind="stable"), np.zeros(0, int)
    for start in range(0, len(order), _BLOCK):
        block = order[start : start + _BLOCK]
        block = block[~(measure(boxes[kept], boxes[block]) > overlap).any(0)]
        near, free = measure(boxes[block], boxes[block]) > overlap, np.ones(len(block), bool)
        for row in range(len(block)):
            if free[row]:
                free[row + 1 :] &= ~near[row, row + 1 :]
        kept = np.concatenate([kept, block[free]])
    return kept
