"""What every public layer, loss and model must do; a public name that is in no table below fails the last test."""

import inspect

import keras
import numpy as np
import pytest
import tensorflow as tf

import fer_md.layers
import fer_md.losses
import fer_md.models
from fer_md.layers import (
    BatchNorm,
    Correspondence,
    CReLU,
    Dropout,
    Equalize,
    GaussianPrototypes,
    IsotropicSmoothing,
    ResponseNorm,
    SoftArgmax,
    Standardize,
    Stretch,
    inception_block,
)
from fer_md.losses import CenterLoss, ContrastiveLoss, MDLoss, MetricLossModel
from fer_md.models import TINY, add_head, build_component, build_fused
from fer_md.models.baselines import BASELINES, TINY_CONFIGS
from fer_md.models.baselines.hyperface import build_whole_hyperface
from fer_md.training.strategy import make_strategy

SIDE, CLASSES, WIDTH = 48, 7, 5
FACES = np.random.default_rng(0).integers(0, 256, (8, SIDE, SIDE, 1)).astype(np.float32)
MAPS = np.random.default_rng(1).normal(size=(8, 12, 12, 6)).astype(np.float32)
LABELS = np.array([0, 1, 2, 3, 4, 5, 6, 0], np.int32)
EMBEDDINGS = np.random.default_rng(2).normal(size=(8, WIDTH)).astype(np.float32)

LAYERS = {
    BatchNorm: ({"momentum": 0.8}, MAPS),
    CReLU: ({"pool_size": 2}, MAPS),
    Correspondence: ({"clusters": 3, "cells": 4}, FACES),
    Dropout: ({"rate": 0.4, "seed": 3}, MAPS),
    Equalize: ({}, FACES),
    GaussianPrototypes: ({"num_classes": 4}, EMBEDDINGS),
    IsotropicSmoothing: ({}, FACES),
    ResponseNorm: ({}, MAPS),
    SoftArgmax: ({}, MAPS),
    Standardize: ({"epsilon": 2.0}, FACES),
    Stretch: ({}, FACES),
}
"""Arguments other than the defaults, and an input."""

LOSSES = {
    CenterLoss: {"num_classes": CLASSES, "embedding_dim": WIDTH, "alpha": 0.3},
    MDLoss: {"num_classes": CLASSES, "embedding_dim": WIDTH, "nearest": 2, "margin": 1.0},
    ContrastiveLoss: {"margin": 0.7},
}

MODELS = {
    **{name: lambda name=name: BASELINES[name](TINY_CONFIGS[name], seed=1) for name in BASELINES},
    "build_whole_hyperface": lambda: build_whole_hyperface(TINY_CONFIGS["hyperface"], seed=1),
    "inception_block": lambda: _functional(lambda x: inception_block(x, (2, 2, 3, 2, 3, 2))),
    "build_fused": lambda: build_fused([build_component(TINY, seed) for seed in (0, 1)]),
    "add_head": lambda: add_head(build_component(TINY), "logits_more", 3),
    "MetricLossModel": lambda: MetricLossModel(build_component(TINY), MDLoss(CLASSES, TINY.fc_units)),
}

FUNCTIONS = {
    "adaptive_margin", "center_loss", "center_update", "combined_loss", "contrastive_loss", "feature_variance",
    "md_loss", "md_loss_as_printed", "mean_margin", "config_for",
}  # fmt: skip
"""Public names that are no layers, losses or models; tests/losses and tests/models look at each by hand."""


def _functional(apply):
    images = keras.Input((SIDE, SIDE, 1))
    return keras.Model(images, apply(images))


def as_arrays(outputs):
    return [keras.ops.convert_to_numpy(value) for value in tf.nest.flatten(outputs)]


def assert_equal(ours, theirs, **tolerance):
    for one, other in zip(as_arrays(ours), as_arrays(theirs), strict=True):
        np.testing.assert_allclose(one, other, **(tolerance or {"rtol": 0, "atol": 0}))


