import pytest

from fer_md.data.given_split import complete_split, split_of_name
from fer_md.errors import FerMdError

TRAIN = [("Training", f"p{i}", i % 7) for i in range(49)]
VALIDATION, TEST = ("PublicTest", "q", 0), ("PrivateTest", "r", 0)


def test_three_splits_stay():
    assert complete_split([VALIDATION, *TRAIN, TEST]) == ["PublicTest", *["Training"] * 49, "PrivateTest"]


@pytest.mark.parametrize("second", [VALIDATION, TEST])
def test_of_two_the_second_is_the_test(second):
    """A seventh of 49 people with one image each, seven of each class: one of each."""
    *train, last = complete_split([*TRAIN, second])
    assert last == "PrivateTest" and set(train) == {"Training", "PublicTest"}
    chosen = [label for split, (_, _, label) in zip(train, TRAIN, strict=True) if split == "PublicTest"]
    assert sorted(chosen) == list(range(7))


def test_a_person_is_not_divided():
    train = [("Training", f"p{i % 10}", 0) for i in range(50)]
    splits = complete_split([*train, TEST])
    assert len({(person, split) for (_, person, _), split in zip(train, splits, strict=False)}) == 10


@pytest.mark.parametrize("examples", [TRAIN, [VALIDATION, TEST], [TEST], []])
def test_what_cannot_be_completed(examples):
    with pytest.raises(FerMdError, match="Training with PublicTest or PrivateTest; found"):
        complete_split(examples)


@pytest.mark.parametrize(
    "name, split",
    [
        ("train", "Training"),
        ("TrainImages", "Training"),
        ("training_set", "Training"),
        ("Training", "Training"),
        ("dev", "PublicTest"),
        ("validation-set", "PublicTest"),
        ("PublicTest", "PublicTest"),
        ("test_set", "PrivateTest"),
        ("Test 2", "PrivateTest"),
        ("Testa", None),
        ("set", None),
        ("happy", None),
        ("", None),
    ],
)
def test_names_of_splits(name, split):
    assert split_of_name(name) == split
