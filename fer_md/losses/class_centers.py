"""The Keras layer that keeps one center a class and moves it with its samples (Algorithm 1, line 7)."""

import numbers

import keras
import numpy as np
import tensorflow as tf

from fer_md.arguments import check_whole
from fer_md.losses.center_loss import center_update_rows
from fer_md.losses.reduction import check_loss_weight
from fer_md.losses.replicas import global_batch, global_mean, replica_thread
from fer_md.losses.samples import check_samples


class ClassCenters(keras.layers.Layer):
    """Base of ``CenterLoss`` and ``MDLoss``: called with embeddings and labels, returns and adds their loss.

    In training each call first takes the loss at the present centers, then moves the centers of the classes in the
    batch: ``c <- c - alpha Delta c``. Several replicas take all their sums over the global batch, so that they
    equal one device. The centers are float32 under any policy, and no weight decay reaches them: by the rule
    they are no trainable weight; learned by gradient they are, and are then named ``centers`` for
    ``optimizer.exclude_from_weight_decay(var_names=["centers"])``.

    What a call returns must be an output of the model: Keras drops layers that lead to none, and their losses too.

    Args:
        num_classes: K, at least 2.
        embedding_dim: D.
        alpha: step of the centers in [0, 1] (Wen et al.: 0.5).
        learned: the optimizer moves the centers along the loss's gradient, in place of the rule.
        loss_weight: factor, at least 0, of the loss where it is added to the model's (Eq. 2's lambda). What the call
            returns is not weighted.
        centers_initializer: Keras initializer; see also ``set_to_class_means``.

    Input: embeddings (B, D) of any float dtype; labels (B,) or (B, 1) integers in [0, K), negative for no label.
    Output: float32 scalar. Under replicas the mean of it over the replicas is the loss of the global batch.

    Raises:
        ValueError: an argument out of range; embeddings of another rank or width; labels that are no class numbers: of
            another shape (one-hot) or not of an integer dtype (probabilities).
    """

    def __init__(
        self,
        num_classes,
        embedding_dim,
        alpha=0.5,
        learned=False,
        loss_weight=1.0,
        centers_initializer="glorot_uniform",
        **kwargs,
    ):
        super().__init__(**{"autocast": False, **kwargs})
        check_whole("num_classes", num_classes, 2)
        check_whole("embedding_dim", embedding_dim, 1)
        if not (isinstance(alpha, numbers.Real) and 0 <= alpha <= 1):
            raise ValueError(f"alpha must be in [0, 1], not {alpha!r}")
        check_loss_weight(loss_weight)
        self.num_classes, self.embedding_dim = num_classes, embedding_dim
        self.alpha, self.learned, self.loss_weight = alpha, learned, loss_weight
        self.centers_initializer = keras.initializers.get(centers_initializer)
        self.center_step = -alpha

    def build(self, embeddings_shape, labels_shape=None):
        self.centers = self.add_weight(
            name="centers",
            shape=(self.num_classes, self.embedding_dim),
            initializer=self.centers_initializer,
            trainable=self.learned,
            dtype="float32",
            autocast=False,
            aggregation="sum" if self.learned else "only_first_replica",
        )

    def call(self, embeddings, labels, training=False):
        embeddings, labels = tf.convert_to_tensor(embeddings), tf.convert_to_tensor(labels)
        check_samples(embeddings, labels, self.embedding_dim)
        labels = tf.reshape(tf.cast(labels, tf.int32), [tf.shape(embeddings)[0]])
        embeddings = tf.cast(embeddings, tf.float32)
        centers = tf.convert_to_tensor(self.centers)
        # A reshape has a dense gradient; a gather's is not, and replicas would exchange it in no fixed order.
        centers = tf.reshape(centers, tf.shape(centers)) if self.learned else tf.stop_gradient(centers)
        everything = global_batch(embeddings, labels)
        count = tf.reduce_sum(tf.cast(everything[1] >= 0, tf.float32))
        loss = global_mean(self.total_loss(embeddings, labels, centers, everything), count)
        weighted = self.loss_weight * loss
        weighted._replica = replica_thread()
        self.add_loss(weighted)
        if training and not self.learned:
            with tf.control_dependencies([loss]):
                self._move_centers(*everything, centers)
        return loss

    def _get_own_losses(self):
        """Keras keeps one list for all replicas, which meet in the middle of a call; each shall see its own only."""
        return [loss for loss in super()._get_own_losses() if loss._replica == replica_thread()]

    def total_loss(self, embeddings, labels, centers, everything):
        """The sum of the losses of this replica's samples; ``everything``: embeddings and labels of all replicas."""
        raise NotImplementedError

    def _move_centers(self, embeddings, labels, centers):
        """Every replica makes the same change to its own copy: only the rows of the batch, not K x D."""
        classes, rows = center_update_rows(embeddings, labels, centers)
        tf.raw_ops.ResourceScatterAdd(
            resource=self.centers.value.handle, indices=classes, updates=self.center_step * rows
        )

    def set_to_class_means(self, embeddings, labels):
        """Sets each center to the mean of its samples; a class without samples keeps its center.

        Args:
            embeddings: (N, D) array.
            labels: (N,) integers, negative for no label.
        """
        if not self.built:
            self.build((None, self.embedding_dim))
        labels, centers = np.asarray(labels), np.array(self.centers)
        for label in np.unique(labels[labels >= 0]):
            centers[label] = np.asarray(embeddings, np.float64)[labels == label].mean(0)
        self.centers.assign(centers)

    def compute_output_spec(self, embeddings, labels, training=False):
        check_samples(embeddings, labels, self.embedding_dim)
        return keras.KerasTensor((), dtype="float32")

    def get_config(self):
        return {
            **super().get_config(),
            "num_classes": self.num_classes,
            "embedding_dim": self.embedding_dim,
            "alpha": self.alpha,
            "learned": self.learned,
            "loss_weight": self.loss_weight,
            "centers_initializer": keras.initializers.serialize(self.centers_initializer),
        }