@pytest.fixture(params=["mixed_float16", "mixed_bfloat16"])
def policy(request):
    keras.config.set_dtype_policy(request.param)
    yield request.param
    keras.config.set_dtype_policy("float32")


@pytest.mark.parametrize("kind", [*LAYERS, *LOSSES], ids=lambda kind: kind.__name__)
def test_config_is_whole_before_and_after_build(kind):
    """Each argument of the constructor is in it, and it makes the same layer again."""
    arguments = LAYERS[kind][0] if kind in LAYERS else LOSSES[kind]
    layer = kind(**arguments)
    before = layer.get_config()
    layer(LAYERS[kind][1]) if kind in LAYERS else layer(LABELS, EMBEDDINGS)
    again = kind.from_config(before)
    assert before == layer.get_config() == again.get_config()
    own = {
        name
        for owner in kind.__mro__
        if owner.__module__.startswith("fer_md")
        for name in inspect.signature(owner.__init__).parameters
    } - {"self", "args", "kwargs"}
    assert own | set(arguments) <= set(before)


@pytest.mark.parametrize("kind", LAYERS, ids=lambda kind: kind.__name__)
def test_a_layer_survives_saving(kind, tmp_path):
    arguments, values = LAYERS[kind]
    inputs = keras.Input(values.shape[1:])
    model = keras.Model(inputs, kind(**arguments)(inputs))
    model(values, training=True)  # moves what training moves
    model.save(tmp_path / "layer.keras")
    assert_equal(model(values), keras.saving.load_model(tmp_path / "layer.keras")(values))


@pytest.mark.parametrize("kind", LAYERS, ids=lambda kind: kind.__name__)
def test_a_layer_takes_any_number_of_images_in_a_graph(kind):
    arguments, values = LAYERS[kind]
    layer = kind(**arguments)
    layer.build(values.shape)
    graph = tf.function(layer, input_signature=[tf.TensorSpec((None, *values.shape[1:]))])
    for count in (1, 3):
        assert_equal(graph(values[:count]), layer(values[:count]), atol=1e-5)
        shape = layer.compute_output_shape((count, *values.shape[1:]))
        assert tuple(graph(values[:count]).shape) == tuple(shape)


@pytest.mark.parametrize("kind", LAYERS, ids=lambda kind: kind.__name__)
def test_a_layer_is_finite_and_of_its_dtype_under_mixed_precision(kind, policy):
    arguments, values = LAYERS[kind]
    layer = kind(**arguments)
    found = layer(values)
    assert keras.backend.standardize_dtype(found.dtype) == layer.compute_dtype
    assert all(np.isfinite(array.astype(np.float32)).all() for array in as_arrays(found))
    assert all(weight.dtype in ("float32", "int32") for weight in layer.weights)


@pytest.mark.parametrize("kind", LOSSES, ids=lambda kind: kind.__name__)
def test_a_loss_survives_saving_with_the_model_that_trains_on_it(kind, tmp_path):
    network = build_component(TINY)
    arguments = {**LOSSES[kind], **({"embedding_dim": TINY.fc_units} if "embedding_dim" in LOSSES[kind] else {})}
    model = MetricLossModel(network, kind(**arguments), loss_weight=0.1)
    model.compile("sgd", keras.losses.SparseCategoricalCrossentropy(from_logits=True))
    model.fit(FACES, LABELS, batch_size=8, verbose=0)
    model.save(tmp_path / "model.keras")
    again = keras.saving.load_model(tmp_path / "model.keras")
    assert_equal(model.weights, again.weights)
    assert_equal(model.predict(FACES, verbose=0), again.predict(FACES, verbose=0))


