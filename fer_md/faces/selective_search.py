"""Regions that may hold an object, by Selective Search (Uijlings et al., IJCV 2013), as the paper proposes them."""

import dataclasses

import cv2
import numpy as np

_MOST_ELONGATED = 2.5
"""Regions more elongated than this cannot overlap a face by half."""

_GRAY = 128


@dataclasses.dataclass(frozen=True)
class SelectiveSearch:
    """Proposes regions of an image by merging similar neighbours, from several segmentations and by several measures.

    Small segments on a small image find faces better and faster than OpenCV's "quality" mode on the whole image. Two
    faults of OpenCV's function are avoided. It crashes on elongated images, so the image is padded to a square. It
    orders regions by an unseeded random number, so they are sorted.

    Attributes:
        side: the image's longer side is scaled to this many pixels.
        scales: k of the initial segmentations (Felzenszwalb and Huttenlocher 2004); a lower k makes smaller segments.
        smallest: least size of a segment in pixels of the scaled image.
        most: greatest number of regions; the largest are kept.
    """

    side: int = 128
    scales: tuple[int, ...] = (50, 150)
    smallest: int = 20
    most: int = 2000

    def scaled(self, image: np.ndarray) -> tuple[np.ndarray, float]:
        """Scales an image and pads it with gray at the right or bottom.

        Args:
            image: (H, W, 3) uint8.

        Returns:
            (square, factor): (side, side, 3) uint8, and how many pixels of the image one pixel of the square is wide.
        """
        height, width = image.shape[:2]
        factor = max(height, width) / self.side
        size = [max(1, round(length / factor)) for length in (width, height)]
        method = cv2.INTER_AREA if factor > 1 else cv2.INTER_LINEAR
        square = np.full((self.side, self.side, 3), _GRAY, np.uint8)
        square[: size[1], : size[0]] = cv2.resize(image, size, interpolation=method)
        return square, factor

    def propose(self, square: np.ndarray) -> np.ndarray:
        """Regions of a scaled image.

        Args:
            square: (side, side, 3) uint8, RGB.

        Returns:
            (N, 4) float64 x, y, width, height in pixels of ``square``, the largest first.
        """
        segmentation = cv2.ximgproc.segmentation
        search = segmentation.createSelectiveSearchSegmentation()
        search.setBaseImage(square)
        for space in (cv2.COLOR_RGB2HSV, cv2.COLOR_RGB2Lab):
            search.addImage(cv2.cvtColor(square, space))
        for scale in self.scales:
            search.addGraphSegmentation(segmentation.createGraphSegmentation(0.8, scale, self.smallest))
        for strategy in _strategies():
            search.addStrategy(strategy)
        regions = np.array(search.process(), np.float64).reshape(-1, 4)
        width, height = regions[:, 2], regions[:, 3]
        shaped = np.maximum(width, height) <= _MOST_ELONGATED * np.minimum(width, height)
        x, y, width, height = regions[shaped].T
        order = np.lexsort((height, width, y, x, -width * height))[: self.most]
        return regions[shaped][order]


def _strategies():
    """Fresh measures of similarity: all four together, without colour, the shape of the union alone, size alone."""
    segmentation = cv2.ximgproc.segmentation
    color = segmentation.createSelectiveSearchSegmentationStrategyColor
    texture = segmentation.createSelectiveSearchSegmentationStrategyTexture
    size = segmentation.createSelectiveSearchSegmentationStrategySize
    fill = segmentation.createSelectiveSearchSegmentationStrategyFill
    several = segmentation.createSelectiveSearchSegmentationStrategyMultiple
    return several(color(), texture(), size(), fill()), several(texture(), size(), fill()), fill(), size()
