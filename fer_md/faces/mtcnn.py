"""Face detection with MTCNN (Zhang et al., 2016; the paper's ref. [18]) through the package ``mtcnn``."""

import collections

import cv2
import numpy as np

from fer_md.errors import FerMdError
from fer_md.faces.detection import Detection, check_image, clip_box

SMALLEST = 20
"""Side in pixels of the smallest face that the package looks for. Asked for larger ones, mtcnn 1.0.0 makes pyramid
levels smaller than its first network's window and finds nothing, without an error: so the images are scaled."""

_GRID = 48
_BATCH_PIXELS = 128 * 192 * 192


class MtcnnDetector:
    """Three small networks in a row propose, refine and confirm faces, with five landmarks each.

    An image is scaled such that a face of ``min_face`` pixels gets `SMALLEST` pixels, or further down until its longer
    side has ``max_side``; in the latter case the smallest face found is ``20 / max_side`` of the longer side. It is put
    into the middle of a gray canvas, whose margin lets faces be found that fill the image. Canvases of one size go
    through the networks together; what is found in an image does not depend on its companions, rounding apart.

    Args:
        min_face: side of the smallest face to find, in pixels of the image, 5 or more; half of it takes four times
            as long.
        max_side: longest side, in pixels, at which an image is searched.
        margin: width of the margin as a share of the image's side.
        threshold: lowest score of a face, in (0, 1).

    Raises:
        FerMdError: the package is missing, or an argument is out of range.
    """

    def __init__(self, min_face=20, max_side=960, margin=0.15, threshold=0.8):
        if not (min_face >= 5 and max_side >= SMALLEST and 0 <= margin <= 1 and 0 < threshold < 1):
            raise FerMdError("min_face must be 5 or more, max_side 20 or more, margin 0 to 1, threshold above 0 and"
                             f" below 1; got {min_face}, {max_side}, {margin}, {threshold}")
        self.min_face, self.max_side, self.margin, self.threshold = min_face, max_side, margin, threshold
        self._network = _load()

    def detect(self, images):
        """Finds the faces; see `fer_md.faces.detection.Detector`.

        Raises:
            FerMdError: an image is not (H, W, 3) uint8; the message says which.
        """
        canvases = [_canvas(check_image(image, index), self._scale(image.shape), self.margin)
                    for index, image in enumerate(images)]
        found = [[] for _ in images]
        for batch in _batches([canvas for canvas, _, _ in canvases]):
            rows = self._network.detect_faces([canvases[index][0] for index in batch], output_type="numpy",
                                              min_face_size=SMALLEST, threshold_onet=self.threshold, fit_to_image=False)
            for row in rows:
                index = batch[int(row[0])]
                detection = _detection(row, *canvases[index][1:], images[index].shape)
                if detection:
                    found[index].append(detection)
        return [sorted(detections, key=lambda detection: -detection.score) for detections in found]

    def _scale(self, shape):
        return min(SMALLEST / self.min_face, self.max_side / max(shape[:2]))


def _load():
    try:
        from mtcnn import MTCNN
    except ImportError:
        raise FerMdError("the detector mtcnn is not installed: pip install 'fer_md[faces]'") from None
    return MTCNN()



def _canvas(image, scale, margin):
    """Scales an image and puts it into a gray canvas whose sides are multiples of 48.

    Returns:
        (H', W', 3) uint8, scale in x and y, offset (2,) of the image in the canvas.
    """
    size = [max(1, round(side * scale)) for side in image.shape[1::-1]]
    if size != list(image.shape[1::-1]):
        image = cv2.resize(image, size, interpolation=cv2.INTER_AREA if scale < 1 else cv2.INTER_LINEAR)
    canvas_size = [-(-round(side * (1 + 2 * margin)) // _GRID) * _GRID for side in size]
    left, top = ((outer - inner) // 2 for outer, inner in zip(canvas_size, size, strict=True))
    canvas = np.full((*canvas_size[::-1], 3), 127, np.uint8)
    canvas[top : top + size[1], left : left + size[0]] = image
    return canvas, scale, np.array((left, top))


def _batches(canvases):
    """Groups the indices of canvases of one size, a bounded number of pixels at a time."""
    groups = collections.defaultdict(list)
    for index, canvas in enumerate(canvases):
        groups[canvas.shape].append(index)
    for (height, width, _), group in groups.items():
        size = max(1, _BATCH_PIXELS // (height * width))
        for first in range(0, len(group), size):
            yield group[first : first + size]


def _detection(row, scale, offset, shape):
    """Takes one row of the package's result (index, box, score, five x, five y) back to the image's pixels."""
    box = clip_box([*((row[1:3] - offset) / scale), *(row[3:5] / scale)], shape)
    landmarks = (row[6:16].reshape(2, 5).T - offset + 0.5) / scale - 0.5
    return Detection(box, float(row[5]), landmarks.astype(np.float32)) if box else None
