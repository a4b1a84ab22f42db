"""Training of the joint cascade (Chen et al. 2014, alg. 3): trees one by one, thresholds, hard negatives, local binary
features."""

import dataclasses
from collections.abc import Sequence
from pathlib import Path

import numpy as np

from fer_md.errors import FerMdError
from fer_md.faces.cascade_training import mirror
from fer_md.faces.face_frame import box_of, jitter_boxes
from fer_md.faces.joint_cascade import (
    MARGIN,
    WINDOW,
    Found,
    JointCascade,
    Stage,
    cut_windows,
    move,
    run_stage,
    to_window,
    windows_of,
)
from fer_md.faces.pixel_trees import PixelTests, Planes, Trees, draw_tests, pixel_differences
from fer_md.faces.regions import NEGATIVE, iou
from fer_md.faces.ridge import RidgeRegression
from fer_md.faces.shape_model import as_complex, as_points, fit_similarity
from fer_md.progress import Progress


@dataclasses.dataclass(frozen=True)
class JointRecipe:
    """How a joint cascade is trained.

    Attributes:
        starts: windows of each face, and as many of its mirror image.
        trees: trees of each landmark in each stage.
        depth: of a tree; it has 2^depth leaves.
        classify: for each stage, the probability that a node is split for classification.
        radii: for each stage, the greatest distance of a pixel from its landmark, as a share of a window.
        candidates: tests tried at each level of a tree.
        limits: thresholds tried for each test.
        samples: faces, and as many windows without a face, on which the nodes of a tree are chosen.
        lost: share of the faces that the trees may reject, all together.
        negatives: windows without a face for each face.
        mined: pictures that are searched at most for negatives at a time.
        penalty: of the ridge regression.
        seed: of everything that is drawn at random.
    """

    starts: int = 2
    trees: int = 3
    depth: int = 3
    classify: tuple[float, ...] = (0.9, 0.8, 0.7, 0.6, 0.5)
    radii: tuple[float, ...] = (0.3, 0.2, 0.15, 0.12, 0.1)
    candidates: int = 120
    limits: int = 4
    samples: int = 2000
    lost: float = 0.02
    negatives: float = 1.0
    mined: int = 300
    penalty: float = 100.0
    seed: int = 0


@dataclasses.dataclass(frozen=True)
class Picture:
    """A picture to learn from.

    Attributes:
        gray: (H, W) uint8.
        landmarks: (M, P, 2) of its faces, M >= 0.
        others: (L, 4) boxes around the landmarks of further faces, which are neither faces nor negatives.
    """

    gray: np.ndarray
    landmarks: np.ndarray
    others: np.ndarray = dataclasses.field(default_factory=lambda: np.zeros((0, 4)))

    def without_face(self, windows: np.ndarray) -> np.ndarray:
        """Which of the windows (N, 3) overlap the windows of all faces by less than `NEGATIVE`: (N,) bool."""
        faces = windows_of(np.concatenate([box_of(self.landmarks).reshape(-1, 4), self.others]))
        squares = [np.column_stack([each, each[:, 2]]) for each in (windows, faces)]
        return iou(*squares).max(1, initial=0) < NEGATIVE


class _Samples:
    """Windows on their way through the cascade: N of them are left."""

    def __init__(self, patches, cascade, truth=None):
        self.planes, self.truth = Planes.of(patches), truth
        self.found = Found(np.arange(len(patches)), cascade.starts(len(patches)), np.zeros(len(patches), np.float32))
        self.leaves = np.zeros((len(patches), 0), np.uint8)
        self.turn(cascade.mean)

    def __len__(self):
        return len(self.found.rows)

    def turn(self, mean):
        """Measures the scale and rotation of the shapes."""
        self.turns = fit_similarity(mean, as_points(self.found.shapes))[0].astype(np.complex64)

    def run(self, stage, mean):
        self.found, self.leaves = run_stage(stage, mean, self.planes, self.found)
        self.turn(mean)

    def keep(self, kept):
        if not kept.all():
            found = self.found
            self.found = Found(found.rows[kept], found.shapes[kept], found.scores[kept])
            self.leaves, self.turns = self.leaves[kept], self.turns[kept]

    def add(self, own, steps):
        """Notes the leaves (N,) of one more tree, which add ``steps`` (leaves,) to the scores."""
        self.leaves = np.column_stack([self.leaves, own.astype(np.uint8)])
        self.found = dataclasses.replace(self.found, scores=self.found.scores + steps[own])

    def steps(self, rows=slice(None)):
        """(N, P) complex: the steps that are left for the landmarks, in the mean shape's frame."""
        return (self.truth[self.found.rows[rows]] - self.found.shapes[rows]) / self.turns[rows, None]

    def view(self, rows=slice(None)):
        """Planes, shapes and turns of ``rows``."""
        return self.planes.take(self.found.rows[rows]), self.found.shapes[rows], self.turns[rows]


