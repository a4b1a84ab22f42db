"""The training step alone, on one batch of noise: what the benchmarks time."""

from collections.abc import Callable

import keras
import numpy as np
import tensorflow as tf

from fer_md.data.records import Split
from fer_md.training.presets import Recipe
from fer_md.training.strategy import make_strategy
from fer_md.training.task import Learner, Task
from fer_md.training.trainer import Trainer


def noise(count: int, classes: int = 7) -> Split:
    """Faces of 48 x 48 pixels without any meaning."""
    rng = np.random.default_rng(0)
    labels = rng.integers(0, classes, count).astype(np.int32)
    images = rng.integers(0, 256, (count, 48, 48)).astype(np.uint8)
    return Split(images, labels, [str(i) for i in range(count)], None, None, [""] * count)


def bare_step(
    build: Callable[[], keras.Model], split: Split, metric_loss: keras.layers.Layer | None = None, replicas: int = 1
) -> Callable[[int], tf.Tensor]:
    """A function that takes the training step of a number on all of ``split`` and returns its figures."""
    size = len(split.labels)
    learner = Learner(build, [Task("noise", split, metric_loss=metric_loss, loss_weight=0.1)])
    strategy = make_strategy("one") if replicas == 1 else make_strategy("mirrored", replicas)
    trainer = Trainer(learner, Recipe(epochs=1, batch_size=size), 100 * size, strategy)
    images, labels = split.images[..., None].astype(np.float32), split.labels
    batch = ((tf.constant(images), tf.constant(labels)),)
    if replicas > 1:
        parts = zip(np.array_split(images, replicas), np.array_split(labels, replicas), strict=True)
        shares = [((tf.constant(x), tf.constant(y)),) for x, y in parts]
        batch = strategy.experimental_distribute_values_from_function(
            lambda context: shares[context.replica_id_in_sync_group]
        )
    return lambda step: trainer.train_step(batch, step)
