"""How well the nearest training faces tell a face's class: a measure of embeddings without a classifier."""

import numpy as np

NEIGHBORS = 20
TEMPERATURE = 0.07
AT_ONCE = 1024
"""Faces that are compared with all training faces at once."""


def nearest_neighbor_classes(
    embeddings: np.ndarray, known: np.ndarray, known_labels: np.ndarray, neighbors: int = NEIGHBORS
) -> np.ndarray:
    """The class that the nearest known samples vote for.

    Each of the ``neighbors`` samples with the largest cosine votes for its class with the weight exp(cosine / 0.07).

    Args:
        embeddings: (N, D) float.
        known: (M, D) float.
        known_labels: (M,) integers in [0, K).
        neighbors: at least 1; all M where there are fewer.

    Returns:
        (N,) int64.

    Reference:
        Wu et al., Unsupervised feature learning via non-parametric instance discrimination, CVPR 2018, Sec. 3.4.
    """
    known, votes = _unit(known), np.eye(known_labels.max() + 1)[known_labels]  # (M, K)
    neighbors, found = min(neighbors, len(known)), []
    for start in range(0, len(embeddings), AT_ONCE):
        cosines = _unit(embeddings[start : start + AT_ONCE]) @ known.T
        nearest = np.argpartition(-cosines, neighbors - 1, axis=1)[:, :neighbors]  # (B, neighbors)
        weights = np.exp(np.take_along_axis(cosines, nearest, 1) / TEMPERATURE)
        found.append((weights[..., None] * votes[nearest]).sum(1).argmax(1))
    return np.concatenate(found)


def _unit(vectors):
    return vectors / np.maximum(np.linalg.norm(vectors, axis=1, keepdims=True), 1e-12)
