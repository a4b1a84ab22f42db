"""MetricLossModel: compile and fit equal our own training step; files, replicas, weights of samples, precision."""

import dataclasses
import functools
import json

import keras
import numpy as np
import pytest
import tensorflow as tf

from fer_md.losses import CenterLoss, MDLoss, MetricLossModel, md_loss
from fer_md.models import TINY, build_component
from fer_md.training.presets import Recipe
from fer_md.training.strategy import make_strategy
from fer_md.training.task import Learner, Task
from fer_md.training.trainer import Trainer
from random_faces import random_split

SOFTMAX = keras.losses.SparseCategoricalCrossentropy(from_logits=True)


def network():
    images = keras.Input((6,), name="images")
    embeddings = keras.layers.Dense(5, "relu", name="embeddings", kernel_initializer="ones")(images)
    start = keras.initializers.GlorotUniform(seed=1)
    logits = keras.layers.Dense(4, name="logits", dtype="float32", kernel_initializer=start)(embeddings)
    return keras.Model(images, {"embeddings": embeddings, "logits": logits})


def metric_loss(kind=MDLoss, **options):
    return kind(4, 5, centers_initializer=keras.initializers.RandomNormal(seed=4), **options)


def compiled(kind=MDLoss, loss_weight=0.5, jit_compile="auto", **options):
    model = MetricLossModel(network(), metric_loss(kind, **options), loss_weight)
    optimizer = keras.optimizers.SGD(0.05, momentum=0.9, nesterov=True)
    model.compile(optimizer, SOFTMAX, metrics=["accuracy"], jit_compile=jit_compile)
    return model


def data(count=64):
    rng = np.random.default_rng(1)
    labels = rng.integers(0, 4, count).astype("i")
    images = rng.normal(size=(count, 6)).astype("f") + 2 * np.eye(4, 6, dtype="f")[labels]
    return images, labels


def state(model):
    """Weights of the network, centers."""
    return [np.array(v) for v in (*model.network.weights, model.metric_loss.centers)]


def assert_same(found, expected, atol=1e-6):
    for one, other in zip(found, expected, strict=True):
        np.testing.assert_allclose(one, other, atol=atol)


@pytest.mark.parametrize("kind", [MDLoss, CenterLoss])
@pytest.mark.parametrize("jit_compile", [False, True])
def test_fit_equals_our_own_trainer(kind, jit_compile):
    """Three steps on the same batches: weights, centers, and every figure of the log."""
    images, labels = data(48)
    recipe = Recipe(epochs=1, batch_size=16, schedule="paper", rate=0.05, average=0.0, weight_decay=0.0)
    recipe = dataclasses.replace(recipe, label_smoothing=0.0)
    task = Task("data", None, metric_loss=metric_loss(kind), loss_weight=0.5)  # its batches are given by hand
    trainer = Trainer(Learner(network, [task]), recipe, 48, make_strategy("one"))
    figures = []
    for step in range(3):
        rows = slice(16 * step, 16 * step + 16)
        batch = (tf.constant(images[rows]), tf.constant(labels[rows]))
        figures.append(trainer.train_step((batch,), step).numpy()[0])
    model = compiled(kind, jit_compile=jit_compile)
    history = model.fit(images, labels, batch_size=16, shuffle=False, verbose=0).history
    own = [v.numpy() for v in (*trainer.model.weights, trainer.metric_losses[0].centers)]
    assert_same(state(model), own)
    assert np.abs(own[-1] - metric_loss(kind).centers_initializer((4, 5))).max() > 0.1
    names = ("loss", "softmax_loss", "metric_loss", "accuracy")
    np.testing.assert_allclose([history[name][0] for name in names], np.mean(figures, 0), rtol=1e-5)


def test_a_step_of_the_component_equals_our_own():
    """With its batch normalization and dropout."""
    images, labels = random_split(8).images[..., None].astype("f"), random_split(8).labels
    recipe = Recipe(epochs=1, batch_size=8, schedule="paper", rate=0.05, average=0.0, weight_decay=0.0)
    recipe = dataclasses.replace(recipe, label_smoothing=0.0)
    loss = functools.partial(MDLoss, 7, TINY.fc_units, centers_initializer=keras.initializers.RandomNormal(seed=4))
    learner = Learner(lambda: build_component(TINY), [Task("", None, metric_loss=loss())])
    trainer = Trainer(learner, recipe, 8, make_strategy("one"))
    trainer.train_step(((tf.constant(images), tf.constant(labels)),), 0)
    model = MetricLossModel(build_component(TINY), loss())
    model.compile(keras.optimizers.SGD(0.05, momentum=0.9, nesterov=True), SOFTMAX)
    model.fit(images, labels, 8, shuffle=False, verbose=0)
    own = [v.numpy() for v in (*trainer.model.weights, trainer.metric_losses[0].centers)]
    assert_same(state(model), own, atol=1e-5)


