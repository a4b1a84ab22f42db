"""Samples that must not count: with an embedding that is not finite, or a label that no class has."""

import keras
import numpy as np
import pytest
import tensorflow as tf

from fer_md.losses import (
    CenterLoss,
    MDLoss,
    MetricLossModel,
    center_loss,
    center_update,
    feature_variance,
    md_loss,
    md_loss_as_printed,
)

FUNCTIONS = (center_loss, center_update, feature_variance, md_loss, md_loss_as_printed)
CLASSES, WIDTH = 4, 5
BROKEN = [1, 6]


def example(dtype="f"):
    rng = np.random.default_rng(0)
    labels = rng.integers(0, CLASSES, 8).astype("i")
    return labels, rng.normal(size=(8, WIDTH)).astype(dtype), rng.normal(size=(CLASSES, WIDTH)).astype(dtype)


def step(layer, jit_compile=False):
    """One call in training: the loss and its gradient with respect to the embeddings."""

    @tf.function(jit_compile=jit_compile)
    def call(labels, embeddings):
        with tf.GradientTape() as tape:
            tape.watch(embeddings)
            loss = layer(labels, embeddings, training=True)
        return loss, tape.gradient(loss, embeddings)

    return call


@pytest.mark.parametrize("function", FUNCTIONS, ids=lambda function: function.__name__)
@pytest.mark.parametrize("value", [np.nan, np.inf, -np.inf, 1e30])
def test_a_sample_that_is_not_finite_is_as_good_as_absent(function, value):
    """1e30 is finite in float32, but its square is not."""
    labels, embeddings, centers = example()
    broken = embeddings.copy()
    broken[BROKEN, 2] = value
    kept = np.delete(labels, BROKEN), np.delete(embeddings, BROKEN, axis=0)
    with tf.GradientTape() as tape:
        x = tf.constant(broken)
        tape.watch(x)
        found = function(labels, x, centers)
    np.testing.assert_allclose(found, function(*kept, centers), rtol=1e-5, atol=1e-7)
    gradient = tape.gradient(found, x, unconnected_gradients="zero").numpy()
    assert np.isfinite(gradient).all() and not gradient[BROKEN].any()


@pytest.mark.parametrize("kind", [CenterLoss, MDLoss])
@pytest.mark.parametrize("jit_compile", [False, True])
def test_an_overflow_in_float16_moves_no_center_and_trains_nothing(kind, jit_compile):
    """Centers, loss and gradient are those of the other samples."""
    labels, embeddings, _ = example(np.float16)
    overflown, found = embeddings.copy(), []
    overflown[1] = np.inf
    for y, x in ((labels, overflown), (np.delete(labels, 1), np.delete(embeddings, 1, axis=0))):
        layer = kind(CLASSES, WIDTH, centers_initializer=keras.initializers.RandomNormal(seed=1), dtype="mixed_float16")
        layer.build()
        loss, gradient = step(layer, jit_compile)(tf.constant(y), tf.constant(x))
        found.append((loss, np.array(layer.centers), gradient))
    (loss, centers, gradient), (expected_loss, expected_centers, expected_gradient) = found
    np.testing.assert_allclose(loss, expected_loss, rtol=1e-5)
    np.testing.assert_allclose(centers, expected_centers, rtol=1e-5)
    np.testing.assert_allclose(np.delete(gradient, 1, axis=0), expected_gradient, rtol=1e-3, atol=1e-4)
    assert not gradient.numpy()[1].any()


def test_an_image_that_overflows_leaves_the_network_finite():
    """The gradient of the metric loss is finite before the layer that overflowed, too."""
    images = np.ones((4, 3), np.float16)
    images[1] = 6e4
    dense = keras.layers.Dense(WIDTH, "relu", kernel_initializer="ones", dtype="mixed_float16")
    layer = MDLoss(CLASSES, WIDTH, dtype="mixed_float16")
    with tf.GradientTape() as tape:
        embeddings = dense(images)
        loss = layer(np.array([0, 1, 2, 3]), embeddings, training=True)
    assert np.isinf(embeddings.numpy().astype("f")[1]).all()
    assert np.isfinite(loss) and np.isfinite(np.array(layer.centers)).all()
    assert all(np.isfinite(gradient).all() for gradient in tape.gradient(loss, dense.trainable_variables))


