"""How compact the classes are in the embedding space, and how far apart."""

import numpy as np
import numpy.typing as npt


def class_distances(embeddings: npt.ArrayLike, labels: npt.ArrayLike) -> dict[str, float]:
    """Mean squared distances within and between classes.

    Args:
        embeddings: (N, D).
        labels: (N,) integers; negative ones do not count.

    Returns:
        dict of floats: ``intra``, the mean over the samples of ``||x_i - mean of its class||^2``; ``inter``, the mean
        over the pairs of classes that occur of ``||mean_i - mean_j||^2`` (NaN for one class); ``ratio``, intra / inter.
    """
    embeddings, labels = np.asarray(embeddings, np.float64), np.asarray(labels)
    classes = np.unique(labels[labels >= 0])
    means = np.stack([embeddings[labels == label].mean(0) for label in classes])
    index = np.searchsorted(classes, labels[labels >= 0])
    intra = np.square(embeddings[labels >= 0] - means[index]).sum(1).mean()
    first, second = np.triu_indices(len(classes), 1)
    inter = np.square(means[first] - means[second]).sum(1).mean() if len(first) else np.nan
    return {"intra": float(intra), "inter": float(inter), "ratio": float(intra / inter)}
