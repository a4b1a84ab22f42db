"""The stream of training batches. It is addressed by step, so that a run resumes exactly where it stopped."""

import dataclasses
from collections.abc import Callable

import numpy as np
import tensorflow as tf

from fer_md.data.augment import Augmentation, augment
from fer_md.data.records import Split
from fer_md.data.sampling import Draw, in_turn
from fer_md.data.untuned import untuned


@dataclasses.dataclass(frozen=True)
class Views:
    """Changed faces that come again, so that what is known of each can be kept.

    Attributes:
        seed: of the changes, instead of the stream's.
        rounds: how often a face is changed anew, at least 1; then its changes come again in the same order.
    """

    seed: int
    rounds: int


def training_batches(
    split: Split,
    augmentation: Augmentation,
    batch_size: int,
    seed: int,
    first_step: int,
    last_step: int,
    shard: int = 0,
    shards: int = 1,
    targets: np.ndarray | None = None,
    draw: Draw | None = None,
    views: Views | None = None,
) -> tf.data.Dataset:
    """A ``tf.data.Dataset`` of the batches of steps ``first_step`` to ``last_step - 1``.

    By default position p of the stream is example ``permutation(seed, epoch)[p mod N]`` of epoch ``p div N``, so that
    no example is left out of an epoch. Step s takes the ``batch_size`` positions from ``s * batch_size`` on. So every
    batch is full, and the batch of a step does not depend on where the run was started.

    Args:
        split: the faces; their images stay in memory as uint8.
        augmentation: how they are changed.
        batch_size: of the global batch.
        seed: of the order and of the augmentation.
        first_step, last_step: the range of steps; the last one is excluded.
        shard, shards: which of how many equal parts of each batch to yield; each replica or worker takes one.
        targets: (N, ...), what the network is to answer; None for the labels. The augmentation does not change the
            targets. Where they are places in the image, it must not move the image.
        draw: which example is at a position, such as ``fer_md.data.sampling.by_class``; None for all in turn.
        views: the changes come again after some rounds; targets are then (rounds, N, ...). None for new ones always.

    Yields:
        images (batch_size / shards, H, W, 1) float32, in which a change of contrast may lead beyond [0, 255], and
        targets (batch_size / shards, ...); labels are int32.

    Raises:
        ValueError: ``batch_size`` is not a multiple of ``shards``, or the targets are not one for each round of
            ``views``.
    """
    if batch_size % shards:
        raise ValueError(f"batch_size must be a multiple of the {shards} replicas, not {batch_size}")
    if views is not None and (targets is None or len(targets) != views.rounds):
        raise ValueError(f"targets must have an entry for each of {views.rounds} rounds")
    part = batch_size // shards
    draw = draw or in_turn(len(split.labels))
    images = tf.constant(split.images[..., None])
    targets = tf.constant(np.asarray(split.labels, np.int32) if targets is None else targets)

    def batch(step):
        positions = step * batch_size + shard * part + tf.range(part, dtype=tf.int64)
        examples, rounds = draw(positions, seed)
        if views is None:
            changes, places = seed, examples[:, None]
        else:
            rounds %= views.rounds
            changes, places = views.seed, tf.stack([rounds, examples], 1)
        faces = augment(tf.gather(images, examples), augmentation, changes, rounds, examples)
        return faces, tf.gather_nd(targets, places)

    return step_stream(batch, first_step, last_step)


def step_stream(
    batch: Callable[[tf.Tensor], tuple[tf.Tensor, tf.Tensor]], first_step: int, last_step: int
) -> tf.data.Dataset:
    """A ``tf.data.Dataset`` of ``batch(step)`` for a range of steps, in order. Two steps are prepared in advance."""
    steps = tf.data.Dataset.range(first_step, last_step)
    options = tf.data.Options()
    options.experimental_distribute.auto_shard_policy = tf.data.experimental.AutoShardPolicy.OFF
    return untuned(steps.map(batch, num_parallel_calls=2, deterministic=True).prefetch(2).with_options(options))
