"""The training step and its state, on one device or on replicas."""

import numpy as np
import tensorflow as tf

from fer_md.training.presets import learning_rate
from fer_md.training.sgd import SGD

AVERAGE_EVERY = 8
"""Steps between two updates of the averaged weights: their share of the step's time falls to under 1 %."""


class Trainer:
    """A component, its optimizer and the average of its weights.

    Args:
        build: function without arguments that returns the ``keras.Model`` (outputs ``embeddings``, ``logits``).
        recipe: ``Recipe``.
        examples: number of training examples.
        strategy: ``tf.distribute.Strategy``.
    """

    def __init__(self, build, recipe, examples, strategy):
        self.recipe, self.strategy = recipe, strategy
        resolver = strategy.cluster_resolver
        self.is_chief = resolver is None or not resolver.task_id  # of several workers one writes the files
        self.steps_per_epoch = examples / recipe.batch_size
        with strategy.scope():
            self.model = build()
            self.sgd = SGD(self.model.trainable_variables, recipe.momentum, True, recipe.weight_decay)
            self.average = [tf.Variable(v.value, trainable=False) for v in self._averaged()]
        self._compiled = tf.function(self._global_step)

    def _averaged(self):
        return [v for v in self.model.variables if "float" in str(v.dtype)] if self.recipe.average else []

    def train_step(self, batch, step):
        """One update.

        Args:
            batch: images (B, H, W, 1) and labels (B,), or the per-replica values of a distributed data set.
            step: from 0.

        Returns:
            mean loss and share of correct predictions over the global batch, float32 scalars.
        """
        rate = learning_rate(self.recipe, step, self.steps_per_epoch)
        result = self._compiled(batch, tf.constant(rate, tf.float32))
        if self.recipe.average and (step + 1) % AVERAGE_EVERY == 0:
            # The weight of the past is capped early on, so that the first weights are soon forgotten.
            decay = min(self.recipe.average**AVERAGE_EVERY, (step + 1) / (step + 1 + 10 * AVERAGE_EVERY))
            self._update_average(tf.constant(decay, tf.float32))
        return result

    def _global_step(self, batch, rate):
        loss, correct = self.strategy.run(self._replica_step, (batch, rate))
        return self.strategy.reduce("sum", loss, axis=None), self.strategy.reduce("sum", correct, axis=None)

    def _replica_step(self, batch, rate):
        images, labels = batch
        replica = tf.distribute.get_replica_context()
        size = self.recipe.batch_size
        classes = self.model.output["logits"].shape[-1]
        smoothing = self.recipe.label_smoothing
        targets = tf.one_hot(labels, classes, 1 - smoothing + smoothing / classes, smoothing / classes)
        with tf.GradientTape() as tape:
            logits = self.model(images, training=True)["logits"]
            loss = tf.reduce_sum(tf.nn.softmax_cross_entropy_with_logits(targets, logits)) / size
        gradients = tape.gradient(loss, self.sgd.variables)
        if replica.num_replicas_in_sync > 1:
            gradients = replica.all_reduce("sum", gradients)
        self.sgd.apply(gradients, rate)
        correct = tf.equal(tf.argmax(logits, 1, tf.int32), labels)
        return loss, tf.reduce_sum(tf.cast(correct, tf.float32)) / size

    @tf.function
    def _update_average(self, decay):
        for average, variable in zip(self.average, self._averaged(), strict=True):
            average.assign(decay * average + (1 - decay) * variable.value)

    def use_average(self):
        """Puts the averaged weights into the model; returns the own ones, to be put back with ``restore``."""
        own = [v.numpy() for v in self._averaged()]
        for variable, average in zip(self._averaged(), self.average, strict=True):
            variable.assign(average.numpy())
        return own

    def restore(self, own):
        """Puts the weights that ``use_average`` returned back into the model."""
        for variable, value in zip(self._averaged(), own, strict=True):
            variable.assign(value)

    def state(self):
        """dict of NumPy arrays: all that decides the following steps."""
        groups = {"model": [v.value for v in self.model.variables], "slot": self.sgd.slots, "average": self.average}
        return {f"{name}/{i:04d}": v.numpy() for name, group in groups.items() for i, v in enumerate(group)}

    def load_state(self, arrays):
        """Takes over what ``state`` returned; other entries are ignored.

        Raises:
            ValueError: a missing array or another shape.
        """
        groups = {"model": [v.value for v in self.model.variables], "slot": self.sgd.slots, "average": self.average}
        for name, group in groups.items():
            for i, variable in enumerate(group):
                value = arrays.get(f"{name}/{i:04d}")
                if value is None or value.shape != tuple(variable.shape):
                    raise ValueError(f"no array {name}/{i:04d} of shape {tuple(variable.shape)}")
                variable.assign(np.asarray(value))
