"""How well a network knows groups of people, beside each other, with intervals that resample people.

A figure of few people says nothing, however exact it looks: below ``FEWEST_PEOPLE`` there is none.
"""

import collections
import dataclasses
from collections.abc import Sequence

import numpy as np

from fer_md.evaluation.metrics import expected_calibration_error, unseen_share
from fer_md.evaluation.significance import numbered

FEWEST_PEOPLE = 10
"""People that a figure must rest on; where people are unknown, pictures."""

FEWEST_FACES = 30
"""Faces that the figures of a group must rest on."""

OVERALL = ("detection rate", "accuracy", "macro recall", "overconfidence")
"""Figures of a group; the recall of each expression follows."""

_RESAMPLES, _CHUNK = 2000, 250

_FACES = 1
"""Column of what `_counts` and `_resting` give that is about faces."""


@dataclasses.dataclass(frozen=True, kw_only=True)
class Estimate:
    """A figure with its 95 % interval."""

    value: float
    low: float
    high: float


@dataclasses.dataclass(frozen=True, kw_only=True)
class Group:
    """A group of pictures.

    Attributes:
        name: of the group.
        pictures: with a label.
        faces: pictures in which a face was found. All figures but ``detection rate`` are of these.
        people: shown by the pictures; one of an unknown person counts as one.
        figures: ``detection rate``, the share of the pictures with a face; ``accuracy``; ``macro recall``;
            ``overconfidence``, the mean probability of the answers minus the accuracy; and ``recall of`` each
            expression. None where too few people show it.
        differences: likewise, the figures minus those of the reference; empty for the reference itself.
        calibration_error: see `fer_md.evaluation.metrics.expected_calibration_error`. It grows where faces are few,
            which ``overconfidence`` does not; None where they are too few.
    """

    name: str
    pictures: int
    faces: int
    people: int
    figures: dict[str, Estimate | None]
    differences: dict[str, Estimate | None]
    calibration_error: float | None = None


@dataclasses.dataclass(frozen=True, kw_only=True)
class Comparison:
    """Groups beside each other.

    Attributes:
        groups: the largest first.
        reference: the first group with figures, with which the others are compared; None where there is none.
        compared: the expressions that enough people show in each group with figures; macro recall is over these.
    """

    groups: list[Group]
    reference: str | None
    compared: list[str]


def compare_groups(
    groups: Sequence[str],
    people: Sequence[str],
    labels: np.ndarray,
    probabilities: np.ndarray,
    expressions: Sequence[str],
) -> Comparison:
    """The figures of each group, how they differ, and the intervals of both.

    People are resampled with all their pictures, and in all groups at once, since one may be in several. Where a figure
    is 0 or 1, all resamples are alike: its interval then is the exact binomial one of as many people, and that of a
    difference follows from the two intervals (Newcombe's method 10).

    Args:
        groups: (N,) the group of each picture.
        people: (N,) whom it shows, "" where unknown.
        labels: (N,) integers in [0, K).
        probabilities: (N, K), a row of NaN for a picture without a face.
        expressions: K names.

    References:
        C. A. Field, A. H. Welsh: Bootstrapping clustered data, J. R. Statist. Soc. B 69, 2007.
        R. G. Newcombe: Interval estimation for the difference between independent proportions, Stat. Med. 17, 1998.
    """
    names = [name for name, _ in sorted(collections.Counter(groups).items(), key=lambda each: (-each[1], each[0]))]
    places = np.array([names.index(name) for name in groups])  # (N,)
    units, counts = numbered(people, len(labels)), _counts(labels, probabilities)
    members = [places == place for place in range(len(names))]
    resting = [_resting(units[rows], counts[rows]) for rows in members]
    measured = [place for place, rows in enumerate(members) if _suffices(counts[rows], resting[place])]
    fewest = np.min([resting[place][_FACES + 1 :] for place in measured] or [np.zeros(len(expressions))], axis=0)
    compared = [place for place, number in enumerate(fewest) if number >= FEWEST_PEOPLE]
    draws = _draws(units, counts, [members[place] for place in measured], compared)
    estimates = {
        place: _estimates(_figures(counts[members[place]].sum(0), compared), drawn, _people(resting[place], compared))
        for place, drawn in zip(measured, draws, strict=True)
    }
    titles = [*OVERALL, *(f"recall of {expression}" for expression in expressions)]
    found = []
    for place, name in enumerate(names):
        own, differences, error = [], [], None
        seen = members[place] & (counts[:, _FACES] > 0)
        if place in measured:
            own, error = estimates[place], expected_calibration_error(labels[seen], probabilities[seen])
        if place in measured[1:]:
            gaps = draws[measured.index(place)] - draws[0]
            differences = list(map(_difference, own, estimates[measured[0]], gaps.T))
        found.append(
            Group(
                name=name,
                pictures=int(members[place].sum()),
                faces=int(seen.sum()),
                people=len(set(units[members[place]])),
                figures=dict(zip(titles, own, strict=False)),
                differences=dict(zip(titles, differences, strict=False)),
                calibration_error=error,
            )
        )
    return Comparison(
        groups=found,
        reference=names[measured[0]] if measured else None,
        compared=[expressions[place] for place in compared],
    )


