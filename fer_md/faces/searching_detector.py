"""What YuNet and MTCNN share: an image is looked at in several sizes, and MTCNN's last network confirms the faces."""

import abc
from collections.abc import Sequence

import numpy as np

from fer_md.environment import threads
from fer_md.errors import FerMdError
from fer_md.faces.detection import Detection, check_image, clip_box
from fer_md.faces.judge import judge, load_judge
from fer_md.faces.regions import cover, suppress
from fer_md.litert.workers import Workers

SMALLEST = 20
"""Side in pixels of the smallest face that is looked for in small pictures."""


class SearchingDetector(abc.ABC):
    """Looks at images on all cores. What is found in an image does not depend on the other images.

    Args:
        min_face: side of the smallest face to find, in pixels of the image, at least 5. Half of it takes four times as
            long. None takes an eighteenth of the longer side, but at least 20 and at most 40 (the networks for
            expressions look at 48 pixels), and of images beyond 1,920 pixels a 48th.
        threshold: lowest score of a face, in (0, 1).

    Raises:
        FerMdError: an argument is out of range.
    """

    def __init__(self, min_face: int | None = None, threshold: float = 0.8):
        if not ((min_face is None or min_face >= 5) and 0 < threshold < 1):
            raise FerMdError(
                f"min_face must be None or 5 or more, threshold above 0 and below 1; got {min_face}, {threshold}"
            )
        self.min_face, self.threshold = min_face, threshold
        self._confirm_network = load_judge("confirm")
        self._workers = Workers(threads())

    def detect(self, images: Sequence[np.ndarray]) -> list[list[Detection]]:
        """Finds the faces, with landmarks; see `fer_md.faces.detection.Detector`.

        Raises:
            FerMdError: an image is not (H, W, 3) uint8; the message says which.
        """
        images = [check_image(image, index) for index, image in enumerate(images)]
        looks = list(self._workers.map(self._looks, images))
        jobs = [(row, look) for row, own in enumerate(looks) for look in own]
        jobs.sort(key=lambda job: job[1].shape, reverse=True)  # the network prepares itself for every new size
        found: list[list[np.ndarray]] = [[np.zeros((0, 5))] for _ in images]
        answers = self._workers.map(lambda job: self._find(job[1], images[job[0]].shape), jobs)
        for (row, _), regions in zip(jobs, answers, strict=True):
            found[row].append(regions)
        return list(self._workers.map(self._confirm, images, looks, found))

    def _confirm(self, image, looks, found):
        """The faces among the regions that the looks at an image found."""
        found = np.concatenate(found)
        pictures = sorted([image, *looks], key=lambda picture: -picture.shape[1])
        squares = self._squares(image.shape, pictures, found[:, :4], found[:, 4])
        boxes, landmarks, scores = judge(self._confirm_network, image.shape, pictures, squares, 48, self.threshold)
        rows = [(row, clip_box(boxes[row], image.shape)) for row in suppress(boxes, scores, 0.7, cover)]
        return [Detection(box, float(scores[row]), landmarks[row].astype(np.float32)) for row, box in rows if box]

    @abc.abstractmethod
    def _looks(self, image: np.ndarray) -> list[np.ndarray]:
        """The image at all sizes at which it is looked at, (H', W', 3) uint8 each."""

    @abc.abstractmethod
    def _find(self, look: np.ndarray, shape: tuple[int, ...]) -> np.ndarray:
        """Regions of one look: (N, 5) x, y, width, height in pixels of the image of ``shape``, score."""

    @abc.abstractmethod
    def _squares(
        self, shape: tuple[int, ...], pictures: Sequence[np.ndarray], boxes: np.ndarray, scores: np.ndarray
    ) -> np.ndarray:
        """The squares (K, 4) for the last network, of the regions (N, 4) of all looks; ``pictures`` as for `judge`."""

    def _smallest(self, shape):
        """Side in pixels of the smallest face to look for in an image of ``shape``."""
        longer = max(shape[:2])
        return self.min_face or max(min(max(longer / 18, SMALLEST), 2 * SMALLEST), longer / 48)
