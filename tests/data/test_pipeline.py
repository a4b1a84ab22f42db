"""The stream of batches: whole epochs, a pure function of the step, equal in parts and whole."""

import cv2
import numpy as np
import pytest
import tensorflow as tf

from fer_md.data.augment import BLUR, Augmentation, augment, uniforms
from fer_md.data.pipeline import training_batches
from fer_md.training.presets import STRONG


def collect(split, first, last, augmentation=STRONG, seed=5, **shards):
    batches = training_batches(split, augmentation, 8, seed, first, last, **shards)
    return [(images.numpy(), labels.numpy()) for images, labels in batches]


def test_every_example_once_an_epoch(split):
    """40 examples are 5 batches of 8."""
    for epoch in range(3):
        images = np.concatenate([x for x, _ in collect(split, 5 * epoch, 5 * epoch + 5, Augmentation())])
        found = {image.tobytes() for image in images.astype(np.uint8)}
        assert found == {image.tobytes() for image in split.images}


def test_epochs_differ_in_order_and_augmentation(split):
    first, second = collect(split, 0, 5), collect(split, 5, 10)
    assert (np.concatenate([y for _, y in first]) != np.concatenate([y for _, y in second])).any()


def test_started_anywhere_it_is_the_same_stream(split):
    whole, tail = collect(split, 0, 9), collect(split, 6, 9)
    for (a, b), (c, d) in zip(whole[6:], tail, strict=True):
        np.testing.assert_array_equal(a, c)
        np.testing.assert_array_equal(b, d)


def test_parts_make_up_the_batch(split):
    parts = [collect(split, 0, 3, shard=k, shards=2) for k in range(2)]
    for step, (images, labels) in enumerate(collect(split, 0, 3)):
        np.testing.assert_allclose(np.concatenate([part[step][0] for part in parts]), images, atol=1e-5)
        np.testing.assert_array_equal(np.concatenate([part[step][1] for part in parts]), labels)


def test_batch_must_divide_among_the_replicas(split):
    with pytest.raises(ValueError, match="multiple of the 3 replicas"):
        collect(split, 0, 1, shards=3)


def test_uniforms_depend_on_nothing_but_their_key():
    examples = tf.range(1000, dtype=tf.int64)
    whole = uniforms(3, tf.fill([1000], tf.constant(2, tf.int64)), examples, 10).numpy()
    part = uniforms(3, tf.fill([5], tf.constant(2, tf.int64)), examples[500:505], 10).numpy()
    np.testing.assert_array_equal(whole[500:505], part)
    assert whole.min() >= 0 and whole.max() < 1
    np.testing.assert_allclose(whole.mean(), 0.5, atol=0.015)  # 10,000 draws: standard deviation 0.0029
    np.testing.assert_allclose(whole.var(), 1 / 12, atol=0.005)
    correlations = np.corrcoef(whole.T) - np.eye(10)
    assert np.abs(correlations).max() < 0.15
    assert (whole != uniforms(4, tf.fill([1000], tf.constant(2, tf.int64)), examples, 10).numpy()).all(axis=0).any()


def test_no_augmentation_changes_nothing(split):
    zeros = tf.zeros([40], tf.int64)
    images = split.images[..., None]
    np.testing.assert_allclose(augment(images, Augmentation(), 0, zeros, zeros), images, atol=1e-3)


def test_flip_mirrors_about_half(split):
    examples = tf.range(40, dtype=tf.int64)
    images = split.images[..., None].astype(np.float32)
    changed = augment(images, Augmentation(flip=True), 0, tf.zeros([40], tf.int64), examples).numpy()
    same = np.array([np.allclose(a, b, atol=1e-2) for a, b in zip(changed, images, strict=True)])
    mirrored = np.array([np.allclose(a[:, ::-1], b, atol=1e-2) for a, b in zip(changed, images, strict=True)])
    assert (same ^ mirrored).all()
    assert 8 < mirrored.sum() < 32


def test_strong_augmentation_stays_in_range(split):
    examples = tf.range(40, dtype=tf.int64)
    changed = augment(split.images[..., None], STRONG, 0, tf.zeros([40], tf.int64), examples)
    assert changed.shape == (40, 48, 48, 1)
    assert np.isfinite(changed).all()


def changed(split, **changes):
    examples = tf.range(len(split.images), dtype=tf.int64)
    images = split.images[..., None].astype(np.float32)
    return images, augment(images, Augmentation(**changes), 3, tf.zeros_like(examples), examples).numpy()


def test_blur_is_a_share_of_a_gaussian_in_half_of_the_faces(split):
    images, found = changed(split, blur=1.0)
    touched = np.abs(found - images).max((1, 2, 3)) > 1e-3
    assert 0.25 < touched.mean() < 0.75
    for image, blurred in zip(images[touched], found[touched], strict=True):
        full = cv2.GaussianBlur(image, (7, 7), BLUR, borderType=cv2.BORDER_REPLICATE)[..., None] - image
        share = (full * (blurred - image)).sum() / (full**2).sum()
        assert 0 < share <= 1
        np.testing.assert_allclose(blurred - image, share * full, atol=1e-2)


def test_noise_has_at_most_the_deviation_asked_for(split):
    images, found = changed(split, noise=20.0)
    deviations = (found - images).std((1, 2, 3))
    assert (deviations == 0).mean() == pytest.approx(0.5, abs=0.25)
    assert 10 < deviations.max() < 20.5
    assert np.abs((found - images).mean((1, 2, 3))).max() < 2


def test_blur_and_noise_do_not_depend_on_the_batch(split):
    _, whole = changed(split, blur=1.0, noise=20.0)
    _, part = changed(split.select(np.arange(len(split.images)) < 7), blur=1.0, noise=20.0)
    np.testing.assert_array_equal(whole[:7], part)
