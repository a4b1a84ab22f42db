"""The training step and its state, on one device or on replicas, for one data set or several."""

from collections.abc import Mapping, Sequence

import numpy as np
import tensorflow as tf

from fer_md.losses import combined_loss
from fer_md.training.presets import Recipe, learning_rate
from fer_md.training.sgd import SGD
from fer_md.training.task import Learner

AVERAGE_EVERY = 8
"""Steps between two updates of the averaged weights: their share of the step's time falls to under 1 %."""


class Trainer:
    """A network, its losses, its optimizer and the average of its weights.

    Args:
        learner: the network and its tasks.
        recipe: every number of the training.
        examples: number of training examples in an epoch.
        strategy: where to train.

    Raises:
        ValueError: the metric loss of a task is built already: another trainer may be moving its centers.
    """

    def __init__(self, learner: Learner, recipe: Recipe, examples: int, strategy: tf.distribute.Strategy) -> None:
        self.learner, self.recipe, self.strategy = learner, recipe, strategy
        self.tasks = tuple(learner.tasks)
        resolver = strategy.cluster_resolver
        self.is_chief = resolver is None or not resolver.task_id  # of several workers one writes the files
        self.steps_per_epoch = examples / recipe.batch_size
        with strategy.scope():
            self.model = learner.build()
            self.metric_losses = [task.metric_loss for task in self.tasks]
            for task, layer in zip(self.tasks, self.metric_losses, strict=True):
                if layer is not None:
                    if layer.built:
                        raise ValueError(f"metric_loss of task {task.name!r} must be an unbuilt layer, not one in use")
                    layer.build((None,), self.model.output[task.features].shape)
            learned = [v for layer in filter(None, self.metric_losses) for v in layer.trainable_variables]
            variables = self.model.trainable_variables + learned
            self.sgd = SGD(variables, recipe.momentum, recipe.weight_decay)
            self.average = [tf.Variable(v.value, trainable=False) for v in self._averaged()]
        self._compiled = tf.function(self._global_step)

    def _averaged(self):
        return [v for v in self.model.variables if "float" in str(v.dtype)] if self.recipe.average else []

    def train_step(self, batches: Sequence, step: int) -> tf.Tensor:
        """One update.

        Args:
            batches: for each task images (B_i, H, W, 1) and targets (B_i, ...) as its objective takes them, such as
                labels, negative where the task's head has no class for the sample; or the per-replica values of a
                distributed data set.
            step: from 0.

        Returns:
            (tasks, 4) float32: for each task its loss ``L_S + loss_weight L_M``, the objective's loss (softmax), the
            metric loss and the objective's score, over the samples of the global batch that count.
        """
        rate = learning_rate(self.recipe, step, self.steps_per_epoch)
        result = self._compiled(batches, tf.constant(rate, tf.float32))
        if self.recipe.average and (step + 1) % AVERAGE_EVERY == 0:
            # The weight of the past is capped early on, so that the first weights are soon forgotten.
            decay = min(self.recipe.average**AVERAGE_EVERY, (step + 1) / (step + 1 + 10 * AVERAGE_EVERY))
            self._update_average(tf.constant(decay, tf.float32))
        return result

    def _global_step(self, batches, rate):
        return self.strategy.reduce("sum", self.strategy.run(self._replica_step, (batches, rate)), axis=None)

    def _replica_step(self, batches, rate):
        replica = tf.distribute.get_replica_context()
        counts = [
            tf.reduce_sum(tf.cast(task.objective.counted(targets), tf.float32))
            for task, (_, targets) in zip(self.tasks, batches, strict=True)
        ]
        if replica.num_replicas_in_sync > 1:
            counts = tf.unstack(replica.all_reduce("sum", tf.stack(counts)))
        with tf.GradientTape() as tape:
            outputs = self.model(tf.concat([images for images, _ in batches], axis=0), training=True)
            outputs = _split_rows(outputs, [tf.shape(targets)[0] for _, targets in batches])
            figures = [
                self._task_figures(index, outputs[index], targets, tf.maximum(counts[index], 1))
                for index, (_, targets) in enumerate(batches)
            ]
            _, softmax, metric, _ = zip(*figures, strict=True)
            loss_weights, weights = zip(*((task.loss_weight, task.weight) for task in self.tasks), strict=True)
            loss = combined_loss(softmax, metric, loss_weights, weights)
        gradients = [
            tf.convert_to_tensor(g) for g in tape.gradient(loss, self.sgd.variables, unconnected_gradients="zero")
        ]
        if replica.num_replicas_in_sync > 1:
            gradients = replica.all_reduce("sum", gradients)
        self.sgd.apply(gradients, rate)
        return tf.stack([tf.stack(row) for row in figures])

    def _task_figures(self, index, outputs, targets, count):
        """This replica's share of a task's four figures; their sum over the replicas is that of the global batch."""
        task, layer, metric = self.tasks[index], self.metric_losses[index], tf.constant(0.0)
        losses, scores = task.objective.compare(outputs[task.head], targets, self.recipe.label_smoothing)
        counted = tf.cast(task.objective.counted(targets), tf.float32)
        own = tf.reduce_sum(counted * losses) / count
        if layer is not None:
            replicas = tf.distribute.get_replica_context().num_replicas_in_sync
            metric = layer(task.objective.labels(targets), outputs[task.features], training=True) / replicas
        loss = combined_loss([own], [metric], [task.loss_weight])
        return loss, own, metric, tf.reduce_sum(counted * scores) / count

    @tf.function
    def _update_average(self, decay):
        for average, variable in zip(self.average, self._averaged(), strict=True):
            average.assign(decay * average + (1 - decay) * variable.value)

    def use_average(self) -> list[np.ndarray]:
        """Puts the averaged weights into the model; returns the own ones, to be put back with ``restore``."""
        own = [v.numpy() for v in self._averaged()]
        for variable, average in zip(self._averaged(), self.average, strict=True):
            variable.assign(average.numpy())
        return own

    def restore(self, own: list[np.ndarray]) -> None:
        """Puts the weights that ``use_average`` returned back into the model."""
        for variable, value in zip(self._averaged(), own, strict=True):
            variable.assign(value)

    def _groups(self):
        layers = [layer for layer in self.metric_losses if layer is not None]
        return {
            "model": [v.value for v in self.model.variables],
            "slot": self.sgd.slots,
            "average": self.average,
            "centers": [v.value for layer in layers for v in layer.variables],
        }

    def state(self) -> dict[str, np.ndarray]:
        """dict of NumPy arrays: all that decides the following steps."""
        return {f"{name}/{i:04d}": v.numpy() for name, group in self._groups().items() for i, v in enumerate(group)}

    def load_state(self, arrays: Mapping[str, np.ndarray]) -> None:
        """Takes over what ``state`` returned; other entries are ignored.

        Raises:
            ValueError: a missing array or another shape.
        """
        for name, group in self._groups().items():
            for i, variable in enumerate(group):
                value = arrays.get(f"{name}/{i:04d}")
                if value is None or value.shape != tuple(variable.shape):
                    raise ValueError(f"no array {name}/{i:04d} of shape {tuple(variable.shape)}")
                variable.assign(np.asarray(value))


def _split_rows(outputs, sizes):
    """The outputs of concatenated batches as one dict a batch."""
    if len(sizes) == 1:
        return [outputs]
    parts = {name: tf.split(value, tf.stack(sizes), num=len(sizes)) for name, value in outputs.items()}
    return [{name: parts[name][i] for name in outputs} for i in range(len(sizes))]
