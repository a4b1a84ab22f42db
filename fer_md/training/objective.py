"""What a head's output is compared with, and how: classes or shares of them under softmax, or points."""

import dataclasses
from collections.abc import Callable

import tensorflow as tf


@dataclasses.dataclass(frozen=True)
class Objective:
    """A loss and a score of each sample.

    Attributes:
        compare: function of a head's output (B, ...), the targets (B, ...) and the recipe's label smoothing; returns
            losses (B,) and scores (B,), both float32.
        counted: function from the targets to (B,) bool, false for samples that have none.
        score: what the log calls the mean of the scores.
        labels: function from the targets to (B,) class numbers, negative for none, for losses with centers; None where
            the targets name no classes.
    """

    compare: Callable
    counted: Callable
    score: str
    labels: Callable | None = None


def softmax_cross_entropy(logits: tf.Tensor, labels: tf.Tensor, smoothing: float) -> tuple[tf.Tensor, tf.Tensor]:
    """Cross-entropy, and 1 where the class is right.

    Args:
        logits: (B, K) float32.
        labels: (B,) int32; a negative one has a meaningless loss.
        smoothing: share of the target spread evenly over the classes, in [0, 1).

    Returns:
        (B,) losses and (B,) scores.
    """
    return share_cross_entropy(logits, tf.one_hot(labels, logits.shape[-1]), smoothing)


def share_cross_entropy(logits: tf.Tensor, shares: tf.Tensor, smoothing: float) -> tuple[tf.Tensor, tf.Tensor]:
    """Cross-entropy with shares of the classes, and 1 where the largest share is the most probable class.

    Args:
        logits: (B, K) float32.
        shares: (B, K) float32, rows that add up to 1; a row of zeros has a meaningless loss and score.
        smoothing: share of the target spread evenly over the classes, in [0, 1).

    Returns:
        (B,) losses and (B,) scores.
    """
    targets = (1 - smoothing) * shares + smoothing / logits.shape[-1]
    correct = tf.cast(tf.equal(tf.argmax(logits, 1), tf.argmax(shares, 1)), tf.float32)
    return tf.nn.softmax_cross_entropy_with_logits(targets, logits), correct


def mean_distance(points: tf.Tensor, targets: tf.Tensor, _: float) -> tuple[tf.Tensor, tf.Tensor]:
    """Mean distance of the points from where they should be; loss and score are the same.

    Not squared, so that it is the error that is reported, and a point that cannot be seen counts no more than others.

    Args:
        points, targets: (B, P, 2) float32.

    Returns:
        (B,) losses and (B,) scores.
    """
    squared = tf.reduce_sum(tf.square(points - targets), -1)
    distance = tf.reduce_mean(tf.sqrt(squared + 1e-8), -1)  # the root's gradient is infinite at 0
    return distance, distance


def labels_of_shares(shares: tf.Tensor) -> tf.Tensor:
    """The class with the largest share, (B,) int32; -1 for a row of zeros."""
    return tf.where(has_shares(shares), tf.argmax(shares, 1, tf.int32), -1)


def has_shares(shares: tf.Tensor) -> tf.Tensor:
    """(B,) bool, false for a row of zeros."""
    return tf.reduce_sum(shares, 1) > 0.5


def has_label(labels: tf.Tensor) -> tf.Tensor:
    """(B,) bool, false for a negative label."""
    return labels >= 0


def all_count(points: tf.Tensor) -> tf.Tensor:
    """(B,) bool, true for every sample."""
    return tf.ones(tf.shape(points)[:1], tf.bool)


CLASSES = Objective(softmax_cross_entropy, has_label, "accuracy", tf.identity)
SHARES = Objective(share_cross_entropy, has_shares, "accuracy", labels_of_shares)
POINTS = Objective(mean_distance, all_count, "distance")
