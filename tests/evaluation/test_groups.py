"""Groups beside each other: by hand, against an independent oracle, and where people are too few."""

import numpy as np
import pytest

from fer_md.errors import FerMdError
from fer_md.evaluation.group_names import groups_of_cells
from fer_md.evaluation.groups import compare_groups
from fer_md.evaluation.metrics import accuracy_and_macro_recall, expected_calibration_error

NAMES = ("happiness", "neutral")


def drawn(seed, number=400, people=80, classes=3):
    """Groups, people, labels and probabilities; a third of the people are in group b, some faces are not found."""
    generator = np.random.default_rng(seed)
    persons = generator.integers(0, people, number)
    groups = np.where(persons % 3 == 0, "b", "a").tolist()
    labels = generator.integers(0, classes, number)
    probabilities = generator.dirichlet(np.ones(classes), number)
    probabilities[generator.random(number) < 0.1] = np.nan
    return groups, [f"p{person}" for person in persons], labels, probabilities


def test_figures_by_hand():
    """Of 40 faces of group a 30 are right, all of happiness (20) and half of neutral (10 of 20); each answer has the
    probability 0.9, so they are 0.9 - 0.75 = 0.15 overconfident. Group b is right about all of its 30."""
    labels = np.array([0] * 20 + [1] * 20 + [0] * 15 + [1] * 15)
    right = np.array([True] * 30 + [False] * 10 + [True] * 30)
    answers = np.where(right, labels, 1 - labels)
    probabilities = np.where(np.arange(2) == answers[:, None], 0.9, 0.1)
    found = compare_groups(["a"] * 40 + ["b"] * 30, [""] * 70, labels, probabilities, NAMES)
    first, second = found.groups
    assert (found.reference, found.compared) == ("a", list(NAMES))
    assert (first.pictures, first.faces, first.people) == (40, 40, 40) and not first.differences
    assert {name: each.value for name, each in first.figures.items()} == pytest.approx(
        {"detection rate": 1, "accuracy": 0.75, "macro recall": 0.75, "overconfidence": 0.15}
        | {"recall of happiness": 1, "recall of neutral": 0.5}
    )
    assert first.calibration_error == pytest.approx(0.15)
    exact = first.figures["recall of happiness"]  # 20 of 20: 0.025^(1/20) = 0.8316
    assert (exact.low, exact.high) == (pytest.approx(0.8316, abs=1e-4), 1)
    gap = second.differences["recall of neutral"]  # 15 of 15, low 0.025^(1/15) = 0.7820, minus 10 of 20
    neutral = first.figures["recall of neutral"]
    assert gap.value == 0.5
    assert gap.low == pytest.approx(0.5 - np.hypot(1 - 0.7820, neutral.high - 0.5), abs=1e-4)
    assert gap.high == pytest.approx(0.5 + 0.5 - neutral.low)


@pytest.mark.parametrize("seed", range(3))
def test_figures_are_those_of_each_group_alone(seed):
    groups, people, labels, probabilities = drawn(seed)
    for group in compare_groups(groups, people, labels, probabilities, ("x", "y", "z")).groups:
        rows = np.array(groups) == group.name
        faces = rows & ~np.isnan(probabilities[:, 0])
        accuracy, macro = accuracy_and_macro_recall(labels[faces], probabilities[faces].argmax(1), 3)
        values = {name: each.value for name, each in group.figures.items()}
        assert values["accuracy"] == pytest.approx(accuracy) and values["macro recall"] == pytest.approx(macro)
        assert values["detection rate"] == pytest.approx(faces.sum() / rows.sum())
        assert group.people == len(set(np.array(people)[rows]))
        assert group.calibration_error == expected_calibration_error(labels[faces], probabilities[faces])
        assert values["overconfidence"] == pytest.approx(probabilities[faces].max(1).mean() - accuracy)


def test_intervals_are_those_of_a_plain_bootstrap_of_people():
    """The same, person by person in a loop; 1,500 resamples leave an error of about 0.005 at the ends."""
    groups, people, labels, probabilities = drawn(5)
    found = {group.name: group for group in compare_groups(groups, people, labels, probabilities, "xyz").groups}
    generator, persons = np.random.default_rng(9), sorted(set(people))
    rows_of = {person: np.flatnonzero(np.array(people) == person) for person in persons}
    gaps = []
    for _ in range(1500):
        rows = np.concatenate([rows_of[person] for person in generator.choice(persons, len(persons))])
        rows = rows[~np.isnan(probabilities[rows, 0])]
        right, second = probabilities[rows].argmax(1) == labels[rows], np.array(groups)[rows] == "b"
        gaps.append(right[second].mean() - right[~second].mean())
    gap = found["b"].differences["accuracy"]
    assert (gap.low, gap.high) == pytest.approx(tuple(np.quantile(gaps, [0.025, 0.975])), abs=0.015)


def test_people_who_are_many_pictures_widen_the_interval():
    """Ten pictures of each of 40 people, all alike, say no more than one of each."""
    generator = np.random.default_rng(0)
    labels, answers = np.repeat(generator.integers(0, 2, (2, 40)), 10, 1)
    probabilities = np.eye(2)[answers] * 0.8 + 0.1
    people = np.repeat([f"p{i}" for i in range(40)], 10).tolist()

    def width(persons):
        [group] = compare_groups(["all"] * 400, persons, labels, probabilities, NAMES).groups
        return group.figures["accuracy"].high - group.figures["accuracy"].low

    assert width(people) == pytest.approx(width([""] * 400) * 10**0.5, rel=0.15)


def test_too_few_people_give_no_figure():
    """Group b has 40 pictures of nine people, group c has 29, and in group a eight people look happy."""
    labels = np.array([0] * 8 + [1] * 40 + [1] * 40 + [1] * 29)
    probabilities = np.tile([0.4, 0.6], (len(labels), 1))
    people = [f"a{i}" for i in range(48)] + [f"b{i % 9}" for i in range(40)] + [f"c{i}" for i in range(29)]
    found = compare_groups(["a"] * 48 + ["b"] * 40 + ["c"] * 29, people, labels, probabilities, NAMES)
    first, *others = found.groups
    assert first.figures["recall of happiness"] is None and first.figures["macro recall"] is None
    assert first.figures["recall of neutral"].value == 1 and found.compared == ["neutral"]
    assert all(not group.figures and not group.differences for group in others) and others[0].people == 9
    none = compare_groups(["b"] * 5, [""] * 5, labels[:5], probabilities[:5], NAMES)
    assert none.reference is None and not none.groups[0].figures and none.groups[0].calibration_error is None


def test_no_face_at_all():
    """Nothing is measured, and nothing fails."""
    nothing = np.full((50, 2), np.nan)
    [group] = compare_groups(["a"] * 50, [""] * 50, np.zeros(50, int), nothing, NAMES).groups
    assert (group.pictures, group.faces, group.figures) == (50, 0, {})


def test_names_of_groups():
    assert groups_of_cells(["f", "", "m", "7"]) == ["f", "not stated", "m", "7"]
    assert groups_of_cells([str(age % 10) for age in range(40)]) == [str(age % 10) for age in range(40)]
    ages = groups_of_cells([str(age) for age in range(20, 60)] + ["", "20.0"])
    assert ages[0] == ages[-1] == "20 to 29" and ages[39] == "50 to 59" and ages[-2] == "not stated"
    assert len(set(ages)) == 5
    with pytest.raises(FerMdError, match="51 different values, such as 'a0'; groups are 50 at most"):
        groups_of_cells([f"a{i}" for i in range(51)])
