"""What embeddings tell by their neighbours, and by a linear classifier."""

import numpy as np
import pytest

from fer_md.evaluation.linear_probe import fit_logistic, linear_probe_classes, minimize
from fer_md.evaluation.nearest_neighbors import TEMPERATURE, nearest_neighbor_classes


def test_neighbors_by_hand():
    """Two of class 1 at a right angle, one of class 0 at 45 degrees: with three neighbours exp(0.707 / 0.07) is more
    than 2 exp(0); lengths do not count."""
    known, labels = np.array([[9.0, 9.0], [0.0, 1.0], [0.0, 2.0]]), np.array([0, 1, 1])
    assert nearest_neighbor_classes(np.array([[5.0, 0.0], [-1.0, 9.0]]), known, labels, 3).tolist() == [0, 1]


@pytest.mark.parametrize("neighbors", [1, 4, 99])
def test_neighbors_against_a_loop(neighbors):
    rng = np.random.default_rng(neighbors)
    known, labels, asked = rng.normal(size=(30, 5)), rng.integers(0, 4, 30), rng.normal(size=(11, 5))
    for row, found in zip(asked, nearest_neighbor_classes(asked, known, labels, neighbors), strict=True):
        cosines = known @ row / np.linalg.norm(known, axis=1) / np.linalg.norm(row)
        votes = np.zeros(4)
        for index in np.argsort(-cosines)[:neighbors]:
            votes[labels[index]] += np.exp(cosines[index] / TEMPERATURE)
        assert found == votes.argmax()


def test_logistic_regression_of_two_points_by_hand():
    """Features 1 and -1, each of half the weight: with W = (-w, w) the gradient is zero where penalty w = p, the
    probability 1 / (1 + exp(2 w)) of the wrong class. The bias stays 0."""
    weights = fit_logistic(np.array([[1.0], [-1.0]]), np.array([1, 0]), 0.1)
    w = weights[0, 1]
    assert weights == pytest.approx(np.array([[-w, w], [0, 0]]), abs=1e-3)
    assert 0.1 * w == pytest.approx(1 / (1 + np.exp(2 * w)), abs=2e-3)


def test_classes_count_alike_in_the_probe():
    """Without features only the bias is left: with weights of the classes that add up alike it is the same for all."""
    weights = fit_logistic(np.zeros((6, 1)), np.array([0, 0, 0, 0, 2, 2]), 0.1)
    assert weights[1, 0] == pytest.approx(weights[1, 2], abs=1e-2) and weights[1, 1] < -3


def test_classes_count_by_a_power_of_their_number_beside_scores_that_are_there():
    """Without features the probabilities are the shares: of 4 and 1 samples 4/5, their roots 2/3, and equal ones 1/2.

    Scores that are there already are made up for: the bias is the logarithm of the shares less them.
    """
    labels, scores = np.array([0, 0, 0, 0, 1]), np.tile([0.0, 3.0], (5, 1))
    for power, share in ((1, 4 / 5), (0.5, 2 / 3), (0, 1 / 2)):
        for offsets in (0.0, scores):
            bias = fit_logistic(np.zeros((5, 1)), labels, 0.1, power, offsets)[-1] + np.max(offsets, axis=0)
            assert 1 / (1 + np.exp(bias[1] - bias[0])) == pytest.approx(share, abs=2e-3)


def test_the_probe_finds_what_is_linear_and_ignores_scale_and_constants():
    rng = np.random.default_rng(0)
    labels = rng.integers(0, 3, 300)
    features = np.eye(3)[labels] * 4 + rng.normal(size=(300, 3))
    found = linear_probe_classes(features[200:], features[:200], labels[:200])
    assert (found == labels[200:]).mean() > 0.9
    scaled = np.c_[features * [1e-3, 1, 1e3], np.ones(300)]
    assert (linear_probe_classes(scaled[200:], scaled[:200], labels[:200]) == found).mean() > 0.98


def test_minimize_against_the_solution_of_a_quadratic():
    rng = np.random.default_rng(0)
    root, goal = rng.normal(size=(12, 12)), rng.normal(size=12)
    matrix = root @ root.T + np.eye(12)

    def loss_and_gradient(point):
        return 0.5 * (point - goal) @ matrix @ (point - goal), matrix @ (point - goal)

    assert minimize(loss_and_gradient, np.zeros(12), tolerance=1e-8) == pytest.approx(goal, abs=1e-6)
