"""Weighted summation of the components' scores (the paper's Sec. 3.2.2)."""

import numpy as np

from fer_md.errors import FerMdError
from fer_md.models.fused import check_weights


def fuse(scores, weights=None):
    """``S_i = sum_j weights_j C_{j,i}``: the mean of the components' probabilities.

    Args:
        scores: (N, B, K) probabilities of N components.
        weights: N numbers that add up to 1; None for equal ones ("often set to the same value").

    Returns:
        (B, K) float64.

    Raises:
        ValueError: another number of weights, a negative one, or another sum.
    """
    scores = np.asarray(scores, np.float64)
    return np.tensordot(check_weights(weights, len(scores)), scores, axes=1)


def check_apart(split, validation):
    """``FerMdError`` where the split to measure is the one that weights are fitted on."""
    if split == validation:
        raise FerMdError(f"--split={split}: the weights are fitted on it; measure another split (such as PrivateTest), "
                         "or fit on another --validation")  # fmt: skip


def fit_weights(scores, labels, rounds=500):
    """The weights under which the fused scores give the labels the highest likelihood.

    The likelihood is concave in the weights; each round of expectation maximisation for the shares of a mixture
    raises it: ``w_j <- mean_i w_j C_{j,y_i} / sum_l w_l C_{l,y_i}``.

    Args:
        scores: (N, B, K) probabilities of N components, on a validation split.
        labels: (B,) integers in [0, K).
        rounds: number of rounds.

    Returns:
        (N,) float64, adding up to 1.

    Raises:
        ValueError: no samples.
    """
    scores, labels = np.asarray(scores, np.float64), np.asarray(labels)
    if not len(labels):
        raise ValueError("fitting weights needs at least one labelled sample")
    own = scores[:, np.arange(len(labels)), labels] + 1e-12  # (N, B)
    weights = np.full(len(scores), 1 / len(scores))
    for _ in range(rounds):
        shares = weights[:, None] * own
        weights = (shares / shares.sum(0)).mean(1)
    return weights
