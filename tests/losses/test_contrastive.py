"""Contrastive loss by hand, against a NumPy loop and by its gradients; its layer; the stream of pairs."""

import keras
import numpy as np
import pytest
import tensorflow as tf

from fer_md.data.augment import Augmentation
from fer_md.data.pairs import pair_batches
from fer_md.losses import ContrastiveLoss, contrastive_loss
from fer_md.training.presets import STRONG
from random_faces import random_split

TOLERANCE = {np.float64: 1e-10, np.float32: 1e-5}


def example(seed, pairs=9, dtype=np.float64):
    rng = np.random.default_rng(seed)
    first = rng.normal(size=(pairs, 4)).astype(dtype)
    second = (first + rng.normal(size=(pairs, 4))).astype(dtype)
    return rng.random(pairs) < 0.5, first, second


def oracle(alike, first, second, margin):
    losses = []
    for x, y, same in zip(first, second, alike, strict=True):
        distance = sum((a - b) ** 2 for a, b in zip(x, y, strict=True)) ** 0.5
        losses.append(distance**2 / 2 if same else max(margin - distance, 0) ** 2 / 2)
    return losses


def test_by_hand():
    """Distances 5, 5, 1: alike 25/2; not alike with margin 6 (6 - 5)^2/2 = 1/2, and beyond margin 0.5 nothing."""
    first, second = np.zeros((3, 2)), np.array([[3.0, 4.0], [3.0, 4.0], [0.0, 1.0]])
    alike = np.array([True, False, False])
    np.testing.assert_allclose(contrastive_loss(alike, first, second, 6.0, "none"), [12.5, 0.5, 12.5])
    np.testing.assert_allclose(contrastive_loss(alike, first, second, 0.5), 12.5 / 3)
    np.testing.assert_allclose(contrastive_loss(alike, first, second, 0.5, "sum"), 12.5)


@pytest.mark.parametrize("dtype", TOLERANCE)
@pytest.mark.parametrize("pairs", [1, 9])
def test_equals_the_oracle(pairs, dtype):
    for seed in range(3):
        found = contrastive_loss(*example(seed, pairs, dtype), 2.5, "none")
        np.testing.assert_allclose(found, oracle(*example(seed, pairs), 2.5), rtol=TOLERANCE[dtype], atol=1e-6)


def test_gradients_are_central_differences():
    alike, first, second = example(0)
    with tf.GradientTape() as tape:
        x = tf.constant(first)
        tape.watch(x)
        value = contrastive_loss(alike, x, second, 2.5)
    expected, step = np.zeros_like(first), 1e-6
    for index in np.ndindex(first.shape):
        for sign in (1, -1):
            moved = first.copy()
            moved[index] += sign * step
            expected[index] += sign * float(contrastive_loss(alike, moved, second, 2.5)) / (2 * step)
    np.testing.assert_allclose(tape.gradient(value, x), expected, atol=1e-8)


def test_equal_members_stay_finite():
    """The distance's slope at zero is infinite; the pair that should differ gets none."""
    x = tf.constant(np.ones((2, 3), np.float16))
    with tf.GradientTape() as tape:
        tape.watch(x)
        loss = contrastive_loss([True, False], x, x)
    np.testing.assert_allclose(loss, 0.25, rtol=1e-5)  # (0 + 1/2) / 2
    assert loss.dtype == tf.float32 and np.all(np.isfinite(tape.gradient(loss, x)))


@pytest.mark.parametrize(
    "options, message",
    [
        ({"margin": 0}, "margin must be greater than 0, not 0"),
        ({"reduction": "max"}, "reduction must be"),
    ],
)
def test_unknown_choices_raise(options, message):
    with pytest.raises(ValueError, match=message):
        contrastive_loss(*example(0), **options)


def test_layer_pairs_neighbours_in_turn():
    """Unit vectors: rows 0 and 1 alike at squared distance 2, loss 1; rows 2 and 3 not at 0, loss 0.5^2 / 2 = 1/8."""
    embeddings = np.array([[3.0, 0.0], [0.0, 0.1], [2.0, 2.0], [5.0, 5.0]])
    layer = ContrastiveLoss(margin=0.5)
    np.testing.assert_allclose(layer(np.zeros(4), embeddings), 0.5625, rtol=1e-5)
    again = ContrastiveLoss.from_config(layer.get_config())
    assert again.get_config() == layer.get_config() and again.margin == 0.5
    assert keras.saving.get_registered_name(ContrastiveLoss) == "fer_md>ContrastiveLoss"


