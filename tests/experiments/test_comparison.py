"""The rows of Tab. 4 by hand: no network is trained."""

import numpy as np
import pytest

from fer_md.evaluation.significance import mcnemar, paired_bootstrap
from pages.comparison import Training, figures_of, method_rows, scored
from result_files import method_training


def training(seed, right):
    return Training(np.array(right, bool), method_training(seed=seed, accuracy=np.mean(right), macro_recall=0.5))


RESULTS = {
    ("kim", False): [training(0, [1, 1, 0, 0]), training(1, [1, 0, 0, 0])],
    ("kim", True): [training(0, [1, 1, 1, 0]), training(1, [1, 1, 1, 1])],
    ("ours", False): [training(0, [0, 0, 0, 0]), training(1, [1, 0, 0, 1])],
    ("ours", True): [training(0, [1, 0, 1, 0]), training(1, [1, 1, 0, 0])],
}


def test_means_and_differences():
    """Kim: own 0.5 and 0.25, MD 0.75 and 1; ours: own 0 and 0.5, MD 0.5 and 0.5."""
    kim, kim_md, ours, ours_md = method_rows(RESULTS, np.array([""] * 4))
    assert [row.accuracy for row in (kim, kim_md, ours, ours_md)] == [0.375, 0.875, 0.25, 0.5]
    assert kim.accuracy_std == pytest.approx(0.25 / np.sqrt(2))
    assert [row.paper for row in (kim, kim_md, ours, ours_md)] == [72.72, 74.55, None, None]
    assert kim_md.md_minus_own.difference == 0.5 and ours_md.md_minus_own.difference == 0.25
    assert kim.ours_minus_this.difference == 0.125 and kim_md.ours_minus_this.difference == -0.375
    assert kim.md_minus_own is None and ours_md.ours_minus_this is None
    first, second = kim_md.md_minus_own.mcnemar
    assert (first.seed, first.only_first, first.only_second) == (0, 1, 0)
    assert (second.only_first, second.p) == (3, mcnemar(RESULTS["kim", True][1].right, [1, 0, 0, 0])["p"])
    assert [single.seed for single in kim.single] == [0, 1]


def test_whole_persons_are_drawn():
    """Three images of one person and one of another: the difference lies further out than with four persons."""
    right, other = ([t.right for t in RESULTS["kim", md]] for md in (True, False))
    people = np.array(["a", "a", "a", "b"])
    row = method_rows(RESULTS, people)[1]
    assert row.md_minus_own.low == paired_bootstrap(right, other, groups=people)["low"]


def test_figures_of_scores():
    """Two of three right; recalls 1 and 1/2 of the two classes that are there; two of three answers are 0."""
    scores, labels = np.array([[0.9, 0.1, 0], [0.2, 0.1, 0.7], [0.8, 0.1, 0.1]]), np.array([0, 2, 2])
    assert figures_of(scores, labels) == pytest.approx({"accuracy": 2 / 3, "macro_recall": 0.75, "commonest": 2 / 3})
    found = scored(5, scores, labels, exponents={"raw": 1.0})
    assert (
        found.right.tolist() == [True, True, False]
        and found.figures.seed == 5
        and found.figures.exponents == {"raw": 1.0}
    )
