"""Whether two classifiers differ on the same images: McNemar's exact test and the paired bootstrap."""

import numpy as np


def mcnemar(correct, other):
    """McNemar's exact test of two classifiers on the same images.

    Only the images that one of the two gets right count, b and c of them. If the classifiers were equally good,
    each would fall to either with probability 1/2: ``p = 2 sum_{i <= min(b, c)} C(b + c, i) / 2^(b + c)``, at most 1.

    Args:
        correct: (N,) bool, whether the first classifier is right.
        other: (N,) bool, whether the second one is.

    Returns:
        dict: ``only_first`` and ``only_second`` (b and c), and the two-sided ``p``.

    Raises:
        ValueError: the two have different shapes.

    Reference:
        Q. McNemar, Note on the sampling error of the difference between correlated proportions, Psychometrika 1947.
    """
    correct, other = _paired(correct, other)
    first, second = int((correct & ~other).sum()), int((~correct & other).sum())
    total, term, below = first + second, 1, 0
    for i in range(min(first, second) + 1):
        below += term  # in whole numbers: no power of two underflows
        term = term * (total - i) // (i + 1)
    return {"only_first": first, "only_second": second, "p": min(1.0, 2 * below / 2**total)}


def paired_bootstrap(correct, other, resamples=10_000, seed=0, level=0.95):
    """Difference of two accuracies, with its percentile interval under resampling of the images.

    Args:
        correct: (N,) or (S, N) bool, whether the first method is right about each image, in each of S trainings;
            the trainings are averaged image by image, since what is resampled are the images.
        other: likewise of the second method.
        resamples: number of draws of N images with replacement.
        seed: of the draws.
        level: coverage of the interval.

    Returns:
        dict of floats: ``difference`` (first minus second), ``low`` and ``high``.

    Raises:
        ValueError: the two have different shapes.
    """
    correct, other = _paired(correct, other)
    gains = np.atleast_2d(correct).mean(0) - np.atleast_2d(other).mean(0)  # (N,)
    # Of few distinct values; drawing N images with replacement draws their counts from a multinomial.
    values, counts = np.unique(gains, return_counts=True)
    draws = np.random.default_rng(seed).multinomial(len(gains), counts / len(gains), resamples)
    low, high = np.quantile(draws @ values / len(gains), [(1 - level) / 2, (1 + level) / 2])
    return {"difference": float(gains.mean()), "low": float(low), "high": float(high)}


def _paired(correct, other):
    correct, other = np.asarray(correct, bool), np.asarray(other, bool)
    if correct.shape != other.shape or not correct.size:
        raise ValueError(f"both must be right or wrong about the same images, not {correct.shape} and {other.shape}")
    return correct, other
