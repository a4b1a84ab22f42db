"""Whether two methods differ over pairs of trainings: the sign-flip test, its interval, and what it could have seen."""

import dataclasses
import functools

import numpy as np
import numpy.typing as npt

EXACT = 16
"""Up to so many pairs all signs are tried; of more pairs 2^16 are drawn."""
LEVEL = 0.95
POWER = 0.8


@dataclasses.dataclass(frozen=True, kw_only=True)
class PairedDifference:
    """First method minus second, over pairs of trainings that share their seed.

    Attributes:
        pairs: N.
        mean: of the differences.
        std: their standard deviation, with N - 1 in the denominator.
        p: two-sided, of the sign-flip test.
        low, high: the 95 % interval, of the differences that the test does not reject; None for fewer than six pairs,
            which can reject none.
        detectable: see ``detectable_difference``, at this deviation; None for fewer than six pairs.
    """

    pairs: int
    mean: float
    std: float
    p: float
    low: float | None
    high: float | None
    detectable: float | None


def sign_flip_test(differences: npt.ArrayLike, seed: int = 0) -> PairedDifference:
    """Fisher's test of a mean difference of zero.

    If the methods were alike, each difference would be as likely with the other sign. p is the share of the 2^N choices
    of signs that give a sum at least as far from zero. A true difference of d is not rejected where that holds for the
    differences minus d. These d lie between two of the means over subsets of the differences, which are in the order
    of their size (Hartigan's typical values).

    Args:
        differences: (N,) of N pairs, at least two.
        seed: of the signs that are drawn where there are more than 16 pairs.

    Returns:
        ``PairedDifference``.

    Raises:
        ValueError: fewer than two pairs.

    Reference:
        R. A. Fisher, The Design of Experiments, 1935, Sec. 21; J. A. Hartigan, Using subsample values as typical
        values, J. Am. Statist. Assoc. 64, 1969.
    """
    values = np.asarray(differences, np.float64)
    count = len(values)
    if count < 2:
        raise ValueError(f"differences must be of at least two pairs, not {count}")
    subsets = _subsets(count, seed)  # (S, N) bool, none of them empty
    sums, total = subsets @ values, values.sum()
    choices = len(subsets) + 1  # with the empty subset, under which all signs stay
    flipped = total - 2 * sums
    extreme = np.abs(flipped) >= abs(total) * (1 - 1e-9)  # ties are ties, however they are added up
    means, cut = np.sort(sums / subsets.sum(1)), _cut(choices)
    std = float(values.std(ddof=1))
    return PairedDifference(
        pairs=count,
        mean=float(values.mean()),
        std=std,
        p=float((1 + extreme.sum()) / choices),
        low=float(means[cut - 1]) if cut else None,
        high=float(means[-cut]) if cut else None,
        detectable=detectable_difference(std, count),
    )


def _subsets(count, seed):
    if count <= EXACT:
        return (np.arange(1, 2**count)[:, None] >> np.arange(count) & 1).astype(bool)
    drawn = np.random.default_rng(seed).integers(0, 2, (2**EXACT - 1, count), np.uint8).astype(bool)
    return drawn[drawn.any(1)]


def _cut(choices):
    """How many of the means of subsets lie below the interval, and how many above it, counted from 1."""
    return int((1 - LEVEL) / 2 * choices)


def detectable_difference(std: float, pairs: int) -> float | None:
    """The true mean difference that the test finds at the level of 5 % with a probability of 80 %.

    The differences are taken to be normal. The test finds a difference where the low end of the interval is above 0,
    and that end moves with the difference. So the answer is the 80th percentile of how far the end lies below the
    truth, over 2,000 sets of drawn differences. Of more than 16 pairs the test is like Student's:
    ``(t_{0.975} + t_{0.8}) std / sqrt(N)`` with N - 1 degrees of freedom.

    Args:
        std: true standard deviation of the differences.
        pairs: N, at least two.

    Returns:
        None for fewer than six pairs, with which the test never finds anything.

    Reference:
        J. H. Zar, Biostatistical Analysis, 5th ed., Sec. 7.6, for Student's test.
    """
    if pairs > EXACT:
        quantiles = student_quantile((1 + LEVEL) / 2, pairs - 1) + student_quantile(POWER, pairs - 1)
        return float(quantiles * std / pairs**0.5)
    return float(_deviations(pairs) * std) if _cut(2**pairs) else None


@functools.cache
def _deviations(pairs):
    """What so few pairs show, in standard deviations of their differences."""
    cut = _cut(2**pairs)
    subsets, rng = _subsets(pairs, 0), np.random.default_rng(0)
    weights = (subsets / subsets.sum(1, keepdims=True)).T
    lows = [np.partition(rng.normal(size=pairs) @ weights, cut - 1)[cut - 1] for _ in range(2000)]
    return np.quantile(np.negative(lows), POWER)


def student_quantile(share: float, degrees: int) -> float:
    """The value below which a ``share`` of Student's t distribution lies.

    With ``t = sqrt(degrees) tan(angle)`` the density becomes ``cos(angle)^(degrees - 1)``, which is added up.

    Args:
        share: in [0.5, 0.999].
        degrees: of freedom, at least 1.
    """
    angles = np.linspace(0, np.pi / 2, 100_001)
    density = np.cos(angles) ** (degrees - 1)
    below = np.concatenate([[0.0], np.cumsum((density[1:] + density[:-1]) / 2)])
    angle = np.interp(2 * share - 1, below / below[-1], angles)
    return float(degrees**0.5 * np.tan(angle))