def train_joint(
    pictures: Sequence[Picture], recipe: JointRecipe | None = None, checkpoint: Path | str | None = None
) -> JointCascade:
    """Trains a joint cascade.

    Args:
        pictures: what to learn from; each face is also learned in a mirror.
        recipe: how to train; None for the default.
        checkpoint: file to which the cascade is written after each stage, and from which a training that was stopped
            goes on; the result is that of a training without a stop. None for no file.

    Returns:
        the cascade.

    Raises:
        FerMdError: there is no face in the pictures.
    """
    recipe = recipe or JointRecipe()
    if not any(len(picture.landmarks) for picture in pictures):
        raise FerMdError(f"there is no face in the {len(pictures)} pictures to learn from")
    patches, truth, mean = face_windows(pictures, recipe.starts, recipe.seed)
    cascade = JointCascade(mean, [])
    if checkpoint and Path(checkpoint).exists():
        cascade = JointCascade.load(checkpoint)
    faces = _Samples(patches, cascade, truth)
    for stage in cascade.stages:
        faces.run(stage, mean)
    first, count = len(cascade.stages), recipe.trees * len(mean)
    with Progress("training the joint cascade", len(recipe.radii) * count, "trees", first * count) as progress:
        for number in range(first, len(recipe.radii)):
            cascade.stages.append(_train_stage(cascade, faces, pictures, number, recipe, progress))
            cascade.spread = float(faces.found.scores.std())
            if checkpoint:
                cascade.save(checkpoint)
    return cascade


