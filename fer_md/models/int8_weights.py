"""Weights of matrices and convolutions with 8 bits, in files whose runtimes compute in float32."""

import numpy as np

SMALLEST = 1024
"""Weights with fewer numbers stay float32."""


def to_int8(weights: np.ndarray, axis: int) -> tuple[np.ndarray, np.ndarray]:
    """Weights as multiples of one step for each output, symmetric about 0.

    Args:
        weights: float32.
        axis: of the outputs.

    Returns:
        (multiples, steps): int8 of the same shape, -127 to 127, and float32 with one number for each output, so that
        weights ~ multiples * steps; no weight is off by more than half of a step.
    """
    others = tuple(other for other in range(weights.ndim) if other != axis % weights.ndim)
    steps = np.abs(weights).max(others, keepdims=True) / 127
    steps = np.where(steps > 0, steps, 1).astype(np.float32)
    return np.rint(weights / steps).astype(np.int8), steps
