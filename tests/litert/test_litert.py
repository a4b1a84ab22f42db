"""Networks in LiteRT: what they answer, in which sizes and threads, and what is refused."""

import concurrent.futures
import pickle

import keras
import numpy as np
import pytest
import tensorflow as tf

from fer_md.errors import FerMdError
from fer_md.files import file_sha256
from fer_md.litert.convert import beside, convert, probabilities
from fer_md.litert.inside import InnerTensors
from fer_md.litert.network import LiteNetwork, load_network
from fer_md.models import TINY, build_component

FACES = np.random.default_rng(0).integers(0, 256, (9, 48, 48, 1)).astype(np.uint8)


@pytest.fixture(scope="module")
def component():
    return build_component(TINY)


@pytest.fixture(scope="module")
def content(component):
    return convert(component, probabilities, FACES, 1e-4)[0]


def test_a_dense_layer_by_hand():
    """(1, 2) [[1, 3], [2, 4]] + (10, 20) = (15, 31), beside its double (30, 62)."""
    inputs = keras.Input((2,))
    layer = keras.layers.Dense(2)
    model = keras.Model(inputs, [layer(inputs), 2 * layer(inputs)])
    layer.set_weights([np.array([[1.0, 3], [2, 4]]), np.array([10.0, 20])])
    content, difference = convert(model, beside, np.ones((1, 2), np.float32), 1e-5)
    np.testing.assert_allclose(LiteNetwork(content)(np.array([[1, 2]], np.float32)), [[15, 31, 30, 62]], rtol=1e-6)
    assert difference <= 1e-5


def test_a_component_answers_as_in_keras_in_batches_of_any_size(component, content):
    network, expected = LiteNetwork(content), tf.nn.softmax(component(FACES)["logits"]).numpy()
    for size in (9, 1, 4, 9):
        np.testing.assert_allclose(network(FACES[:size]), expected[:size], atol=1e-4)


def test_tensors_within_a_network_by_hand():
    """(1, 2) [[1, 3], [2, 4]] = (5, 11) and its relu, then their sum 16; of the negative, (0, 0) and 0."""
    inputs = keras.Input((2,))
    hidden = keras.layers.Dense(2, "relu", use_bias=False, name="hidden")
    last = keras.layers.Dense(1, use_bias=False, name="last")
    model = keras.Model(inputs, last(hidden(inputs)))
    hidden.set_weights([np.array([[1.0, 3], [2, 4]])])
    last.set_weights([np.ones((2, 1))])
    content, _ = convert(model, tf.identity, np.ones((1, 2), np.float32), 1e-5)
    within = pickle.loads(pickle.dumps(InnerTensors(content, "/hidden")))
    examples = np.array([[1, 2], [-1, -2], [0, 1]], np.float32)
    for size in (3, 1, 2):
        np.testing.assert_allclose(within(examples[:size]), [[5, 11], [0, 0], [2, 4]][:size])
    assert within(examples[:0]).shape == (0, 2)
    with pytest.raises(ValueError, match="no tensor of this network is named nowhere"):
        InnerTensors(content, "nowhere")


def test_threads_have_interpreters_of_their_own(content):
    network = LiteNetwork(content)
    expected = network(FACES)
    with concurrent.futures.ThreadPoolExecutor(4) as pool:
        for found in pool.map(network, [FACES[:3], FACES] * 8):
            np.testing.assert_allclose(found, expected[: len(found)], atol=1e-6)


def test_eight_bits_take_a_quarter():
    inputs = keras.Input((256,))
    model = keras.Model(inputs, keras.layers.Dense(256)(inputs))
    examples = np.random.default_rng(0).normal(size=(4, 256)).astype(np.float32)
    large, exact = convert(model, tf.identity, examples, 1e-4)
    small, difference = convert(model, tf.identity, examples, 0.1, quantize="int8")
    assert len(large) > 4 * 256**2 and len(small) < 1.2 * 256**2
    assert exact < 1e-4 < difference < 0.1


@pytest.mark.parametrize("weight", [np.nan, np.inf])
def test_what_is_not_finite_is_refused(weight):
    inputs = keras.Input((2,))
    layer = keras.layers.Dense(1, bias_initializer=keras.initializers.Constant(weight))
    model = keras.Model(inputs, layer(inputs), name="broken")
    with pytest.raises(FerMdError, match="broken: LiteRT answers differently, by up to (nan|inf); at most 1 may be"):
        convert(model, tf.identity, np.ones((1, 2), np.float32), 1)


def test_a_difference_above_the_bound_is_refused(component):
    with pytest.raises(FerMdError, match="LiteRT answers differently, by up to .*; at most 1e-12 may be"):
        convert(component, probabilities, FACES, 1e-12, quantize="int8")


def test_a_damaged_file_is_named(content, tmp_path):
    path = tmp_path / "network.tflite"
    with pytest.raises(FerMdError, match="network.tflite: cannot be read"):
        load_network(path, "")
    path.write_bytes(content)
    sha256 = file_sha256(path)
    assert load_network(path, sha256)(FACES).shape == (9, 7)
    path.write_bytes(content[:-1] + b"!")
    with pytest.raises(FerMdError, match="network.tflite: damaged"):
        load_network(path, sha256)
