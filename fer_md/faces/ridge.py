"""Ridge regression that learns new examples later, exactly and without the old ones."""

from collections.abc import Iterable

import numpy as np

_CHUNK = 256
"""Rows folded in at once; the work of a chunk of n rows is n D^2 + n^3."""


class RidgeRegression:
    """Linear least squares with a penalty, W = argmin ||X W - Y||^2 + l ||W||^2.

    ``fit`` solves the normal equations; ``update`` folds in more rows by the recursive least squares of
    Asthana et al., Incremental face alignment in the wild, CVPR 2014, Sec. 3.3:

        V = (X'X + l I)^-1           W = V X'Y
        U = (I + X_n V X_n')^-1      V <- V - V X_n' U X_n V      W <- W + V X_n' (Y_n - X_n W)

    with the new V on the right. The result equals a fit on all rows together (the matrix inversion lemma).

    Args:
        weights: (D, K) float64, W.
        inverse: (D, D) float64, V.
    """

    def __init__(self, weights: np.ndarray, inverse: np.ndarray):
        self.weights, self.inverse = weights, inverse

    @classmethod
    def fit(cls, batches: Iterable[tuple[np.ndarray, np.ndarray]], penalty: float) -> "RidgeRegression":
        """Fits on rows that come in batches, so that they need not all be in memory.

        Args:
            batches: (X (n, D), Y (n, K)) of any float type, at least one pair.
            penalty: l > 0.
        """
        sums, moment = np.zeros(()), np.zeros(())
        for x, y in batches:
            sums, moment = sums + x.T @ x, moment + x.T @ y
        gram = np.asarray(sums, np.float64)
        gram[np.diag_indices_from(gram)] += penalty
        inverse = np.linalg.inv(gram)
        inverse = (inverse + inverse.T) / 2
        return cls(inverse @ moment, inverse)

    def update(self, x: np.ndarray, y: np.ndarray) -> None:
        """Folds in the rows X (n, D), Y (n, K), for any n."""
        for start in range(0, len(x), _CHUNK):
            rows = np.asarray(x[start : start + _CHUNK], np.float64)
            projected = self.inverse @ rows.T  # (D, n)
            core = np.linalg.inv(np.eye(len(rows)) + rows @ projected)  # U
            self.inverse = self.inverse - projected @ (core @ projected.T)
            self.weights = self.weights + self.inverse @ (rows.T @ (y[start : start + _CHUNK] - rows @ self.weights))