def test_layer_refuses_a_margin_no_unit_vectors_reach():
    with pytest.raises(ValueError, match=r"margin must be in \(0, 2\].*not 3"):
        ContrastiveLoss(margin=3)


@pytest.mark.parametrize("rows", [2, 6])
def test_layer_refuses_half_a_turn(rows):
    """As two replicas of a batch of four would get it."""
    with pytest.raises(tf.errors.InvalidArgumentError, match="rows must come in fours"):
        tf.function(ContrastiveLoss())(np.zeros(rows), np.ones((rows, 3), np.float32))


def collect(split, first, last, augmentation=STRONG, groups=None, **shards):
    batches = pair_batches(split, augmentation, 8, 5, first, last, groups=groups, **shards)
    return [(images.numpy(), labels.numpy()) for images, labels in batches]


def rows_of(split, images):
    """The rows of the split that unchanged images show."""
    known = {image.tobytes(): row for row, image in enumerate(split.images)}
    return np.array([known[np.rint(image).astype(np.uint8).tobytes()] for image in images])


def test_pairs_are_alike_and_not_alike_in_turn(split):
    """By the labels, and by groups of which one has a single face and some faces have none."""
    groups = np.array([-1, 0] + [1 + row // 4 for row in range(38)])
    for own in (None, groups):
        found = [rows_of(split, images) for images, _ in collect(split, 0, 40, Augmentation(), own)]
        pairs = np.concatenate(found).reshape(-1, 2)
        names = (split.labels if own is None else own)[pairs]
        assert np.all(names >= 0) and np.all(pairs[:, 0] != pairs[:, 1])
        assert np.all((names[:, 0] == names[:, 1]) == (np.arange(len(pairs)) % 2 == 0))
        if own is not None:
            # 80 pairs each: 38 faces in company come first in an alike pair twice, and 39 in another pair.
            counts = np.bincount(pairs[::2, 0], minlength=40)
            assert counts[0] == counts[1] == 0 and set(counts[2:]) <= {2, 3}
            counts = np.bincount(pairs[1::2, 0], minlength=40)
            assert counts[0] == 0 and set(counts[1:]) <= {2, 3}
            assert len(set(pairs[1::2, 1])) > 25, "80 partners out of 39 faces leave out 5 on average"


def test_labels_are_those_of_the_images(split):
    for images, labels in collect(split, 0, 5, Augmentation(), np.arange(40) // 2):
        np.testing.assert_array_equal(labels, split.labels[rows_of(split, images)])


def test_started_anywhere_or_divided_it_is_the_same_stream(split):
    whole, tail = collect(split, 0, 9), collect(split, 6, 9)
    for (a, b), (c, d) in zip(whole[6:], tail, strict=True):
        np.testing.assert_array_equal(a, c)
        np.testing.assert_array_equal(b, d)
    parts = [collect(split, 0, 3, shard=k, shards=2) for k in range(2)]
    for step in range(3):
        np.testing.assert_allclose(np.concatenate([part[step][0] for part in parts]), whole[step][0], atol=1e-3)
        np.testing.assert_array_equal(np.concatenate([part[step][1] for part in parts]), whole[step][1])


def test_impossible_pairs_are_refused(split):
    with pytest.raises(ValueError, match="multiple of 4 x 3 replicas"):
        collect(split, 0, 1, shards=3)
    for groups in (np.zeros(40, int), np.arange(40)):
        with pytest.raises(ValueError, match="pairs need two groups or more"):
            collect(split, 0, 1, groups=groups)


def test_replicas_equal_one_device():
    """Two replicas with half of the pairs each: the mean of their losses is that of the whole batch."""
    from fer_md.training.strategy import make_strategy

    embeddings = tf.constant(np.random.default_rng(0).normal(size=(16, 3)), tf.float32)
    layer, strategy = ContrastiveLoss(), make_strategy("mirrored", 2)
    parts = strategy.experimental_distribute_values_from_function(
        lambda context: tf.split(embeddings, 2)[context.replica_id_in_sync_group]
    )
    mean = strategy.reduce("mean", strategy.run(tf.function(lambda x: layer(x[:, 0], x)), (parts,)), axis=None)
    np.testing.assert_allclose(mean, layer(embeddings[:, 0], embeddings), rtol=1e-5)


def test_split_without_groups_of_two_faces_is_refused():
    with pytest.raises(ValueError, match="groups of"):
        list(pair_batches(random_split(4), Augmentation(), 4, 0, 0, 1, groups=np.full(4, -1)))