def face_windows(pictures: Sequence[Picture], starts: int, seed: int) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Windows of faces and their mirror images, ``starts`` of each, misplaced as by a search.

    Returns:
        (patches, landmarks, mean): (N, S, S) uint8, see `cut_windows`; (N, P) complex64 in pixels of the patches; and
        the mean shape (P, 2) in pixels of a window.
    """
    rng = np.random.default_rng((seed, 0))
    faces = [(picture.gray, points) for picture in pictures for points in picture.landmarks]
    faces = (faces + [mirror(*face) for face in faces]) * starts
    landmarks = np.array([points for _, points in faces], np.float64)
    boxes = box_of(landmarks)
    mean = to_window(landmarks, windows_of(boxes)).mean(0) - MARGIN
    windows = windows_of(jitter_boxes(boxes, rng))
    patches = cut_windows([np.ascontiguousarray(gray) for gray, _ in faces], windows)
    return patches, as_complex(to_window(landmarks, windows)).astype(np.complex64), mean


def _train_stage(cascade, faces, pictures, number, recipe, progress):
    """Trains one stage; ``faces`` go through it."""
    mean, rng = cascade.mean, np.random.default_rng((recipe.seed, 1 + number))
    stage, count, faces.leaves = _no_trees(recipe.depth), recipe.trees * len(mean), faces.leaves[:, :0]
    negatives, asked = _mine(cascade, stage, pictures, recipe.negatives * len(faces), recipe, rng), 0
    for k in range(count):
        if k >= asked and len(negatives) < recipe.negatives * len(faces) / 2:
            fresh = _mine(cascade, stage, pictures, recipe.negatives * len(faces), recipe, rng)
            negatives, asked = max(negatives, fresh, key=len), k + len(mean)  # the search takes long
        split = recipe.classify[number], recipe.radii[number] * WINDOW
        tree = _grow(faces, negatives, k % len(mean), *split, recipe, rng)
        leaves = [tree.descend(*each.view())[:, 0] for each in (faces, negatives)]
        steps = leaf_scores(leaves[0], leaves[1], faces.found.scores, negatives.found.scores, tree.leaves)
        for each, own in zip((faces, negatives), leaves, strict=True):
            each.add(own, steps)
        done = (number + (k + 1) / count) / len(recipe.radii)
        kept = round(len(faces.truth) * (1 - recipe.lost * done))
        cut = np.partition(faces.found.scores, len(faces) - kept)[len(faces) - kept] if kept < len(faces) else -np.inf
        stage = _with(stage, tree, steps, cut)
        for each in (faces, negatives):
            each.keep(each.found.scores >= cut)
        progress.advance(note=f"{len(negatives)} windows without a face")
    weights = regress(faces.leaves, faces.steps(), tree.leaves, recipe.penalty)
    stage = dataclasses.replace(stage, weights=weights)
    faces.found = dataclasses.replace(faces.found, shapes=move(weights, faces.found.shapes, faces.turns, faces.leaves))
    faces.turn(mean)
    return stage


def _mine(cascade, stage, pictures, count, recipe, rng):
    """At most ``count`` windows without a face that all trees so far take for one, from a few pictures in turn."""
    partial = JointCascade(cascade.mean, [*cascade.stages, stage], min_face=cascade.min_face)
    images, windows = [], []
    most = -(-2 * round(count) // recipe.mined)
    for row in rng.permutation(len(pictures))[: recipe.mined]:
        found, _, _ = partial.search(pictures[row].gray)
        found = rng.permutation(found[pictures[row].without_face(found)])[:most]
        images += [pictures[row].gray] * len(found)
        windows.append(found)
        if len(images) >= count:
            break
    samples = _Samples(cut_windows(images, np.concatenate(windows)), cascade)
    for each in partial.stages:
        samples.run(each, cascade.mean)
    return samples


def _grow(faces, negatives, mark, classify, radius, recipe, rng):
    """A tree for one landmark: the best of some tests at each node, on some of the samples."""
    chosen = [rng.permutation(len(each))[: recipe.samples] for each in (faces, negatives)]
    views = [each.view(rows) for each, rows in zip((faces, negatives), chosen, strict=True)]
    weights = [
        boosting_weights(faces.found.scores[chosen[0]], 1),
        boosting_weights(negatives.found.scores[chosen[1]], -1),
    ]
    steps = faces.steps(chosen[0])[:, mark]
    values = _columns(weights, steps)
    nodes, tests, thresholds = np.zeros(len(values), int), [], []
    for level in range(recipe.depth):
        drawn = draw_tests(rng, recipe.candidates, len(faces.truth[0]), mark, radius)
        differences = np.concatenate(
            [pixel_differences(planes, shapes, turns, drawn) for planes, shapes, turns in views]
        )
        limits = differences[rng.integers(len(differences), size=recipe.limits)]  # (limits, F)
        left = split_sums(differences, limits, nodes, values, 2**level)
        rows, at = best_splits(left, values, nodes, rng.random(2**level) < classify)
        tests.append(drawn.take(rows))
        thresholds.append(limits[at, rows])
        nodes = 2 * nodes + (differences[np.arange(len(nodes)), rows[nodes]] > thresholds[-1][nodes])
    joined = PixelTests(*(np.concatenate([getattr(each, name) for each in tests])[None] for name in _FIELDS))
    return Trees(joined, np.concatenate(thresholds)[None])


_FIELDS = [field.name for field in dataclasses.fields(PixelTests)]


def boosting_weights(scores: np.ndarray, sign: int) -> np.ndarray:
    """exp(-y f) of the scores f (N,) of samples of one class y, +1 or -1: (N,) float32, less than e^30."""
    return np.exp(np.minimum(-sign * scores, 30)).astype(np.float32)


def _columns(weights, steps):
    """What is summed up over samples (N, 5): weights of faces and of others, count, x and y of the faces' steps."""
    columns = np.zeros((len(weights[0]) + len(weights[1]), 5), np.float32)
    faces = slice(len(steps))
    total = weights[0].sum() + weights[1].sum()
    columns[faces, 0], columns[len(steps) :, 1] = weights[0] / total, weights[1] / total
    columns[faces, 2], columns[faces, 3], columns[faces, 4] = 1, steps.real, steps.imag
    return columns


def split_sums(
    differences: np.ndarray, limits: np.ndarray, nodes: np.ndarray, values: np.ndarray, count: int
) -> np.ndarray:
    """Sums over the samples of each node that a test would send to the left.

    Args:
        differences: (N, F) int16.
        limits: (L, F) int16, thresholds of each test.
        nodes: (N,) int, below ``count``.
        values: (N, V) float32.
        count: of nodes.

    Returns:
        (L, F, count, V).
    """
    by_node = np.zeros((len(nodes), count, values.shape[1]), np.float32)
    by_node[np.arange(len(nodes)), nodes] = values
    columns = by_node.reshape(len(nodes), -1)
    sums = [(differences <= limit).astype(np.float32).T @ columns for limit in limits]
    return np.stack(sums).reshape(*limits.shape, count, values.shape[1])


