"""The five landmarks of a face out of the 68 that an alignment cascade finds."""

import dataclasses
from collections.abc import Sequence

import cv2
import numpy as np

from fer_md.faces.cascade import Cascade
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


def place_landmarks(
    cascade: Cascade, images: Sequence[np.ndarray], found: list[list[Detection]]
) -> list[list[Detection]]:
    """Gives faces the landmarks that a cascade finds in their boxes.

    Args:
        cascade: finds 68 landmarks, of which five are taken.
        images: N images (H, W, 3) uint8 RGB.
        found: the faces of each image.

    Returns:
        the same faces with the cascade's landmarks.
    """
    boxes = [detection.box for detections in found for detection in detections]
    if not boxes:
        return found
    grays: list[np.ndarray] = []
    for image, detections in zip(images, found, strict=True):
        grays += [cv2.cvtColor(image, cv2.COLOR_RGB2GRAY)] * len(detections) if detections else []
    points = iter(five_points(cascade.align(grays, landmarks_box(np.array(boxes)))))
    return [
        [dataclasses.replace(detection, landmarks=next(points)) for detection in detections] for detections in found
    ]
