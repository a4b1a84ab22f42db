"""Whether two methods differ on the same images: McNemar's exact test and the paired bootstrap."""

from collections.abc import Hashable, Sequence
from typing import Any

import numpy as np
import numpy.typing as npt

CHUNK = 500
"""Resamples that are drawn at once: of 4,000 people 16 MB."""


def mcnemar(correct: npt.ArrayLike, other: npt.ArrayLike) -> dict[str, Any]:
    """McNemar's exact test of two classifiers on the same images.

    Only the images that one of the two gets right count, b and c of them. If the classifiers were equally good,
    each would fall to either with probability 1/2: ``p = 2 sum_{i <= min(b, c)} C(b + c, i) / 2^(b + c)``, at most 1.
    Images are taken as independent: where several are of one person, p is as a rule too small, and the interval of
    `paired_bootstrap` by ``groups`` is the one to trust.

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
    ours, theirs = _paired(correct, other)
    first, second = int((ours & ~theirs).sum()), int((~ours & theirs).sum())
    total, term, below = first + second, 1, 0
    for i in range(min(first, second) + 1):
        below += term  # in whole numbers: no power of two underflows
        term = term * (total - i) // (i + 1)
    return {"only_first": first, "only_second": second, "p": min(1.0, 2 * below / 2**total)}


def paired_bootstrap(
    correct: npt.ArrayLike,
    other: npt.ArrayLike,
    groups: Sequence[Hashable] | np.ndarray | None = None,
    resamples: int = 10_000,
    seed: int = 0,
    level: float = 0.95,
) -> dict[str, float]:
    """Difference of two accuracies, with its percentile interval under resampling of the images or the people.

    Args:
        correct: (N,) or (S, N) bool, whether the first method is right about each image, in each of S trainings;
            the trainings are averaged image by image, since what is resampled are the images or the people, not the
            trainings.
        other: likewise of the second method.
        groups, resamples, seed, level: see `bootstrap_mean`.

    Returns:
        dict of floats: ``difference`` (first minus second), ``low`` and ``high``.

    Raises:
        ValueError: the two have different shapes, or there is not one group for each image.
    """
    ours, theirs = _paired(correct, other)
    gains = np.atleast_2d(ours).mean(0) - np.atleast_2d(theirs).mean(0)  # (N,)
    return bootstrap_mean(gains, groups, resamples, seed, level)


def bootstrap_mean(
    gains: npt.ArrayLike,
    groups: Sequence[Hashable] | np.ndarray | None = None,
    resamples: int = 10_000,
    seed: int = 0,
    level: float = 0.95,
) -> dict[str, float]:
    """Mean of what one method is ahead of another image by image, with its percentile interval.

    Images of one person are alike, so people are resampled, each with all their images: a draw takes as many people
    as there are, with replacement, and its mean is the sum of their gains divided by the number of their images.

    Args:
        gains: (N,) float, of each image.
        groups: (N,) hashable, whose image it is, such as a subject; "" is an unknown person, each of whose images
            is resampled alone. None: every image is.
        resamples: number of draws.
        seed: of the draws.
        level: coverage of the interval.

    Returns:
        dict of floats: ``difference`` (the mean of all), ``low`` and ``high``.

    Raises:
        ValueError: there is not one group for each image.

    Reference:
        C. A. Field, A. H. Welsh, Bootstrapping clustered data, J. R. Statist. Soc. B 69, 2007 (the cluster bootstrap).
    """
    gains = np.asarray(gains, float)
    people = np.arange(len(gains)) if groups is None else numbered(groups, len(gains))  # (N,)
    totals = np.stack([np.bincount(people, gains), np.bincount(people)], axis=1)  # (P, 2): gain, images
    # People who are equal in both are one kind; drawing P people draws the counts of the kinds from a multinomial.
    kinds, counts = np.unique(totals, axis=0, return_counts=True)
    generator, means = np.random.default_rng(seed), []
    for start in range(0, resamples, CHUNK):
        size = min(CHUNK, resamples - start)
        drawn = generator.multinomial(len(totals), counts / len(totals), size) @ kinds  # (size, 2)
        means.append(drawn[:, 0] / drawn[:, 1])
    low, high = np.quantile(np.concatenate(means), [(1 - level) / 2, (1 + level) / 2])
    return {"difference": float(gains.mean()), "low": float(low), "high": float(high)}


def numbered(groups: Sequence[Hashable] | np.ndarray, count: int) -> np.ndarray:
    """The number of the person of each of ``count`` images, (count,) int from 0; every "" is a person of its own."""
    if len(groups) != count:
        raise ValueError(f"groups must name the person of each of the {count} images, not of {len(groups)}")
    numbers: dict[Any, int] = {}
    return np.array([numbers.setdefault(object() if name == "" else name, len(numbers)) for name in groups])


def _paired(correct, other):
    correct, other = np.asarray(correct, bool), np.asarray(other, bool)
    if correct.shape != other.shape or not correct.size:
        raise ValueError(f"both must be right or wrong about the same images, not {correct.shape} and {other.shape}")
    return correct, other