@pytest.mark.parametrize("options", [{}, {"learned": True, "hinge": None}, {"nearest": 1, "variance_gradient": False}])
def test_training_learns_and_shows_every_term_of_both_splits(options):
    model = compiled(**options)
    images, labels = data()
    before = state(model)[-1]
    held_out = (images[:16], labels[:16])
    history = model.fit(images, labels, 16, 5, verbose=0, validation_data=held_out).history
    terms = {"loss", "softmax_loss", "metric_loss", "accuracy"}
    assert set(history) == terms | {f"val_{term}" for term in terms}
    for split in ("", "val_"):
        total = np.add(history[f"{split}softmax_loss"], 0.5 * np.array(history[f"{split}metric_loss"]))
        np.testing.assert_allclose(history[f"{split}loss"], total, rtol=1e-5)
    assert history["softmax_loss"][-1] < history["softmax_loss"][0]
    assert np.abs(state(model)[-1] - before).max() > 0.05


def test_evaluate_and_predict_move_nothing():
    model = compiled()
    images, labels = data()
    before = state(model)
    found = model.evaluate(images, labels, batch_size=64, verbose=0, return_dict=True)
    logits = model.predict(images, verbose=0)
    for one, other in zip(state(model), before, strict=True):
        np.testing.assert_array_equal(one, other)
    outputs = model.network(images)
    np.testing.assert_allclose(logits, outputs["logits"], rtol=1e-6)
    np.testing.assert_allclose(found["softmax_loss"], SOFTMAX(labels, logits), rtol=1e-5)
    np.testing.assert_allclose(found["metric_loss"], model.metric_loss(labels, outputs["embeddings"]), rtol=1e-5)


def test_weights_of_samples_act_on_both_terms():
    """In one batch L_S = sum_i w_i l_i / B, as Keras weights it, and L_M = sum_i w_i m_i / B; all weights are above 0.

    Weights of the classes give each sample that of its class.
    """
    images, labels = data(16)
    weights = np.random.default_rng(3).uniform(0.2, 2, 16).astype("f")
    model = compiled()
    outputs = model.network(images)
    softmax = keras.losses.sparse_categorical_crossentropy(labels, outputs["logits"], from_logits=True)
    metric = md_loss(labels, outputs["embeddings"], np.array(model.metric_loss.centers), reduction="none")
    found = model.evaluate(images, labels, sample_weight=weights, verbose=0, batch_size=16, return_dict=True)
    np.testing.assert_allclose(found["softmax_loss"], np.sum(weights * softmax) / 16, rtol=1e-5)
    np.testing.assert_allclose(found["metric_loss"], np.sum(weights * metric) / 16, rtol=1e-5)
    np.testing.assert_allclose(found["loss"], found["softmax_loss"] + 0.5 * found["metric_loss"], rtol=1e-5)
    other = compiled()
    by_class = {label: 0.5 + label for label in range(4)}
    options = {"batch_size": 16, "shuffle": False, "verbose": 0}
    model.fit(images, labels, class_weight=by_class, **options)
    other.fit(images, labels, sample_weight=0.5 + labels, **options)
    assert_same(state(model), state(other), atol=1e-7)


def test_samples_without_a_label_are_left_out():
    """As if they were absent, where the softmax loss is told so."""
    images, labels = data(16)
    masked = np.where(np.arange(16) % 3 == 0, -1, labels)
    kept, found = masked >= 0, []
    for x, y in ((images, masked), (images[kept], labels[kept])):
        model = MetricLossModel(network(), metric_loss(), 0.5)
        softmax = keras.losses.SparseCategoricalCrossentropy(from_logits=True, ignore_class=-1)
        model.compile(keras.optimizers.SGD(0.05), softmax)
        history = model.fit(x, y, 16, shuffle=False, verbose=0).history
        found.append([*state(model), *history.values()])
    assert_same(found[0], found[1])


