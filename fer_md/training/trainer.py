"""The training step and its state, on one device or on replicas, for one data set or several."""

from collections.abc import Mapping, Sequence
from typing import TypeVar

import keras
import numpy as np
import tensorflow as tf

from fer_md.evaluation.predict import Forward, logits_function
from fer_md.losses import combined_loss
from fer_md.models.float32 import computes_in_float16
from fer_md.models.heads import with_prior
from fer_md.training.loss_scale import LossScale
from fer_md.training.muon import Muon
from fer_md.training.presets import Recipe, learning_rate, metric_factor
from fer_md.training.sgd import SGD
from fer_md.training.strategy import is_chief
from fer_md.training.task import Learner

Labels = TypeVar("Labels", np.ndarray, tf.Tensor)

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
        ValueError: the metric loss of a task is built already: another trainer may be moving its centers; or there are
            several networks, but not one a task.
    """

    def __init__(self, learner: Learner, recipe: Recipe, examples: int, strategy: tf.distribute.Strategy) -> None:
        self.learner, self.recipe, self.strategy = learner, recipe, strategy
        self.tasks = tuple(learner.tasks)
        self.is_chief = is_chief(strategy)
        self.steps_per_epoch = examples / recipe.batch_size
        with strategy.scope():
            built = learner.build()
            self.networks = built if isinstance(built, list) else [built]
            self.model = self.networks[0]
            if len(self.networks) not in (1, len(self.tasks)):
                raise ValueError(f"there must be one network, or one a task; found {len(self.networks)}")
            self.metric_losses = [task.metric_loss for task in self.tasks]
            for layer in self.own_losses():
                task = self.tasks[self.metric_losses.index(layer)]
                if layer.built:
                    raise ValueError(f"metric_loss of task {task.name!r} must be an unbuilt layer, not one in use")
                layer.build((None,), self.model.output[task.features].shape)
            self.variables = _unique(v for network in self.networks for v in network.variables)
            trained = _unique(v for network in self.networks for v in network.trainable_variables)
            learned = [v for layer in self.own_losses() for v in layer.trainable_variables]
            self.optimizer = self._make_optimizer(trained + learned)
            self.loss_scale = LossScale() if any(map(computes_in_float16, self.networks)) else None
            self.average = [tf.Variable(v.value, trainable=False) for v in self._averaged()]
        self._compiled = tf.function(self._global_step)

    def _make_optimizer(self, variables):
        recipe = self.recipe
        if not recipe.muon:
            return SGD(variables, recipe.momentum, recipe.weight_decay, recipe.anchor)
        dtype = "bfloat16" if self.model.compute_dtype == "bfloat16" else "float32"
        return Muon(variables, recipe.momentum, recipe.weight_decay, recipe.muon / recipe.rate, dtype)

    def network(self, index: int) -> keras.Model:
        """The network that learns task ``index``: with that data set's statistics, where each has its own."""
        return self.networks[index] if len(self.networks) > 1 else self.model

    def own_losses(self) -> list[keras.layers.Layer]:
        """The metric losses, each once, in the order of the tasks."""
        return _unique(layer for layer in self.metric_losses if layer is not None)

    def metric_labels(self, index: int, labels: Labels) -> Labels:
        """The class of task ``index``'s metric loss for each label, negative for none."""
        classes = self.tasks[index].metric_classes
        if classes is None:
            return labels
        table = np.append(np.asarray(classes), -1).astype(np.int32)
        if isinstance(labels, np.ndarray):
            return table[np.maximum(labels, -1)]
        return tf.gather(table, tf.where(labels < 0, len(classes), labels))

    def forwards(self) -> dict[str, Forward]:
        """Functions from faces to logits, for every data set that the network is measured on.

        A data set is seen with its own statistics and answered with its own prior, where it has any.
        """
        found = {name: logits_function(self.model, head) for name, (head, _) in self.learner.watched.items()}
        for index, task in enumerate(self.tasks):
            if task.validation is not None:
                found[task.name] = self._forward_of(index)
        return found

    def _forward_of(self, index):
        task, network = self.tasks[index], self.network(index)
        forward, prior = logits_function(network, task.head), task.prior(network.output[task.head].shape[-1])
        return forward if prior is None else lambda images: forward(images) + np.log(prior)

    def answers(self) -> dict[str, keras.Model]:
        """The networks that a run leaves, by their names: one, or one for each data set where these differ.

        A data set's network has its statistics, its head as ``logits`` and, after logit adjustment, its prior; without
        it, what was learned holds the prior already. Where targets are no classes it is the network as it is.
        """
        if len(self.networks) == 1 and all(task.drawn_shares is None for task in self.tasks):
            return {self.learner.name: self.model}
        return {task.name: self._answer_of(index) for index, task in enumerate(self.tasks)}

    def _answer_of(self, index):
        task, network = self.tasks[index], self.network(index)
        if task.objective.labels is None:
            return network
        classes = network.output[task.head].shape[-1]
        prior = task.prior(classes)
        return with_prior(network, np.full(classes, 1 / classes) if prior is None else prior, task.head)

    def _averaged(self):
        return [v for v in self.variables if "float" in str(v.dtype)] if self.recipe.average else []

    def train_step(self, batches: Sequence, step: int) -> tf.Tensor:
        """One update.

        Args:
            batches: for each task images (B_i, H, W, 1) and targets (B_i, ...) as its objective takes them, such as
                labels, negative where the task's head has no class for the sample; or the per-replica values of a
                distributed data set.
            step: from 0.

        Returns:
            (tasks, 4) float32: for each task its loss ``L_S + factor loss_weight L_M`` (see ``metric_factor``), the
            objective's loss (softmax), the metric loss and the objective's score, over the samples of the global batch
            that count.
        """
        place = self.recipe, step, self.steps_per_epoch
        rate, factor = tf.constant(learning_rate(*place)), tf.constant(metric_factor(*place))
        result = self._compiled(batches, rate, factor)
        if self.recipe.average and (step + 1) % AVERAGE_EVERY == 0:
            # The weight of the past is capped early on, so that the first weights are soon forgotten.
            decay = min(self.recipe.average**AVERAGE_EVERY, (step + 1) / (step + 1 + 10 * AVERAGE_EVERY))
            self._update_average(tf.constant(decay, tf.float32))
        return result

    def _global_step(self, batches, rate, factor):
        return self.strategy.reduce("sum", self.strategy.run(self._replica_step, (batches, rate, factor)), axis=None)

    def _replica_step(self, batches, rate, factor):
        replica = tf.distribute.get_replica_context()
        counts = [
            tf.reduce_sum(tf.cast(task.objective.counted(targets), tf.float32))
            for task, (_, targets) in zip(self.tasks, batches, strict=True)
        ]
        if replica.num_replicas_in_sync > 1:
            counts = tf.unstack(replica.all_reduce("sum", tf.stack(counts)))
        with tf.GradientTape() as tape:
            outputs = self._outputs(batches)
            metric = self._metric_losses(outputs, [targets for _, targets in batches])
            figures = [
                self._task_figures(index, outputs[index], targets, tf.maximum(counts[index], 1), metric[index], factor)
                for index, (_, targets) in enumerate(batches)
            ]
            _, softmax, metric, _ = zip(*figures, strict=True)
            loss_weights, weights = zip(*((factor * task.loss_weight, task.weight) for task in self.tasks), strict=True)
            loss = combined_loss(softmax, metric, loss_weights, weights)
            loss = self.loss_scale.scaled(loss) if self.loss_scale else loss
        found = tape.gradient(loss, self.optimizer.variables, unconnected_gradients="zero")
        gradients = [tf.convert_to_tensor(gradient) for gradient in found]
        if replica.num_replicas_in_sync > 1:
            gradients = replica.all_reduce("sum", gradients)
        if self.loss_scale:
            self.loss_scale.step(gradients, lambda unscaled: self.optimizer.apply(unscaled, rate))
        else:
            self.optimizer.apply(gradients, rate)
        return tf.stack([tf.stack(row) for row in figures])

    def _outputs(self, batches):
        """What the networks answer to the images of each task."""
        if len(self.networks) > 1:
            return [network(images, training=True) for network, (images, _) in zip(self.networks, batches, strict=True)]
        outputs = self.model(tf.concat([images for images, _ in batches], axis=0), training=True)
        return _split_rows(outputs, [tf.shape(targets)[0] for _, targets in batches])

    def _metric_losses(self, outputs, targets):
        """This replica's share of each task's metric loss; tasks with the same one have their samples in one batch."""
        replicas = tf.distribute.get_replica_context().num_replicas_in_sync
        values = [tf.constant(0.0)] * len(self.tasks)
        for layer in self.own_losses():
            own = [index for index, other in enumerate(self.metric_losses) if other is layer]
            labels = [tf.cast(self.metric_labels(i, self._labels(i, targets[i])), tf.int32) for i in own]
            features = [outputs[index][self.tasks[index].features] for index in own]
            value = layer(tf.concat(labels, 0), tf.concat(features, 0), training=True) / replicas
            for index in own:
                values[index] = value
        return values

    def _labels(self, index, targets):
        return self.tasks[index].objective.labels(targets)

    def _task_figures(self, index, outputs, targets, count, metric, factor):
        """This replica's share of a task's four figures; their sum over the replicas is that of the global batch."""
        task, answers = self.tasks[index], outputs[self.tasks[index].head]
        if task.drawn_shares is not None:
            answers += tf.constant(np.log(task.drawn_shares), answers.dtype)
        losses, scores = task.objective.compare(answers, targets, self.recipe.label_smoothing)
        counted = tf.cast(task.objective.counted(targets), tf.float32)
        own = tf.reduce_sum(counted * losses) / count
        loss = combined_loss([own], [metric], [factor * task.loss_weight])
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
        return {
            "model": [v.value for v in self.variables],
            "slot": self.optimizer.slots,
            "average": self.average,
            "centers": [v.value for layer in self.own_losses() for v in layer.variables],
            "loss_scale": self.loss_scale.variables if self.loss_scale else [],
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


def _unique(items):
    """The items in their order, each once; two that are equal may be different ones."""
    return list({id(item): item for item in items}.values())


def _split_rows(outputs, sizes):
    """The outputs of concatenated batches as one dict a batch."""
    if len(sizes) == 1:
        return [outputs]
    parts = {name: tf.split(value, tf.stack(sizes), num=len(sizes)) for name, value in outputs.items()}
    return [{name: parts[name][i] for name in outputs} for i in range(len(sizes))]
