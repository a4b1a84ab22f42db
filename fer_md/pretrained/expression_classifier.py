"""A bundled network as one Keras model, with a head for one's own labels."""

from collections.abc import Sequence
from typing import Any

import keras
import tensorflow as tf

from fer_md.arguments import check_whole
from fer_md.pretrained.networks import check_name, describe


@keras.saving.register_keras_serializable(package="fer_md")
class ExpressionClassifier(keras.Model):
    """A network with its preprocessing and the names of its labels, for Keras's own ``compile``, ``fit`` and ``save``.

    Examples:
        >>> classifier = fer_md.ExpressionClassifier.from_preset("photographs")  # answers as fer-md predict does
        >>> classifier.labels[int(classifier.predict(faces)[0].argmax())]

        >>> classifier = fer_md.ExpressionClassifier.from_preset("photographs", labels=["bored", "awake"])
        >>> classifier.backbone.trainable = False
        >>> loss = keras.losses.SparseCategoricalCrossentropy(from_logits=True)
        >>> classifier.compile("adam", loss, metrics=["accuracy"])
        >>> classifier.fit(faces, labels, validation_data=(held_out_faces, held_out_labels))

    Args:
        network: ``keras.Model`` from faces to a dict of outputs with ``logits`` (B, K).
        labels: the K different names of the classes, in their order.

    Input: faces (B, 48, 48, 1), gray levels in [0, 255] of any numeric dtype; ``fer_md.cut_face`` cuts them out.
    Output: (B, K) float32 logits.

    Raises:
        ValueError: the network has no such output, or there are not K different labels.
    """

    def __init__(self, network: keras.Model, labels: Sequence[str], **kwargs: Any) -> None:
        super().__init__(**kwargs)
        outputs = getattr(network, "output", None)  # a Sequential has none
        if not isinstance(outputs, dict) or "logits" not in outputs:
            raise ValueError(f"network must have a dict of outputs with logits, not {outputs!r}")
        if isinstance(labels, str) or not len(labels) == len(set(labels)) == outputs["logits"].shape[-1]:
            raise ValueError(f"labels must be {outputs['logits'].shape[-1]} different names, not {labels!r}")
        self.network, self.labels = network, tuple(labels)
        self.build(network.input_shape)

    @classmethod
    def from_preset(
        cls, preset: str = "photographs", num_classes: int | None = None, labels: Sequence[str] | None = None
    ) -> "ExpressionClassifier":
        """A bundled network, or one with a new head.

        Args:
            preset: a name that ``fer_md.load_pretrained`` knows.
            num_classes: K of a new head, at least 2. Its weights are random and follow ``keras.utils.set_random_seed``.
                With neither this nor ``labels`` the network keeps its own head and answers as it ships.
            labels: names of the classes of a new head; without them they are ``"0"`` to ``str(num_classes - 1)``.

        Raises:
            ValueError: the preset is unknown, ``num_classes`` out of range or not the number of ``labels``.
            FerMdError: a file of the package is missing or damaged.
        """
        # Keras gets to know this class as soon as it is imported, which is before fer_md.models is whole.
        from fer_md.pretrained.load import load_pretrained
        from fer_md.pretrained.new_head import with_new_head

        check_name(preset)
        if num_classes is None and labels is None:
            return cls(load_pretrained(preset), describe(preset)["expressions"], name=preset)
        num_classes = len(labels or ()) if num_classes is None else num_classes
        check_whole("num_classes", num_classes, 2)
        labels = [str(label) for label in range(num_classes)] if labels is None else labels
        return cls(with_new_head(preset, num_classes), labels, name=preset)

    @property
    def backbone(self) -> keras.Model:
        """The network below a new head: faces to embeddings (B, D). Set its ``trainable`` to False to train the head
        alone.

        Raises:
            ValueError: the network has the head that it ships with, which takes the embeddings of each component apart.
        """
        if "backbone" not in [layer.name for layer in self.network.layers]:
            raise ValueError("only a network with a new head has a backbone; from_preset(num_classes=...) makes one")
        return self.network.get_layer("backbone")

    def call(self, inputs: tf.Tensor, training: bool = False) -> tf.Tensor:
        return self.network(inputs, training=training)["logits"]

    def get_config(self) -> dict[str, Any]:
        network = keras.saving.serialize_keras_object(self.network)
        return {**super().get_config(), "network": network, "labels": list(self.labels)}

    @classmethod
    def from_config(cls, config: dict[str, Any], custom_objects: dict | None = None) -> "ExpressionClassifier":
        network = keras.saving.deserialize_keras_object(config["network"], custom_objects)
        return cls(**{**config, "network": network})
