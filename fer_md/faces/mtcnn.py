"""Face detection with MTCNN (Zhang et al., 2016; the paper's ref. [18]), with the networks of the package ``mtcnn``.

That package takes a second for a photograph: it runs layer by layer and keeps whole batches of float pyramids. Here its
three trained networks run in LiteRT, level by level and face by face, on all cores. experiments/ship_mtcnn.py made
their files; they have the licence of the package, MIT, which lies beside them.
"""

import os
from collections.abc import Sequence
from pathlib import Path

import cv2
import numpy as np

from fer_md.errors import FerMdError
from fer_md.faces.detection import Detection, check_image, clip_box
from fer_md.faces.regions import cover, suppress
from fer_md.files import read_json
from fer_md.litert.network import load_network
from fer_md.litert.workers import Workers

NETWORKS = Path(__file__).parent / "mtcnn_networks"
"""Folder of the three networks' files."""

SMALLEST = 20
"""Side, in pixels, that the smallest face to find has in the image as it is searched. The pyramid's first level has it
at `WINDOW` / `SMALLEST` of that size, which is the size of the first network's window."""

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
        if not ((min_face is None or min_face >= 5) and 0 < threshold < 1):
            raise FerMdError(
                f"min_face must be None or 5 or more, threshold above 0 and below 1; got {min_face}, {threshold}"
            )
        self.min_face, self.threshold = min_face, threshold
        self._propose_network, self._refine_network, self._confirm_network = _load()
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
        longer = max(image.shape[:2])
        smallest = self.min_face or max(min(max(longer / 18, SMALLEST), 2 * SMALLEST), longer / 48)
        scale = WINDOW / smallest
        levels: list[np.ndarray] = []
        while min(image.shape[:2]) * scale >= WINDOW - _MARGIN and max(image.shape[:2]) * scale >= WINDOW:
            size = [round(side * scale) for side in image.shape[1::-1]]
            levels.append(cv2.resize(levels[-1], size) if levels else _resize(image, size))
            scale *= PYRAMID
        return levels

    def _propose(self, level, shape):
        """Regions of one level: (N, 5) x, y, width, height in pixels of the image of ``shape``, score."""
        height, width = level.shape[:2]
        canvas = np.zeros((1, height + 2 * _MARGIN, width + 2 * _MARGIN, 3), np.float32)
        canvas[0, _MARGIN:-_MARGIN, _MARGIN:-_MARGIN] = _normalise(level)
        answer = self._slide(canvas)  # (H', W', 6): four steps of the box's edges, no face, face
        rows, columns = np.nonzero(answer[..., 5] > _PROPOSE)
        corners = STRIDE * np.stack([columns, rows], 1) + 1 - _MARGIN  # 1 to 12 of a window from 0, as they trained it
        boxes = np.column_stack([corners, np.full_like(corners, WINDOW - 1)])
        boxes = _move(boxes, answer[rows, columns, :4]) * np.tile((shape[1] / width, shape[0] / height), 2)
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
        boxes = _square(regions[suppress(regions[:, :4], regions[:, 4], 0.7), :4])
        boxes, _, scores = _judge(self._refine_network, image.shape, pictures, boxes, 24, _REFINE)
        boxes = _square(boxes[suppress(boxes, scores, 0.7)])
        boxes, landmarks, scores = _judge(self._confirm_network, image.shape, pictures, boxes, 48, self.threshold)
        rows = [(row, clip_box(boxes[row], image.shape)) for row in suppress(boxes, scores, 0.7, cover)]
        return [Detection(box, float(scores[row]), landmarks[row].astype(np.float32)) for row, box in rows if box]


def _load():
    """The networks that propose, refine and confirm."""
    hashes = read_json(NETWORKS / "sha256.json")
    return [load_network(NETWORKS / f"{name}.tflite", hashes[name]) for name in ("propose", "refine", "confirm")]


def _resize(image, size):
    if size == list(image.shape[1::-1]):
        return image
    shrinks = size[0] <= image.shape[1]
    return cv2.resize(image, size, interpolation=cv2.INTER_AREA if shrinks else cv2.INTER_LINEAR)


def _normalise(image):
    return (image.astype(np.float32) - 127.5) / 128


def _judge(network, shape, pictures, boxes, side, threshold):
    """Looks at square regions of an image.

    Args:
        network: answers (N, side, side, 3) crops with four steps of the edges, with landmarks if it has them (five x,
            then five y, as shares of the region), and with two scores, the last of which says "face".
        shape: of the image.
        pictures: the image at several sizes, the largest first.
        boxes: (N, 4) square regions in pixels of the image.
        side: of a crop.
        threshold: lowest score.

    Returns:
        (boxes, landmarks, scores) of those that are faces: (K, 4), (K, P, 2) in pixels, (K,).
    """
    boxes = boxes[
        (boxes[:, 2] >= 1)
        & (boxes[:, 0] + boxes[:, 2] > 0)
        & (boxes[:, 1] + boxes[:, 3] > 0)
        & (boxes[:, 0] < shape[1])
        & (boxes[:, 1] < shape[0])
    ]
    if not len(boxes):
        return boxes, np.zeros((0, 0, 2)), np.zeros(0)
    scales = np.array([(picture.shape[1] / shape[1], picture.shape[0] / shape[0]) for picture in pictures])
    used = np.maximum((boxes[:, 2:3] * scales[:, 0] >= side).sum(1) - 1, 0)  # the smallest that need not be enlarged
    scales = np.tile(scales[used], 2)
    whole = np.rint(boxes * scales).astype(int)
    whole[:, 2:] = np.maximum(whole[:, 2:3], 1)
    answer = network(
        _normalise(np.stack([_cut(pictures[row], box, side) for row, box in zip(used, whole, strict=True)]))
    )
    boxes = whole / scales
    faces = answer[:, -1] > threshold
    boxes, answer = boxes[faces], answer[faces]
    shares = answer[:, 4:-2].reshape(len(boxes), 2, answer.shape[1] // 2 - 3).swapaxes(1, 2)
    return _move(boxes, answer[:, :4]), boxes[:, None, :2] + shares * boxes[:, None, 2:], answer[:, -1]


def _cut(image, box, side):
    """A square region as (side, side, 3) uint8, gray where it reaches beyond the image."""
    x, y, width, height = box
    inner = image[max(y, 0) : max(y + height, 0), max(x, 0) : max(x + width, 0)]
    if inner.shape[:2] != (height, width):
        canvas = np.full((height, width, 3), 127, np.uint8)
        canvas[max(-y, 0) :, max(-x, 0) :][: inner.shape[0], : inner.shape[1]] = inner
        inner = canvas
    return _resize(inner, [side, side])


def _move(boxes, steps):
    """Moves the left, upper, right and lower edges of (N, 4) boxes by shares of their width and height."""
    steps = steps * np.tile(boxes[:, 2:], 2)
    return np.concatenate([boxes[:, :2] + steps[:, :2], boxes[:, 2:] + steps[:, 2:] - steps[:, :2]], 1)


def _square(boxes):
    """Makes (N, 4) boxes square about their middles, as large as their longer side."""
    sides = boxes[:, 2:].max(1, keepdims=True)
    return np.concatenate([boxes[:, :2] + (boxes[:, 2:] - sides) / 2, np.repeat(sides, 2, 1)], 1)
