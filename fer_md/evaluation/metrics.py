"""Figures of merit from counts pooled over a whole split, in float64."""

import numpy as np
import numpy.typing as npt

from fer_md.errors import FerMdError

FERPLUS_TO_LABEL = (6, 3, 5, 4, 0, 1, 2)
"""Our label of FER+'s first seven columns: neutral, happiness, surprise, sadness, anger, disgust, fear."""

BINS = 15
"""Of the top probability, for the calibration error."""

_RESAMPLES = 2000


def confusion_matrix(labels: npt.ArrayLike, predictions: npt.ArrayLike, num_classes: int) -> np.ndarray:
    """(num_classes, num_classes) int64 counts: rows are the truth, columns the prediction.

    Raises:
        FerMdError: no example, or a label or prediction outside 0 ... num_classes - 1.
    """
    labels, predictions = np.asarray(labels, np.int64), np.asarray(predictions, np.int64)
    if not labels.size:
        raise FerMdError("confusion_matrix: no example to count")
    both = np.concatenate([labels, predictions])
    if both.min() < 0 or both.max() >= num_classes:
        raise FerMdError(f"labels must be from 0 to {num_classes - 1}, not {both.min()} to {both.max()}")
    return np.bincount(labels * num_classes + predictions, minlength=num_classes**2).reshape(num_classes, num_classes)


def summarize(confusion: npt.ArrayLike) -> dict[str, np.ndarray]:
    """Figures of a confusion matrix.

    Args:
        confusion: (..., K, K) counts, rows the truth; leading axes are kept.

    Returns:
        dict of float64 arrays (...) or (..., K): ``accuracy``; ``recall`` of each class, NaN where a class is absent;
        ``macro_recall`` over the classes present; ``f1``; ``macro_f1`` over the classes present;
        ``one_vs_rest_accuracy`` = (TP + TN) / N, the paper's Eq. 11: it flatters rare classes (never predicting a
        class of 2 % scores 98 %).
    """
    confusion = np.asarray(confusion, np.float64)
    total = confusion.sum((-2, -1))[..., None]
    hits = np.diagonal(confusion, axis1=-2, axis2=-1)
    truth, predicted = confusion.sum(-1), confusion.sum(-2)
    present = np.where(truth > 0, 1.0, np.nan)
    recall = hits / np.maximum(truth, 1) * present
    f1 = 2 * hits / np.maximum(truth + predicted, 1) * present
    return {
        "accuracy": hits.sum(-1) / total[..., 0],
        "recall": recall,
        "macro_recall": np.nanmean(recall, -1),
        "f1": f1,
        "macro_f1": np.nanmean(f1, -1),
        "one_vs_rest_accuracy": (total - truth - predicted + 2 * hits) / total,
    }


def accuracy_and_macro_recall(labels: npt.ArrayLike, classes: npt.ArrayLike, num_classes: int) -> tuple[float, float]:
    """Two figures of ``summarize``, for (N,) true and (N,) answered classes in [0, num_classes)."""
    figures = summarize(confusion_matrix(labels, classes, num_classes))
    return float(figures["accuracy"]), float(figures["macro_recall"])


def expected_calibration_error(labels: npt.ArrayLike, probabilities: npt.ArrayLike) -> float:
    """Mean gap between confidence and accuracy over `BINS` equal bins of the top probability (Guo et al., 2017).

    Args:
        labels: (N,) int.
        probabilities: (N, K), rows summing to 1.

    Returns:
        float in [0, 1].
    """
    confidence = np.asarray(probabilities, np.float64).max(1)
    correct = np.asarray(probabilities).argmax(1) == np.asarray(labels)
    index = np.minimum((confidence * BINS).astype(int), BINS - 1)
    gaps = np.bincount(index, confidence - correct, BINS)
    return float(np.abs(gaps).sum() / len(confidence))


def negative_log_likelihood(labels: np.ndarray, probabilities: npt.ArrayLike) -> float:
    """Mean of -log of the true class's probability (at least 1e-12), in nats."""
    own = np.asarray(probabilities, np.float64)[np.arange(len(labels)), labels]
    return float(-np.log(np.maximum(own, 1e-12)).mean())


def bootstrap_interval(confusion: npt.ArrayLike, name: str) -> tuple[float, float]:
    """95 % percentile interval of a figure of ``summarize`` under resampling of the examples.

    Drawing N examples with replacement draws the cells of the confusion matrix from a multinomial. A figure of 0 or 1
    would have no width then: such an interval goes to where N examples would all come out alike once in forty times
    (the exact one of Clopper and Pearson for an accuracy).

    Returns:
        (low, high) floats.
    """
    confusion = np.asarray(confusion)
    total, size = int(confusion.sum()), len(confusion)
    draws = np.random.default_rng(0).multinomial(total, confusion.ravel() / total, _RESAMPLES)
    values = summarize(draws.reshape(_RESAMPLES, size, size))[name]
    low, high = np.quantile(values, [0.025, 0.975])
    if low == high == 0:
        high = unseen_share(total)
    elif low == high == 1:
        low = 1 - unseen_share(total)
    return float(low), float(high)


def unseen_share(count: int) -> float:
    """The share of which ``count`` draws show nothing once in forty times, where the exact 95 % interval ends."""
    return 1 - 0.025 ** (1 / count)


def ferplus_labels(votes: npt.ArrayLike) -> np.ndarray:
    """Majority label of the FER+ taggers.

    Args:
        votes: (N, 10) counts: neutral, happiness, surprise, sadness, anger, disgust, fear, contempt, unknown, NF.

    Returns:
        (N,) int64: our label where one of the seven expressions has strictly the most votes, else -1. This is a
        relabelling of the same images, not the protocol of the published FER+ figures, which train on the votes.
    """
    votes = np.asarray(votes)
    top = votes.argmax(1)
    single = (votes == votes.max(1, keepdims=True)).sum(1) == 1
    return np.where(single & (top < 7), np.array([*FERPLUS_TO_LABEL, -1, -1, -1])[top], -1)
