"""What every reader yields and every writer takes: an image of a face, with all that is known about it."""

import dataclasses

import numpy as np


@dataclasses.dataclass(frozen=True)
class Face:
    """One face image and its labels.

    Attributes:
        key: unique name within its data set, for example ``"fer2013/Training/00017"``.
        image: (H, W) uint8, grayscale.
        label: index into the data set's expressions, or -1 where there is no label.
        subject: the person, or "" where unknown.
        split: for example ``"Training"``, ``"PublicTest"``, ``"PrivateTest"``.
        source: where it comes from: ``file:row``, or a path relative to the source folder.
        votes: how many of FER+'s taggers chose each of its ten columns, in their order; or ().
        landmarks: (68, 2) float32 pixel coordinates x, y in iBUG order, or None.
    """

    key: str
    image: np.ndarray
    label: int
    subject: str = ""
    split: str = "Training"
    source: str = ""
    votes: tuple[int, ...] = ()
    landmarks: np.ndarray | None = None
