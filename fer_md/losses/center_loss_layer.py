"""Center loss as a Keras layer."""

import keras

from fer_md.losses.center_loss import center_loss
from fer_md.losses.class_centers import ClassCenters


@keras.saving.register_keras_serializable(package="fer_md")
class CenterLoss(ClassCenters):
    """Center loss (Eq. 1, mean over the batch) with centers of its own; see ``ClassCenters`` for the arguments.

    >>> embeddings = keras.layers.Dense(64, "relu")(x)
    >>> loss = CenterLoss(num_classes=7, embedding_dim=64, loss_weight=0.003)(embeddings, labels)
    >>> model = keras.Model([images, labels], {"logits": logits, "center_loss": loss})

    Reference: Wen et al., ECCV 2016.
    """

    def total_loss(self, embeddings, labels, centers, everything):
        return center_loss(embeddings, labels, centers, reduction="sum")
