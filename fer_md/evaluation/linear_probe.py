"""What a linear classifier makes of embeddings that stay as they are: how much they tell of another data set."""

from collections.abc import Callable

import numpy as np

from fer_md.evaluation.softmax import softmax

PENALTY = 0.01
"""Of the probe's weights: fixed, and not fitted to any result."""
STEPS = 500
"""Of the optimiser, at most."""
TOLERANCE = 1e-3
"""Of the gradient. A tenth of it takes more than twice as long and moves the accuracy by 0.1 points."""
MEMORY = 10
"""Steps that the optimiser remembers."""


def linear_probe_classes(embeddings: np.ndarray, known: np.ndarray, known_labels: np.ndarray) -> np.ndarray:
    """The classes that multinomial logistic regression finds.

    It minimises the cross-entropy over the known samples plus `PENALTY` / 2 ||W||^2. Samples are weighted so that
    each class counts as much as another; features are scaled to a mean of 0 and a variance of 1 over the known samples.

    Args:
        embeddings: (N, D) float.
        known: (M, D) float.
        known_labels: (M,) integers in [0, K).

    Returns:
        (N,) int64.
    """
    embeddings, known = np.asarray(embeddings, np.float64), np.asarray(known, np.float64)
    mean, scale = known.mean(0), known.std(0)
    scale = np.where(scale > 1e-9 * np.abs(mean), scale, np.inf)  # a feature that never moves says nothing
    weights = fit_logistic((known - mean) / scale, known_labels, PENALTY)
    return _scores((embeddings - mean) / scale, weights).argmax(1)


def fit_logistic(
    features: np.ndarray,
    labels: np.ndarray,
    penalty: float,
    power: float = 0.0,
    offsets: np.ndarray | float = 0.0,
) -> np.ndarray:
    """The weights of multinomial logistic regression.

    Args:
        features: (M, D) float.
        labels: (M,) integers in [0, K).
        penalty: of the weights, not of the bias.
        power: a class counts in proportion to this power of its number of samples: 0 for all alike, 1 as they occur.
        offsets: (M, K) scores that are there already, and to which those of the weights are added; or 0.

    Returns:
        (D + 1, K) float64, the bias last.
    """
    features = np.asarray(features, np.float32)  # half the time of float64
    counts = np.bincount(labels, minlength=np.shape(offsets)[-1] if np.ndim(offsets) else 0)
    present = counts[counts > 0].astype(float)
    shares = counts[labels] ** (power - 1.0) / (present**power).sum()  # (M,), their sum is 1
    targets, shape = np.eye(len(counts))[labels], (features.shape[1] + 1, len(counts))

    def loss_and_gradient(flat):
        weights = flat.reshape(shape)
        probabilities = softmax(_scores(features, weights) + offsets)
        errors = shares[:, None] * (probabilities - targets)  # (M, K)
        gradient = np.concatenate(
            [features.T @ errors.astype(np.float32) + penalty * weights[:-1], errors.sum(0)[None]]
        )
        likelihood = shares @ np.log(np.maximum(probabilities[np.arange(len(labels)), labels], 1e-300))
        return penalty / 2 * np.square(weights[:-1]).sum() - likelihood, gradient.ravel()

    return minimize(loss_and_gradient, np.zeros(np.prod(shape))).reshape(shape)


def _scores(features, weights):
    return features @ weights[:-1].astype(features.dtype) + weights[-1]


def minimize(
    loss_and_gradient: Callable[[np.ndarray], tuple[float, np.ndarray]],
    start: np.ndarray,
    tolerance: float = TOLERANCE,
) -> np.ndarray:
    """L-BFGS with halved steps, for a smooth convex function.

    Args:
        loss_and_gradient: function of a (P,) float64 point; returns the loss and its (P,) gradient.
        start: (P,) float64.
        tolerance: ends where no component of the gradient is larger, at the latest after `STEPS`.

    Returns:
        (P,) float64.

    Reference:
        J. Nocedal, S. J. Wright, Numerical Optimization, 2nd ed., Algorithms 7.4 and 7.5.
    """
    past: list[tuple[np.ndarray, np.ndarray, float]] = []
    point = start
    loss, gradient = loss_and_gradient(point)
    for _ in range(STEPS):
        if np.abs(gradient).max() < tolerance:
            break
        direction, size = -_inverse_hessian_times(gradient, past), 1.0
        slope = direction @ gradient
        while True:
            moved = size * direction
            new_loss, new_gradient = loss_and_gradient(point + moved)
            if new_loss <= loss + 1e-4 * size * slope or size < 1e-10:
                break
            size /= 2
        if (curvature := moved @ (new_gradient - gradient)) > 0:
            past = [*past[1 - MEMORY :], (moved, new_gradient - gradient, curvature)]
        point, loss, gradient = point + moved, new_loss, new_gradient
    return point


def _inverse_hessian_times(gradient, past):
    """The two loops of Algorithm 7.4."""
    result, factors = gradient.copy(), []
    for moved, change, curvature in reversed(past):
        factors.append(moved @ result / curvature)
        result -= factors[-1] * change
    if past:
        _, change, curvature = past[-1]
        result *= curvature / (change @ change)
    for moved, change, curvature in past:
        result += (factors.pop() - change @ result / curvature) * moved
    return result