def test_class_means_leave_out_what_is_not_finite():
    labels, embeddings, _ = example()
    broken = embeddings.copy()
    broken[BROKEN] = np.nan
    layers = [CenterLoss(CLASSES, WIDTH, centers_initializer="zeros") for _ in range(2)]
    layers[0].set_to_class_means(labels, broken)
    layers[1].set_to_class_means(np.delete(labels, BROKEN), np.delete(embeddings, BROKEN, axis=0))
    np.testing.assert_array_equal(layers[0].centers, layers[1].centers)


@pytest.mark.parametrize("wrong", [CLASSES, 255, 2**32 + 1])
def test_a_label_outside_the_space_is_refused(wrong):
    """Eagerly and in a graph, by functions and layers; 2^32 + 1 would be 1 as an int32."""
    labels, embeddings, centers = example()
    labels = labels.astype(np.int64)
    labels[3] = wrong
    calls = [lambda y, x, f=function: f(y, x, centers) for function in FUNCTIONS]
    for call in (*calls, CenterLoss(CLASSES, WIDTH), MDLoss(CLASSES, WIDTH)):
        for mode in (call, tf.function(call)):
            with pytest.raises(tf.errors.InvalidArgumentError, match="labels must be less than the number of classes"):
                mode(tf.constant(labels), tf.constant(embeddings))


@pytest.mark.parametrize("kind", [CenterLoss, MDLoss])
@pytest.mark.parametrize("wrong", [CLASSES, 2**32 + 1])
def test_under_xla_a_label_outside_the_space_is_no_label(kind, wrong):
    """XLA compiles no checks of values: loss, gradient and centers are those with a label of -1."""
    labels, embeddings, _ = example()
    found = []
    for value in (wrong, -1):
        layer = kind(CLASSES, WIDTH, centers_initializer=keras.initializers.RandomNormal(seed=1))
        layer.build()
        own = labels.astype(np.int64)
        own[3] = value
        loss, gradient = step(layer, jit_compile=True)(tf.constant(own), tf.constant(embeddings))
        found.append((loss, gradient, np.array(layer.centers)))
    for one, other in zip(*found, strict=True):
        np.testing.assert_array_equal(one, other)
    assert not found[0][1].numpy()[3].any()


@pytest.mark.parametrize("jit_compile", [False, True])
def test_fit_with_a_label_outside_the_space(jit_compile):
    """Refused, or under XLA left out of the centers, whatever the softmax loss makes of it."""
    images = keras.Input((3,))
    embeddings = keras.layers.Dense(WIDTH)(images)
    network = keras.Model(images, {"embeddings": embeddings, "logits": keras.layers.Dense(CLASSES)(embeddings)})
    model = MetricLossModel(network, MDLoss(CLASSES, WIDTH))
    softmax = keras.losses.SparseCategoricalCrossentropy(from_logits=True, ignore_class=CLASSES)
    model.compile("sgd", softmax, jit_compile=jit_compile)
    before, data = np.array(model.metric_loss.centers), (np.ones((4, 3), "f"), np.full(4, CLASSES))
    if jit_compile:
        assert model.fit(*data, verbose=0).history["metric_loss"] == [0]
        np.testing.assert_array_equal(model.metric_loss.centers, before)
    else:
        with pytest.raises(tf.errors.InvalidArgumentError, match="labels must be less than the number of classes"):
            model.fit(*data, verbose=0)


def test_a_sample_of_weight_zero_may_have_any_label():
    """It is as good as absent."""
    labels, embeddings, _ = example()
    weights = np.ones(8, "f")
    weights[3] = 0
    layer = MDLoss(CLASSES, WIDTH)
    expected = layer(labels, embeddings, weights)
    labels[3] = 99
    np.testing.assert_array_equal(layer(labels, embeddings, weights), expected)
