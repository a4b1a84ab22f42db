"""Loss scaling, without which small gradients are lost in float16."""

from collections.abc import Callable, Sequence

import tensorflow as tf

FIRST = 2.0**15
GROW_AFTER = 2000
"""Steps in a row without an overflow after which the scale doubles."""


class LossScale:
    """Multiplies the loss by a power of two, and divides the gradients by it again.

    A step whose gradients overflow is left out and halves the scale, down to 1. Scale and count are part of every
    checkpoint. They are the same on all replicas, which see the same sum of gradients.

    Reference: Micikevicius et al., Mixed precision training, ICLR 2018, Sec. 3.2.
    """

    def __init__(self) -> None:
        self.scale = tf.Variable(FIRST, trainable=False)
        self.streak = tf.Variable(0, trainable=False)  # steps in a row without an overflow

    @property
    def variables(self) -> list[tf.Variable]:
        """The scale, float32, and the count of steps without an overflow, int32."""
        return [self.scale, self.streak]

    def scaled(self, loss: tf.Tensor) -> tf.Tensor:
        """The loss to differentiate."""
        return loss * self.scale

    def step(self, gradients: Sequence[tf.Tensor], apply: Callable[[list[tf.Tensor]], None]) -> None:
        """Calls ``apply`` with the gradients of the loss, unless they overflow, and adapts the scale.

        Args:
            gradients: of the scaled loss, summed over the replicas.
            apply: updates the weights.
        """
        scale = tf.convert_to_tensor(self.scale)
        gradients = [gradient / scale for gradient in gradients]
        finite = tf.reduce_all([tf.reduce_all(tf.math.is_finite(gradient)) for gradient in gradients])
        tf.cond(finite, lambda: apply(gradients), lambda: None)
        streak = tf.where(finite, tf.convert_to_tensor(self.streak) + 1, 0)
        grows = streak == GROW_AFTER
        scale = tf.where(finite, tf.where(grows, 2 * scale, scale), tf.maximum(scale / 2, 1))
        for variable, value in ((self.scale, scale), (self.streak, tf.where(grows, 0, streak))):
            tf.raw_ops.AssignVariableOp(resource=variable.handle, value=value)  # each replica its own copy
