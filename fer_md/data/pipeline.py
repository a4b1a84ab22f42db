"""The stream of training batches: addressed by step, so that a run resumes exactly where it stopped."""

import numpy as np
import tensorflow as tf

from fer_md.data.augment import augment


def training_batches(
    split,
    augmentation,
    batch_size,
    seed,
    first_step,
    last_step,
    shard=0,
    shards=1,
    targets=None,
):
    """A ``tf.data.Dataset`` of the batches of steps ``first_step`` to ``last_step - 1``.

    Position p of the stream is example ``permutation(seed, epoch)[p mod N]`` of epoch ``p div N``; step s takes
    the positions ``s * batch_size`` and on. So every batch is full, no example is left out of an epoch,
    and the batch of a step does not depend on where the run was started.

    Args:
        split: ``fer_md.data.records.Split``; its images stay in memory as uint8.
        augmentation: ``Augmentation``.
        batch_size: of the global batch.
        seed: int, of the order and of the augmentation.
        first_step, last_step: range of steps.
        shard, shards: which of how many equal parts of each batch to yield (one a replica or worker).
        targets: (N, ...) array, what the network is to answer; None for the labels. The augmentation does not change
            it, so with targets that are places in the image it must not move the image.

    Yields:
        images (batch_size / shards, H, W, 1) float32, beyond [0, 255] where more contrast takes them there, and
        targets (batch_size / shards, ...), for labels int32.

    Raises:
        ValueError: ``batch_size`` is not a multiple of ``shards``.
    """
    if batch_size % shards:
        raise ValueError(f"batch_size must be a multiple of the {shards} replicas, not {batch_size}")
    part = batch_size // shards
    total = len(split.labels)
    images = tf.constant(split.images[..., None])
    targets = tf.constant(np.asarray(split.labels, np.int32) if targets is None else targets)

    def batch(step):
        positions = step * batch_size + shard * part + tf.range(part, dtype=tf.int64)
        examples = shuffled(positions, total, seed)
        faces = augment(tf.gather(images, examples), augmentation, seed, positions // total, examples)
        return faces, tf.gather(targets, examples)

    return step_stream(batch, first_step, last_step)


def shuffled(positions, total, seed):
    """The examples at some positions of an endless stream that goes through all of them in each epoch.

    Args:
        positions: (P,) int64.
        total: number of examples.
        seed: int; another seed and another epoch (``position div total``) have another order.

    Returns:
        (P,) int64 in [0, total).
    """
    epochs = positions // total
    seeds = tf.fill(tf.shape(positions), tf.constant(seed % 2**31, tf.int64))
    keys = tf.stack([seeds, epochs, tf.zeros_like(positions)], 1)
    return tf.raw_ops.RandomIndexShuffle(
        index=positions % total, seed=tf.cast(keys, tf.int32), max_index=tf.constant(total - 1, tf.int64), rounds=8
    )


def step_stream(batch, first_step, last_step):
    """A ``tf.data.Dataset`` of ``batch(step)`` for a range of steps, in their order, two of them ahead of their use."""
    steps = tf.data.Dataset.range(first_step, last_step)
    options = tf.data.Options()
    options.experimental_distribute.auto_shard_policy = tf.data.experimental.AutoShardPolicy.OFF
    return steps.map(batch, num_parallel_calls=2, deterministic=True).prefetch(2).with_options(options)
