"""The stream of batches of pairs, alike and different in turn. Like that of single faces it is addressed by step."""

from collections.abc import Sequence

import numpy as np
import tensorflow as tf

from fer_md.data.augment import Augmentation, augment, uniforms
from fer_md.data.pipeline import step_stream
from fer_md.data.records import Split
from fer_md.data.sampling import shuffled

PAIRING = 104_729
"""Added to the seed for the choice of partners, which thus does not depend on the augmentation."""


def pair_batches(
    split: Split,
    augmentation: Augmentation,
    batch_size: int,
    seed: int,
    first_step: int,
    last_step: int,
    shard: int = 0,
    shards: int = 1,
    groups: Sequence[int] | np.ndarray | None = None,
) -> tf.data.Dataset:
    """A ``tf.data.Dataset`` of batches of pairs, for ``fer_md.losses.ContrastiveLoss``.

    Rows 2p and 2p + 1 are a pair. Where p is even, the pair is alike: both members are of one group. Where p is odd,
    they are of two groups. Over many steps each face of a group of two or more is the first of an alike pair equally
    often, and each face of any group is equally often the first of a different pair. Partners are drawn uniformly among
    the faces that qualify. The batch of a step does not depend on where the run was started.

    Args:
        split: the faces.
        augmentation: how the members of a pair are changed, each independently.
        batch_size: of the global batch, in faces.
        seed: of the order, the partners and the augmentation.
        first_step, last_step: the range of steps; the last one is excluded.
        shard, shards: which of how many equal parts of each batch to yield.
        groups: (N,) integers, the expression or the person of each face; negative where it is unknown, and then the
            face is in no pair. None for the labels.

    Yields:
        images (batch_size / shards, H, W, 1) float32, in which a change of contrast may lead beyond [0, 255], and
        labels (batch_size / shards,) int32.

    Raises:
        ValueError: ``batch_size`` is not a multiple of ``4 * shards``, there are fewer than two groups, or no group has
            two faces.
    """
    if batch_size % (4 * shards):
        raise ValueError(f"batch_size must be a multiple of 4 x {shards} replicas, not {batch_size}")
    members = GroupMembers(split.labels if groups is None else groups)
    part = batch_size // shards
    images, labels = tf.constant(split.images[..., None]), tf.constant(np.asarray(split.labels, np.int32))

    def batch(step):
        first_row = step * batch_size + shard * part
        pairs = first_row // 2 + tf.range(part // 2, dtype=tf.int64)
        examples = tf.reshape(tf.stack(members.draw(pairs, seed), axis=1), [part])
        rows = first_row + tf.range(part, dtype=tf.int64)
        # Keyed by the place in the stream: a face that meets itself again in an epoch looks different there.
        faces = augment(tf.gather(images, examples), augmentation, seed, rows // 2**31, rows)
        return faces, tf.gather(labels, examples)

    return step_stream(batch, first_step, last_step)


class GroupMembers:
    """The faces of each group, in a form that lets arithmetic draw the partners.

    Args:
        groups: (N,) integers, negative where unknown.

    Raises:
        ValueError: there are fewer than two groups, or no group has two faces.
    """

    def __init__(self, groups: Sequence[int] | np.ndarray):
        groups = np.asarray(groups)
        known = np.flatnonzero(groups >= 0)
        known = known[np.argsort(groups[known], kind="stable")]  # the faces, one group after the other
        _, starts, sizes = np.unique(groups[known], return_index=True, return_counts=True)
        if len(sizes) < 2 or sizes.max() < 2:
            raise ValueError(
                f"pairs need two groups or more, one of them of two faces or more, not groups of {sizes.tolist()}"
            )
        self.faces = tf.constant(known, tf.int64)
        self.start = tf.constant(np.repeat(starts, sizes), tf.int64)  # of the group of each place in faces
        self.size = tf.constant(np.repeat(sizes, sizes), tf.int64)
        self.in_company = tf.constant(np.flatnonzero(np.repeat(sizes, sizes) > 1), tf.int64)

    def draw(self, pairs: tf.Tensor, seed: int) -> tuple[tf.Tensor, tf.Tensor]:
        """The members of the pairs with the numbers ``pairs`` (P,) int64: two (P,) int64 tensors of rows of the
        split."""
        turns, alike = pairs // 2, pairs % 2 == 0
        company = tf.gather(self.in_company, shuffled(turns, len(self.in_company), seed + PAIRING))
        anchors = tf.where(alike, company, shuffled(turns, len(self.faces), seed + PAIRING + 1))
        start, size = tf.gather(self.start, anchors), tf.gather(self.size, anchors)
        draws = tf.cast(uniforms(seed + PAIRING, pairs // 2**31, pairs, 1)[:, 0], tf.float64)
        others = tf.where(alike, size - 1, len(self.faces) - size)
        steps = tf.cast(draws * tf.cast(others, tf.float64), tf.int64)  # in [0, others)
        inside = start + (anchors - start + 1 + steps) % size
        outside = (start + size + steps) % len(self.faces)
        return tf.gather(self.faces, anchors), tf.gather(self.faces, tf.where(alike, inside, outside))