def best_splits(
    left: np.ndarray, values: np.ndarray, nodes: np.ndarray, classify: np.ndarray
) -> tuple[np.ndarray, np.ndarray]:
    """The test and threshold that split each node best.

    For classification this is the least Gini impurity of both sides, sum of W 2 p (1 - p) = 2 a b / (a + b) with the
    weights a of faces and b of others; for regression the least variance of the steps d on both sides, which is the
    greatest sum of |sum d|^2 / n.

    Args:
        left: (L, F, C, 5), see `split_sums`: weight of faces, weight of others, number of faces, x and y of the steps.
        values: (N, 5) of all samples.
        nodes: (N,) int.
        classify: (C,) bool, how each node is split.

    Returns:
        (tests, limits), (C,) int each.
    """
    total = np.zeros(left.shape[2:], np.float32)
    np.add.at(total, nodes, values)
    gini, spread = 0.0, 0.0
    for side in (left, total - left):
        a, b, n = np.maximum(np.moveaxis(side[..., :3], -1, 0), 0)
        gini = gini + 2 * a * b / (a + b + 1e-12)
        spread = spread + (side[..., 3:] ** 2).sum(-1) / np.maximum(n, 1)
    cost = np.where(classify, gini, -spread).reshape(-1, len(classify))
    best = cost.argmin(0)
    return best % left.shape[1], best // left.shape[1]


def leaf_scores(
    faces: np.ndarray, others: np.ndarray, face_scores: np.ndarray, other_scores: np.ndarray, leaves: int
) -> np.ndarray:
    """What each leaf adds to the score: log(a / b) / 2 with the weights a and b of the faces and others in it.

    Args:
        faces, others: (N,) and (M,) int, leaves of the samples.
        face_scores, other_scores: (N,) and (M,), their scores before this tree.
        leaves: number of leaves.

    Returns:
        (leaves,) float32. Each class has the weight 1 in all, and each leaf a thousandth of it of either.
    """
    shares = [
        np.bincount(rows, weights, leaves) / max(len(rows), 1)
        for rows, weights in (
            (faces, boosting_weights(face_scores, 1)),
            (others, boosting_weights(other_scores, -1)),
        )
    ]
    floor = 1e-3 * (shares[0].sum() + shares[1].sum() + 1e-12)
    return (np.log((shares[0] + floor) / (shares[1] + floor)) / 2).astype(np.float32)


def regress(leaves: np.ndarray, steps: np.ndarray, count: int, penalty: float) -> np.ndarray:
    """W of the local binary features: argmin ||Phi W - D||^2 + l ||W||^2 (Ren et al. 2014, eq. 4).

    Args:
        leaves: (N, K) int, the leaf in each tree, which stands for a one in Phi (N, K * count).
        steps: (N, P) complex, D.
        count: leaves of a tree.
        penalty: l.

    Returns:
        (K * count, P) complex64.
    """
    features = np.zeros((len(leaves), leaves.shape[1] * count), np.float32)
    np.put_along_axis(features, leaves + np.arange(leaves.shape[1]) * count, 1, 1)
    targets = np.concatenate([steps.real, steps.imag], 1)
    weights = RidgeRegression.fit([(features, targets)], penalty).weights
    real, imaginary = np.split(weights, 2, 1)
    return (real + 1j * imaginary).astype(np.complex64)


def _no_trees(depth):
    nodes = 2**depth - 1
    tests = PixelTests(
        np.zeros((0, nodes), np.uint8), np.zeros((0, nodes, 2), np.uint8), np.zeros((0, nodes, 2), np.complex64)
    )
    return Stage(
        Trees(tests, np.zeros((0, nodes), np.int16)), np.zeros((0, nodes + 1), np.float32), np.zeros(0, np.float32)
    )


def _with(stage, tree, scores, cut):
    """A stage with one more tree."""
    old = stage.trees
    tests = PixelTests(*(np.concatenate([getattr(each, name) for each in (old.tests, tree.tests)]) for name in _FIELDS))
    trees = Trees(tests, np.concatenate([old.thresholds, tree.thresholds]))
    return Stage(trees, np.concatenate([stage.scores, scores[None]]), np.append(stage.cuts, np.float32(cut)))
