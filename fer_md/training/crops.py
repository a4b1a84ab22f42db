"""Crops of faces that a network learns landmarks from."""

import dataclasses

import numpy as np

from fer_md.data.records import Split
from fer_md.faces.cascade_training import mirror
from fer_md.faces.crops import crop_frames, cut_crops
from fer_md.faces.face_frame import box_of, jitter_boxes
from fer_md.faces.shape_model import inverse, transform
from fer_md.progress import Progress
from fer_md.readers.annotated import AnnotatedFaces


@dataclasses.dataclass(frozen=True)
class Placement:
    """How training crops are misplaced: standard deviations.

    Attributes:
        shift: of the center in x and in y, as a share of the box's mean edge.
        spread: of the logarithm of the size.
        turn: of the rotation, in degrees.
    """

    shift: float = 0.06
    spread: float = 0.08
    turn: float = 6.0


def training_crops(
    faces: AnnotatedFaces, starts: int, size: int, seed: int, placement: Placement | None = None
) -> Split:
    """Crops from boxes misplaced as by a detector, each also turned a little, and every other one in a mirror.

    Args:
        faces: `fer_md.readers.annotated.AnnotatedFaces`.
        starts: boxes drawn for each face, as for the alignment cascade (`fer_md.faces.face_frame.jitter_boxes`).
        size: side of the crops in pixels.
        seed: of the boxes and angles.
        placement: how far the boxes are off; None for the default.

    Returns:
        `fer_md.data.records.Split` of starts * N crops without labels; the landmarks are in pixels of the crop.
    """
    placement = placement or Placement()
    rng, count = np.random.default_rng(seed), len(faces.images)
    mirrored = [mirror(*pair) for pair in zip(faces.images, faces.landmarks, strict=True)]
    sides = (faces.images, faces.landmarks), tuple(zip(*mirrored, strict=True))
    crops, points = [], []
    with Progress("cropping faces", starts * count, "crops") as progress:
        for start in range(starts):
            images, landmarks = sides[start % 2]
            landmarks = np.asarray(landmarks)
            boxes = jitter_boxes(box_of(landmarks), rng, placement.shift, placement.spread)
            angles = np.radians(placement.turn) * rng.standard_normal(count)
            crops.append(cut_crops(images, boxes, size, angles))
            points.append(transform(inverse(crop_frames(boxes, size, angles)), landmarks))
            progress.advance(count)
    return Split(
        images=np.concatenate(crops),
        labels=np.full(starts * count, -1, np.int32),
        keys=[f"{index}/{start}" for start in range(starts) for index in range(count)],
        votes=None,
        landmarks=np.concatenate(points).astype(np.float32),
        subjects=list(faces.people) * starts,
    )
