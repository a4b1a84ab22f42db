"""What every face detector takes and returns."""

import dataclasses
from typing import Protocol

import numpy as np

from fer_md.errors import FerMdError

LANDMARKS = ("left eye", "right eye", "nose", "left mouth corner", "right mouth corner")
"""Order of the five landmarks; left is the left of the image."""


@dataclasses.dataclass(frozen=True)
class Detection:
    """One face found in an image.

    Attributes:
        box: x, y, width, height in pixels, float, inside the image.
        score: float in [0, 1], how sure the detector is; None for a box that the user gave.
        landmarks: (5, 2) float32 pixel coordinates x, y in the order of `LANDMARKS`, or None. Pixel centers have whole
            coordinates. A landmark may lie outside the image.
    """

    box: tuple
    score: float | None
    landmarks: np.ndarray | None = None


class Detector(Protocol):
    """Anything that finds faces in images."""

    def detect(self, images):
        """Finds the faces.

        Args:
            images: list of (H, W, 3) uint8, RGB, each of its own size.

        Returns:
            list, for each image a list of `Detection`, the highest score first; empty where there is no face.
        """


def check_image(image, index):
    """Returns the ``index``-th image of a detector's input if it is (H, W, 3) uint8; ``FerMdError`` if it is not."""
    if image.ndim != 3 or image.shape[2] != 3 or image.dtype != np.uint8 or not image.size:
        raise FerMdError(f"image {index}: must be (H, W, 3) uint8; found {image.shape} {image.dtype}")
    return image


def clip_box(box, shape):
    """The part of a box that is inside the image.

    Args:
        box: x, y, width, height in pixels.
        shape: of the image, (H, W, ...).

    Returns:
        x, y, width, height as floats, or None where less than one pixel is left in width or height.
    """
    x, y, width, height = (float(value) for value in box)
    left, top = max(x, 0.0), max(y, 0.0)
    right, bottom = min(x + width, float(shape[1])), min(y + height, float(shape[0]))
    if right - left < 1 or bottom - top < 1:
        return None
    return left, top, right - left, bottom - top


def main_face(detections, shape):
    """The face that a photograph shows: large and near the middle.

    The measure is the mean side of the box minus the distance of its center from the image's, both in pixels.

    Args:
        detections: list of `Detection`.
        shape: of the image, (H, W, ...).

    Returns:
        `Detection`, or None for an empty list.
    """

    def prominence(detection):
        x, y, width, height = detection.box
        distance = np.hypot(x + width / 2 - shape[1] / 2, y + height / 2 - shape[0] / 2)
        return np.sqrt(width * height) - distance

    return max(detections, key=prominence, default=None)