def test_keras_file_and_weights(tmp_path):
    """A model from a file goes on like the one that was saved, momentum and centers included."""
    model, (images, labels) = compiled(nearest=2), data()
    options = {"batch_size": 16, "shuffle": False, "verbose": 0}
    model.fit(images, labels, **options)
    model.save(tmp_path / "model.keras")
    model.save_weights(tmp_path / "model.weights.h5")
    again = keras.saving.load_model(tmp_path / "model.keras")
    other = MetricLossModel(network(), metric_loss(nearest=2), 0.5)
    other.load_weights(tmp_path / "model.weights.h5")
    assert json.dumps(again.get_config()) == json.dumps(model.get_config())
    assert again.evaluate(images, labels, verbose=0) == model.evaluate(images, labels, verbose=0)
    for loaded in (again, other):
        for one, two in zip(state(loaded), state(model), strict=True):
            np.testing.assert_array_equal(one, two)
    model.fit(images, labels, **options)
    again.fit(images, labels, **options)
    assert_same(state(again), state(model), atol=1e-7)


def test_file_of_a_model_that_was_never_called(tmp_path):
    model = MetricLossModel(network(), metric_loss(CenterLoss))
    model.save(tmp_path / "model.keras")
    assert_same(state(keras.saving.load_model(tmp_path / "model.keras")), state(model), atol=0)


def test_checkpoint_round_trip(tmp_path):
    model, other = compiled(), MetricLossModel(network(), CenterLoss(4, 5), 0.5)
    tf.train.Checkpoint(model=model).write(str(tmp_path / "checkpoint"))
    tf.train.Checkpoint(model=other).read(str(tmp_path / "checkpoint")).expect_partial()
    assert_same(state(other), state(model), atol=0)


@pytest.mark.parametrize(
    "kind, options",
    [
        (CenterLoss, {}),
        (MDLoss, {}),
        (MDLoss, {"learned": True, "hinge": None}),
        (MDLoss, {"variance_gradient": False, "hinge": None}),
    ],
)
def test_fit_on_replicas_equals_one_device(kind, options):
    """Twelve steps: weights, centers and every term; the batches are the same, halved on two replicas."""
    states, histories = [], []
    for strategy in (make_strategy("one"), make_strategy("mirrored", 2)):
        with strategy.scope():
            model = compiled(kind, **options)
        histories.append(model.fit(*data(), batch_size=16, epochs=3, shuffle=False, verbose=0).history)
        states.append(state(model))
    for name, values in histories[0].items():
        np.testing.assert_allclose(histories[1][name], values, rtol=1e-5, err_msg=name)
    assert_same(states[1], states[0], atol=1e-5)


def test_one_step_with_weights_of_samples_on_replicas_equals_one_device():
    """Samples weigh differently in the two halves."""
    states, (images, labels) = [], data(16)
    weights = np.linspace(0.1, 2, 16).astype("f")
    for strategy in (make_strategy("one"), make_strategy("mirrored", 2)):
        with strategy.scope():
            model = compiled()
        model.fit(images, labels, 16, sample_weight=weights, shuffle=False, verbose=0)
        states.append(state(model))
    assert_same(states[1], states[0], atol=1e-6)


@pytest.mark.parametrize("policy", ["mixed_bfloat16", "mixed_float16"])
@pytest.mark.parametrize("jit_compile", [False, True])
def test_mixed_precision(policy, jit_compile):
    before = keras.config.dtype_policy()
    try:
        keras.config.set_dtype_policy(policy)
        model = compiled(jit_compile=jit_compile)
        history = model.fit(*data(), batch_size=16, epochs=3, verbose=0).history
    finally:
        keras.config.set_dtype_policy(before)
    assert np.all(np.isfinite(history["loss"])) and history["softmax_loss"][-1] < history["softmax_loss"][0]
    assert model.metric_loss.centers.dtype == "float32" and np.all(np.isfinite(state(model)[-1]))


def test_arguments_are_checked():
    for wrong in (-1, np.nan, "0.1", None):
        with pytest.raises(ValueError, match="loss_weight must be a finite number of at least 0, not"):
            MetricLossModel(network(), metric_loss(), wrong)
    own = network()
    with pytest.raises(ValueError, match="network must have a dict of outputs with embeddings and logits, not"):
        MetricLossModel(keras.Model(own.input, own.output["logits"]), metric_loss())
    with pytest.raises(ValueError, match="network must have a dict of outputs with embeddings and logits, not"):
        MetricLossModel(keras.Sequential([keras.layers.Dense(4)]), metric_loss())
    with pytest.raises(ValueError, match="metric_loss is for 5 classes, and the logits are of 4"):
        MetricLossModel(own, MDLoss(5, own.output["embeddings"].shape[-1]))
    with pytest.raises(ValueError, match=r"labels must be class numbers of shape .*one-hot"):
        compiled().fit(data()[0], np.eye(4)[data()[1]], verbose=0)
