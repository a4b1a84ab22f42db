"""How good the picture of a face is, and why its answer should be doubted."""

import numpy as np

from fer_md.evaluation.quality import contrast, sharpness
from fer_md.faces.detection import Box

SMALL = 20
"""Shorter side of the box, in pixels, below which a face is small. By default the detector looks for none that are."""

BLURRED = 0.05
"""Sharpness below which a face is blurred. Of the press photographs, one in a hundred is."""

TURNED = 30
"""Degrees of roll beyond which a face is turned."""

UNSURE = 0.95
"""Score below which the detector is unsure."""

DOUBTS = ("small", "blurred", "turned", "unsure")
"""Why an answer may be doubted. docs/PREDICTION.md says how much more often such answers are wrong."""


def relative_sharpness(crop: np.ndarray) -> float:
    """Variance of the Laplacian over the variance of the gray levels: about 0.2 in focus, whatever the contrast.

    Args:
        crop: (S, S) uint8, gray, the face as the network sees it. One that was small in its picture is not sharp.

    Returns:
        at least 0; 0 where all pixels are equal.
    """
    spread = float(contrast(crop[None])[0]) ** 2
    return float(sharpness(crop[None])[0]) / spread if spread else 0.0


def roll_of(landmarks: np.ndarray) -> float:
    """Degrees by which a face is turned in the plane of its picture, by the line from its eyes to its mouth.

    Args:
        landmarks: (5, 2) x, y in the order of `fer_md.faces.detection.LANDMARKS`.

    Returns:
        in [-180, 180], clockwise above 0; 0 for an upright face, 180 for one that is upside-down.
    """
    points = np.asarray(landmarks, np.float64)
    across, down = points[3:].mean(0) - points[:2].mean(0)
    return float(np.degrees(np.arctan2(-across, down)))


def doubts_about(box: Box, score: float | None, sharpness: float, roll: float | None) -> tuple[str, ...]:
    """Those of `DOUBTS` that hold for a face. What is unknown (None) is not doubted."""
    holds = (
        min(box[2:]) < SMALL,
        sharpness < BLURRED,
        roll is not None and abs(roll) > TURNED,
        score is not None and score < UNSURE,
    )
    return tuple(doubt for doubt, held in zip(DOUBTS, holds, strict=True) if held)
