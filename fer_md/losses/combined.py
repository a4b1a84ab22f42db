"""How softmax loss and metric loss become the loss of a network, on one data set or several (Eqs. 2 and 10)."""

import numbers
from collections.abc import Sequence

import tensorflow as tf


def combined_loss(
    softmax_losses: Sequence[tf.Tensor],
    metric_losses: Sequence[tf.Tensor | float],
    loss_weights: Sequence[float],
    weights: Sequence[float] | None = None,
) -> tf.Tensor:
    """``L = 1/N sum_i weight_i (L_S,i + loss_weight_i L_M,i)`` over N data sets.

    With one data set this is Eq. 2, with several Eq. 10.

    Args:
        softmax_losses: L_S,i, one float32 scalar for each data set.
        metric_losses: L_M,i, such as MD loss or center loss; 0 for none.
        loss_weights: the factors of the metric losses (lambda of Eq. 2), at least 0.
        weights: the weights of the data sets (lambda_i of Eq. 10), at least 0; None for all 1.

    Returns:
        float32 scalar.

    Raises:
        ValueError: the arguments differ in length.

    Reference: Yang, Li, Cao 2020, Eqs. 2 and 10.
    """
    weights = [1.0] * len(softmax_losses) if weights is None else weights
    terms = [
        weight * (softmax_loss + loss_weight * metric_loss)
        for softmax_loss, metric_loss, loss_weight, weight in zip(
            softmax_losses, metric_losses, loss_weights, weights, strict=True
        )
    ]
    return tf.add_n(terms) / len(terms)


def check_loss_weight(loss_weight: float) -> None:
    """ValueError for a factor of a loss that is not a finite number of at least 0."""
    if not (isinstance(loss_weight, numbers.Real) and 0 <= loss_weight < float("inf")):
        raise ValueError(f"loss_weight must be a finite number of at least 0, not {loss_weight!r}")
