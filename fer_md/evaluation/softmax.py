"""From logits to probabilities, in NumPy."""

import numpy as np
import numpy.typing as npt


def softmax(logits: npt.ArrayLike) -> np.ndarray:
    """(N, K) probabilities in float64."""
    powers = np.exp(np.asarray(logits, np.float64) - np.max(logits, 1, keepdims=True))
    return powers / powers.sum(1, keepdims=True)
