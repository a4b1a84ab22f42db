"""Joint detection and alignment by one cascade of boosted trees (Chen, Ren, Wei, Cao and Sun 2014)."""

import dataclasses
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import cv2
import numpy as np

from fer_md.array_files import Numbers, check_arrays, check_format, read_arrays
from fer_md.errors import FerMdError
from fer_md.faces.detection import Detection, check_image, clip_box
from fer_md.faces.face_frame import face_box, reduce_images
from fer_md.faces.landmarks import five_points
from fer_md.faces.pixel_trees import BLURS, PixelTests, Planes, Trees
from fer_md.faces.regions import suppress
from fer_md.faces.shape_model import as_complex, as_points, fit_similarity
from fer_md.files import atomic_file

FORMAT = 1
"""Version of the model file."""

WINDOW = 80
"""Side of a window in pixels of the image at the size at which it is looked at."""

SIDE = 1.4
"""Side of a window as a share of the mean edge of the box around the landmarks."""

MARGIN = 16
"""Pixels around a window that are cut out with it."""

_SCALE = 1.25
"""Ratio of the sizes at which an image is looked at."""

_STEP = 10
"""Pixels between windows."""

_OUTSIDE = 2
"""Steps by which a window may reach beyond the image."""

_AT_ONCE = 60_000
"""Pairs of a window and a tree that are computed together."""

_ARRAYS = ("blurs", "marks", "offsets", "thresholds", "scores", "cuts", "weights")


@dataclasses.dataclass(frozen=True)
class Stage:
    """K weak learners, and what moves the landmarks after them.

    Attributes:
        trees: K trees.
        scores: (K, leaves) float32, what each leaf adds to a window's score.
        cuts: (K,) float32, the score below which a window is rejected after each tree.
        weights: (K * leaves, P) complex64, the step of the landmarks in the mean shape's frame to which each leaf
            leads; None until the stage is complete.
    """

    trees: Trees
    scores: np.ndarray
    cuts: np.ndarray
    weights: np.ndarray | None = None


@dataclasses.dataclass(frozen=True)
class Found:
    """What is left of windows.

    Attributes:
        rows: (M,) int, their numbers among those that were given.
        shapes: (M, P) complex64, their landmarks.
        scores: (M,) float32.
    """

    rows: np.ndarray
    shapes: np.ndarray
    scores: np.ndarray


