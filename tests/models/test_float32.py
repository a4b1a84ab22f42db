"""Networks that were trained in bfloat16 answer in float32, with the same weights."""

import keras
import numpy as np
import pytest

from fer_md.models import TINY, build_component, build_fused
from fer_md.models.float32 import in_float32
from fer_md.serving.litert_file import export_litert
from fer_md.serving.served_network import ServedNetwork


@pytest.fixture
def bfloat16():
    keras.config.set_dtype_policy("mixed_bfloat16")
    yield
    keras.config.set_dtype_policy("float32")


def test_answers_are_those_of_the_network_built_in_float32(bfloat16, tmp_path):
    rough = [build_component(TINY, seed) for seed in (1, 2)]
    keras.config.set_dtype_policy("float32")
    exact = [build_component(TINY, seed) for seed in (1, 2)]
    for network, other in zip(rough, exact, strict=True):
        other.set_weights(network.get_weights())
    faces = np.random.default_rng(0).integers(0, 256, (5, 48, 48, 1), np.uint8)
    for network, other in [(rough[0], exact[0]), (build_fused(rough), build_fused(exact))]:
        expected = other(faces, training=False)["logits"]
        assert np.abs(network(faces, training=False)["logits"] - expected).max() > 1e-5
        np.testing.assert_allclose(in_float32(network)(faces, training=False)["logits"], expected, atol=1e-6)
    export_litert(ServedNetwork(in_float32(rough[0]), [str(n) for n in range(7)]), tmp_path / "x.tflite")


def test_a_network_in_float32_stays():
    network = build_component(TINY, 1)
    assert in_float32(network) is network
