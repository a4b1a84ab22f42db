"""A step on several data sets: Eq. 10's loss and its gradient, masked labels, replicas, learned centers."""

import dataclasses

import keras
import numpy as np
import tensorflow as tf

from fer_md.losses import MDLoss
from fer_md.models import TINY, add_head, build_component
from fer_md.training.presets import Recipe
from fer_md.training.strategy import make_strategy
from fer_md.training.task import Learner, Task
from fer_md.training.trainer import Trainer
from random_faces import random_split

RECIPE = Recipe(epochs=2, batch_size=8, rate=0.01, average=0.9)
NETWORK = dataclasses.replace(TINY, dropout=0.0)


def md(num_classes=7):
    start = keras.initializers.RandomNormal(seed=4)
    return MDLoss(num_classes, 16, nearest=3, centers_initializer=start)


def make_trainer(tasks, strategy=None, recipe=RECIPE):
    build = lambda: add_head(build_component(NETWORK, seed=1), "logits_b", 5)  # noqa: E731
    return Trainer(Learner(build, tasks), recipe, 40, strategy or make_strategy("one"))


def two_tasks(first_loss=None, second_loss=None):
    """lambda = (1, 2); the steps of these tests get their batches by hand."""
    split = random_split(8)
    return (
        Task("a", split, metric_loss=first_loss, loss_weight=0.5),
        Task("b", split, head="logits_b", weight=2.0, metric_loss=second_loss, loss_weight=0.5),
    )


def batches(count=8):
    """Two data sets; of the second a third has no label."""
    split, other = random_split(count, 1), random_split(count, 2)
    return [
        (split.images[..., None].astype("f"), split.labels),
        (other.images[..., None].astype("f"), np.where(np.arange(count) % 3 == 0, -1, other.labels % 5)),
    ]


def step(trainer, data):
    """The figures of one step, and how it changed the weights."""
    before = [v.numpy() for v in trainer.model.trainable_variables]
    figures = trainer.train_step(tuple((tf.constant(x), tf.constant(y)) for x, y in data), 0).numpy()
    after = [v.numpy() for v in trainer.model.trainable_variables]
    return figures, [new - old for new, old in zip(after, before, strict=True)]


def test_step_follows_the_gradient_of_equation_10():
    """Plain SGD at rate 1: the weights move by -1/N sum_i lambda_i g_i, lambda = (1, 2).

    g_i is what a trainer of task i alone moves its weights by. It sees both data sets' images, for the sake of the
    batch norm, and only its own labels.
    """
    recipe = dataclasses.replace(RECIPE, schedule="paper", rate=1.0, momentum=0.0, weight_decay=0.0)
    data = batches()
    figures, moved = step(make_trainer(two_tasks(md()), recipe=recipe), data)
    images, labels = np.concatenate([x for x, _ in data]), [y for _, y in data]
    masked = np.full(8, -1, np.int32)
    alone = []
    for task, own in zip(two_tasks(md()), ((labels[0], masked), (masked, labels[1])), strict=True):
        task = dataclasses.replace(task, weight=1.0)
        alone.append(step(make_trainer([task], recipe=recipe), [(images, np.concatenate(own))])[1])
    for change, first, second in zip(moved, *alone, strict=True):
        np.testing.assert_allclose(change, (1 * first + 2 * second) / 2, rtol=1e-3, atol=2e-5)
    shared = [np.abs(first).max() > 1e-3 < np.abs(second).max() for first, second in zip(*alone, strict=True)]
    assert sum(shared) > 10
    np.testing.assert_allclose(figures[0, 0], figures[0, 1] + 0.5 * figures[0, 2], rtol=1e-6)  # Eq. 2


def test_figures_of_each_data_set():
    """Against NumPy on the outputs before the step; unlabelled samples do not count."""
    trainer, data = make_trainer(two_tasks()), batches()
    images = np.concatenate([images for images, _ in data])
    saved = [v.numpy() for v in trainer.model.variables]
    outputs = trainer.model(images, training=True)
    for variable, value in zip(trainer.model.variables, saved, strict=True):
        variable.assign(value)
    figures, _ = step(trainer, data)
    for row, (_, labels), head, part in zip(
        figures, data, ("logits", "logits_b"), (slice(0, 8), slice(8, 16)), strict=True
    ):
        logits = np.array(outputs[head])[part].astype(np.float64)
        log = logits - np.log(np.exp(logits).sum(1, keepdims=True))
        classes = logits.shape[1]
        losses = [-(0.9 * log[i, y] + 0.1 * log[i].mean()) for i, y in enumerate(labels) if y >= 0]
        assert classes == (7 if head == "logits" else 5)
        np.testing.assert_allclose(row[:3], [np.mean(losses), np.mean(losses), 0], rtol=1e-5)
        kept = labels >= 0
        np.testing.assert_allclose(row[3], (logits.argmax(1) == labels)[kept].mean(), rtol=1e-6)


def test_two_data_sets_with_md_loss_on_replicas_equal_one_device():
    """Ten steps, some samples without a label: figures (loss and metric loss), weights (hence gradients), centers."""
    states, data = [], batches()
    for strategy in (make_strategy("one"), make_strategy("mirrored", 2)):
        trainer = make_trainer(two_tasks(md(), md(5)), strategy)
        batch = tuple((tf.constant(x), tf.constant(y)) for x, y in data)
        if strategy.num_replicas_in_sync > 1:
            batch = strategy.experimental_distribute_values_from_function(
                lambda context: tuple(
                    (
                        tf.constant(np.split(x, 2)[context.replica_id_in_sync_group]),
                        tf.constant(np.split(y, 2)[context.replica_id_in_sync_group]),
                    )
                    for x, y in data
                )
            )
        figures = [trainer.train_step(batch, step).numpy() for step in range(10)]
        states.append({**trainer.state(), "figures": np.array(figures)})
    assert np.any(states[0]["centers/0000"] != 0)
    for name, value in states[0].items():
        np.testing.assert_allclose(states[1][name], value, atol=2e-3, rtol=1e-3, err_msg=name)


def test_weight_decay_spares_learned_centers():
    task = Task("a", random_split(8), metric_loss=MDLoss(7, TINY.fc_units, learned=True))
    trainer = Trainer(Learner(lambda: build_component(TINY), [task]), RECIPE, 40, make_strategy("one"))
    assert len(trainer.optimizer.variables) == len(trainer.model.trainable_variables) + 1
    assert trainer.optimizer.decayed[0] and not trainer.optimizer.decayed[-1]
