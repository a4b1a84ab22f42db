"""Adaptation of a face detector to a video or an album, without labels (Li et al. 2013)."""

import numpy as np

SHARE = 0.5
"""Of the candidates that the detector takes for faces, the highest, that are taken for faces; and of the others, the
lowest, that are taken for none."""


def linear_svm(samples: np.ndarray, labels: np.ndarray, cost: float = 1.0, rounds: int = 200) -> np.ndarray:
    """A linear support vector machine, argmin |w|^2 / 2 + C sum max(0, 1 - y w [x, 1])^2, by dual coordinate descent.

    Args:
        samples: (N, D).
        labels: (N,), +1 or -1.
        cost: C.
        rounds: passes over the samples at most; it ends when no dual variable moves by more than 1e-6.

    Returns:
        (D + 1,) float64, w; its last number is the bias.

    Reference: Hsieh et al., A dual coordinate descent method for large-scale linear SVM, ICML 2008, alg. 1 (L2 loss).
    """
    rows = np.column_stack([samples, np.ones(len(samples))]) * labels[:, None]
    diagonal = 1 / (2 * cost)
    norms = (rows**2).sum(1) + diagonal
    weights, dual = np.zeros(rows.shape[1]), np.zeros(len(rows))
    for _ in range(rounds):
        moved = 0.0
        for i, row in enumerate(rows):
            new = max(dual[i] - (row @ weights - 1 + diagonal * dual[i]) / norms[i], 0.0)
            weights += (new - dual[i]) * row
            moved, dual[i] = max(moved, abs(new - dual[i])), new
        if moved < 1e-6:
            break
    return weights


def adapt(scores: np.ndarray, representations: np.ndarray, threshold: float) -> np.ndarray:
    """Ranks the candidates of one album anew.

    The detector's surest candidates are taken for faces and its least sure ones for none; a linear support vector
    machine learns the difference in this album, and all candidates get its score.

    Public, in the paper: the above, on PEP representations. Inferred: how many are taken (`SHARE` was chosen on
    training people), the machine's cost, the normalisation of the representations to length 1, and that an album in
    which either kind is missing keeps the detector's ranking. Scores of different albums do not compare well, since
    each has its own machine.

    Args:
        scores: (N,) of the detector.
        representations: (N, D), see `fer_md.faces.elastic_parts.Parts`.
        threshold: score from which the detector takes a candidate for a face.

    Returns:
        (N,) float64 scores of which those of at least 0 are faces.
    """
    order = np.argsort(scores, kind="stable")
    below = int((scores < threshold).sum())
    others = order[: round(SHARE * below)]
    faces = order[len(scores) - int(np.ceil(SHARE * (len(scores) - below))) :]
    if not len(faces) or not len(others):
        return np.asarray(scores, float) - threshold
    lengths = np.linalg.norm(representations, axis=1, keepdims=True)
    samples = representations / np.maximum(lengths, 1e-9)
    labels = np.repeat([1.0, -1.0], [len(faces), len(others)])
    weights = linear_svm(samples[np.concatenate([faces, others])], labels)
    return samples @ weights[:-1] + weights[-1]
