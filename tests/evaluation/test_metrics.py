"""The figures against hand-derived values and counting loops."""

import numpy as np
import pytest

from fer_md.errors import FerMdError
from fer_md.evaluation.metrics import (
    bootstrap_interval,
    confusion_matrix,
    expected_calibration_error,
    ferplus_labels,
    negative_log_likelihood,
    summarize,
)


def test_by_hand():
    """Truth 0 0 1 1 2, predicted 0 1 1 1 0: rows (1 1 0), (0 2 0), (1 0 0); N = 5.

    Accuracy 3/5. Recall 1/2, 1, 0: mean 1/2. F1: 2*1/(2+2) = 1/2, 2*2/(2+3) = 4/5, 0: mean 13/30.
    Eq. 11: class 0 TP 1, TN 2 -> 3/5; class 1 TP 2, TN 2 -> 4/5; class 2 TP 0, TN 4 -> 4/5.
    """
    confusion = confusion_matrix([0, 0, 1, 1, 2], [0, 1, 1, 1, 0], 3)
    np.testing.assert_array_equal(confusion, [[1, 1, 0], [0, 2, 0], [1, 0, 0]])
    figures = summarize(confusion)
    assert figures["accuracy"] == pytest.approx(3 / 5)
    assert figures["macro_recall"] == pytest.approx(1 / 2)
    assert figures["macro_f1"] == pytest.approx(13 / 30)
    np.testing.assert_allclose(figures["one_vs_rest_accuracy"], [3 / 5, 4 / 5, 4 / 5])


@pytest.mark.parametrize("seed", range(3))
def test_against_a_counting_loop(seed):
    rng = np.random.default_rng(seed)
    labels, predictions = rng.integers(0, 4, 60), rng.integers(0, 4, 60)
    figures = summarize(confusion_matrix(labels, predictions, 4))
    for k in range(4):
        pairs = list(zip(labels == k, predictions == k, strict=True))
        hits = sum(t and p for t, p in pairs)
        assert figures["recall"][k] == pytest.approx(hits / sum(t for t, _ in pairs))
        assert figures["one_vs_rest_accuracy"][k] == pytest.approx(sum(t == p for t, p in pairs) / 60)


def test_absent_class_is_left_out_of_the_means():
    figures = summarize(confusion_matrix([0, 1], [0, 1], 3))
    assert np.isnan(figures["recall"][2])
    assert figures["macro_recall"] == figures["macro_f1"] == 1


@pytest.mark.parametrize(("labels", "predictions"), [([], []), ([0, 3], [0, 0]), ([0], [-1])])
def test_impossible_labels_are_refused(labels, predictions):
    with pytest.raises(FerMdError):
        confusion_matrix(labels, predictions, 3)


def test_calibration_by_hand():
    """Two at 0.9, one right: |0.5 - 0.9| = 0.4; two at 0.6, both right: |1 - 0.6| = 0.4; mean 0.4."""
    probabilities = np.array([[0.9, 0.1], [0.9, 0.1], [0.6, 0.4], [0.6, 0.4]])
    assert expected_calibration_error([0, 1, 0, 0], probabilities) == pytest.approx(0.4)


def test_likelihood_by_hand():
    """-(log 0.5 + log 0.25) / 2 = 1.5 log 2."""
    assert negative_log_likelihood([0, 1], [[0.5, 0.5], [0.75, 0.25]]) == pytest.approx(1.5 * np.log(2))


def test_bootstrap_interval_has_the_binomial_width():
    """70 of 100 right: standard deviation sqrt(0.7 * 0.3 / 100) = 0.0458, times 1.96 is 0.09 either side."""
    low, high = bootstrap_interval([[40, 10], [20, 30]], "accuracy")
    assert low == pytest.approx(0.7 - 0.09, abs=0.015)
    assert high == pytest.approx(0.7 + 0.09, abs=0.015)
    assert (low, high) == bootstrap_interval([[40, 10], [20, 30]], "accuracy")


def test_bootstrap_interval_of_faces_that_are_all_right():
    """Five of five: 0.025^(1/5) = 0.478 is the share under which all are right once in forty times."""
    assert bootstrap_interval([[3, 0], [0, 2]], "accuracy") == (pytest.approx(0.4782, abs=1e-4), 1)
    assert bootstrap_interval([[0, 3], [2, 0]], "accuracy") == (0, pytest.approx(0.5218, abs=1e-4))


def test_ferplus_majority():
    """Happiness (column 1) is our 3; a tie, contempt (7) and no face (9) give none."""
    votes = np.zeros((4, 10), int)
    votes[0, 1], votes[0, 0] = 6, 4
    votes[1, 0] = votes[1, 3] = 5
    votes[2, 7] = votes[3, 9] = 10
    np.testing.assert_array_equal(ferplus_labels(votes), [3, -1, -1, -1])
