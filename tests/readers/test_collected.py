import pytest

from fer_md.data.records import load_split
from fer_md.errors import FerMdError
from fer_md.readers.collected import list_collected
from fer_md.readers.file_tree import FileTree
from fer_md.readers.photographs import prepare
from photograph_trees import write_photograph


@pytest.fixture
def folder(tmp_path):
    for person in ("ann", "ben", "cleo"):
        for label, expression in enumerate(("Angry", "disgust", "fear", "HAPPY")):
            write_photograph(tmp_path / f"photos/{person}/{expression}/1.jpg", person, label)
    return tmp_path / "photos"


def listing(folder):
    with FileTree(folder) as tree:
        return list_collected(tree)


def test_subjects_and_expressions(folder, tmp_path):
    found = listing(folder)
    assert {(p.subject, p.label) for p in found.photographs} == {
        (person, label) for person in ("ann", "ben", "cleo") for label in range(4)
    }
    assert len({(p.subject, p.split) for p in found.photographs}) == 3
    prepare(found, tmp_path / "out")
    keys = sum((load_split(tmp_path / "out", split).keys for split in ("Training", "PublicTest", "PrivateTest")), [])
    assert "collected/cleo/HAPPY/1.jpg" in keys and len(keys) == 12


def test_other_files_are_quarantined(folder, tmp_path):
    (folder / "notes.txt").write_text("x")
    (folder / "ann/Angry/notes.txt").write_text("x")
    found = listing(folder)
    assert found.unused == [("notes.txt", "not in subject/expression/")]
    prepare(found, tmp_path / "out")
    assert "ann/Angry/notes.txt: not a PNG, JPEG, BMP or TIFF" in (tmp_path / "out/quarantine.csv").read_text()


def test_bad_trees(folder):
    write_photograph(folder / "again/ann/fear/2.jpg", "ann")
    with pytest.raises(FerMdError, match="the subject 'ann' is in again/ann and in ann"):
        listing(folder)
    write_photograph(folder / "ann/bored/1.jpg", "ann")
    with pytest.raises(FerMdError, match="ann/bored/1.jpg: unknown expression 'bored'; the names known are anger"):
        listing(folder)
    with pytest.raises(FerMdError, match="ben: no photographs; the layout is subject/expression/"):
        listing(folder / "ben")
    write_photograph(folder / "few/ann/fear/1.jpg", "ann")
    with pytest.raises(FerMdError, match="needs at least 3 people"):
        listing(folder / "few")


def write_split(folder, split, count=2, people=()):
    """A folder of a split: ``count`` photographs of each of four expressions, by nobody or by each of the people."""
    for person in people or ("",):
        for label, expression in enumerate(("angry", "disgust", "fear", "happy")):
            for index in range(count):
                write_photograph(
                    folder / split / person / expression / f"{index}.jpg", f"{split}{person}{index}", label
                )


def splits(folder):
    return {tuple(p.source.split("/")[:-2]): (p.subject, p.split) for p in listing(folder).photographs}


def test_folders_of_splits_are_not_people(tmp_path):
    for split in ("Train", "dev", "test_set"):
        write_split(tmp_path / "photos/faces", split)
    assert splits(tmp_path / "photos") == {
        ("faces", "Train"): ("", "Training"),
        ("faces", "dev"): ("", "PublicTest"),
        ("faces", "test_set"): ("", "PrivateTest"),
    }
    prepare(listing(tmp_path / "photos"), tmp_path / "out")
    test = load_split(tmp_path / "out", "PrivateTest")
    assert test.keys[0] == "collected/test_set/angry/0.jpg" and set(test.subjects) == {""}


def test_people_in_folders_of_splits_stay_there(tmp_path):
    write_split(tmp_path, "train", 1, ["ann", "ben"])
    write_split(tmp_path, "val", 1, ["cleo"])
    write_split(tmp_path, "test", 1, ["dora"])
    assert sorted(splits(tmp_path).values()) == [
        ("ann", "Training"),
        ("ben", "Training"),
        ("cleo", "PublicTest"),
        ("dora", "PrivateTest"),
    ]
    write_photograph(tmp_path / "test/ann/fear/1.jpg")
    with pytest.raises(FerMdError, match="the subject 'ann' is in test/ann and in train/ann"):
        listing(tmp_path)


@pytest.mark.parametrize("second", ["test", "valid"])
def test_of_two_splits_the_second_is_the_test(tmp_path, second):
    """And validation is a seventh of each class of train, by image: nobody is known."""
    write_split(tmp_path, "train", 7)
    write_split(tmp_path, second)
    found = [(p.split, p.label) for p in listing(tmp_path).photographs if p.source.startswith("train")]
    assert sorted(label for split, label in found if split == "PublicTest") == [0, 1, 2, 3]
    assert {p.split for p in listing(tmp_path).photographs if p.source.startswith(second)} == {"PrivateTest"}


@pytest.mark.parametrize(
    "folders, message",
    [
        (["train"], "found Training"),
        (["val", "test"], "found PrivateTest, PublicTest"),
        (["train", "test", "ann"], "ann/angry/0.jpg: is in 0 folders of splits"),
        (["train/test", "train"], "train/test/angry/0.jpg: is in 2 folders of splits"),
        (["ann/train", "ben/test"], "ann/train/happy/1.jpg and ben/test/happy/1.jpg are not side by side"),
    ],
)
def test_unclear_splits_are_refused_with_advice(tmp_path, folders, message):
    for folder in folders:
        write_split(tmp_path, folder)
    with pytest.raises(FerMdError, match=f"{message}.*; folders called train, val or test are splits: .* is a person"):
        listing(tmp_path)
