"""Binary trees on differences of two pixels whose places follow the current landmarks (shape-indexed features)."""

import dataclasses
from collections.abc import Sequence

import cv2
import numpy as np

BLURS = (1, 3, 7)
"""Edges in pixels of the squares over which a pixel may be averaged: the scales of the features."""


@dataclasses.dataclass(frozen=True)
class Planes:
    """Windows in images of several sizes, of which all pixels lie in one array.

    Attributes:
        pixels: uint8, flat; of each image its planes, averaged over each of `BLURS`, one behind the other.
        starts: (N,) int, where the planes of the image of each of N windows begin.
        sizes: (N, 2) int, width and height of that image.
    """

    pixels: np.ndarray
    starts: np.ndarray
    sizes: np.ndarray

    @classmethod
    def of(cls, images: Sequence[np.ndarray] | np.ndarray) -> "Planes":
        """One window for each image (H, W) uint8."""
        planes = [
            [cv2.blur(image, (edge, edge), borderType=cv2.BORDER_REPLICATE) for edge in BLURS] for image in images
        ]
        flat = [np.concatenate([plane.ravel() for plane in own]) for own in planes]
        starts = np.cumsum([0, *(len(each) for each in flat)])[:-1]
        sizes = np.array([image.shape[::-1] for image in images], int).reshape(-1, 2)
        return cls(np.concatenate(flat) if flat else np.zeros(0, np.uint8), starts, sizes)

    def take(self, rows: np.ndarray) -> "Planes":
        """The windows of ``rows``, an index or a mask; the pixels are shared."""
        return Planes(self.pixels, self.starts[rows], self.sizes[rows])


@dataclasses.dataclass(frozen=True)
class PixelTests:
    """Differences of two pixels, any number of them in arrays of one shape (...,).

    Attributes:
        blurs: (...,) int, number of the plane, see `BLURS`.
        marks: (..., 2) int, the landmarks near which the two pixels lie.
        offsets: (..., 2) complex64, the way x + iy from the landmark to the pixel, in pixels of the mean shape's frame.
    """

    blurs: np.ndarray
    marks: np.ndarray
    offsets: np.ndarray

    def take(self, rows: np.ndarray | slice | tuple) -> "PixelTests":
        """The tests of ``rows``."""
        return PixelTests(self.blurs[rows], self.marks[rows], self.offsets[rows])


def draw_tests(rng: np.random.Generator, count: int, points: int, mark: int, radius: float) -> PixelTests:
    """Draws tests: half of them about one landmark, the others about two that are drawn.

    Args:
        rng: draws them.
        count: how many.
        points: number of landmarks.
        mark: the one landmark.
        radius: greatest distance of a pixel from its landmark, in pixels of the mean shape's frame.

    Returns:
        `PixelTests` of shape (count,).
    """
    marks = rng.integers(points, size=(count, 2), dtype=np.uint8)
    marks[: count // 2] = mark
    lengths, angles = radius * np.sqrt(rng.random((count, 2))), 2 * np.pi * rng.random((count, 2))
    return PixelTests(
        rng.integers(len(BLURS), size=count, dtype=np.uint8),
        marks,
        (lengths * np.exp(1j * angles)).astype(np.complex64),
    )


def pixel_differences(planes: Planes, shapes: np.ndarray, turns: np.ndarray, tests: PixelTests) -> np.ndarray:
    """The first pixel's value minus the second's.

    Args:
        planes: N windows.
        shapes: (N, P) complex64, the landmarks x + iy in pixels of each window's image.
        turns: (N,) complex64, the scale and rotation from the mean shape to each shape.
        tests: of shape (F,), the same for all windows, or (N, F).

    Returns:
        (N, F) int16. Places outside an image take the value at its edge.
    """
    places = shapes[np.arange(len(shapes))[:, None, None], tests.marks] + turns[:, None, None] * tests.offsets
    widths, heights = planes.sizes[:, :1, None], planes.sizes[:, 1:, None]
    x = np.clip(np.rint(places.real).astype(np.intp), 0, widths - 1)
    y = np.clip(np.rint(places.imag).astype(np.intp), 0, heights - 1)
    values = planes.pixels[planes.starts[:, None, None] + (tests.blurs[..., None] * heights + y) * widths + x]
    return values[..., 0].astype(np.int16) - values[..., 1]


@dataclasses.dataclass(frozen=True)
class Trees:
    """K trees of one depth: 2^depth - 1 nodes each, in the order of levels, and 2^depth leaves.

    Attributes:
        tests: of shape (K, nodes).
        thresholds: (K, nodes) int16; a difference up to it leads to the left.
    """

    tests: PixelTests
    thresholds: np.ndarray

    @property
    def leaves(self) -> int:
        """Leaves of a tree."""
        return self.thresholds.shape[1] + 1

    def take(self, rows: slice) -> "Trees":
        """The trees of ``rows``."""
        return Trees(self.tests.take(rows), self.thresholds[rows])

    def descend(self, planes: Planes, shapes: np.ndarray, turns: np.ndarray) -> np.ndarray:
        """Which leaf each window comes to in each tree: (N, K) int. See `pixel_differences` for the arguments."""
        nodes = np.zeros((len(shapes), len(self.thresholds)), np.intp)
        trees = np.arange(len(self.thresholds))
        for _ in range(self.leaves.bit_length() - 1):
            own = trees[None], nodes
            right = pixel_differences(planes, shapes, turns, self.tests.take(own)) > self.thresholds[own]
            nodes = 2 * nodes + 1 + right
        return nodes - (self.leaves - 1)
