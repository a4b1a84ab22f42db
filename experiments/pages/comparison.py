"""Rows of Tab. 4: each method over its trainings, and what the differences between two methods are worth."""

import dataclasses
from collections.abc import Sequence
from typing import Any

import numpy as np

from fer_md.evaluation.metrics import confusion_matrix, summarize
from fer_md.evaluation.significance import mcnemar, paired_bootstrap
from pages import paper_tables
from pages.rows import Gain, MethodRow, MethodTraining, SeedTest
from pages.seeds import over_seeds

NAMES = {
    "zhang": "Zhang et al. 2015",
    "kim": "Kim et al. 2016",
    "meng": "Meng et al. 2017",
    "ours": "Our component",
}
"""The methods in the order of the rows."""

FIGURES = ("accuracy", "macro_recall")
"""Whose means and deviations a row has."""


@dataclasses.dataclass(frozen=True)
class Training:
    """A method trained once.

    Attributes:
        right: (N,) bool, whether it is right about each test image.
        figures: what the file says of it.
    """

    right: np.ndarray
    figures: MethodTraining


def scored(seed: int, scores: np.ndarray, labels: np.ndarray, **more: Any) -> Training:
    """A ``Training`` from test probabilities.

    Args:
        seed: of the training.
        scores: (N, K) probabilities.
        labels: (N,) integers in [0, K).
        more: further fields of ``MethodTraining``.
    """
    figures = MethodTraining(seed=seed, **figures_of(scores, labels), **more)
    return Training(scores.argmax(1) == labels, figures)


def figures_of(scores: np.ndarray, labels: np.ndarray) -> dict[str, float]:
    """Accuracy, macro recall, and the share of the test images that get the commonest answer.

    Args:
        scores: (N, K) probabilities.
        labels: (N,) integers in [0, K).

    Returns:
        dict of floats in [0, 1]: ``accuracy``, ``macro_recall``, ``commonest``.
    """
    confusion = confusion_matrix(labels, scores.argmax(1), scores.shape[1])
    found = summarize(confusion)
    return {**{name: float(found[name]) for name in FIGURES}, "commonest": float(confusion.sum(0).max() / len(labels))}


def method_rows(results: dict[tuple[str, bool], list[Training]], subjects: Sequence[str]) -> list[MethodRow]:
    """The rows of the table.

    Args:
        results: by method and whether under MD loss; one training a seed, with the same seeds for all. It must have
            ("ours", True).
        subjects: (N,) persons of the test images, "" where unknown; whole persons are drawn for the intervals.
    """
    rows = []
    for (method, md), trainings in results.items():
        single = [training.figures for training in trainings]
        ours = (method, md) == ("ours", True)
        rows.append(
            MethodRow(
                method=NAMES[method],
                loss="MD" if md else "own",
                paper=paper_tables.METHODS[method][md],
                **over_seeds([vars(figures) for figures in single], FIGURES),
                md_minus_own=difference(trainings, results[method, False], subjects) if md else None,
                ours_minus_this=None if ours else difference(results["ours", True], trainings, subjects),
                single=single,
            )
        )
    return rows


def difference(first: list[Training], second: list[Training], subjects: Sequence[str]) -> Gain:
    """First minus second, in accuracy on the same images, seed by seed; ``subjects`` as above."""
    tests = [SeedTest(seed=a.figures.seed, **mcnemar(a.right, b.right)) for a, b in zip(first, second, strict=True)]
    right, other = ([training.right for training in trainings] for trainings in (first, second))
    return Gain(**paired_bootstrap(right, other, groups=subjects), mcnemar=tests)
