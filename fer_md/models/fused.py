"""The weighted sum of the components' scores, S_i = sum_j w_j C_{j,i} (the paper's Sec. 3.2.2)."""

from collections.abc import Sequence

import keras
import numpy as np

from fer_md.errors import FerMdError

ROUNDS = 500
"""Of expectation maximisation, which fits the weights."""


def check_weights(weights: Sequence[float] | np.ndarray | None, count: int) -> list[float]:
    """The weights of ``count`` components as a list; None gives equal weights.

    Raises:
        ValueError: there are not ``count`` weights, one is negative, or their sum is not 1.
    """
    weights = [1 / count] * count if weights is None else [float(weight) for weight in weights]
    if len(weights) != count or min(weights) < 0 or abs(sum(weights) - 1) > 1e-6:
        raise ValueError(f"weights must be {count} non-negative numbers that add up to 1, not {weights}")
    return weights


def build_fused(
    components: Sequence[keras.Model],
    weights: Sequence[float] | np.ndarray | None = None,
    heads: Sequence[str] | None = None,
    name: str = "fused",
) -> keras.Model:
    """Puts several components behind one input. The softmax of the output is the weighted mean of their probabilities.

    Args:
        components: networks made by ``build_component``; they share their weights with the result.
        weights: one number for each component, with sum 1; None for equal weights.
        heads: for each component the name of its output that scores the common label space; None for ``"logits"``.
        name: of the model.

    Returns:
        ``keras.Model`` from images (B, image_size, image_size, 1) to a dict with ``logits`` (B, K) float32,
        the logarithm of ``sum_j weights_j softmax(logits_j)``.

    Raises:
        ValueError: the components' inputs or label spaces differ in size; or an error of ``check_weights``.
    """
    weights = check_weights(weights, len(components))
    parts = list(zip(components, heads or ["logits"] * len(components), weights, strict=True))
    shapes = {(model.input_shape[1:], model.output[head].shape[-1]) for model, head, _ in parts}
    if len(shapes) > 1:
        raise ValueError(f"components must have the same input and the same number of classes, not {sorted(shapes)}")
    images = keras.Input(components[0].input_shape[1:], name="images")
    scores = 0.0
    for number, (model, head, weight) in enumerate(parts, 1):
        part = keras.Model(model.input, model.output[head], name=f"component{number}")  # layers need different names
        scores = scores + weight * keras.ops.softmax(part(images))
    return keras.Model(images, {"logits": keras.ops.log(scores + 1e-12)}, name=name)


def fuse(scores: Sequence[np.ndarray] | np.ndarray, weights: Sequence[float] | np.ndarray | None = None) -> np.ndarray:
    """``S_i = sum_j weights_j C_{j,i}``: the mean of the components' probabilities.

    Args:
        scores: (N, B, K) probabilities of N components.
        weights: N numbers with sum 1; None for equal weights (the paper: "often set to the same value").

    Returns:
        (B, K) float64.

    Raises:
        ValueError: see ``check_weights``.
    """
    scores = np.asarray(scores, np.float64)
    return np.tensordot(check_weights(weights, len(scores)), scores, axes=1)


def check_apart(split: str, validation: str) -> None:
    """Raises `FerMdError` where the split to measure is the one that weights are fitted on."""
    if split == validation:
        raise FerMdError(
            f"split={split}: the weights are fitted on it; measure another split (such as PrivateTest), "
            "or fit on another validation split"
        )


def fit_weights(scores: Sequence[np.ndarray] | np.ndarray, labels: np.ndarray) -> np.ndarray:
    """The weights under which the fused scores give the labels the highest likelihood.

    The likelihood is concave in the weights. Each round of expectation maximisation, which treats the weights as the
    shares of a mixture, raises it: ``w_j <- mean_i w_j C_{j,y_i} / sum_l w_l C_{l,y_i}``.

    Args:
        scores: (N, B, K) probabilities of N components, on a validation split.
        labels: (B,) integers in [0, K).

    Returns:
        (N,) float64, with sum 1.

    Raises:
        ValueError: there are no samples.
    """
    scores, labels = np.asarray(scores, np.float64), np.asarray(labels)
    if not len(labels):
        raise ValueError("fitting weights needs at least one labelled sample")
    own = scores[:, np.arange(len(labels)), labels] + 1e-12  # (N, B)
    weights = np.full(len(scores), 1 / len(scores))
    for _ in range(ROUNDS):
        shares = weights[:, None] * own
        weights = (shares / shares.sum(0)).mean(1)
    return weights
