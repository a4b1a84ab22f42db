"""One temperature for all logits, so that probabilities are as sure as they are right (Guo et al., 2017)."""

import numpy as np

from fer_md.evaluation.metrics import negative_log_likelihood
from fer_md.evaluation.predict import softmax

LOWEST, HIGHEST = 0.05, 20.0
"""Range of temperatures that is searched."""


def fit_temperature(probabilities: np.ndarray, labels: np.ndarray, rounds: int = 60) -> float:
    """The temperature T > 0 under which ``softmax(log p / T)`` gives the labels the highest likelihood.

    The loss is convex in 1/T, so golden-section search over it finds its minimum.

    Args:
        probabilities: (N, K), rows that add up to 1, on a validation split.
        labels: (N,) integers in [0, K).
        rounds: each shrinks the interval of 1/T to 0.618 of its length.

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

    for _ in range(rounds):
        left, right = high - ratio * (high - low), low + ratio * (high - low)
        if loss(left) < loss(right):
            high = right
        else:
            low = left
    return 2 / (low + high)


def apply_temperature(probabilities: np.ndarray, temperature: float) -> np.ndarray:
    """``softmax(log p / T)``: (N, K) float64 of (N, K) probabilities."""
    return softmax(np.log(np.asarray(probabilities, np.float64) + 1e-12) / temperature)