class JointCascade:
    """Finds faces and their landmarks together.

    The trees are weak classifiers: a leaf adds to the score of a window, f <- f + s_k(leaf), and a window whose score
    falls below a tree's threshold is no face. They look at differences of pixels near the current landmarks. After
    each stage, the leaves that a window has come to, as a vector phi of zeros and ones, give a step of all landmarks,
    S <- S + W phi (local binary features), so that the next stage looks at better places. A face's box is that of its
    landmarks, raised by a forehead, and its score 1 / (1 + exp(-f / spread)).

    Public, in the paper: the above; that a node is split either for classification or for regression of a landmark,
    with a probability that falls from stage to stage; features at three scales; hard negatives.

    Public, in an independent reimplementation (luoyetx/JDA at 351a8d3): 5 stages, trees of 8 leaves, the probabilities
    0.9 to 0.5, the radii 0.3 to 0.1 of a window, Gini's impurity, and random thresholds for regression.

    Inferred: the size and place of a window, the averages over 1, 3 and 7 pixels in place of reduced images, the steps
    of the search, candidates half of which lie about the tree's own landmark, and ridge regression for W.

    Args:
        mean: (P, 2) float, the mean shape in pixels of a window.
        stages: in their order.
        spread: of the scores, > 0.
        threshold: lowest score of a face, in [0, 1].
        min_face: mean edge in pixels of the box around the landmarks of the smallest face to find.

    Reference: Chen et al., Joint cascade face detection and alignment, ECCV 2014; Ren et al., Face alignment at 3000
    FPS via regressing local binary features, CVPR 2014, eqs. 3 and 4.
    """

    def __init__(
        self, mean: np.ndarray, stages: Sequence[Stage], spread: float = 1.0, threshold: float = 0.5, min_face: int = 24
    ):
        if not (0 <= threshold <= 1 and spread > 0 and min_face >= 8):
            raise FerMdError(
                f"threshold must be 0 to 1, spread above 0, min_face 8 or more; got {threshold}, {spread}, {min_face}"
            )
        self.mean, self.stages, self.spread = mean, list(stages), float(spread)
        self.threshold, self.min_face = threshold, min_face

    def detect(self, images: Sequence[np.ndarray]) -> list[list[Detection]]:
        """Finds the faces, with five landmarks; see `fer_md.faces.detection.Detector`.

        Raises:
            FerMdError: an image is not (H, W, 3) uint8; the message says which.
        """
        return [self._detect(check_image(image, index)) for index, image in enumerate(images)]

    def _detect(self, image):
        gray = cv2.cvtColor(image, cv2.COLOR_RGB2GRAY)
        _, shapes, scores = self.search(gray)
        scores = 1 / (1 + np.exp(-scores.astype(float) / self.spread))
        sure = scores >= self.threshold
        shapes, scores = shapes[sure], scores[sure]
        boxes = face_box(shapes)
        rows = suppress(boxes, scores, 0.3)
        points = five_points(shapes[rows]).astype(np.float32)
        faces = [(clip_box(boxes[row], image.shape), float(scores[row])) for row in rows]
        return [Detection(box, score, own) for (box, score), own in zip(faces, points, strict=True) if box]

    def search(self, gray: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        """The windows of an image that no tree rejects.

        Args:
            gray: (H, W) uint8.

        Returns:
            (windows, shapes, scores): (M, 3) x, y and side; (M, P, 2) landmarks, both in pixels of the image; (M,).
        """
        levels, corners, factors = look(gray, SIDE * self.min_face)
        if not len(corners):
            return np.zeros((0, 3)), np.zeros((0, len(self.mean), 2)), np.zeros(0, np.float32)
        found = self.run(levels, corners + as_complex(self.mean).astype(np.complex64))
        factors = factors[found.rows]
        points = (as_points(found.shapes).astype(float) + 0.5) * factors[:, None] - 0.5
        lows = (as_points(corners[found.rows, 0]) + 0.5) * factors - 0.5
        return np.column_stack([lows, WINDOW * factors.mean(1)]), points, found.scores

    def align(self, images: Sequence[np.ndarray], boxes: np.ndarray) -> np.ndarray:
        """Finds the landmarks of faces whose boxes are known; nothing is rejected.

        Args:
            images: N grayscale images (H, W) uint8, of any sizes.
            boxes: (N, 4) x, y, width, height in pixels of the rough boxes around the landmarks.

        Returns:
            (N, P, 2) float32 pixel coordinates x, y.
        """
        if not len(images):
            return np.zeros((0, len(self.mean), 2), np.float32)
        windows = windows_of(boxes)
        found = self.run(Planes.of(cut_windows(images, windows)), self.starts(len(windows)), reject=False)
        return to_image(as_points(found.shapes), windows).astype(np.float32)

    def starts(self, count: int) -> np.ndarray:
        """The mean shape in each of ``count`` windows that `cut_windows` has cut, (count, P) complex64."""
        return np.repeat((as_complex(self.mean) + MARGIN * (1 + 1j)).astype(np.complex64)[None], count, 0)

    def run(self, planes: Planes, shapes: np.ndarray, reject: bool = True) -> Found:
        """Runs all stages on N windows from the shapes (N, P) complex64, in pixels of the windows' images."""
        found = Found(np.arange(len(shapes)), shapes, np.zeros(len(shapes), np.float32))
        for stage in self.stages:
            found, _ = run_stage(stage, self.mean, planes, found, reject)
        return found

    def save(self, path: Path | str) -> None:
        """Writes the cascade as .npz; all its stages must be complete."""
        parts = [
            (
                s.trees.tests.blurs,
                s.trees.tests.marks,
                s.trees.tests.offsets,
                s.trees.thresholds,
                s.scores,
                s.cuts,
                s.weights,
            )
            for s in self.stages
        ]
        arrays: dict[str, Any] = {
            name: np.stack(values) for name, values in zip(_ARRAYS, zip(*parts, strict=True), strict=True)
        }
        arrays |= {"spread": self.spread, "threshold": self.threshold, "min_face": self.min_face}
        with atomic_file(path) as partial, open(partial, "wb") as stream:
            np.savez_compressed(stream, format=FORMAT, mean=self.mean, **arrays)

    @classmethod
    def load(cls, path: Path | str) -> "JointCascade":
        """Reads a cascade.

        Raises:
            FerMdError: the file is missing, damaged, or no cascade of this format. Nothing in it is ever unpickled.
        """
        arrays = read_arrays(path, "make it with experiments/train_detector.py --method=joint")
        _check(arrays, path)
        stages = [
            Stage(Trees(PixelTests(blurs, marks, offsets), thresholds), scores, cuts, weights)
            for blurs, marks, offsets, thresholds, scores, cuts, weights in zip(
                *(arrays[n] for n in _ARRAYS), strict=True
            )
        ]
        settings = (arrays[name].item() for name in ("spread", "threshold", "min_face"))
        try:
            return cls(arrays["mean"], stages, *settings)
        except FerMdError as error:
            raise FerMdError(f"{path}: {error}") from None


def run_stage(
    stage: Stage, mean: np.ndarray, planes: Planes, found: Found, reject: bool = True
) -> tuple[Found, np.ndarray]:
    """Runs one stage.

    Args:
        stage: its trees may be any number; without weights no landmark moves.
        mean: (P, 2) the mean shape.
        planes: all the windows, to which ``found.rows`` refers.
        found: the windows that are left.
        reject: whether trees may reject windows.

    Returns:
        those that are left of them, with new landmarks, and their leaves (M, K) uint8.
    """
    rows, shapes, scores = found.rows, found.shapes, found.scores
    turns = fit_similarity(mean, as_points(shapes))[0].astype(np.complex64)
    own, leaves, first = planes.take(rows), np.zeros((len(rows), 0), np.uint8), 0
    while first < len(stage.cuts):
        part = slice(first, first + int(np.clip(_AT_ONCE // max(len(rows), 1), 1, 64)))
        new = stage.trees.take(part).descend(own, shapes, turns)
        steps = np.take_along_axis(stage.scores[part].T, new, 0)
        running = np.concatenate([scores[:, None], steps], 1).cumsum(1)[:, 1:]  # in the training's order, to the bit
        kept: np.ndarray = np.all(running >= stage.cuts[part], axis=1)
        scores, leaves, first = running[:, -1], np.concatenate([leaves, new.astype(np.uint8)], 1), part.stop
        if reject and not kept.all():
            rows, shapes, scores, turns, leaves = rows[kept], shapes[kept], scores[kept], turns[kept], leaves[kept]
            own = own.take(kept)
    if stage.weights is not None:
        shapes = move(stage.weights, shapes, turns, leaves)
    return Found(rows, shapes, scores), leaves


def move(weights: np.ndarray, shapes: np.ndarray, turns: np.ndarray, leaves: np.ndarray) -> np.ndarray:
    """The landmarks (N, P) after the step W phi of a stage with ``weights``, whose trees led to leaves (N, K)."""
    steps, count = np.zeros_like(shapes), len(weights) // max(leaves.shape[1], 1)
    for number, own in enumerate(leaves.T.astype(np.intp)):
        steps += weights[number * count + own]
    return shapes + turns[:, None] * steps


def look(gray: np.ndarray, smallest: float) -> tuple[Planes, np.ndarray, np.ndarray]:
    """All windows of an image.

    Args:
        gray: (H, W) uint8.
        smallest: side of the smallest windows, in pixels of the image.

    Returns:
        (planes, corners, factors): N windows; (N, 1) complex64, their left upper corners in pixels of the image at the
        size at which it is looked at; and (N, 2), how many pixels of the image one of those is wide and high.
    """
    size = np.array(gray.shape[::-1])
    sides = smallest * _SCALE ** np.arange(np.ceil(np.log(max(size.max() / smallest, 1)) / np.log(_SCALE)) + 1)
    levels, places, numbers, factors = [], [], [], []
    for number, side in enumerate(sides):
        new = np.maximum(np.rint(size * WINDOW / side).astype(int), 1)
        method = cv2.INTER_AREA if side > WINDOW else cv2.INTER_LINEAR
        levels.append(cv2.resize(gray, [int(each) for each in new], interpolation=method))
        x, y = (np.arange(-_OUTSIDE * _STEP, max(edge - WINDOW, 0) + _OUTSIDE * _STEP + 1, _STEP) for edge in new)
        grid = (x[None] + 1j * y[:, None]).ravel()
        places.append(grid)
        numbers.append(np.full(len(grid), number))
        factors.append(np.tile(size / new, (len(grid), 1)))
    corners = np.concatenate(places).astype(np.complex64)[:, None]
    return Planes.of(levels).take(np.concatenate(numbers)), corners, np.concatenate(factors)


def windows_of(boxes: np.ndarray) -> np.ndarray:
    """Windows (N, 3) x, y, side around boxes (N, 4) of landmarks."""
    boxes = np.asarray(boxes, np.float64)
    sides = SIDE * boxes[:, 2:].mean(1, keepdims=True)
    return np.concatenate([boxes[:, :2] + (boxes[:, 2:] - sides) / 2, sides], 1)


def cut_windows(images: Sequence[np.ndarray], windows: np.ndarray) -> np.ndarray:
    """Cuts windows out, with `MARGIN` pixels around each; pixels from outside an image repeat its edge.

    Args:
        images: N grayscale images (H, W) uint8, of any sizes.
        windows: (N, 3) x, y, side in pixels of the images.

    Returns:
        (N, S, S) uint8 with S = WINDOW + 2 MARGIN.
    """
    boxes = np.concatenate([windows, windows[:, 2:]], 1)
    reduced, factors, corners = reduce_images(images, boxes, WINDOW)
    side = WINDOW + 2 * MARGIN
    cut = np.empty((len(images), side, side), np.uint8)
    ends = to_image(np.array([[0, 0], [side, 0], [0, side]]), windows)  # (N, 3, 2) corners of the patches
    ends = (ends - corners) / factors
    for image, target, points in zip(reduced, cut, ends, strict=True):
        matrix = np.column_stack([(points[1:] - points[0]).T / side, points[0]])
        cv2.warpAffine(
            image, matrix, (side, side), target, cv2.INTER_LINEAR | cv2.WARP_INVERSE_MAP, cv2.BORDER_REPLICATE
        )
    return cut


def to_image(points: np.ndarray, windows: np.ndarray) -> np.ndarray:
    """Points (N, P, 2), or (P, 2), in pixels of what `cut_windows` cuts, in pixels of the images: (N, P, 2)."""
    return windows[:, None, :2] + (points - MARGIN) * windows[:, None, 2:] / WINDOW


def to_window(points: np.ndarray, windows: np.ndarray) -> np.ndarray:
    """Undoes `to_image`."""
    return (points - windows[:, None, :2]) * WINDOW / windows[:, None, 2:] + MARGIN


def _check(arrays, path):
    """Checks that all arrays are there, in range, and of shapes that belong together."""
    settings = ("spread", "threshold", "min_face")
    check_format(path, arrays, "joint cascade", FORMAT, ("mean", *settings, *_ARRAYS))
    shape = arrays["thresholds"].shape
    stages, trees, nodes = shape if len(shape) == 3 else (0, 0, 0)
    if not stages or (nodes + 1) & nodes:
        raise FerMdError(f"{path}: thresholds must be those of stages of whole trees; found shape {shape}")
    expected = {
        "mean": Numbers((68, 2)),
        "blurs": Numbers((stages, trees, nodes), "iu", 0, len(BLURS) - 1),
        "marks": Numbers((stages, trees, nodes, 2), "iu", 0, 67),
        "offsets": Numbers((stages, trees, nodes, 2), "c"),
        "thresholds": Numbers((stages, trees, nodes)),
        "scores": Numbers((stages, trees, nodes + 1)),
        "cuts": Numbers((stages, trees), low=-np.inf),  # where a tree rejects nothing
        "weights": Numbers((stages, trees * (nodes + 1), 68), "c"),
        **{name: Numbers(()) for name in settings},
    }
    check_arrays(path, arrays, expected)