def _counts(labels, probabilities):
    """(N, 3 + K K) of each picture: 1, whether a face was found, confidence minus correctness, its confusion."""
    number, classes = probabilities.shape
    counts, seen = np.zeros((number, 3 + classes**2)), np.flatnonzero(~np.isnan(probabilities[:, 0]))
    answers = probabilities[seen].argmax(1)
    counts[:, 0], counts[seen, _FACES] = 1, 1
    counts[seen, 2] = probabilities[seen].max(1) - (answers == labels[seen])
    counts[seen, 3 + labels[seen] * classes + answers] = 1
    return counts


def _figures(counts, compared):
    """(..., 4 + K) figures of (..., 3 + K K) sums, NaN where nothing is there to divide by."""
    classes = int((counts.shape[-1] - 3) ** 0.5)
    with np.errstate(invalid="ignore"):
        found, overconfidence = counts[..., 1] / counts[..., 0], counts[..., 2] / counts[..., 1]
        confusion = counts[..., 3:].reshape(*counts.shape[:-1], classes, classes)
        hits, truth = np.diagonal(confusion, axis1=-2, axis2=-1), confusion.sum(-1)
        recall, accuracy = hits / truth, hits.sum(-1) / truth.sum(-1)
    macro = recall[..., compared].mean(-1) if len(compared) > 1 else np.full_like(accuracy, np.nan)
    return np.concatenate([np.stack([found, accuracy, macro, overconfidence], -1), recall], -1)


def _resting(units, counts):
    """(2 + K,) how many people pictures show, and faces, and faces of each expression."""
    classes = int((counts.shape[1] - 3) ** 0.5)
    of_expressions = counts[:, 3:].reshape(-1, classes, classes).sum(2)
    present = np.column_stack([counts[:, :2], of_expressions]) > 0
    return np.array([len(set(units[column])) for column in present.T])


def _suffices(counts, resting):
    return counts[:, _FACES].sum() >= FEWEST_FACES and resting[_FACES] >= FEWEST_PEOPLE


def _people(resting, compared):
    """(4 + K,) people that each figure rests on."""
    pictures, faces, *of_expressions = resting
    fewest = min(np.array(of_expressions)[compared]) if len(compared) > 1 else 0
    return np.array([pictures, faces, fewest, faces, *of_expressions])


def _draws(units, counts, groups, compared):
    """(G, resamples, 4 + K) figures of each group under the same resamples of people."""
    sums = []
    for rows in groups:
        own, places = np.unique(units[rows], return_inverse=True)
        total = np.zeros((len(own), counts.shape[1]))
        np.add.at(total, places, counts[rows])
        sums.append((own, total))
    generator, number = np.random.default_rng(0), units.max() + 1
    draws = np.zeros((len(groups), _RESAMPLES, len(OVERALL) + int((counts.shape[1] - 3) ** 0.5)))
    for start in range(0, _RESAMPLES, _CHUNK):
        drawn = generator.multinomial(number, np.full(number, 1 / number), _CHUNK)  # how often each person
        for place, (own, total) in enumerate(sums):
            draws[place, start : start + _CHUNK] = _figures(drawn[:, own] @ total, compared)
    return draws


def _estimates(values, draws, people):
    """An `Estimate` of each figure; None where it rests on too few people."""
    return [
        _estimate(value, column, number) if number >= FEWEST_PEOPLE else None
        for value, column, number in zip(values, draws.T, people, strict=True)
    ]


def _estimate(value, draws, people):
    low, high = np.nanquantile(draws, [0.025, 0.975])
    if value in (0.0, 1.0):
        beyond = unseen_share(people)
        low, high = (low, low + beyond) if value < 0.5 else (high - beyond, high)
    return Estimate(value=float(value), low=float(low), high=float(high))


def _difference(own, other, draws):
    """``own`` minus ``other``, where there are both."""
    if own is None or other is None:
        return None
    value = own.value - other.value
    low, high = np.nanquantile(draws, [0.025, 0.975])
    if {own.value, other.value} & {0.0, 1.0}:
        low = value - np.hypot(own.value - own.low, other.high - other.value)
        high = value + np.hypot(own.high - own.value, other.value - other.low)
    return Estimate(value=value, low=float(low), high=float(high))
