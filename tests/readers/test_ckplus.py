import pytest

from fer_md.data.records import load_split
from fer_md.errors import FerMdError
from fer_md.readers.ckplus import list_ckplus
from fer_md.readers.file_tree import FileTree
from fer_md.readers.photographs import prepare
from photograph_trees import write_sequence, zipped

LABELLED = {("S005", "001"): 3, ("S010", "002"): 1, ("S010", "004"): 2, ("S011", "001"): 5, ("S014", "005"): 7}


@pytest.fixture
def folder(tmp_path):
    root = tmp_path / "CK+"
    for (subject, sequence), emotion in LABELLED.items():
        write_sequence(root, subject, sequence, 11, emotion)
    write_sequence(root, "S022", "001", 5)
    (root / "cohn-kanade-images/S005/001/.DS_Store").write_text("x")
    return root


def listing(source, **options):
    with FileTree(source) as tree:
        return list_ckplus(tree, **options)


def labels(found):
    return {p.key: found.expressions[p.label] for p in found.photographs}


def test_the_last_frames_show_the_emotion(folder):
    found = listing(folder)
    assert found.expressions == ("anger", "disgust", "fear", "happiness", "sadness", "surprise", "contempt")
    assert len(found.photographs) == 15
    assert {key: label for key, label in labels(found).items() if "S005" in key} == {
        f"ckplus/S005_001_{frame:08d}": "disgust" for frame in (9, 10, 11)
    }
    assert set(labels(found).values()) == {"disgust", "anger", "contempt", "happiness", "surprise"}
    assert found.unused == [("cohn-kanade-images/S022/001", "no emotion label")]


def test_neutral_contempt_and_number_of_frames(folder):
    found = listing(folder, last=1, contempt="drop", neutral="first")
    assert found.expressions == ("anger", "disgust", "fear", "happiness", "sadness", "surprise", "neutral")
    assert len(found.photographs) == 8
    assert labels(found)["ckplus/S014_005_00000001"] == "neutral"
    assert labels(found)["ckplus/S014_005_00000011"] == "surprise"
    assert ("cohn-kanade-images/S010/004", "contempt is left out (contempt=keep keeps it)") in found.unused


def test_nobody_is_in_two_splits(folder):
    splits = {(p.subject, p.split) for p in listing(folder).photographs}
    assert len(splits) == 4 and {split for _, split in splits} == {"Training", "PublicTest", "PrivateTest"}


def test_a_zip_and_prepared(folder, tmp_path):
    with FileTree(zipped(folder.parent, tmp_path / "ck.zip")) as tree:
        info, _ = prepare(list_ckplus(tree), tmp_path / "out")
    assert info["expressions"][-1] == "contempt"
    assert sum(len(load_split(tmp_path / "out", split).keys) for split in info["splits"]) == 15


@pytest.mark.parametrize("text", ["0.0", "8", "happy", "", "nan", "2.5"])
def test_a_bad_emotion_file_is_named(folder, text):
    (folder / "Emotion/S005/001/S005_001_00000011_emotion.txt").write_text(text)
    with pytest.raises(FerMdError, match="S005_001_00000011_emotion.txt: an emotion must be a number 1 to 7; found"):
        listing(folder)


def test_bad_trees(folder, tmp_path):
    with pytest.raises(FerMdError, match="the sequence has 11 frames; last=11 and neutral=first need 12"):
        listing(folder, last=11, neutral="first")
    write_sequence(folder, "S030", "001", 0, 3)
    with pytest.raises(FerMdError, match="the sequence S030/001 has an emotion but no images"):
        listing(folder)
    (folder / "Emotion").rename(tmp_path / "elsewhere")
    with pytest.raises(FerMdError, match="no emotion files; the layout is cohn-kanade-images/"):
        listing(folder)
