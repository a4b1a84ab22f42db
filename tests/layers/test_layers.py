"""The custom layers against TensorFlow's own operations, Keras's layers and hand-derived values."""

import keras
import numpy as np
import pytest
import tensorflow as tf

from devices import DEVICES
from fer_md.layers import BatchNorm, CReLU, Dropout, GaussianPrototypes, Standardize, inception_block
from fer_md.layers.compiled_norm import normalize_compiled
from fer_md.layers.dropout import uniform_rows


def noise(*shape, seed=0):
    return np.random.default_rng(seed).normal(size=shape).astype(np.float32)


def test_crelu_by_hand():
    """x = (2, -3): relu(x) = (2, 0), relu(-x) = (0, 3)."""
    np.testing.assert_array_equal(CReLU()(np.array([[[[2.0, -3.0]]]])), [[[[2, 0, 0, 3]]]])


def test_crelu_equals_tensorflow():
    x = noise(2, 6, 6, 3)
    np.testing.assert_array_equal(CReLU()(x), tf.nn.crelu(x))


@pytest.mark.parametrize("size", [8, 7])
@pytest.mark.parametrize("device", DEVICES)
def test_pooling_inside_equals_pooling_after(size, device):
    layer, plain = CReLU(pool_size=2), CReLU()
    with tf.device(device), tf.GradientTape(persistent=True) as tape:
        x = tf.constant(noise(2, size, size, 3))
        tape.watch(x)
        inside, after = layer(x), tf.nn.max_pool2d(plain(x), 2, 2, "VALID")
        weights = noise(*inside.shape, seed=1)
        sums = [tf.reduce_sum(weights * y) for y in (inside, after)]
    assert inside.device.endswith(device)
    np.testing.assert_array_equal(inside, after)
    np.testing.assert_allclose(tape.gradient(sums[0], x), tape.gradient(sums[1], x), atol=1e-6)
    assert layer.compute_output_shape((None, size, size, 3)) == (None, size // 2, size // 2, 6)


@pytest.mark.parametrize("device", DEVICES)
def test_pooled_crelu_gradient_goes_to_the_first_of_equals(device):
    """Square (1, 1; -2, -2): the gradient 3 of the highest goes to the first 1, -5 of -lowest to the first -2."""
    with tf.device(device), tf.GradientTape() as tape:
        x = tf.constant([[1.0, 1.0], [-2.0, -2.0]])[None, :, :, None]
        tape.watch(x)
        y = CReLU(pool_size=2)(x)
    np.testing.assert_array_equal(y, [[[[1, 2]]]])
    gradient = tape.gradient(y, x, tf.constant([[[[3.0, 5.0]]]]))
    np.testing.assert_array_equal(gradient[0, :, :, 0], [[3, 0], [-5, 0]])


@pytest.mark.parametrize("channels", [3, 16])
def test_batch_norm_equals_keras(channels):
    """With 16 channels the fused kernel normalises, with 3 the compiled loops do."""
    x = noise(4, 5, 5, channels) * 3 + 1
    ours, stock = BatchNorm(), keras.layers.BatchNormalization(momentum=0.9)
    np.testing.assert_allclose(ours(x, training=True), stock(x, training=True), atol=1e-5)
    np.testing.assert_allclose(ours.moving_mean, stock.moving_mean, atol=1e-6)
    # Ours keeps the unbiased variance: n / (n - 1) times Keras's, with n = 4 * 5 * 5.
    expected = 0.9 + (np.array(stock.moving_variance) - 0.9) * 100 / 99
    np.testing.assert_allclose(ours.moving_variance, expected, rtol=1e-5)


@pytest.mark.parametrize("training", [True, False])
def test_batch_norm_of_vectors_is_that_of_maps_of_one_pixel(training):
    x = np.random.default_rng(0).normal(3, 2, size=(9, 5)).astype("f")
    vectors, maps = BatchNorm(0.5), BatchNorm(0.5)
    found, expected = vectors(x, training=training), maps(x[:, None, None], training=training)
    np.testing.assert_array_equal(found, expected[:, 0, 0])
    for one, other in zip(vectors.weights, maps.weights, strict=True):
        np.testing.assert_array_equal(one, other)
    if training:
        np.testing.assert_allclose(np.mean(found, 0), 0, atol=1e-6)


@pytest.mark.parametrize("channels", [3, 16])
def test_batch_norm_gradient_equals_keras(channels):
    x, weights = tf.constant(noise(4, 5, 5, channels)), noise(4, 5, 5, channels, seed=1)
    gradients = []
    for layer in (BatchNorm(), keras.layers.BatchNormalization()):
        with tf.GradientTape() as tape:
            tape.watch(x)
            loss = tf.reduce_sum(weights * tf.square(layer(x, training=True)))
        gradients.append(tape.gradient(loss, [x, layer.gamma, layer.beta]))
    for own, stock in zip(*gradients, strict=True):
        np.testing.assert_allclose(own, stock, rtol=1e-5, atol=1e-4)


@pytest.mark.parametrize("dtype", ["float32", "bfloat16", "float16"])
@pytest.mark.parametrize("device", DEVICES)
def test_compiled_norm_equals_the_fused_kernel(dtype, device):
    """Output, statistics and gradients; to 2e-5 in float32, and to the rounding of inputs and outputs in 16 bits."""
    with tf.device(device):
        x, upstream = (tf.cast(noise(8, 4, 4, 5, seed=seed), dtype) for seed in (0, 1))
        gamma, beta = (tf.constant(noise(5, seed=seed)) for seed in (2, 3))
        found = []
        for kind in ("compiled", "fused"):
            with tf.GradientTape() as tape:
                tape.watch([x, gamma, beta])
                if kind == "compiled":
                    outputs = normalize_compiled(x, gamma, beta, 1e-3)
                else:
                    outputs = BatchNorm()._fused(x, gamma, beta, gamma[:0], gamma[:0], training=True)
            assert outputs[0].device.endswith(device)
            found.append([*outputs, *tape.gradient(outputs[0], [x, gamma, beta], upstream)])
    tolerance = {"float32": 2e-5, "bfloat16": 0.1, "float16": 0.02}[dtype]
    for one, other in zip(*found, strict=True):
        np.testing.assert_allclose(tf.cast(one, "float32"), tf.cast(other, "float32"), atol=tolerance, rtol=tolerance)


def test_with_a_gpu_the_fused_kernel_normalises(monkeypatch):
    """XLA's loops for a CPU make no sense there."""
    monkeypatch.setattr(tf.config, "get_visible_devices", lambda kind: ["GPU:0"])
    monkeypatch.setattr("fer_md.layers.batch_norm.normalize_compiled", None)
    assert np.all(np.isfinite(BatchNorm()(noise(4, 5, 5, 3), training=True)))


def test_batch_norm_keeps_float32_statistics_in_bfloat16():
    layer = BatchNorm(dtype="mixed_bfloat16")
    assert layer(tf.cast(noise(2, 3, 3, 4), tf.bfloat16), training=True).dtype == tf.bfloat16
    assert all(variable.dtype == "float32" for variable in layer.variables)


def test_dropout_share_scale_and_repetition():
    x = np.ones((200, 500), np.float32)
    first, second = Dropout(0.35, seed=3), Dropout(0.35, seed=3)
    y = np.array(first(x, training=True))
    assert set(np.unique(y)) == {np.float32(0), np.float32(1) / np.float32(0.65)}
    assert abs((y == 0).mean() - 0.35) < 0.01  # 100,000 draws: standard deviation 0.0015
    np.testing.assert_array_equal(y, second(x, training=True))
    assert (y != np.array(first(x, training=True))).any()
    np.testing.assert_array_equal(first(x), x)


@pytest.mark.parametrize("width", [1, 7, 16])
def test_uniform_rows_are_parts_of_one_matrix(width):
    """Also where a row does not fill the generator's groups of four."""
    whole = uniform_rows(2000, width, 0, tf.constant([5, 3])).numpy()
    np.testing.assert_array_equal(uniform_rows(3, width, 1500, tf.constant([5, 3])), whole[1500:1503])
    assert whole.min() >= 0 and whole.max() < 1
    np.testing.assert_allclose(whole.mean(), 0.5, atol=0.03)  # 2,000 draws: standard deviation 0.0065
    for other in ([5, 4], [6, 3], [-5, 3]):
        assert (uniform_rows(2000, width, 0, tf.constant(other)).numpy() != whole).any(axis=1).all()


def test_standardize_by_hand():
    """(0, 2): mean 1, variance 1, plus epsilon 1 gives +-1/sqrt(2); a constant image gives zeros."""
    y = Standardize()(np.array([[[[0], [2]]], [[[7], [7]]]], np.uint8))
    np.testing.assert_allclose(np.ravel(y), [-(0.5**0.5), 0.5**0.5, 0, 0], atol=1e-6)


def test_inception_shape():
    x = keras.Input((12, 12, 8))
    model = keras.Model(x, inception_block(x, (1, 2, 3, 4, 5, 6)))
    assert model.output.shape == (None, 12, 12, 1 + 3 + 5 + 6)


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda: CReLU(pool_size=3), "pool_size"),
        (lambda: CReLU(pool_size=2).build((None, None, None, 3)), "size"),
        (lambda: BatchNorm(momentum=1.0), "momentum"),
        (lambda: BatchNorm(epsilon=0), "epsilon"),
        (lambda: Dropout(1.0), "rate"),
        (lambda: inception_block(keras.Input((4, 4, 1)), (1, 2, 3)), "widths"),
    ],
)
def test_bad_arguments_are_named(make, message):
    with pytest.raises(ValueError, match=message):
        make()


