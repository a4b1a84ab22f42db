"""Faces with 68 landmarks, in memory: from video frames, or drawn."""

import dataclasses
import hashlib
import itertools
from collections.abc import Iterable
from pathlib import Path

import cv2
import numpy as np

from fer_md.drawn.synthetic import draw_face
from fer_md.expressions import EXPRESSIONS
from fer_md.progress import Progress
from fer_md.readers.ytf_landmarks import read_ytf_landmarks


@dataclasses.dataclass(frozen=True)
class AnnotatedFaces:
    """Faces with their landmarks.

    Attributes:
        images: N grayscale images (H, W) uint8, of any sizes.
        landmarks: (N, 68, 2) float64 pixel coordinates x, y in iBUG order.
        people: the names of the N people.
    """

    images: list[np.ndarray]
    landmarks: np.ndarray
    people: list[str]

    def first(self, count: int) -> "AnnotatedFaces":
        """The first ``count`` faces, or all where there are fewer."""
        return self.rows(range(min(count, len(self.images))))

    def rows(self, numbers: Iterable[int]) -> "AnnotatedFaces":
        """The faces with these numbers, in their order."""
        chosen = list(numbers)
        images, people = [self.images[row] for row in chosen], [self.people[row] for row in chosen]
        return AnnotatedFaces(images, self.landmarks[chosen], people)

    def sha256(self) -> str:
        """See ``fingerprint``."""
        return fingerprint(self.images, self.landmarks)


def fingerprint(images: Iterable[np.ndarray], landmarks: Iterable[np.ndarray]) -> str:
    """SHA-256 of pictures and of the landmarks of each, in hexadecimal: it names the exact data."""
    digest = hashlib.sha256()
    for points in landmarks:
        digest.update(points.tobytes())
    for image in images:
        digest.update(image.tobytes())
    return digest.hexdigest()


def video_faces(source: Path | str, split: str) -> AnnotatedFaces:
    """The faces of one split of ``ytf_landmarks68.zip``.

    Args:
        source: path of the zip.
        split: ``"train"`` or ``"test"``; no person is in both.

    Raises:
        FerMdError: see `fer_md.readers.ytf_landmarks.read_ytf_landmarks`.
    """
    frames = list(read_ytf_landmarks(source, (split,)))
    images = [cv2.cvtColor(frame.image, cv2.COLOR_RGB2GRAY) for frame in frames]
    landmarks = np.array([frame.landmarks for frame in frames])
    return AnnotatedFaces(images, landmarks, [frame.person for frame in frames])


def drawn_faces(count: int, group: str, seed: int, domain: str = "wild", size: int = 176) -> AnnotatedFaces:
    """Drawn (synthetic) faces; each person shows each expression once.

    Args:
        count: number of faces.
        group: the beginning of the people's names. The people of two groups are different.
        seed: another seed draws other people.
        domain: ``"lab"`` or ``"wild"``.
        size: side of the images in pixels.
    """
    faces = []
    with Progress(f"drawing faces to be {group}", count, "faces") as progress:
        for index, expression in zip(range(count), itertools.cycle(EXPRESSIONS)):
            person = f"{group}-{seed}-{index // len(EXPRESSIONS)}"
            faces.append(draw_face(f"{seed}/{index}", person, expression, domain, size))
            progress.advance()
    landmarks = np.array([face.landmarks for face in faces], np.float64)
    return AnnotatedFaces([face.image for face in faces], landmarks, [face.subject for face in faces])
