"""The parts of the alignment cascade, each against an independent computation."""

import cv2
import numpy as np
import pytest

from drawn_faces import drawn_landmarks
from fer_md.evaluation.landmark_error import (
    cumulative_error,
    describe_errors,
    face_size,
    inter_ocular,
    point_errors,
    summarize_errors,
    summarize_methods,
)
from fer_md.faces.cascade_training import mirror
from fer_md.faces.face_frame import box_of, face_box, jitter_boxes, landmarks_box, reduce_images, steps_left
from fer_md.faces.hog import BINS, gradient_votes, hog_at
from fer_md.faces.ridge import RidgeRegression
from fer_md.faces.shape_model import ShapeModel, fit_similarity, inverse, transform


@pytest.fixture(scope="module")
def faces():
    return drawn_landmarks(40)


@pytest.mark.parametrize("seed", range(3))
@pytest.mark.parametrize("added", [1, 7, 600])
def test_update_equals_a_fit_on_all_rows(seed, added):
    """In float64, for more new rows than columns and for fewer, with repeated rows, in one update and in two."""
    rng = np.random.default_rng(seed)
    x, y = rng.standard_normal((900, 40)), rng.standard_normal((900, 5))
    x[-3:], split = x[:3], 900 - added
    whole = RidgeRegression.fit([(x, y)], 0.7)
    updated = RidgeRegression.fit([(x[:100], y[:100]), (x[100:split], y[100:split])], 0.7)
    middle = split + added // 2
    updated.update(x[split:middle], y[split:middle])
    updated.update(x[middle:], y[middle:])
    np.testing.assert_allclose(updated.weights, whole.weights, atol=1e-12)
    np.testing.assert_allclose(updated.inverse, whole.inverse, atol=1e-12)
    penalty_rows = np.sqrt(0.7) * np.eye(40)
    oracle = np.linalg.lstsq(np.r_[x, penalty_rows], np.r_[y, np.zeros((40, 5))], rcond=None)[0]
    np.testing.assert_allclose(whole.weights, oracle, atol=1e-10)


def test_ridge_by_hand():
    """One column x = (1, 2), y = (1, 3), l = 1: w = (1 + 6) / (1 + 4 + 1) = 7/6; with x = 3, y = 1: w = 10/15."""
    regression = RidgeRegression.fit([(np.array([[1.0], [2.0]]), np.array([[1.0], [3.0]]))], 1.0)
    assert regression.weights[0, 0] == pytest.approx(7 / 6)
    regression.update(np.array([[3.0]]), np.array([[1.0]]))
    assert regression.weights[0, 0] == pytest.approx(10 / 15)


