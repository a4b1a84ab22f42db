"""Face detection with MTCNN (Zhang et al., 2016; the paper's ref. [18]), with the networks of the package ``mtcnn``.

That package takes a second for a photograph: it runs layer by layer and keeps whole batches of float pyramids. Here its
three trained networks run in LiteRT, level by level and face by face, on all cores. experiments/ship_mtcnn.py made
their files; they have the licence of the package, MIT, which lies beside them.
"""

import os
from collections.abc import Sequence

import cv2
import numpy as np

from fer_md.faces.detection import Detection, check_image, clip_box
from fer_md.faces.judge import judge, load_judge, move, normalise, resize, square
from fer_md.faces.regions import cover, suppress
from fer_md.faces.smallest_face import check_search, smallest_face
from fer_md.litert.workers import Workers

WINDOW, STRIDE = 12, 2
"""Side and step of the first network's window, in pixels of a level."""

_STRIP = 2**21
"""Pixels of a level that the first network looks at together; it needs a hundred bytes for each."""

PYRAMID = 0.709
"""Size of a level as a share of the level before; two steps halve the size."""

_MARGIN = 4
"""Pixels of gray around each level. They let the detector find faces that fill the picture or reach beyond it."""

_PROPOSE, _REFINE = 0.6, 0.7
"""Lowest scores of the first and the second network, those of Zhang et al.'s code."""


class MtcnnDetector:
    """Three small networks in a row propose, refine and confirm faces, with five landmarks each.

    An image is searched at many sizes. The largest is the one at which a face of ``min_face`` pixels becomes `SMALLEST`
    pixels wide. At the smallest size the whole image is a face. What is found in an image does not depend on the other
    images.

    Args:
        min_face: side of the smallest face to find, in pixels of the image, at least 5. Half of it takes four times as
            long, and as much memory. None takes an eighteenth of the longer side, but at least 20 and at most 40 (the
            networks for expressions look at 48 pixels), and of images beyond 1,920 pixels a 48th.
        threshold: lowest score of a face, in (0, 1).

    Raises:
        FerMdError: an argument is out of range.
    """

    def __init__(self, min_face: int | None = None, threshold: float = 0.8):
        check_search(min_face, threshold)
        self.min_face, self.threshold = min_face, threshold
        names = "propose", "refine", "confirm"
        self._propose_network, self._refine_network, self._confirm_network = (load_judge(name) for name in names)
        self._workers = Workers(os.cpu_count() or 1)

    def detect(self, images: Sequence[np.ndarray]) -> list[list[Detection]]:
        """Finds the faces, with landmarks; see `fer_md.faces.detection.Detector`.

        Raises:
            FerMdError: an image is not (H, W, 3) uint8; the message says which.
        """
        images = [check_image(image, index) for index, image in enumerate(images)]
        pyramids = list(self._workers.map(self._pyramid, images))
        levels = [(image, level) for image, pyramid in enumerate(pyramids) for level in pyramid]
        levels.sort(key=lambda job: job[1].shape, reverse=True)  # the network prepares itself for every new size
        proposals: list[list[np.ndarray]] = [[] for _ in images]
        found = self._workers.map(lambda job: self._propose(job[1], images[job[0]].shape), levels)
        for (image, _), regions in zip(levels, found, strict=True):
            proposals[image].append(regions)
        return list(self._workers.map(self._confirm, images, pyramids, proposals))

    def _pyramid(self, image):
        """The image at all sizes at which it is searched, (H', W', 3) uint8 each."""
        scale = WINDOW / smallest_face(image.shape, self.min_face)
        levels: list[np.ndarray] = []
        while min(image.shape[:2]) * scale >= WINDOW - _MARGIN and max(image.shape[:2]) * scale >= WINDOW:
            size = round(image.shape[1] * scale), round(image.shape[0] * scale)
            levels.append(cv2.resize(levels[-1], size) if levels else resize(image, size))
            scale *= PYRAMID
        return levels

    def _propose(self, level, shape):
        """Regions of one level: (N, 5) x, y, width, height in pixels of the image of ``shape``, score."""
        height, width = level.shape[:2]
        canvas = np.zeros((1, height + 2 * _MARGIN, width + 2 * _MARGIN, 3), np.float32)
        canvas[0, _MARGIN:-_MARGIN, _MARGIN:-_MARGIN] = normalise(level)
        answer = self._slide(canvas)  # (H', W', 6): four steps of the box's edges, no face, face
        rows, columns = np.nonzero(answer[..., 5] > _PROPOSE)
        corners = STRIDE * np.stack([columns, rows], 1) + 1 - _MARGIN  # 1 to 12 of a window from 0, as they trained it
        boxes = np.column_stack([corners, np.full_like(corners, WINDOW - 1)])
        boxes = move(boxes, answer[rows, columns, :4]) * np.tile((shape[1] / width, shape[0] / height), 2)
        scores = answer[rows, columns, 5]
        kept = suppress(boxes, scores, 0.5)
        return np.column_stack([boxes[kept], scores[kept]])

    def _slide(self, canvas):
        """What the first network says of all windows, strip by strip, so that memory does not grow with the level."""
        height, width = canvas.shape[1:3]
        rows = STRIDE * max(_STRIP // (STRIDE * width), WINDOW)
        overlap = WINDOW - STRIDE
        starts = range(0, max(height - overlap, 1), rows)
        return np.concatenate([self._propose_network(canvas[:, row : row + rows + overlap])[0] for row in starts])

    def _confirm(self, image, pyramid, proposals):
        """The faces among the regions of all levels of an image."""
        pictures = sorted([image, *pyramid], key=lambda picture: -picture.shape[1])
        regions = np.concatenate(proposals) if proposals else np.zeros((0, 5))
        boxes = square(regions[suppress(regions[:, :4], regions[:, 4], 0.7), :4])
        boxes, _, scores = judge(self._refine_network, image.shape, pictures, boxes, 24, _REFINE)
        boxes = square(boxes[suppress(boxes, scores, 0.7)])
        boxes, landmarks, scores = judge(self._confirm_network, image.shape, pictures, boxes, 48, self.threshold)
        rows = [(row, clip_box(boxes[row], image.shape)) for row in suppress(boxes, scores, 0.7, cover)]
        return [Detection(box, float(scores[row]), landmarks[row].astype(np.float32)) for row, box in rows if box]
