"""Face detection with MTCNN (Zhang et al., 2016; the paper's ref. [18]), with the networks of the package ``mtcnn``.

That package takes a second for a photograph: it runs layer by layer and keeps whole batches of float pyramids. Here its
three trained networks run in LiteRT, level by level and face by face, on all cores. experiments/ship_mtcnn.py made
their files; they have the licence of the package, MIT, which lies beside them.
"""

import cv2
import numpy as np

from fer_md.faces.judge import judge, load_judge, move, normalise, resize, square
from fer_md.faces.regions import suppress
from fer_md.faces.searching_detector import SearchingDetector

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


class MtcnnDetector(SearchingDetector):
    """Three small networks in a row propose, refine and confirm faces, with five landmarks each.

    An image is searched at many sizes. The largest is the one at which a face of ``min_face`` pixels becomes `WINDOW`
    pixels wide. At the smallest size the whole image is a face.

    Args, errors: those of `SearchingDetector`.
    """

    def __init__(self, min_face: int | None = None, threshold: float = 0.8):
        super().__init__(min_face, threshold)
        self._propose_network, self._refine_network = load_judge("propose"), load_judge("refine")

    def _looks(self, image):
        scale = WINDOW / self._smallest(image.shape)
        levels: list[np.ndarray] = []
        while min(image.shape[:2]) * scale >= WINDOW - _MARGIN and max(image.shape[:2]) * scale >= WINDOW:
            size = round(image.shape[1] * scale), round(image.shape[0] * scale)
            levels.append(cv2.resize(levels[-1], size) if levels else resize(image, size))
            scale *= PYRAMID
        return levels

    def _find(self, look, shape):
        height, width = look.shape[:2]
        canvas = np.zeros((1, height + 2 * _MARGIN, width + 2 * _MARGIN, 3), np.float32)
        canvas[0, _MARGIN:-_MARGIN, _MARGIN:-_MARGIN] = normalise(look)
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

    def _squares(self, shape, pictures, boxes, scores):
        boxes = square(boxes[suppress(boxes, scores, 0.7)])
        boxes, _, scores = judge(self._refine_network, shape, pictures, boxes, 24, _REFINE)
        return square(boxes[suppress(boxes, scores, 0.7)])
