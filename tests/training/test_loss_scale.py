"""Training in float16: the scale of the loss, the steps that overflow, replicas and checkpoints."""

import keras
import numpy as np
import pytest
import tensorflow as tf

from fer_md.models import TINY, build_component
from fer_md.training import loss_scale
from fer_md.training.loss_scale import FIRST, LossScale
from fer_md.training.precision import set_precision
from fer_md.training.presets import Recipe
from fer_md.training.strategy import make_strategy
from fer_md.training.stream import training_stream
from fer_md.training.task import Learner, Task, make_metric_loss
from fer_md.training.trainer import Trainer
from random_faces import random_split

RECIPE = Recipe(epochs=3, batch_size=8, rate=0.05, average=0.9)


@pytest.fixture
def float16():
    set_precision("float16")
    yield
    keras.config.set_dtype_policy("float32")


def make_trainer(strategy=None):
    metric_loss = make_metric_loss("md", TINY.num_classes, TINY.embedding_dim, seed=4)
    task = Task("data", random_split(40), metric_loss=metric_loss, loss_weight=0.1)
    return Trainer(Learner(lambda: build_component(TINY, seed=1), [task]), RECIPE, 40, strategy or make_strategy("one"))


def take_steps(trainer, first, last):
    stream = iter(training_stream(trainer, 0, first, 100))
    return [trainer.train_step(next(stream), step).numpy() for step in range(first, last)]


def weights(trainer):
    return [v.numpy() for v in trainer.optimizer.variables]


def test_by_hand(monkeypatch):
    """Gradient 2 of the loss times 8 is 16: w = 1 - 2. An overflow leaves w and halves; two good steps double."""
    monkeypatch.setattr(loss_scale, "GROW_AFTER", 2)
    scale, weight = LossScale(), tf.Variable([1.0])
    scale.scale.assign(8.0)
    assert float(scale.scaled(tf.constant(3.0))) == 24

    def step(gradient):
        scale.step([tf.constant([gradient])], lambda gradients: weight.assign_sub(gradients[0]) and None)
        return float(weight[0]), float(scale.scale), int(scale.streak)

    assert step(16.0) == (-1, 8, 1)
    assert step(np.inf) == step_back(-1, 4) and step(np.nan) == step_back(-1, 2)
    assert step(2.0) == (-2, 2, 1) and step(2.0) == (-3, 4, 0)
    scale.scale.assign(1.0)
    assert step(-np.inf) == step_back(-3, 1)


def step_back(weight, scale):
    return weight, scale, 0


def test_only_float16_is_scaled():
    assert make_trainer().loss_scale is None and not any("loss_scale" in name for name in make_trainer().state())


def test_a_small_gradient_survives(float16):
    """1e-9 is 0 in float16, whose smallest number is 6e-8."""
    scale, x = LossScale(), tf.Variable([1.0])
    found = []
    for scaled in (scale.scaled, tf.identity):
        with tf.GradientTape() as tape:
            half = tf.cast(x, tf.float16)
            loss = scaled(1e-9 * tf.reduce_sum(tf.cast(half * half, tf.float32)))
        gradient = tape.gradient(loss, x)
        found.append(float(gradient[0]))
    np.testing.assert_allclose(found, [2e-9 * FIRST, 0], rtol=0.02)


def test_the_scale_changes_nothing_but_what_would_be_lost(float16):
    """It is a power of two: figures, and what the weights move, are those of scale 1 but for the smallest numbers."""
    found = []
    for value in (256.0, 1.0):
        trainer = make_trainer()
        start = weights(trainer)
        trainer.loss_scale.scale.assign(value)
        figures = take_steps(trainer, 0, 1)
        moved = [own - first for own, first in zip(weights(trainer), start, strict=True)]
        found.append((figures, moved))
        assert [v.numpy() for v in trainer.loss_scale.variables] == [value, 1]
    np.testing.assert_array_equal(found[0][0], found[1][0])
    for own, other in zip(found[0][1], found[1][1], strict=True):
        assert own.dtype == np.float32 and np.linalg.norm(own - other) <= 0.02 * np.linalg.norm(other)


def test_an_overflow_skips_the_step(float16):
    trainer = make_trainer()
    trainer.loss_scale.scale.assign(2.0**60)
    before, slots = weights(trainer), [v.numpy() for v in trainer.optimizer.slots]
    figures = take_steps(trainer, 0, 1)
    for one, other in zip(before + slots, weights(trainer) + [v.numpy() for v in trainer.optimizer.slots], strict=True):
        np.testing.assert_array_equal(one, other)
    assert np.isfinite(figures).all() and trainer.loss_scale.scale.numpy() == 2.0**59


def test_a_resumed_training_equals_an_uninterrupted_one(float16):
    """The scale and its count are part of the state; here the first steps overflow."""
    whole, first = make_trainer(), make_trainer()
    for trainer in (whole, first):
        trainer.loss_scale.scale.assign(2.0**40)
    expected = take_steps(whole, 0, 6)
    found = take_steps(first, 0, 3)
    state = first.state()
    assert state["loss_scale/0000"] < 2.0**40
    resumed = make_trainer()
    resumed.load_state(state)
    found += take_steps(resumed, 3, 6)
    np.testing.assert_array_equal(found, expected)
    for name, value in whole.state().items():
        np.testing.assert_array_equal(resumed.state()[name], value, err_msg=name)


def test_replicas_scale_alike(float16):
    """An overflow on one replica skips the step on both."""
    found = []
    for strategy in (make_strategy("one"), make_strategy("mirrored", 2)):
        trainer = make_trainer(strategy)
        figures = take_steps(trainer, 0, 1)
        trainer.loss_scale.scale.assign(2.0**60)
        before = weights(trainer)
        take_steps(trainer, 1, 2)
        for one, other in zip(before, weights(trainer), strict=True):
            np.testing.assert_array_equal(one, other)
        copies = [strategy.experimental_local_results(variable) for variable in trainer.loss_scale.variables]
        assert [[float(copy) for copy in each] for each in copies] == [[2.0**59] * len(copies[0]), [0] * len(copies[1])]
        found.append(figures)
    np.testing.assert_allclose(found[1], found[0], rtol=0.01, atol=0.001)
