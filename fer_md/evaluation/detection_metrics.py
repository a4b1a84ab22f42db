"""How well boxes are found: matching, precision and recall, average precision."""

import numpy as np

from fer_md.faces.regions import iou

OVERLAP = 0.5
"""Least intersection over union of a detection and its face."""


def match(boxes: np.ndarray, scores: np.ndarray, faces: np.ndarray) -> np.ndarray:
    """Which detections of one image are right: the best first, each takes the free face that it overlaps most.

    Args:
        boxes: (N, 4) x, y, width, height.
        scores: (N,).
        faces: (M, 4) true boxes.

    Returns:
        (N,) bool in the order of ``boxes``. A second detection of the same face is wrong.
    """
    right = np.zeros(len(boxes), bool)
    if not len(boxes) or not len(faces):
        return right
    overlaps = iou(boxes, faces)
    for row in np.argsort(-np.asarray(scores), kind="stable"):
        face = overlaps[row].argmax()
        if overlaps[row, face] >= OVERLAP:
            right[row] = True
            overlaps[:, face] = -1
    return right


def precision_recall(scores: np.ndarray, right: np.ndarray, faces: int) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Precision and recall as the threshold falls, detections of equal score at once.

    Args:
        scores: (N,) of all images.
        right: (N,) bool.
        faces: number of true faces, at least 1.

    Returns:
        (thresholds, precision, recall): three (T,) arrays, thresholds falling.
    """
    order = np.argsort(-np.asarray(scores, float), kind="stable")
    scores, right = np.asarray(scores, float)[order], np.asarray(right, float)[order]
    last = np.flatnonzero(np.append(np.diff(scores) != 0, True)) if len(scores) else np.zeros(0, int)
    hits = right.cumsum()[last]
    return scores[last], hits / (last + 1), hits / faces


def average_precision(precision: np.ndarray, recall: np.ndarray) -> float:
    """Area under the precision-recall curve, precision being the best at this recall or any higher one.

    Args:
        precision, recall: (T,) of `precision_recall`.

    Returns:
        float in [0, 1].

    Reference: Everingham et al., The PASCAL visual object classes challenge: a retrospective, IJCV 2015, Sec. 3.1.
    """
    best = np.maximum.accumulate(precision[::-1])[::-1]
    return float(np.sum(np.diff(recall, prepend=0.0) * best))