def slow_hog(image, points, cell, cells):
    """Pixel by pixel, in plain Python."""
    height, width = image.shape

    def gray(y, x):
        return float(image[min(max(y, 0), height - 1), min(max(x, 0), width - 1)])

    def votes(y, x):
        dx, dy = (gray(y, x + 1) - gray(y, x - 1)) / 2, (gray(y + 1, x) - gray(y - 1, x)) / 2
        place = np.arctan2(dy, dx) % (2 * np.pi) / (2 * np.pi) * BINS
        shares = np.zeros(BINS)
        shares[int(place) % BINS] += (1 - place + int(place)) * np.hypot(dx, dy)
        shares[(int(place) + 1) % BINS] += (place - int(place)) * np.hypot(dx, dy)
        return shares

    def cell_mean(y, x):
        reach = range(-(cell // 2), cell // 2 + 1)
        inside = [(min(max(y + v, 0), height - 1), min(max(x + u, 0), width - 1)) for v in reach for u in reach]
        return sum(votes(*pixel) for pixel in inside) / cell**2

    def between(y, x):
        x, y = np.clip(x, 0, width - 1.001), np.clip(y, 0, height - 1.001)
        left, top = int(x), int(y)
        upper = (1 - x + left) * cell_mean(top, left) + (x - left) * cell_mean(top, left + 1)
        lower = (1 - x + left) * cell_mean(top + 1, left) + (x - left) * cell_mean(top + 1, left + 1)
        return (1 - y + top) * upper + (y - top) * lower

    offsets = [(index - (cells - 1) / 2) * cell for index in range(cells)]
    descriptors = [
        np.concatenate([between(y + down, x + right) for down in offsets for right in offsets]) for x, y in points
    ]
    return np.concatenate([descriptor / (np.linalg.norm(descriptor) + 1e-2) for descriptor in descriptors])


@pytest.mark.parametrize("cell, cells", [(5, 2), (3, 3)])
def test_hog_equals_a_slow_loop(cell, cells):
    rng = np.random.default_rng(cell)
    images = rng.integers(0, 256, (2, 24, 28), np.uint8)
    images[1] = cv2.GaussianBlur(images[1], (7, 7), 2)
    points = rng.uniform(-3, 30, (2, 4, 2))
    found = hog_at(images, points, cell, cells)
    assert found.shape == (2, 4 * cells * cells * BINS) and found.dtype == np.float32
    expected = [slow_hog(image, at, cell, cells) for image, at in zip(images, points, strict=True)]
    np.testing.assert_allclose(found, expected, atol=2e-4)  # OpenCV's angles are 0.3 degrees off


def test_hog_of_a_ramp_and_of_nothing():
    """Brightness that rises to the right votes for direction 0 alone; a constant image gives zero."""
    ramp = np.tile(np.arange(0, 120, 4, dtype=np.uint8), (30, 1))
    np.testing.assert_allclose(gradient_votes(ramp)[10, 10], [4, 0, 0, 0, 0, 0, 0, 0], atol=1e-3)
    downwards = np.ascontiguousarray(ramp.T)
    np.testing.assert_allclose(gradient_votes(downwards)[10, 10], [0, 0, 4, 0, 0, 0, 0, 0], atol=1e-3)
    assert not hog_at(np.full((1, 30, 30), 9, np.uint8), np.full((1, 1, 2), 15.0), 5).any()


def test_similarity_round_trip():
    rng = np.random.default_rng(0)
    shapes = rng.standard_normal((5, 68, 2))
    similarity = rng.uniform(0.5, 2, 5) * np.exp(1j * rng.uniform(-3, 3, 5)), rng.normal(size=5) + 1j
    moved = transform(similarity, shapes)
    for found, expected in zip(fit_similarity(shapes, moved), similarity, strict=True):
        np.testing.assert_allclose(found, expected, atol=1e-12)
    np.testing.assert_allclose(transform(inverse(similarity), moved), shapes, atol=1e-12)
    quarter = transform((np.array([2j]), np.array([1 + 0j])), np.array([[[1.0, 0.0]]]))
    np.testing.assert_allclose(quarter, [[[1, 2]]])  # 2i * 1 + 1


def test_shape_model_is_orthonormal_and_ordered(faces):
    model = ShapeModel.fit(faces[1], 64, 40.0, 6)
    np.testing.assert_allclose(model.basis @ model.basis.T, np.eye(10), atol=1e-9)
    assert model.face == pytest.approx(40) and (np.diff(model.deviations) <= 0).all()
    normalised, similarity = model.normalise(faces[1])
    np.testing.assert_allclose(transform(similarity, normalised), faces[1], atol=1e-9)
    steps = np.random.default_rng(0).standard_normal((3, 10))
    np.testing.assert_allclose(model.coefficients(model.offsets(steps)), steps, atol=1e-12)
    model.deviations[:] = 0  # nothing but a similarity is left
    rigid = model.project(normalised + 3.0)
    np.testing.assert_allclose(transform(fit_similarity(model.mean, rigid), model.mean), rigid, atol=1e-9)


def test_steps_left_lead_to_the_truth(faces):
    """With all 132 components a step has the freedom of the 136 coordinates."""
    model = ShapeModel.fit(faces[1], 64, 40.0, 132)
    start = model.in_boxes(box_of(faces[1]))
    normalised, similarity = model.normalise(start)
    steps = steps_left(model, faces[1], start, similarity)
    np.testing.assert_allclose(transform(similarity, normalised + model.offsets(steps)), faces[1], atol=1e-6)


def test_boxes_by_hand():
    landmarks = np.array([[10.0, 20.0], [30.0, 60.0]])
    np.testing.assert_allclose(box_of(landmarks), [10, 20, 20, 40])
    np.testing.assert_allclose(face_box(landmarks), [10, 8, 20, 52])  # raised by 0.3 * 40
    np.testing.assert_allclose(landmarks_box(face_box(landmarks)), box_of(landmarks))
    moved = jitter_boxes(np.tile([[0.0, 0.0, 50.0, 100.0]], (4000, 1)), np.random.default_rng(0))
    assert np.std(moved[:, 0] + moved[:, 2] / 2) == pytest.approx(0.06 * 75, rel=0.1)
    assert np.std(np.log(moved[:, 3] / 100)) == pytest.approx(0.08, rel=0.1)


def test_large_faces_are_reduced_and_points_lead_back():
    """A disc in a large picture keeps its center; a small face is left alone."""
    image = np.zeros((600, 900), np.uint8)
    cv2.circle(image, (500, 300), 40, 255, -1)
    images, factors, corners = reduce_images([image, image], [(400, 200, 200, 200), (460, 260, 50, 50)], 50.0)
    assert images[0].shape == (150, 150) and images[1] is image
    y, x = np.nonzero(images[0] > 127)
    np.testing.assert_allclose(np.array([x.mean(), y.mean()]) * factors[0, 0] + corners[0, 0], [500, 300], atol=0.6)


def test_mirror_twice_is_the_face_itself(faces):
    image, points = mirror(*mirror(faces[0][0], faces[1][0]))
    np.testing.assert_array_equal(image, faces[0][0])
    np.testing.assert_allclose(points, faces[1][0])
    once = mirror(faces[0][0], faces[1][0])[1]
    assert once[0, 0] < once[16, 0] and once[36, 0] < once[45, 0]  # iBUG order is kept


def test_errors_by_hand():
    """Every point 3, 4 off is 5 pixels; eye corners 50 apart: 0.1. AUC of 0.02, 0.1 at 0.08: (0.75 + 0) / 2."""
    truth = np.zeros((1, 68, 2))
    truth[0, 36], truth[0, 45], truth[0, 8] = (10, 0), (60, 0), (0, 40)
    assert inter_ocular(truth) == pytest.approx(50) and face_size(truth) == pytest.approx(50)
    np.testing.assert_allclose(point_errors(truth + (3, 4), truth, inter_ocular(truth)), [0.1])
    figures = summarize_errors(np.array([0.02, 0.1]))
    assert figures == pytest.approx({"mean": 0.06, "median": 0.06, "auc": 0.375, "failures": 0.5})
    assert describe_errors(figures) == "error   6.00 %  median   6.00 %  AUC 0.375  failures  50.0 %"
    np.testing.assert_allclose(cumulative_error(np.array([0.02, 0.1]), [0, 0.02, 0.05, 0.1]), [0, 0.5, 0.5, 1])


def test_methods_minus_the_first_by_hand():
    """Person a with three faces errs 0.02 more by the second method, b with one 0.01 less: 0.05 / 4 = 0.0125 more.
    Draws of two people have the means 0.02, 0.0125 and -0.01 with probabilities 1/4, 1/2 and 1/4.
    """
    errors = {"first": {"size": np.array([0.03, 0.04, 0.05, 0.08])}, "second": {"size": np.array([5, 6, 7, 7]) / 100}}
    found = summarize_methods(errors, ["a", "a", "a", "b"])
    assert list(found) == ["first", "second"] and "minus_first" not in found["first"]["size"]
    gain = {"difference": 0.0125, "low": -0.01, "high": 0.02}
    assert found["second"]["size"].pop("minus_first") == pytest.approx(gain)
    for method, values in errors.items():
        assert found[method]["size"] == summarize_errors(values["size"])
