"""What every face detector takes and returns, and what is asked of its answer."""

import dataclasses
from collections.abc import Sequence
from typing import Any, Protocol

import numpy as np

from fer_md.errors import FerMdError

LANDMARKS = ("left eye", "right eye", "nose", "left mouth corner", "right mouth corner")
"""Order of the five landmarks; left is the left of the image."""


Box = tuple[float, float, float, float]
"""x, y, width and height in pixels; x and y are the left and upper edge."""


def same_values(self: Any, other: Any) -> bool:
    """Method ``__eq__`` of a dataclass some of whose values are arrays, of which the usual one cannot tell."""
    if type(self) is not type(other):
        return NotImplemented
    names = [field.name for field in dataclasses.fields(self)]
    return all(np.array_equal(getattr(self, name), getattr(other, name)) for name in names)


@dataclasses.dataclass(frozen=True, eq=False)
class Detection:
    """One face found in an image. Two are equal if all their values are.

    Attributes:
        box: the face's box, inside the image.
        score: how sure the detector is, in [0, 1]; None for a box that the user gave.
        landmarks: (5, 2) float32 pixel coordinates x, y in the order of `LANDMARKS`, or None. The centers of pixels
            have whole coordinates. A landmark may lie outside the image.
    """

    box: Box
    score: float | None
    landmarks: np.ndarray | None = None

    __eq__ = same_values


class Detector(Protocol):
    """Anything that finds faces in images."""

    def detect(self, images: Sequence[np.ndarray]) -> list[list[Detection]]:
        """Finds the faces.

        Args:
            images: pictures of any sizes, (H, W, 3) uint8 RGB.

        Returns:
            for each image the list of its faces, the highest score first; empty where there is none.
        """
        ...


def check_image(image: np.ndarray, index: int) -> np.ndarray:
    """Returns the ``index``-th image of a detector's input; raises `FerMdError` unless it is (H, W, 3) uint8."""
    if image.ndim != 3 or image.shape[2] != 3 or image.dtype != np.uint8 or not image.size:
        raise FerMdError(f"image {index}: must be (H, W, 3) uint8; found {image.shape} {image.dtype}")
    return image


def clip_box(box: Sequence[float] | np.ndarray, shape: tuple[int, ...]) -> Box | None:
    """The part of a box that is inside the image.

    Args:
        box: x, y, width, height in pixels.
        shape: of the image, (H, W, ...).

    Returns:
        the box, or None where less than one pixel is left of its width or height.
    """
    x, y, width, height = (float(value) for value in box)
    left, top = max(x, 0.0), max(y, 0.0)
    right, bottom = min(x + width, float(shape[1])), min(y + height, float(shape[0]))
    if right - left < 1 or bottom - top < 1:
        return None
    return left, top, right - left, bottom - top


def main_face(detections: Sequence[Detection], shape: tuple[int, ...]) -> Detection | None:
    """The face that a photograph is of: large and near the middle.

    It is the one with the largest sqrt(width * height) minus the distance of the box's center from the image's center,
    in pixels.

    Args:
        detections: what was found in the image.
        shape: of the image, (H, W, ...).

    Returns:
        one of ``detections``, or None where there are none.
    """

    def prominence(detection):
        x, y, width, height = detection.box
        distance = np.hypot(x + width / 2 - shape[1] / 2, y + height / 2 - shape[0] / 2)
        return np.sqrt(width * height) - distance

    return max(detections, key=prominence, default=None)
