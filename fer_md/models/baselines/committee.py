"""Decision fusion of a hierarchical committee, weighted by validated accuracy to a power (Kim et al., JMUI 2016)."""

from collections.abc import Iterable, Mapping, Sequence

import numpy as np

from fer_md.models.fused import fuse

EXPONENTS = np.arange(-500, 1501) / 10
"""The powers q that are tried: -50 to 150 in steps of 0.1, as in the authors' published code."""

LOWEST_ACCURACY = 1e-6
"""Takes the place of an accuracy of 0, whose negative powers are infinite."""


def exponential_weights(accuracies: Sequence[float] | np.ndarray, exponent: float) -> np.ndarray:
    """``w_m = a_m^q / sum_n a_n^q``: q = 0 gives equal weights, a large q the best member alone.

    Args:
        accuracies: (N,) of the members on the validation split, in [0, 1].
        exponent: q.

    Returns:
        (N,) float64, with sum 1.
    """
    logs = exponent * np.log(np.maximum(np.asarray(accuracies, np.float64), LOWEST_ACCURACY))
    powers = np.exp(logs - logs.max())
    return powers / powers.sum()


def choose_exponent(scores: np.ndarray, labels: np.ndarray) -> float:
    """The q of ``EXPONENTS`` whose weights give the highest accuracy on the validation split.

    Among equally good powers it is the one nearest to 0, with which the accuracies count least. The authors' code takes
    the first one, which is the most negative and prefers the worst members.

    Args:
        scores: (N, B, K) probabilities of N members.
        labels: (B,) integers in [0, K).

    Raises:
        ValueError: there are no samples.
    """
    scores, labels = np.asarray(scores, np.float64), np.asarray(labels)
    accuracies = member_accuracies(scores, labels)
    correct = [
        np.sum(fuse(scores, exponential_weights(accuracies, exponent)).argmax(1) == labels) for exponent in EXPONENTS
    ]
    best = EXPONENTS[np.array(correct) == max(correct)]
    return float(best[np.abs(best).argmin()])


def committee_weights(
    scores: np.ndarray, labels: np.ndarray, groups: Mapping[str, Iterable[int]]
) -> tuple[np.ndarray, dict[str, float]]:
    """Weights of the members of a committee of two levels, fitted on the validation split.

    In each group ``exponential_weights`` weights the members, with a q of the group's own (the authors' VA-Expo-WA).
    The groups' results are averaged. Both levels are weighted sums, and so is the committee:
    ``fer_md.models.fused.fuse(scores, weights)``.

    Args:
        scores: (N, B, K) probabilities of N members, on the validation split.
        labels: (B,) integers in [0, K).
        groups: the indices of the members, by the name of their group.

    Returns:
        (weights, exponents): (N,) float64 with sum 1, and q by the name of the group.

    Raises:
        ValueError: there are no samples.

    Reference:
        B.-K. Kim, J. Roh, S.-Y. Dong, S.-Y. Lee, Hierarchical committee of deep convolutional neural networks for
        robust facial expression recognition, JMUI 2016. The second level there is a majority vote, a median or, as
        here, a mean.
    """
    scores, labels = np.asarray(scores, np.float64), np.asarray(labels)
    accuracies = member_accuracies(scores, labels)
    weights, exponents = np.zeros(len(scores)), {}
    for name, members in groups.items():
        members = list(members)
        exponents[name] = choose_exponent(scores[members], labels)
        weights[members] += exponential_weights(accuracies[members], exponents[name]) / len(groups)
    return weights, exponents


def member_accuracies(scores: np.ndarray, labels: np.ndarray) -> np.ndarray:
    """Accuracies (N,) of N members from their (N, B, K) probabilities; `ValueError` where there are no samples."""
    if not len(labels):
        raise ValueError("a committee's weights need at least one labelled sample")
    return (scores.argmax(2) == labels).mean(1)
