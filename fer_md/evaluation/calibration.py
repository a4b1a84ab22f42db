"""Numbers fitted to a network's answers: one temperature for all logits (Guo et al., 2017), or a bias for each."""

import numpy as np

from fer_md.evaluation.metrics import negative_log_likelihood
from fer_md.evaluation.prior import apply_shift
from fer_md.evaluation.softmax import softmax

LOWEST, HIGHEST = 0.05, 20.0
"""Range of temperatures that is searched."""

SEARCHES, SCALINGS = 60, 500
"""Rounds of the search for a temperature, and of the scaling that finds biases."""


def fit_temperature(probabilities: np.ndarray, labels: np.ndarray) -> float:
    """The temperature T > 0 under which ``softmax(log p / T)`` gives the labels the highest likelihood.

    The loss is convex in 1/T, so golden-section search over it finds its minimum. Each round shrinks the interval of
    1/T to 0.618 of its length.

    Args:
        probabilities: (N, K), rows that add up to 1, on a validation split.
        labels: (N,) integers in [0, K).

    Returns:
        float in [``LOWEST``, ``HIGHEST``]; above 1 where the network was too sure.

    Raises:
        ValueError: no samples.
    """
    labels = np.asarray(labels)
    if not len(labels):
        raise ValueError("fitting a temperature needs at least one labelled sample")
    low, high, ratio = 1 / HIGHEST, 1 / LOWEST, (5**0.5 - 1) / 2

    def loss(inverse):
        return negative_log_likelihood(labels, apply_temperature(probabilities, 1 / inverse))

    for _ in range(SEARCHES):
        left, right = high - ratio * (high - low), low + ratio * (high - low)
        if loss(left) < loss(right):
            high = right
        else:
            low = left
    return 2 / (low + high)


def fit_biases(probabilities: np.ndarray, labels: np.ndarray) -> np.ndarray:
    """The biases b under which ``softmax(log p + b)`` gives the labels the highest likelihood.

    The loss is convex in b. Each round adds the logarithm of how frequent each class is, over how frequent it is
    answered; that lowers the loss (generalised iterative scaling). At the minimum both are the same.

    Args:
        probabilities: (N, K), rows that add up to 1, on a validation split.
        labels: (N,) integers in [0, K). A class without a label counts as half a sample, so that its bias is finite.

    Returns:
        (K,) float64 with mean 0.

    Raises:
        ValueError: no samples.

    Reference:
        Darroch, Ratcliff: Generalized iterative scaling for log-linear models, 1972.
    """
    labels = np.asarray(labels)
    if not len(labels):
        raise ValueError("fitting biases needs at least one labelled sample")
    classes = np.shape(probabilities)[1]
    frequency = np.maximum(np.bincount(labels, minlength=classes), 0.5) / len(labels)
    biases = np.zeros(classes)
    for _ in range(SCALINGS):
        biases += np.log(frequency / apply_shift(probabilities, biases).mean(0))
    return biases - biases.mean()


def apply_temperature(probabilities: np.ndarray, temperature: float) -> np.ndarray:
    """``softmax(log p / T)``: (N, K) float64 of (N, K) probabilities."""
    return softmax(np.log(np.asarray(probabilities, np.float64) + 1e-12) / temperature)
