"""The component network: outputs, sizes, saving, and the readings of the text that one config allows."""

import dataclasses
from pathlib import Path

import keras
import numpy as np
import pytest

from fer_md.errors import FerMdError
from fer_md.models import NETWORKS, TINY, ComponentConfig, build_component, build_fused, config_for
from fer_md.models.heads import prototype_component


@pytest.fixture
def images():
    return np.random.default_rng(0).integers(0, 256, (3, 48, 48, 1), np.uint8)


def test_default_has_the_papers_shape():
    model = build_component()
    assert model.output["embeddings"].shape == (None, 2048)
    assert model.output["logits"].shape == (None, 7)
    convolutions = [layer.name for layer in model.layers if layer.name in {f"conv{i}" for i in range(1, 6)}]
    assert convolutions == [f"conv{i}" for i in range(1, 6)]
    assert model.get_layer("fc1").units == model.get_layer("fc2").units == 2048
    # FC1 (3*3*128+1)*2048, FC2 (2048+1)*2048, logits (2048+1)*7; the rest is convolutions.
    dense = 1153 * 2048 + 2049 * 2048 + 2049 * 7
    assert dense < model.count_params() < dense + 300_000


@pytest.mark.parametrize("config", [NETWORKS["default"], NETWORKS["deep"]], ids=["default", "deep"])
def test_the_benchmark_times_the_same_network_in_stock_keras(config, monkeypatch):
    monkeypatch.syspath_prepend(Path(__file__).parents[2] / "benchmarks")
    import training_step_keras

    stock, ours = (
        sorted(tuple(weight.shape) for weight in model.trainable_weights)
        for model in (training_step_keras.component(dataclasses.asdict(config)), build_component(config))
    )
    assert stock == ours


def test_the_limit_of_a_step_counts_each_multiplication_once(monkeypatch):
    """TINY has 5 + 6 convolutions and 3 dense layers; nothing needs a gradient for the images."""
    monkeypatch.syspath_prepend(Path(__file__).parents[2] / "benchmarks")
    import step_limit

    called = []
    monkeypatch.setattr(step_limit, "fastest", lambda call, rounds: called.append(call().shape) or 1.0)
    model = build_component(TINY)
    assert step_limit.seconds_at_best(model, 2, 1) == len(called) == 3 * (5 + 6 + 3) - 1
    kernels = sorted(tuple(weight.shape) for weight in model.trainable_weights if weight.name == "kernel")
    assert sorted(tuple(shape) for shape in called if tuple(shape) in kernels) == kernels


@pytest.mark.parametrize(
    "change",
    [
        {},
        {"inception": ()},
        {"inception_stages": True},
        {"more_filters": (0, 4, 0, 8, 4)},
    ],
)
def test_every_reading_builds_and_survives_saving(change, images, tmp_path):
    model = build_component(dataclasses.replace(TINY, **change))
    model.save(tmp_path / "model.keras")
    again = keras.saving.load_model(tmp_path / "model.keras")
    for name, value in model(images).items():
        np.testing.assert_array_equal(value, again(images)[name])


def test_seed_decides_the_weights():
    first, second, other = build_component(TINY, 1), build_component(TINY, 1), build_component(TINY, 2)
    for a, b in zip(first.weights, second.weights, strict=True):
        np.testing.assert_array_equal(a, b)
    assert (np.array(first.get_layer("conv1").kernel) != np.array(other.get_layer("conv1").kernel)).any()


def test_fusing_leaves_the_components_as_they_were(images):
    """Both have the same name, and keep it; the fused score is the mean of their probabilities."""
    components = [build_component(TINY, seed) for seed in (0, 1)]
    fused = build_fused(components)
    assert [model.name for model in components] == ["component"] * 2
    assert [layer.name for layer in fused.layers if layer.name.startswith("component")] == ["component1", "component2"]
    assert [id(weight) for weight in fused.weights] == [id(weight) for model in components for weight in model.weights]
    single = [keras.ops.softmax(model(images)["logits"]) for model in components]
    np.testing.assert_allclose(np.exp(fused(images)["logits"]), (single[0] + single[1]) / 2, atol=1e-6)


def test_brightness_and_contrast_do_not_matter(images):
    """Up to epsilon: half the contrast leaves a variance near 1,360, of which 1 is 0.07 %, 0.04 % in the root."""
    model = build_component(TINY)
    dimmer = 0.5 * images.astype(np.float32) + 20
    np.testing.assert_allclose(model(images)["logits"], model(dimmer)["logits"], rtol=1e-3)


@pytest.mark.parametrize(
    "change",
    [
        {"filters": (1, 2)},
        {"kernel_sizes": (3,)},
        {"more_filters": (1,)},
        {"image_size": 50},
        {"num_classes": 1},
        {"inception": (), "inception_stages": 1},
        {"dropout": 2},
        {"dropout": 1.0},
        {"dropout": "0.5"},
        {"fc_units": 0},
        {"fc_units": 2.5},
        {"embedding": 0},
        {"embedding": 2.5},
        {"filters": 5},
        {"filters": (4, 4, 8, 8, 0)},
        {"inception": (4, 4)},
        {"image_size": "48"},
    ],
)
def test_impossible_configs_are_refused(change):
    with pytest.raises(ValueError, match=next(iter(change))):
        dataclasses.replace(ComponentConfig(), **change)


def test_a_narrow_embedding_is_linear_and_normalised_and_gives_the_logits():
    """Both signs, mean 0 and variance 1 over a batch in training; without it the network is as it was."""
    config = dataclasses.replace(TINY, embedding=6, dropout=0.0)
    model = build_component(config)
    assert config.embedding_dim == 6 and TINY.embedding_dim == TINY.fc_units
    images = np.random.default_rng(0).integers(0, 256, (16, 48, 48, 1)).astype("f")
    found = {name: value.numpy() for name, value in model(images, training=True).items()}
    assert found["embeddings"].shape == (16, 6)
    np.testing.assert_allclose(found["embeddings"].mean(0), 0, atol=1e-5)
    np.testing.assert_allclose(found["embeddings"].std(0), 1, atol=0.2)  # epsilon of the normalisation
    head = model.get_layer("logits")
    np.testing.assert_allclose(found["logits"], found["embeddings"] @ head.kernel + head.bias, atol=1e-5)
    names = [layer.name for layer in build_component(TINY).layers]
    assert [layer.name for layer in model.layers] == [*names[:-1], "embedding", "embedding_bn", "logits"]


def test_a_config_takes_size_and_expressions_of_a_data_set():
    info = {"expressions": ["happiness", "anger", "neutral"], "image_size": 64}
    assert config_for(TINY, info, "faces") == dataclasses.replace(TINY, num_classes=3, image_size=64)
    with pytest.raises(FerMdError, match="^faces: image_size must be a multiple of 16"):
        config_for(TINY, {**info, "image_size": 40}, "faces")


def test_prototypes_take_the_place_of_the_softmax_layer(images):
    component = build_component(TINY, 3)
    model = prototype_component(component)
    names = {layer.name for layer in model.layers}
    assert "prototypes" in names and "logits" not in names
    found, before = model(images), component(images)
    np.testing.assert_array_equal(found["embeddings"], before["embeddings"])
    centers = np.array(model.get_layer("prototypes").centers)  # (K, D)
    distances = np.square(np.array(before["embeddings"])[:, None] - centers).sum(-1)
    np.testing.assert_allclose(found["logits"], -distances / 2, rtol=1e-4)
    again = prototype_component(build_component(TINY, 3))
    np.testing.assert_array_equal(again.get_layer("prototypes").centers, centers)
