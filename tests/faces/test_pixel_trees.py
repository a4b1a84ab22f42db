"""Shape-indexed pixel differences and the trees on them, by hand and against slow loops."""

import cv2
import numpy as np
import pytest

from fer_md.faces.joint_training import best_splits, boosting_weights, leaf_scores, regress, split_sums
from fer_md.faces.pixel_trees import BLURS, PixelTests, Planes, Trees, draw_tests, pixel_differences


def random_windows(rng, count=5, points=4):
    images = [rng.integers(0, 256, rng.integers(9, 15, 2), np.uint8) for _ in range(count)]
    shapes = (rng.uniform(0, 9, (count, points)) + 1j * rng.uniform(0, 9, (count, points))).astype(np.complex64)
    return images, shapes, (1 + 0.3 * rng.standard_normal(count) * 1j).astype(np.complex64)


def slow_difference(image, shape, turn, blur, marks, offsets):
    plane = cv2.blur(image, (BLURS[blur],) * 2, borderType=cv2.BORDER_REPLICATE)
    values = []
    for mark, offset in zip(marks, offsets, strict=True):
        place = complex(shape[mark]) + complex(turn) * complex(offset)
        x, y = (
            min(max(round(v), 0), side - 1) for v, side in zip((place.real, place.imag), image.shape[::-1], strict=True)
        )
        values.append(int(plane[y, x]))
    return values[0] - values[1]


def test_a_difference_by_hand():
    """Values 10 y + x. One right of (1, 1), the pixel (2, 1) is 12; turned by a right angle it is one down, 21. The
    landmark (3, 0) itself is 3. Far outside, (9, 9) becomes the corner (3, 3), 33, and (-7, 9) the corner (0, 3)."""
    image = np.arange(4, dtype=np.uint8)[:, None] * 10 + np.arange(4, dtype=np.uint8)
    planes, shapes = Planes.of([image, image]), np.array([[1 + 1j, 3]] * 2, np.complex64)
    marks, offsets = np.array([[0, 1], [1, 0]]), np.array([[1, 0], [0, 8 + 8j]], np.complex64)
    tests = PixelTests(np.zeros(2, np.uint8), marks, offsets)
    found = pixel_differences(planes, shapes, np.array([1, 1j], np.complex64), tests)
    assert found.tolist() == [[12 - 3, 3 - 33], [21 - 3, 3 - 30]]


@pytest.mark.parametrize("seed", range(3))
def test_differences_and_leaves_equal_a_slow_loop(seed):
    """Images of several sizes, all scales, and trees of depth 2, in plain Python."""
    rng = np.random.default_rng(seed)
    images, shapes, turns = random_windows(rng)
    planes, tests = Planes.of(images), draw_tests(rng, 21, 4, 2, 3.0)
    assert np.abs(tests.offsets).max() <= 3 and (tests.marks[:10] == 2).all()
    windows = list(zip(images, shapes, turns, strict=True))
    rows = list(zip(tests.blurs, tests.marks, tests.offsets, strict=True))
    slow = np.array([[slow_difference(*window, *row) for row in rows] for window in windows])
    np.testing.assert_array_equal(pixel_differences(planes, shapes, turns, tests), slow)
    trees = Trees(tests.take(np.arange(21).reshape(7, 3)), rng.integers(-40, 40, (7, 3)).astype(np.int16))
    leaves = np.zeros((5, 7), int)
    for window, k in np.ndindex(5, 7):
        right = slow[window, 3 * k : 3 * k + 3] > trees.thresholds[k]
        leaves[window, k] = 2 * right[0] + right[1 + right[0]]
    np.testing.assert_array_equal(trees.descend(planes, shapes, turns), leaves)
    np.testing.assert_array_equal(trees.take(slice(2, 4)).descend(planes, shapes, turns), leaves[:, 2:4])
    kept = np.array([True, False, True, True, False])
    np.testing.assert_array_equal(trees.descend(planes.take(kept), shapes[kept], turns[kept]), leaves[kept])


