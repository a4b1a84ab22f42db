"""MD loss as a Keras layer."""

import keras
import tensorflow as tf

from fer_md.losses.class_centers import ClassCenters
from fer_md.losses.md_loss import (
    check_margin,
    check_nearest,
    choose_variance,
    feature_variance,
    is_literal,
    md_loss,
)


@keras.saving.register_keras_serializable(package="fer_md")
class MDLoss(ClassCenters):
    """MD loss (Eqs. 6 to 9, mean over the batch) with centers of its own, moved as in Algorithm 1, line 7.

    >>> embeddings = keras.layers.Dense(64, "relu")(x)
    >>> loss = MDLoss(num_classes=7, embedding_dim=64, nearest=3, loss_weight=0.1)(embeddings, labels)
    >>> model = keras.Model([images, labels], {"logits": logits, "md_loss": loss})
    >>> softmax = keras.losses.SparseCategoricalCrossentropy(from_logits=True)
    >>> model.compile("sgd", {"logits": softmax}, metrics={"logits": ["accuracy"]})
    >>> model.fit([x, y], {"logits": y, "md_loss": np.zeros(len(y))})

    The loss must be an output of the model (Keras drops layers that lead to none), and with metrics or validation data
    Keras wants a target for it, which is not read. Behind a ReLU it holds a lambda of up to K (K - 1) that trains
    nothing: softmax loss and accuracy tell how training goes. docs/METHOD.md has the whole example.

    Args:
        num_classes: K, at least 2.
        embedding_dim: D.
        nearest: P of Eq. 9, which leaves it open; others made no difference beyond chance in docs/RESULTS.md. None for
            all K - 1.
        margin, variance, hinge, form, variance_gradient: see ``fer_md.losses.md_loss``. The literal form
            also moves the centers as printed, away from their samples.
        alpha, learned, loss_weight, centers_initializer: see ``ClassCenters``.

    Raises:
        ValueError: an argument out of range or an unknown choice; embeddings or labels that ``ClassCenters`` refuses.

    Reference: Yang, Li, Cao 2020, Sec. 3.2.2.
    """

    def __init__(
        self,
        num_classes,
        embedding_dim,
        nearest=1,
        margin="adaptive",
        variance=None,
        hinge=None,
        form="corrected",
        alpha=0.5,
        variance_gradient=False,
        **kwargs,
    ):
        super().__init__(num_classes, embedding_dim, alpha=alpha, **kwargs)
        self.nearest = check_nearest(nearest, num_classes)
        check_margin(margin)
        literal = is_literal(form)
        self.variance = choose_variance(variance, form)
        self.hinge = not literal if hinge is None else hinge
        self.margin, self.form, self.variance_gradient = margin, form, variance_gradient
        self.center_step = alpha if literal else -alpha

    def total_loss(self, embeddings, labels, centers, everything):
        if not self.variance_gradient:
            everything = tf.nest.map_structure(tf.stop_gradient, everything)
        phi = feature_variance(*everything, centers, self.variance)
        return md_loss(
            embeddings,
            labels,
            centers,
            self.nearest,
            self.margin,
            hinge=self.hinge,
            form=self.form,
            variance_gradient=self.variance_gradient,
            reduction="sum",
            phi=phi,
        )

    def get_config(self):
        names = ("nearest", "margin", "variance", "hinge", "form", "variance_gradient")
        return {**super().get_config(), **{name: getattr(self, name) for name in names}}
