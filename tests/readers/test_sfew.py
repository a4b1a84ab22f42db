import pytest

from fer_md.data.records import load_split
from fer_md.errors import FerMdError
from fer_md.readers.file_tree import FileTree
from fer_md.readers.photographs import prepare
from fer_md.readers.sfew import list_sfew
from photograph_trees import write_photograph

CLASSES = ["Angry", "Disgust", "Fear", "Happy", "Sad", "Surprise", "Neutral"]


def write_part(root, part, movies, classes=CLASSES):
    for index, movie in enumerate(movies):
        name = f"{movie}_{index:09d}_{index:08d}.png"
        write_photograph(root / part / f"{part}_Aligned_Faces" / classes[index % len(classes)] / name, movie, index % 7)


@pytest.fixture
def folder(tmp_path):
    write_part(tmp_path, "Train", [f"Film{index % 10}" for index in range(21)])
    write_part(tmp_path, "Val", ["Gone Girl", "Harry_Potter_2"] * 4)
    (tmp_path / "Val/Val_Aligned_Faces").rename(tmp_path / "Val/Val_Aligned_Faces_new")
    write_photograph(tmp_path / "Test/Test_Aligned_Faces/secret.png")
    (tmp_path / "Train/list.txt").write_text("x")
    return tmp_path


def listing(folder, **options):
    with FileTree(folder) as tree:
        return list_sfew(tree, **options)


def test_official_split_without_test_labels(folder):
    found = listing(folder)
    assert {(p.key.split("/")[1], p.split) for p in found.photographs} == {
        ("Train", "Training"),
        ("Train", "PublicTest"),
        ("Val", "PrivateTest"),
    }
    assert {p.subject for p in found.photographs if p.split == "PrivateTest"} == {"Gone Girl", "Harry_Potter_2"}
    assert dict(found.unused)["Test/Test_Aligned_Faces/secret.png"] == "no label"
    assert dict(found.unused)["Train/list.txt"].startswith("not in <Train|Val|Test>")
    assert len(found.photographs) == 29


def test_official_split_with_test_labels(folder):
    write_part(folder, "Test", ["Inception"] * 7)
    by_part = {p.key.split("/")[1]: p.split for p in listing(folder).photographs}
    assert by_part == {"Train": "Training", "Val": "PublicTest", "Test": "PrivateTest"}


@pytest.mark.parametrize("split", ["official", "movie"])
def test_no_movie_of_train_is_in_two_splits(folder, split):
    splits = {(p.subject, p.split) for p in listing(folder, split=split).photographs}
    assert len(splits) == len({movie for movie, _ in splits}) == 12


def test_prepared(folder, tmp_path):
    prepare(listing(folder), tmp_path / "out")
    test = load_split(tmp_path / "out", "PrivateTest")
    assert test.keys[0] == "sfew/Val/Angry/Gone Girl_000000000_00000000.png"
    assert sorted(test.labels.tolist()) == [0, 0, 1, 2, 3, 4, 5, 6] and test.subjects.count("Gone Girl") == 4


def test_bad_trees(folder, tmp_path):
    write_photograph(folder / "Train/Train_Aligned_Faces/Angry/nothing.png")
    assert "no movie" in dict(listing(folder).unused)["Train/Train_Aligned_Faces/Angry/nothing.png"]
    write_part(folder, "Train", ["Film1"], ["Bored"])
    with pytest.raises(FerMdError, match="Bored/Film1_.*unknown class 'Bored'"):
        listing(folder)
    (tmp_path / "empty").mkdir()
    with pytest.raises(FerMdError, match="no labelled images; the layout is"):
        listing(tmp_path / "empty")