def test_the_best_split_by_hand():
    """Four faces with steps 0, 0, 4, 4 and two others. The first test parts faces from others, which suits
    classification, the second the steps, which suits regression."""
    faces, others = [[0, 0], [0, 9], [0, 0], [0, 9]], [[9, 0], [9, 9]]
    differences, limits = np.array(faces + others, np.int16), np.array([[5, 5], [-1, -1]], np.int16)
    values = np.zeros((6, 5), np.float32)
    values[:4, 0], values[4:, 1], values[:4, 2], values[:4, 3] = 0.25, 0.5, 1, [0, 4, 0, 4]
    nodes = np.zeros(6, int)
    left = split_sums(differences, limits, nodes, values, 1)
    np.testing.assert_allclose(left[0, :, 0], [[1, 0, 4, 8, 0], [0.5, 0.5, 2, 0, 0]])
    assert not left[1].any()
    for classify, test in ((True, 0), (False, 1)):
        rows, at = best_splits(left, values, nodes, np.array([classify]))
        assert (rows.tolist(), at.tolist()) == ([test], [0])


@pytest.mark.parametrize("seed", range(3))
def test_sums_and_splits_equal_a_slow_loop(seed):
    rng = np.random.default_rng(seed)
    differences, limits = rng.integers(-9, 9, (40, 6)).astype(np.int16), rng.integers(-9, 9, (2, 6)).astype(np.int16)
    nodes, values = rng.integers(0, 3, 40), rng.random((40, 5)).astype(np.float32)
    values[25:, [0, 2, 3, 4]], values[:25, 1] = 0, 0
    values[:25, 2] = 1
    left = split_sums(differences, limits, nodes, values, 3)
    classify = np.array([True, False, True])
    rows, at = best_splits(left, values, nodes, classify)
    for node in range(3):
        costs = {}
        for limit, test in np.ndindex(2, 6):
            cost = 0.0
            for side in (differences[:, test] <= limits[limit, test], differences[:, test] > limits[limit, test]):
                chosen = values[side & (nodes == node)].astype(float)
                a, b, n = chosen[:, :3].sum(0)
                if classify[node]:
                    cost += 2 * a * b / (a + b) if a + b else 0.0
                elif n:
                    own = chosen[chosen[:, 2] > 0, 3:]
                    cost += ((own - own.mean(0)) ** 2).sum()
            costs[limit, test] = cost
        assert costs[at[node], rows[node]] <= min(costs.values()) + 1e-4


def test_leaf_scores_by_hand():
    """Three faces of score 0 in leaves 0, 0, 1, one other in leaf 1: shares 2/3, 1/3 and 0, 1, with a floor of 1/500:
    log((2/3 + 0.002) / 0.002) / 2 = 2.906 and log((1/3 + 0.002) / 1.002) / 2 = -0.547."""
    found = leaf_scores(np.array([0, 0, 1]), np.array([1]), np.zeros(3), np.zeros(1), 2)
    np.testing.assert_allclose(found, [2.9063, -0.5473], atol=1e-3)
    np.testing.assert_allclose(boosting_weights(np.array([0, np.log(2), -100]), 1), [1, 0.5, np.exp(30)], rtol=1e-5)


def test_local_binary_features_by_hand_and_against_least_squares():
    """One tree, the steps 1, 2, 3 in leaf 0 and i in leaf 1, l = 1: 6 / (3 + 1) and i / 2."""
    found = regress(np.array([[0], [0], [0], [1]], np.uint8), np.array([[1], [2], [3], [1j]]), 2, 1.0)
    np.testing.assert_allclose(found, [[1.5], [0.5j]])
    rng = np.random.default_rng(0)
    leaves, steps = rng.integers(0, 4, (30, 3)), rng.standard_normal((30, 2)) + 1j * rng.standard_normal((30, 2))
    features = np.zeros((30, 12))
    for row, tree in np.ndindex(30, 3):
        features[row, 4 * tree + leaves[row, tree]] = 1
    rows = np.r_[features, np.sqrt(2.0) * np.eye(12)]
    oracle = np.linalg.lstsq(rows, np.r_[steps, np.zeros((12, 2))], rcond=None)[0]
    np.testing.assert_allclose(regress(leaves, steps, 4, 2.0), oracle, atol=1e-5)
