"""Which face comes next: all in turn, or the rare expressions more often."""

from collections.abc import Callable

import numpy as np
import tensorflow as tf

Draw = Callable[[tf.Tensor, int], tuple[tf.Tensor, tf.Tensor]]
"""From (P,) int64 positions of an endless stream and a seed to the examples there, (P,) int64, and to how often each of
them was drawn before, (P,) int64."""


def in_turn(total: int) -> Draw:
    """Every one of ``total`` examples once an epoch, in an order of its own in each."""

    return lambda positions, seed: (shuffled(positions, total, seed), positions // total)


def by_class(labels: np.ndarray, power: float) -> Draw:
    """A class has a share of the stream in proportion to a power of its number of examples.

    The examples of a class come in turn: each is drawn once before one is drawn again.

    Args:
        labels: (N,) integers; examples with a negative one are never drawn.
        power: in [0, 1]: 1 draws the classes as often as they occur, 0 all equally often, 0.5 by the root of their
            frequency.

    Raises:
        ValueError: ``power`` out of range, or no example has a label.
    """
    slots = class_slots(labels, power)
    members = [np.flatnonzero(labels == label) for label in range(len(slots))]
    counts = np.array([len(own) for own in members])
    order, starts = np.concatenate(members), np.cumsum(counts) - counts
    classes, ranks = np.repeat(np.arange(len(slots)), slots), np.concatenate([np.arange(n) for n in slots])
    total = len(classes)

    def draw(positions, seed):
        epochs = positions // total
        slot = shuffled(positions, total, seed)
        label = tf.gather(classes, slot)
        number = epochs * tf.gather(slots, label) + tf.gather(ranks, slot)  # of this draw among those of its class
        size = tf.gather(counts, label)
        rounds = number // size
        place = _shuffled(number % size, size, seed, rounds, label + 1)
        return tf.gather(order, tf.gather(starts, label) + place), rounds

    return draw


def class_slots(labels: np.ndarray, power: float) -> np.ndarray:
    """How many of the N labelled examples that make an epoch are of each class, (K,) int64; see ``by_class``."""
    if not 0 <= power <= 1:
        raise ValueError(f"power must be in [0, 1], not {power}")
    counts = np.bincount(labels[labels >= 0])
    if not len(counts):
        raise ValueError("no example has a label")
    weights = np.where(counts > 0, counts.astype(float) ** power, 0)
    return np.where(counts > 0, np.maximum(np.rint(counts.sum() * weights / weights.sum()), 1), 0).astype(np.int64)


def class_shares(counts: np.ndarray, classes: int) -> np.ndarray:
    """Shares of ``classes`` classes, (K,) float64 that add up to 1, from counts of the first of them.

    A class that never occurs counts as half an example, so that the logarithm of its share is finite.
    """
    padded = np.zeros(classes)
    padded[: len(counts)] = counts
    padded = np.maximum(padded, 0.5)
    return padded / padded.sum()


def shuffled(positions: tf.Tensor, total: int, seed: int) -> tf.Tensor:
    """The examples at some positions of an endless stream that goes through all examples in each epoch.

    Args:
        positions: (P,) int64.
        total: number of examples.
        seed: another seed has another order, and so has another epoch (``position div total``).

    Returns:
        (P,) int64 in [0, total).
    """
    return _shuffled(positions % total, total, seed, positions // total, tf.zeros_like(positions))


def _shuffled(index, total, seed, rounds, key):
    """The place of each index in a permutation of [0, total) that seed, round and key name."""
    seeds = tf.fill(tf.shape(index), tf.constant(seed % 2**31, tf.int64))
    keys = tf.cast(tf.stack([seeds, rounds, key], 1), tf.int32)
    largest = tf.broadcast_to(tf.cast(total, tf.int64) - 1, tf.shape(index))
    return tf.raw_ops.RandomIndexShuffle(index=index, seed=keys, max_index=largest, rounds=8)
