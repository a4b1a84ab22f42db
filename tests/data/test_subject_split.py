import collections

import numpy as np
import pytest

from fer_md.data.subject_split import SHARES, split_by_subject
from fer_md.errors import FerMdError


def crowd(people=200, classes=5, seed=0):
    """(person, label) pairs: most people have few images, a few have many; the classes differ in size."""
    rng = np.random.default_rng(seed)
    sizes = 1 + (20 * rng.random(people) ** 6).astype(int)
    weights = np.array([2.0**-c for c in range(classes)])
    return [
        (f"p{i}", int(rng.choice(classes, p=weights / weights.sum()))) for i in range(people) for _ in range(sizes[i])
    ]


@pytest.mark.parametrize("seed", range(5))
def test_every_class_has_its_share_in_every_split(seed):
    examples = crowd(seed=seed)
    splits = split_by_subject(examples, seed)
    assert set(splits) == {person for person, _ in examples}
    counts = collections.Counter((splits[person], label) for person, label in examples)
    totals = collections.Counter(label for _, label in examples)
    for label, total in totals.items():
        for split, share in SHARES.items():
            assert abs(counts[split, label] - share * total) <= max(2, 0.05 * total), (split, label)


def test_the_split_depends_on_names_and_seed_alone():
    examples = crowd()
    assert split_by_subject(examples, 1) == split_by_subject(examples[::-1], 1)
    assert split_by_subject(examples, 1) != split_by_subject(examples, 2)
    assert split_by_subject([("ann", 0), ("ben", 0), ("cleo", 0), ("dan", 1)]) == {
        "ann": "PrivateTest",
        "ben": "PublicTest",
        "cleo": "Training",
        "dan": "Training",
    }


def test_three_people_fill_three_splits():
    splits = split_by_subject([("ann", 0)] * 90 + [("ben", 0)] * 5 + [("cleo", 0)] * 5)
    assert sorted(splits.values()) == ["PrivateTest", "PublicTest", "Training"]


def test_other_shares():
    splits = split_by_subject([(f"p{i}", 0) for i in range(70)], shares={"a": 6 / 7, "b": 1 / 7})
    assert collections.Counter(splits.values()) == {"a": 60, "b": 10}


@pytest.mark.parametrize("examples", [[], [("ann", 0)] * 9, [("ann", 0), ("ben", 1)]])
def test_too_few_people(examples):
    with pytest.raises(FerMdError, match="needs at least 3 people; found (none|ann)"):
        split_by_subject(examples)
