"""Muon: kernels of convolutions are moved by steps whose singular values are nearly alike."""

from collections.abc import Sequence

import keras
import tensorflow as tf

from fer_md.training.sgd import SGD

ITERATIONS = 3
"""The original takes five; with three, singular values below 0.018 of the norm stay below 0.68."""

COEFFICIENTS = 3.4445, -4.7750, 2.0315


def orthogonalized(matrix: tf.Tensor) -> tf.Tensor:
    """A matrix with the singular vectors of another and with singular values near 1, by Newton-Schulz iterations.

    The matrix is divided by its Frobenius norm. Then each iteration takes a singular value s to
    ``3.4445 s - 4.775 s^3 + 2.0315 s^5``. Three bring all that are at least 0.02 to between 0.68 and 1.21.

    Args:
        matrix: (M, N) of any floating dtype, in which all is computed.

    Returns:
        (M, N) of the same dtype.

    Source: Jordan et al., Muon: an optimizer for hidden layers in neural networks, 2024.
    """
    a, b, c = COEFFICIENTS
    upright = matrix.shape[0] > matrix.shape[1]
    x = tf.transpose(matrix) if upright else matrix
    x /= tf.norm(x) + 1e-7
    for _ in range(ITERATIONS):
        gram = tf.matmul(x, x, transpose_b=True)
        x = a * x + tf.matmul(b * gram + c * tf.matmul(gram, gram), x)
    return tf.transpose(x) if upright else x


class Muon(SGD):
    """Muon for the kernels of convolutions, and ``SGD`` for all other variables.

    ``m <- momentum m + g;  w <- w - factor rate s O`` with O the ``orthogonalized`` ``g + momentum m``, as a matrix
    with a column for each filter, and ``s = sqrt(max(1, columns / rows))``. Weight decay does not act on these.

    The original leaves the first convolution and outputs out, and has AdamW for the rest and decay for all. Keras's
    Muon leaves convolutions to Adam, which is why it is not used here.

    Args:
        variables, momentum, weight_decay: see ``SGD``; kernels of four axes are taken for those of convolutions.
        factor: learning rate of these kernels, as a multiple of the others'.
        dtype: in which ``orthogonalized`` computes.
    """

    def __init__(
        self,
        variables: Sequence[keras.Variable],
        momentum: float = 0.9,
        weight_decay: float = 0.0,
        factor: float = 1.0,
        dtype: str = "float32",
    ) -> None:
        super().__init__(variables, momentum, weight_decay)
        self.factor, self.dtype = factor, dtype
        self.orthogonal = [variable.name == "kernel" and len(variable.shape) == 4 for variable in variables]

    def move(self, index: int, gradient: tf.Tensor, rate: tf.Tensor) -> None:
        """Updates one variable."""
        if not self.orthogonal[index]:
            super().move(index, gradient, rate)
            return
        variable, slot = self.variables[index], self.slots[index]
        momentum = slot.assign(self.momentum * slot + gradient)
        step = tf.reshape(gradient + self.momentum * momentum, (-1, variable.shape[-1]))
        rows, columns = step.shape
        step = tf.cast(orthogonalized(tf.cast(step, self.dtype)), variable.dtype)
        step *= self.factor * rate * max(1.0, columns / rows) ** 0.5
        variable.assign_sub(tf.reshape(step, variable.shape))