@pytest.mark.parametrize("layer", [CReLU(2), BatchNorm(0.8, 1e-2), Dropout(0.3, 5), Standardize(2.0)])
def test_config_round_trip(layer):
    before = layer.get_config()
    layer(noise(2, 4, 4, 3))
    assert layer.get_config() == before
    assert type(layer).from_config(before).get_config() == before


def prototypes(centers, log_scale):
    layer = GaussianPrototypes(len(centers))
    layer.build((None, len(centers[0])))
    layer.centers.assign(centers)
    layer.log_scale.assign(log_scale)
    return layer


def test_gaussian_prototypes_by_hand():
    """x = (1, 2): squared distances 5 from (0, 0) and 1 from (1, 1); with s = 2 the logits are -5 / 8 and -1 / 8."""
    layer = prototypes([[0.0, 0.0], [1.0, 1.0]], np.log(2))
    np.testing.assert_allclose(layer(np.array([[1.0, 2.0]])), [[-5 / 8, -1 / 8]], rtol=1e-6)


def test_gaussian_prototypes_against_a_loop():
    x, centers = noise(4, 5), noise(3, 5, seed=1)
    expected = [[-np.square(a - b).sum() / (2 * np.exp(0.6)) for b in centers] for a in x]
    np.testing.assert_allclose(prototypes(centers, 0.3)(x), expected, rtol=1e-4)


def test_gradient_of_gaussian_prototypes():
    """Of a logit: (x - c) / s^2 in c, and 2 (-logit) in log s."""
    x, centers = noise(1, 5), noise(2, 5, seed=1)
    layer = prototypes(centers, 0.3)
    with tf.GradientTape() as tape:
        logit = layer(x)[0, 0]
    in_centers, in_scale = tape.gradient(logit, [layer.centers.value, layer.log_scale.value])
    np.testing.assert_allclose(in_centers, [(x[0] - centers[0]) / np.exp(0.6), np.zeros(5)], rtol=1e-4, atol=1e-6)
    np.testing.assert_allclose(in_scale, -2 * logit, rtol=1e-5)
