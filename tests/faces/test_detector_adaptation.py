"""The support vector machine against known answers, and albums that are ranked anew."""

import numpy as np
import pytest

from fer_md.faces.detector_adaptation import adapt, linear_svm


def test_two_points_by_hand():
    """x = 1 and -1 of different classes: b = 0, and both dual variables a have w = 2 a. A large C leaves no loss and
    w = 1. With C = 1/2 a loss costs a / (2 C) = a: 2 a + a = 1, so w = 2/3."""
    samples, labels = np.array([[1.0], [-1]]), np.array([1.0, -1])
    np.testing.assert_allclose(linear_svm(samples, labels, 1e6), [1, 0], atol=1e-5)
    np.testing.assert_allclose(linear_svm(samples, labels, 0.5), [2 / 3, 0], atol=1e-5)


@pytest.mark.parametrize("seed", range(3))
def test_the_gradient_is_zero_at_the_answer(seed):
    """w = 2 C sum y max(0, 1 - y w x) x, for overlapping classes."""
    rng = np.random.default_rng(seed)
    labels = np.where(rng.random(40) < 0.5, 1.0, -1)
    samples = rng.standard_normal((40, 5)) + labels[:, None]
    weights = linear_svm(samples, labels, 0.7, 3000)
    rows = np.column_stack([samples, np.ones(40)])
    slack = np.maximum(0, 1 - labels * (rows @ weights))
    np.testing.assert_allclose(weights, 2 * 0.7 * (labels * slack) @ rows, atol=1e-4)


def test_an_album_corrects_its_detector():
    """Faces look like (1, 0), what is none like (0, 1), with noise. The detector is unsure of a face and of a mistake,
    which it ranks the wrong way round; the album's own machine does not."""
    rng = np.random.default_rng(0)
    looks = np.array([[1.0, 0]] * 5 + [[0, 1]] * 5) + 0.1 * rng.standard_normal((10, 2))
    scores = np.array([0.9, 0.95, 0.9, 0.8, 0.3, 0.4, 0.1, 0.1, 0.05, 0.2])
    found = adapt(scores, looks, 0.7)
    assert scores[4] < scores[5] and found[:5].min() > 0 > found[5:].max()


def test_an_album_without_sure_or_unsure_candidates_keeps_its_ranking():
    looks = np.eye(3)
    for scores in ([0.9, 0.8, 0.95], [0.1, 0.2, 0.3], []):
        found = adapt(np.array(scores), looks[: len(scores)], 0.5)
        np.testing.assert_allclose(found, np.array(scores) - 0.5)
