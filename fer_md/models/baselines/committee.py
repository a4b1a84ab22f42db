"""Decision fusion of a hierarchical committee, weighted by validated accuracy to a power (Kim et al., JMUI 2016)."""

import numpy as np

from fer_md.models.fused import fuse

EXPONENTS = np.arange(-500, 1501) / 10
"""The powers that are tried: -50 to 150 in steps of 0.1, as in the authors' published code."""

LOWEST_ACCURACY = 1e-6
"""In place of 0, whose negative powers are infinite."""


def exponential_weights(accuracies, exponent):
    """``w_m = a_m^q / sum_n a_n^q``: q = 0 gives equal weights, a large q the best member alone.

    Args:
        accuracies: (N,) of the members on the validation split, in [0, 1].
        exponent: q.

    Returns:
        (N,) float64, adding up to 1.
    """
    logs = exponent * np.log(np.maximum(np.asarray(accuracies, np.float64), LOWEST_ACCURACY))
    powers = np.exp(logs - logs.max())
    return powers / powers.sum()


def choose_exponent(scores, labels):
    """The q of ``EXPONENTS`` whose weights give the highest accuracy on the validation split.

    Among equals the one of smallest size, since the accuracies then say least; the authors' code takes the first,
    which is the most negative and prefers the worst members.

    Args:
        scores: (N, B, K) probabilities of N members.
        labels: (B,) integers in [0, K).

    Returns:
        float.

    Raises:
        ValueError: no samples.
    """
    scores, labels = np.asarray(scores, np.float64), np.asarray(labels)
    accuracies = member_accuracies(scores, labels)
    correct = [
        np.sum(fuse(scores, exponential_weights(accuracies, exponent)).argmax(1) == labels) for exponent in EXPONENTS
    ]
    best = EXPONENTS[np.array(correct) == max(correct)]
    return float(best[np.abs(best).argmin()])


def committee_weights(scores, labels, groups):
    """Weights of the members of a committee of two levels, fitted on the validation split.

    In each group the members are weighted by ``exponential_weights`` with a q of the group's own (the authors'
    VA-Expo-WA); the groups' results are averaged. Both levels are weighted sums, hence so is the committee:
    ``fer_md.models.fused.fuse(scores, weights)``.

    Args:
        scores: (N, B, K) probabilities of N members, on the validation split.
        labels: (B,) integers in [0, K).
        groups: dict from a group's name to the indices of its members.

    Returns:
        (N,) float64 weights, adding up to 1, and a dict from a group's name to its q.

    Raises:
        ValueError: no samples.

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


def member_accuracies(scores, labels):
    """Accuracy (N,) of each of N members from their (N, B, K) probabilities; ValueError without samples."""
    if not len(labels):
        raise ValueError("a committee's weights need at least one labelled sample")
    return (scores.argmax(2) == labels).mean(1)
