"""The five landmarks of faces that are found already, by an alignment cascade in place of the detector."""

import dataclasses

import cv2
import numpy as np

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


def five_points(landmarks):
    """(N, 68, 2) landmarks in iBUG order to (N, 5, 2) in that of `fer_md.faces.detection.LANDMARKS`."""
    eyes = [landmarks[:, 36:42].mean(1), landmarks[:, 42:48].mean(1)]
    return np.stack([*eyes, landmarks[:, 30], landmarks[:, 48], landmarks[:, 54]], 1)


def place_landmarks(cascade, images, found):
    """Gives faces the landmarks that a cascade finds in their boxes.

    Args:
        cascade: `fer_md.faces.cascade.Cascade`.
        images: list of N (H, W, 3) uint8 RGB.
        found: list of N lists of `fer_md.faces.detection.Detection`.

    Returns:
        the same with other landmarks.
    """
    boxes = [detection.box for detections in found for detection in detections]
    if not boxes:
        return found
    grays = []
    for image, detections in zip(images, found, strict=True):
        grays += [cv2.cvtColor(image, cv2.COLOR_RGB2GRAY)] * len(detections) if detections else []
    points = iter(five_points(cascade.align(grays, landmarks_box(boxes))))
    return [
        [dataclasses.replace(detection, landmarks=next(points)) for detection in detections] for detections in found
    ]
