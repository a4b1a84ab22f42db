"""Rows of Tab. 4: each method over its trainings, and what the differences between two methods are worth."""

import dataclasses

import numpy as np

from fer_md.evaluation.metrics import confusion_matrix, summarize
from fer_md.evaluation.significance import mcnemar, paired_bootstrap
from pages import paper_tables
from pages.seeds import over_seeds

NAMES = {
    "zhang": "Zhang et al. 2015",
    "kim": "Kim et al. 2016",
    "meng": "Meng et al. 2017",
    "ours": "Our component",
}
"""The methods in the order of the rows."""

FIGURES = ("accuracy", "macro_recall")


@dataclasses.dataclass(frozen=True)
class Training:
    """A method trained once.

    Attributes:
        seed: int.
        right: (N,) bool, whether it is right about each test image.
        figures: dict of its accuracy and macro recall on the test split, and what else the file says of it.
    """

    seed: int
    right: np.ndarray
    figures: dict


def scored(seed, scores, labels, **more):
    """A ``Training`` from test probabilities.

    Args:
        seed: int.
        scores: (N, K) probabilities.
        labels: (N,) integers in [0, K).
        more: goes into the figures.
    """
    figures = {"seed": seed, **figures_of(scores, labels), **more}
    return Training(seed, scores.argmax(1) == labels, figures)


def figures_of(scores, labels):
    """Accuracy, macro recall, and the share of the test images that get the commonest answer.

    Args:
        scores: (N, K) probabilities.
        labels: (N,) integers in [0, K).

    Returns:
        dict of floats in [0, 1].
    """
    confusion = confusion_matrix(labels, scores.argmax(1), scores.shape[1])
    found = summarize(confusion)
    return {**{name: float(found[name]) for name in FIGURES}, "commonest": float(confusion.sum(0).max() / len(labels))}


def method_rows(results, subjects):
    """The rows of the table.

    Args:
        results: dict from (method, whether under MD loss) to a list of ``Training``, one a seed, with the same seeds
            for all; must have ("ours", True).
        subjects: (N,) persons of the test images, "" where unknown; whole persons are drawn for the intervals.

    Returns:
        list of dicts: method, loss, the paper's figure, means and deviations, ``md_minus_own`` of a row under MD loss,
        ``ours_minus_this`` of all but ours under MD loss, and ``single`` with each training's figures.
    """
    rows = []
    for (method, md), trainings in results.items():
        single = [training.figures for training in trainings]
        row = {
            "method": NAMES[method],
            "loss": "MD" if md else "own",
            "paper": paper_tables.METHODS[method][md],
            **over_seeds(single, FIGURES),
        }
        if md:
            row["md_minus_own"] = difference(trainings, results[method, False], subjects)
        if (method, md) != ("ours", True):
            row["ours_minus_this"] = difference(results["ours", True], trainings, subjects)
        rows.append({**row, "single": single})
    return rows


def difference(first, second, subjects):
    """First minus second, in accuracy on the same images.

    Args:
        first, second: lists of ``Training``, seed by seed.
        subjects: as above.

    Returns:
        dict: what ``paired_bootstrap`` gives, and ``mcnemar``, a test for each seed.
    """
    tests = [{"seed": a.seed, **mcnemar(a.right, b.right)} for a, b in zip(first, second, strict=True)]
    right, other = ([training.right for training in trainings] for trainings in (first, second))
    return {**paired_bootstrap(right, other, groups=subjects), "mcnemar": tests}
