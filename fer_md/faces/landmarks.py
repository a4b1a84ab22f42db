"""The 68 landmarks of the faces that a detector found, and the five among them."""

import dataclasses
from collections.abc import Sequence
from typing import Protocol

import cv2
import numpy as np

from fer_md.faces.detection import Detection
from fer_md.faces.face_frame import landmarks_box

MIRRORED = np.arange(68)
"""The number of each landmark (iBUG order) in the mirror image of a face."""
for _left, _right in (
    [(i, 16 - i) for i in range(8)]
    + [(17 + i, 26 - i) for i in range(5)]
    + [(31, 35), (32, 34)]
    + [(36, 45), (37, 44), (38, 43), (39, 42), (40, 47), (41, 46)]
    + [(48, 54), (49, 53), (50, 52), (59, 55), (58, 56), (60, 64), (61, 63), (67, 65)]
):
    MIRRORED[_left], MIRRORED[_right] = _right, _left


def five_points(landmarks: np.ndarray) -> np.ndarray:
    """The five points (N, 5, 2) of `fer_md.faces.detection.LANDMARKS` from 68 (N, 68, 2) in iBUG order."""
    eyes = [landmarks[:, 36:42].mean(1), landmarks[:, 42:48].mean(1)]
    return np.stack([*eyes, landmarks[:, 30], landmarks[:, 48], landmarks[:, 54]], 1)


class Aligner(Protocol):
    """Anything that finds 68 landmarks in boxes: a `LandmarkFinder`, a `Cascade`."""

    def align(self, images: Sequence[np.ndarray], boxes: np.ndarray) -> np.ndarray:
        """Finds the landmarks.

        Args:
            images: N grayscale images (H, W) uint8, of any sizes.
            boxes: (N, 4) x, y, width, height in pixels of the rough boxes around the landmarks.

        Returns:
            (N, 68, 2) float32 pixel coordinates x, y in iBUG order.
        """
        ...


def find_landmarks(aligner: Aligner, images: Sequence[np.ndarray], found: list[list[Detection]]) -> np.ndarray:
    """The 68 landmarks of faces, by their boxes.

    Args:
        aligner: finds them.
        images: N images (H, W, 3) uint8 RGB.
        found: the faces of each image.

    Returns:
        (F, 68, 2) float32 pixel coordinates x, y in iBUG order: of all F faces, image by image.
    """
    boxes = [detection.box for detections in found for detection in detections]
    if not boxes:
        return np.zeros((0, 68, 2), np.float32)
    grays: list[np.ndarray] = []
    for image, detections in zip(images, found, strict=True):
        grays += [cv2.cvtColor(image, cv2.COLOR_RGB2GRAY)] * len(detections) if detections else []
    return aligner.align(grays, landmarks_box(np.array(boxes)))


def place_landmarks(
    aligner: Aligner, images: Sequence[np.ndarray], found: list[list[Detection]]
) -> list[list[Detection]]:
    """The same faces with the five points among those of `find_landmarks`, whose arguments it takes."""
    points = iter(five_points(find_landmarks(aligner, images, found)))
    return [
        [dataclasses.replace(detection, landmarks=next(points)) for detection in detections] for detections in found
    ]
