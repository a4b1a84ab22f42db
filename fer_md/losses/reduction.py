"""How the losses of single samples become one number."""

import numbers

import tensorflow as tf


def reduce(losses, weights, reduction):
    """Reduces (B,) losses whose samples count with (B,) ``weights`` of 0 or 1.

    Args:
        reduction: ``"mean"`` over the samples that count (0 where there is none), ``"sum"``, or ``"none"``.

    Returns:
        a scalar, or (B,) for ``"none"``.

    Raises:
        ValueError: unknown ``reduction``.
    """
    losses = losses * weights
    if reduction == "none":
        return losses
    if reduction == "sum":
        return tf.reduce_sum(losses)
    if reduction == "mean":
        return tf.reduce_sum(losses) / tf.maximum(tf.reduce_sum(weights), 1)
    raise ValueError(f"reduction must be 'mean', 'sum' or 'none', not {reduction!r}")


def check_loss_weight(loss_weight):
    """ValueError for a factor of a loss that is not a finite number of at least 0."""
    if not (isinstance(loss_weight, numbers.Real) and 0 <= loss_weight < float("inf")):
        raise ValueError(f"loss_weight must be a finite number of at least 0, not {loss_weight!r}")
