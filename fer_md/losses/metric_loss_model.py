"""A network with softmax loss and a metric loss, for Keras's own ``compile`` and ``fit``."""

from typing import Any

import keras
import tensorflow as tf

from fer_md.losses.combined import check_loss_weight, combined_loss

OUTPUTS = {"embeddings", "logits"}


@keras.saving.register_keras_serializable(package="fer_md")
class MetricLossModel(keras.Model):
    """Trains a network on ``L = L_S + loss_weight L_M`` (Eq. 2) with plain ``compile`` and ``fit``.

    Examples:
        >>> model = MetricLossModel(network, MDLoss(num_classes=7, embedding_dim=64, nearest=3), loss_weight=0.1)
        >>> model.compile("sgd", keras.losses.SparseCategoricalCrossentropy(from_logits=True), metrics=["accuracy"])
        >>> model.fit(images, labels, validation_data=(held_out_images, held_out_labels))
        >>> model.predict(images)  # (B, K) logits

    The loss and the metrics of ``compile`` take the logits. Each term is shown apart: ``softmax_loss`` is the loss of
    ``compile`` (with the network's regularization, if it has any), ``metric_loss`` is L_M without its factor, and
    ``loss`` is L. ``fit`` moves the centers of the metric loss; ``evaluate`` and ``predict`` do not. Sample and class
    weights act on both terms.

    Args:
        network: ``keras.Model`` whose outputs are a dict with ``embeddings`` (B, D) and ``logits`` (B, K), such as
            ``build_component`` returns. ``model.network`` gives it back, for use without the losses.
        metric_loss: layer that is called with labels, embeddings and, if there are any, ``sample_weight``, and returns
            a scalar: ``MDLoss`` or ``CenterLoss``.
        loss_weight: factor of the metric loss, at least 0.

    Targets: (B,) or (B, 1) labels in [0, K), for ``SparseCategoricalCrossentropy``.

    Raises:
        ValueError: ``loss_weight`` out of range, a network without these outputs, or a metric loss for another number
            of classes than the logits have.

    Reference: Yang, Li, Cao 2020, Eq. 2.
    """

    def __init__(
        self, network: keras.Model, metric_loss: keras.layers.Layer, loss_weight: float = 1.0, **kwargs: Any
    ) -> None:
        super().__init__(**kwargs)
        check_loss_weight(loss_weight)
        outputs = getattr(network, "output", None)  # a Sequential has none
        if not isinstance(outputs, dict) or not outputs.keys() >= OUTPUTS:
            raise ValueError(f"network must have a dict of outputs with embeddings and logits, not {outputs!r}")
        classes = outputs["logits"].shape[-1]
        if getattr(metric_loss, "num_classes", classes) != classes:
            raise ValueError(f"metric_loss is for {metric_loss.num_classes} classes, and the logits are of {classes}")
        self.network, self.metric_loss, self.loss_weight = network, metric_loss, loss_weight
        self.softmax_tracker = keras.metrics.Mean(name="softmax_loss")
        self.metric_tracker = keras.metrics.Mean(name="metric_loss")
        self.build(network.input_shape)

    def build(self, input_shape: tuple) -> None:
        """The network is built already; the metric loss makes its centers."""
        if not self.metric_loss.built:
            self.metric_loss.build((None,), self.network.output["embeddings"].shape)

    def call(self, inputs: tf.Tensor, training: bool = False) -> dict[str, tf.Tensor]:
        return self.network(inputs, training=training)

    def compute_loss(
        self,
        x: tf.Tensor,
        y: tf.Tensor,
        y_pred: dict[str, tf.Tensor],
        sample_weight: tf.Tensor = None,
        training: bool = True,
    ) -> tf.Tensor:
        labels = tf.cast(y, tf.int32)  # Keras builds a model on replicas with the mean of their labels, a float
        weighting = {} if sample_weight is None else {"sample_weight": sample_weight}
        metric = self.metric_loss(labels, y_pred["embeddings"], training=training, **weighting)
        softmax = super().compute_loss(x, y, y_pred["logits"], sample_weight, training)
        replicas = tf.distribute.get_strategy().num_replicas_in_sync  # Keras adds up what they return
        self.softmax_tracker.update_state(softmax * replicas, tf.shape(y)[0])
        self.metric_tracker.update_state(metric, tf.shape(y)[0])
        return combined_loss([softmax], [metric / replicas], [self.loss_weight])

    def compute_metrics(
        self, x: tf.Tensor, y: tf.Tensor, y_pred: dict[str, tf.Tensor], sample_weight: tf.Tensor = None
    ) -> dict[str, tf.Tensor]:
        return super().compute_metrics(x, y, y_pred["logits"], sample_weight)

    def predict_step(self, data: Any) -> tf.Tensor:
        return super().predict_step(data)["logits"]

    def get_config(self) -> dict[str, Any]:
        return {
            **super().get_config(),
            "network": keras.saving.serialize_keras_object(self.network),
            "metric_loss": keras.saving.serialize_keras_object(self.metric_loss),
            "loss_weight": self.loss_weight,
        }

    @classmethod
    def from_config(cls, config: dict[str, Any], custom_objects: dict | None = None) -> "MetricLossModel":
        parts = {
            name: keras.saving.deserialize_keras_object(config[name], custom_objects)
            for name in ("network", "metric_loss")
        }
        return cls(**{**config, **parts})
