"""Face detection with YuNet (Wu, Peng, Yu: YuNet: a tiny millisecond-level face detector, MIR 2023).

YuNet says at one look, of every 8, 16 and 32 pixels, whether a face is there. MTCNN's first two networks need looks at
many sizes for that. Its third one then looks at each face that YuNet found: it confirms the face, and its landmarks are
nearer than YuNet's. experiments/ship_yunet.py made YuNet's file; the network's licence (BSD) lies beside it.
"""

from pathlib import Path

import numpy as np

from fer_md.faces.judge import resize, square
from fer_md.faces.regions import suppress
from fer_md.faces.searching_detector import SearchingDetector
from fer_md.files import read_json
from fer_md.litert.network import load_network

NETWORK = Path(__file__).parent / "yunet_network"
"""Folder of the network's file."""

STRIDES = (8, 16, 32)
"""Steps, in pixels, between the places of each of the network's three maps."""

VALUES = 6
"""Numbers that the network says of a place: two logits, of a face and of its box; the box's middle from the place on,
and the logarithms of its width and height, all in steps."""

FIRST, LAST = 20, 500
"""Pixels that the smallest and the largest face to find have in an image as the network sees it."""

_SMALLER = 8
"""How many times smaller the image is at each further look."""

_STRIP = 2**21
"""Pixels of a look that the network sees together; it needs a hundred bytes for each."""

_OVERLAP = FIRST * _SMALLER
"""Rows that strips have in common; larger faces are found at the next look."""

_FIND = 0.2
"""Lowest score of a face that is looked at again."""

_TIGHT = 0.9
"""Side of the square that MTCNN's last network sees, as a share of the box's longer side; it was trained on squares as
tight as that."""


class YunetDetector(SearchingDetector):
    """YuNet finds faces, and MTCNN's last network confirms them, with five landmarks each.

    An image is looked at so large that a face of ``min_face`` pixels becomes `FIRST` pixels wide, and, where its
    shorter side is beyond `LAST` pixels, smaller again.

    Args, errors: those of `SearchingDetector`.
    """

    def __init__(self, min_face: int | None = None, threshold: float = 0.8):
        super().__init__(min_face, threshold)
        self._find_network = load_network(NETWORK / "find.tflite", read_json(NETWORK / "sha256.json")["find"])

    def _squares(self, shape, pictures, boxes, scores):
        return square(boxes[suppress(boxes, scores, 0.5)], _TIGHT)

    def _looks(self, image):
        scale, looks = FIRST / self._smallest(image.shape), [image]
        while len(looks) == 1 or min(looks[-1].shape[:2]) > LAST:
            size = (max(round(image.shape[1] * scale), 1), max(round(image.shape[0] * scale), 1))
            looks.append(resize(looks[-1], size))
            scale /= _SMALLER
        return looks[1:]

    def _find(self, look, shape):
        """Strip by strip, which bounds the memory; that of a whole look grows with it."""
        height, width = look.shape[:2]
        rows = max(_STRIP // width, _OVERLAP)
        strips = []
        for top in range(0, max(height - _OVERLAP, 1), rows):
            found = self._find_in_strip(look[top : top + rows + _OVERLAP])
            found[:, 1] += top
            strips.append(found)
        found = np.concatenate(strips)
        found[:, :4] *= np.tile((shape[1] / width, shape[0] / height), 2)
        return found

    def _find_in_strip(self, strip):
        """(N, 5) x, y, width, height in pixels of the strip, score."""
        height, width = strip.shape[:2]
        canvas = np.zeros((1, *(-(-side // STRIDES[-1]) * STRIDES[-1] for side in (height, width)), 3), np.uint8)
        canvas[0, :height, :width] = strip
        answer, first, found = self._find_network(canvas)[0], 0, []
        for stride in STRIDES:
            columns = canvas.shape[2] // stride
            values = answer[first : first + canvas.shape[1] // stride * columns]
            first += len(values)
            scores = 1 / np.sqrt((1 + np.exp(-values[:, 0])) * (1 + np.exp(-values[:, 1])))
            (places,) = np.nonzero(scores > _FIND)
            middles = np.stack([places % columns, places // columns], 1) + values[places, 2:4]
            sides = np.exp(values[places, 4:6])
            found.append(np.column_stack([np.concatenate([middles - sides / 2, sides], 1) * stride, scores[places]]))
        return np.concatenate(found)
