"""From a picture and a detection to the face that networks are trained on."""

import numpy as np

from fer_md.faces.alignment import align_eyes, crop_box

MIN_EYE_DISTANCE = 0.15
"""Share of the box's longer side below which the eyes do not give a face's size: it is seen from the side."""

ALIGNMENTS = ("eyes", "box")


def cut_face(image, detection, align, size):
    """Cuts a face out as networks are trained on it.

    Args:
        image: (H, W, 3) uint8 RGB.
        detection: `fer_md.faces.detection.Detection`.
        align: of `ALIGNMENTS`.
        size: side of the result in pixels.

    Returns:
        (face, crop): (size, size) uint8, gray, and ``"eyes"``, or ``"box"`` where that is asked for or the eyes are
        unknown or too close.
    """
    if align == "eyes" and _eyes_apart(detection):
        return align_eyes(image, detection.landmarks, size), "eyes"
    return crop_box(image, detection.box, size), "box"


def _eyes_apart(detection):
    if detection.landmarks is None:
        return False
    distance = np.hypot(*(detection.landmarks[1] - detection.landmarks[0]))
    return distance >= max(1, MIN_EYE_DISTANCE * max(detection.box[2:]))
