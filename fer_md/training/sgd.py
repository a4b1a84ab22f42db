"""Stochastic gradient descent with Nesterov momentum in one fused operation a variable."""

from collections.abc import Sequence

import keras
import tensorflow as tf


class SGD:
    """``m <- momentum m - rate g;  w <- w + momentum m - rate g`` with ``g`` the gradient plus ``weight_decay w``.

    Keras's optimizer does the same in eight passes over the memory; TensorFlow's kernel takes one.
    Call it in a replica context with the sum of the gradients of the *mean* global loss.

    Args:
        variables: list of trainable ``keras.Variable``.
        momentum: in [0, 1).
        weight_decay: added to the gradient of kernels (not of biases, of batch normalisation or of learned
            centers), times the kernel; at least 0.
        anchor: added to the gradient of kernels, times what they have moved since the optimizer was made; at least 0
            (L2-SP: Li et al., ICML 2018, Eq. 4).
    """

    def __init__(
        self,
        variables: Sequence[keras.Variable],
        momentum: float = 0.9,
        weight_decay: float = 0.0,
        anchor: float = 0.0,
    ) -> None:
        self.variables = [variable.value for variable in variables]
        self.momentum, self.weight_decay, self.anchor = momentum, weight_decay, anchor
        self.decayed = [variable.name == "kernel" for variable in variables]
        self.starts = [tf.Variable(v, trainable=False) if anchor else None for v in self.variables]
        self.slots = [tf.Variable(tf.zeros(v.shape, v.dtype), trainable=False) for v in self.variables]

    def apply(self, gradients: Sequence[tf.Tensor], rate: tf.Tensor) -> None:
        """Updates the variables of this replica; ``gradients`` must be the same on every replica."""
        for index, gradient in zip(range(len(self.variables)), gradients, strict=True):
            self.move(index, gradient, rate)

    def move(self, index: int, gradient: tf.Tensor, rate: tf.Tensor) -> None:
        """Updates one variable."""
        variable = self.variables[index]
        if self.weight_decay and self.decayed[index]:
            gradient += self.weight_decay * variable
        if self.anchor and self.decayed[index]:
            gradient += self.anchor * (variable - self.starts[index])
        tf.raw_ops.ResourceApplyKerasMomentum(
            var=variable.handle,
            accum=self.slots[index].handle,
            lr=rate,
            grad=gradient,
            momentum=self.momentum,
            use_nesterov=True,
        )