@pytest.mark.parametrize("kind", LOSSES, ids=lambda kind: kind.__name__)
def test_a_loss_takes_any_number_of_samples_in_a_graph(kind):
    layer = kind(**LOSSES[kind])
    layer(LABELS, EMBEDDINGS)
    signature = [tf.TensorSpec((None,), tf.int32), tf.TensorSpec((None, WIDTH))]
    graph = tf.function(lambda labels, embeddings: layer(labels, embeddings), input_signature=signature)
    for count in (4, 8):
        assert_equal(graph(LABELS[:count], EMBEDDINGS[:count]), layer(LABELS[:count], EMBEDDINGS[:count]), atol=1e-6)


@pytest.mark.parametrize("kind", LOSSES, ids=lambda kind: kind.__name__)
def test_a_loss_is_float32_under_mixed_precision(kind, policy):
    """Embeddings of 300 in half precision: their squares are above its largest number, 65,504."""
    layer = kind(**LOSSES[kind])
    half = tf.cast(300 * EMBEDDINGS, layer.compute_dtype)
    loss = layer(LABELS, half, training=True)
    assert loss.dtype == tf.float32 and np.isfinite(loss)
    assert all(weight.dtype == "float32" and np.isfinite(weight).all() for weight in layer.weights)


@pytest.mark.parametrize("kind", LOSSES, ids=lambda kind: kind.__name__)
def test_two_replicas_of_a_loss_equal_one_device(kind):
    """The mean of what the replicas return is the loss of the whole batch; the centers move alike."""
    strategy = make_strategy("mirrored", 2)
    single = kind(**LOSSES[kind])
    single.build((None,), (None, WIDTH))
    with strategy.scope():
        double = kind(**LOSSES[kind])
        double.build((None,), (None, WIDTH))
    for one, other in zip(double.weights, single.weights, strict=True):
        one.assign(keras.ops.convert_to_numpy(other))
    parts = strategy.experimental_distribute_values_from_function(
        lambda context: (
            tf.constant(np.split(LABELS, 2)[context.replica_id_in_sync_group]),
            tf.constant(np.split(EMBEDDINGS, 2)[context.replica_id_in_sync_group]),
        )
    )

    @tf.function
    def step(values):
        return strategy.run(lambda labels, embeddings: double(labels, embeddings, training=True), args=values)

    found = strategy.reduce("mean", step(parts), axis=None)
    assert_equal(found, single(LABELS, EMBEDDINGS, training=True), rtol=1e-5)
    for one, other in zip(double.weights, single.weights, strict=True):
        assert_equal(one, other, atol=1e-6)


@pytest.mark.parametrize("name", MODELS)
def test_a_model_survives_saving_and_takes_any_number_of_images(name, tmp_path):
    model = MODELS[name]()
    model.save(tmp_path / "model.keras")
    again = keras.saving.load_model(tmp_path / "model.keras")
    graph = tf.function(again, input_signature=[tf.TensorSpec((None, SIDE, SIDE, 1))])
    for count in (1, 3):
        assert_equal(model(FACES[:count]), again(FACES[:count]))
        assert_equal(model(FACES[:count]), graph(FACES[:count]), atol=1e-4)


@pytest.mark.parametrize("name", [name for name in MODELS if name != "inception_block"])
def test_a_model_is_finite_under_mixed_precision_and_scores_in_float32(name, policy):
    outputs = MODELS[name]()(FACES)
    assert all(np.isfinite(array.astype(np.float32)).all() for array in as_arrays(outputs))
    logits = outputs["logits"] if isinstance(outputs, dict) else outputs
    assert logits.dtype == tf.float32


def test_no_public_name_is_missing():
    tested = {kind.__name__ for kind in (*LAYERS, *LOSSES)} | set(MODELS) | {"build_component"} | FUNCTIONS
    for module in (fer_md.layers, fer_md.losses, fer_md.models):
        public = {name for name in module.__all__ if callable(getattr(module, name))}
        configs = {name for name in public if inspect.isclass(getattr(module, name)) and "Config" in name}
        assert public - configs <= tested, f"{module.__name__}: add it to a table of this file"
