"""Each data set that is read by its layout alone, on a small tree: what is found in it, and what bad files end in."""

import cv2
import numpy as np
import pytest

from fer2013_samples import write_folder
from fer_md.data.records import load_split, read_info
from fer_md.expressions import EXPRESSIONS
from fer_md.readers.ferplus import majority
from fer_md.readers.file_tree import FileTree
from fer_md.readers.recognise import recognise
from layouts import fails, labelled, listing, splits, write_small, write_text
from photograph_trees import write_photograph, zipped
from scripts import run_script


@pytest.fixture
def rafdb(tmp_path):
    lines = [f"train_{i:05d}.jpg {i % 7 + 1}" for i in range(14)] + ["test_00001.jpg 4"]
    for line in lines:
        write_small(tmp_path / "basic/Image/aligned" / line.split()[0].replace(".jpg", "_aligned.jpg"))
    write_small(tmp_path / "basic/Image/original/test_00001.jpg", (80, 80, 3))
    write_small(tmp_path / "basic/Image/original/test_00002.jpg")
    write_text(tmp_path / "basic/EmoLabel/list_patition_label.txt", *lines)
    return tmp_path


def test_rafdb_has_its_own_order_of_labels_and_its_own_split(rafdb):
    found = listing(rafdb, "rafdb")
    order = ["surprise", "fear", "disgust", "happiness", "sadness", "anger", "neutral"]
    assert labelled(found) == {(f"rafdb/train_{i:05d}", order[i % 7]) for i in range(14)} | {
        ("rafdb/test_00001", "happiness")
    }
    assert {key for key, split in splits(found).items() if split == "PrivateTest"} == {"rafdb/test_00001"}
    assert set(splits(found).values()) == {"Training", "PublicTest", "PrivateTest"}
    assert found.photographs[-1].source.endswith("aligned/test_00001_aligned.jpg")  # and not the original
    assert dict(found.unused) == {
        "basic/Image/original/test_00002.jpg": "not in EmoLabel/list_patition_label.txt",
    }


@pytest.mark.parametrize(
    "line, message",
    [
        ("train_00001.jpg 8", "line 1: the expression must be one of 1, 2, 3, 4, 5, 6, 7; found '8'"),
        ("train_00001.jpg", "line 1: 2 columns expected, found 1"),
        ("train_99999.jpg 1", "line 1: no image train_99999.jpg in basic/Image/aligned"),
        ("train_00001.jpg 1", "the splits must be Training with PublicTest or PrivateTest; found Training"),
        ("x" * (1 << 20), "a line is longer than"),
    ],
)
def test_a_bad_list_of_rafdb_is_named_with_its_line(rafdb, line, message):
    write_text(rafdb / "basic/EmoLabel/list_patition_label.txt", line)
    fails(rafdb, message)


def test_rafdb_in_folders_of_labels(tmp_path):
    for part, count in (("train", 7), ("test", 1)):
        for label in range(1, 8):
            for i in range(count):
                write_small(tmp_path / f"DATASET/{part}/{label}/{part}_{label}{i:04d}_aligned.jpg")
    found = listing(tmp_path, "rafdb")
    assert ("rafdb/train_10000", "surprise") in labelled(found) and len(found.photographs) == 56
    assert sum(split == "PublicTest" for split in splits(found).values()) == 7


def test_compound_expressions_of_rafdb(tmp_path):
    lines = [f"train_{i:04d}.jpg {i + 1}" for i in range(11)] + ["test_0001.jpg 11"]
    for line in lines:
        write_small(tmp_path / "compound/Image/original" / line.split()[0])
    write_text(tmp_path / "compound/EmoLabel/list_patition_label.txt", *lines)
    found = listing(tmp_path, "rafdb_compound")
    assert found.expressions[0] == "happily surprised" and len(found.expressions) == 11
    assert ("rafdb_compound/train_0003", "sadly angry") in labelled(found)
    assert ("rafdb_compound/test_0001", "disgustedly surprised") in labelled(found)


@pytest.fixture
def expw(tmp_path):
    lines = []
    for i in range(10):
        write_small(tmp_path / f"image/origin/angry_{i}.jpg", (100, 120, 3))
        lines += [f"angry_{i}.jpg 0 10 20 60 70 {50 + i}.5 {i % 7}", f"angry_{i}.jpg 1 5 5 30 40 20.1 3"]
    write_text(tmp_path / "label/label.lst", *lines)
    return tmp_path


def test_expw_keeps_the_faces_of_a_photograph_together(expw):
    found = listing(expw, "expw")
    assert len(found.photographs) == 20 and ("expw/angry_4.jpg#0", "sadness") in labelled(found)
    places = {(photograph.source, photograph.split) for photograph in found.photographs}
    assert len(places) == 10 and {split for _, split in places} == {"Training", "PublicTest", "PrivateTest"}
    with FileTree(expw) as tree:  # 40 wide and 60 high, with 0.3 of it on each side, cut at the upper edge
        assert recognise(tree).list(tree, 0).photographs[0].read().shape == (10 + 60 + 18, 64, 3)


@pytest.mark.parametrize(
    "line, message",
    [
        ("angry_0.jpg 0 10 20 60 70 9.1", "label.lst: line 1: 8 columns expected, found 7"),
        ("happy.jpg 0 10 20 60 70 9.1 1", "line 1: no image 'happy.jpg' in origin/"),
        ("angry_0.jpg 0 10 20 60 70 9.1 7", "line 1: the expression must be one of 0, 1, 2, 3, 4, 5, 6; found '7'"),
        ("angry_0.jpg 0 60 20 60 10 9.1 1", "line 1: the face's top and left must be less than its bottom and right"),
        ("angry_0.jpg 0 --5 20 60 70 9.1 1", "line 1: the edges of the face must be whole numbers; found '--5 20 60"),
        ("angry_0.jpg 0 1e3 20 60 10 9.1 1", "line 1: the edges of the face must be whole numbers; found '1e3 20 60"),
    ],
)
def test_a_bad_list_of_expw_is_named_with_its_line(expw, line, message):
    write_text(expw / "label/label.lst", line)
    fails(expw, message)
    write_text(expw / "other/label.lst", line)
    fails(expw, "must hold one label.lst; found 2")


def test_jaffe(tmp_path):
    people, codes = ("KA", "KL", "YM"), ("AN", "DI", "FE", "HA", "SA", "SU", "NE")
    for person in people:
        for code in codes:
            write_small(tmp_path / f"jaffedbase/{person}.{code}1.39.tiff", (64, 64))
    write_text(tmp_path / "jaffedbase/README", "about")
    found = listing(tmp_path, "jaffe")
    assert labelled(found) == {
        (f"jaffe/{person}.{code}1.39.tiff", EXPRESSIONS[label]) for person in people for label, code in enumerate(codes)
    }
    assert len({(photograph.subject, photograph.split) for photograph in found.photographs}) == 3


def test_kdef_takes_the_straight_faces_and_keeps_both_sessions_of_a_person_together(tmp_path):
    for person in ("F01", "M01", "M02"):
        for session in "AB":
            for code in ("AF", "AN", "NE"):
                for angle in ("S", "HL", "FR"):
                    write_small(tmp_path / f"KDEF/{session}{person}/{session}{person}{code}{angle}.JPG")
    write_small(tmp_path / "KDEF/AF31/AF31V.JPG")
    found = listing(tmp_path, "kdef")
    assert len(found.photographs) == 18 and ("kdef/AF01AFS.JPG", "fear") in labelled(found)
    people = {(photograph.subject, photograph.split) for photograph in found.photographs}
    assert {person for person, _ in people} == {"F01", "M01", "M02"} and len(people) == 3
    reasons = dict(found.unused)
    assert reasons["KDEF/AF01/AF01AFHL.JPG"] == "seen from the side (HL)"
    assert reasons["KDEF/AF31/AF31V.JPG"].startswith("no name by the codes of KDEF")


def test_oulu_casia_takes_the_last_images_under_visible_strong_light(tmp_path):
    for person in ("P001", "P002", "P003"):
        for image in range(12):
            write_small(tmp_path / f"OriginalImg/VL/Strong/{person}/Happiness/{image:03d}.jpeg")
    for light in ("VL/Weak", "NI/Strong"):
        write_small(tmp_path / f"OriginalImg/{light}/P001/Anger/000.jpeg")
    found = listing(tmp_path, "oulu_casia")
    assert found.expressions == EXPRESSIONS[:6]
    assert labelled(found) == {
        (f"oulu_casia/{person}/happiness/{image:03d}", "happiness")
        for person in ("P001", "P002", "P003")
        for image in (9, 10, 11)
    }
    assert dict(found.unused) == {
        "OriginalImg/VL/Weak/P001/Anger": "not visible, strong light, but VL/Weak",
        "OriginalImg/NI/Strong/P001/Anger": "not visible, strong light, but NI/Strong",
    }


def test_tfeid(tmp_path):
    for person in ("f01", "f02", "m03"):
        for expression in ("anger", "Contempt"):
            for intensity in ("high", "slight"):
                write_small(tmp_path / f"TFEID/{intensity}/{expression}/{person}_2.jpg")
    found = listing(tmp_path, "tfeid")
    assert ("tfeid/slight/contempt/m03_2.jpg", "contempt") in labelled(found) and len(found.photographs) == 12
    assert {photograph.subject for photograph in found.photographs} == {"f01", "f02", "m03"}


VOTES = {"happiness": "0,9,0,0,0,0,0,1,0,0", "anger": "1,0,0,0,5,4,0,0,0,0", None: "0,0,0,0,5,5,0,0,0,0"}
"""Rows by the majority: nine votes; five of nine, since one vote counts nothing; five of ten."""


def test_the_majority_of_the_votes():
    for expression, votes in VOTES.items():
        assert majority(tuple(map(int, votes.split(",")))) == expression
    assert majority((0, 0, 0, 0, 0, 0, 0, 0, 9, 1)) is None  # unknown
    assert majority((1,) * 10) is None


@pytest.fixture
def ferplus(tmp_path):
    rng = np.random.default_rng(0)
    for folder in ("FER2013Train", "FER2013Valid", "FER2013Test"):
        rows = []
        for i, votes in enumerate(VOTES.values()):
            (tmp_path / folder).mkdir(exist_ok=True)
            cv2.imwrite(str(tmp_path / folder / f"fer{i:07d}.png"), rng.integers(0, 256, (48, 48), np.uint8))
            rows.append(
                f'fer{i:07d}.png,"(0, 0, 48, 48)",{votes}' if folder == "FER2013Test" else f"fer{i:07d}.png,{votes}"
            )
        write_text(tmp_path / folder / "label.csv", *rows)
    return tmp_path


def test_ferplus_has_the_votes_the_split_and_the_very_pixels(ferplus, tmp_path):
    done = run_script("data_prep/recognised.py", f"--source={ferplus}", f"--output={tmp_path / 'out'}")
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout.startswith("FER+ as images (Barsoum et al., 2016)\n")
    test = load_split(tmp_path / "out", "PrivateTest")
    assert test.keys == ["ferplus/FER2013Test/fer0000000.png", "ferplus/FER2013Test/fer0000001.png"]
    assert test.votes.tolist()[1] == [1, 0, 0, 0, 5, 4, 0, 0, 0, 0]
    assert [read_info(tmp_path / "out")["expressions"][label] for label in test.labels] == ["happiness", "anger"]
    first = cv2.imread(str(ferplus / "FER2013Test/fer0000000.png"), cv2.IMREAD_GRAYSCALE)
    np.testing.assert_array_equal(test.images[0], first)
    assert "no expression has the majority of the votes" in (tmp_path / "out/quarantine.csv").read_text()


@pytest.mark.parametrize(
    "row, message",
    [
        ("fer0000000.png,1,2", "label.csv: line 1: a name and 10 votes expected; found 2 votes"),
        ("fer0000009.png," + VOTES["anger"], "line 1: no image 'fer0000009.png' in FER2013Train"),
        ("fer0000000.png,11,0,0,0,0,0,0,0,0,0", "line 1: votes must be 0 to 10; found 11,0"),
        ("fer0000000.png,x,0,0,0,0,0,0,0,0,0", "line 1: votes must be 0 to 10; found x,0"),
    ],
)
def test_a_bad_table_of_ferplus_is_named_with_its_line(ferplus, row, message):
    write_text(ferplus / "FER2013Train/label.csv", row)
    fails(ferplus, message)


def test_fer2013_in_folders_of_both_kinds(tmp_path):
    write_folder(tmp_path / "one")
    found = listing(tmp_path / "one", "fer2013_folders")
    assert found.name == "fer2013" and splits(found)["fer2013/PublicTest/7"] == "PublicTest"
    for part, count in (("train", 7), ("test", 2)):
        for expression in ("angry", "happy"):
            for i in range(count):
                write_small(tmp_path / "two" / part / expression / f"im{i}.png", (48, 48))
    found = listing(tmp_path / "two", "fer2013_folders")
    assert sorted(splits(found).values()) == ["PrivateTest"] * 4 + ["PublicTest"] * 2 + ["Training"] * 12
    write_small(tmp_path / "two/train/bored/im9.png", (48, 48))
    fails(tmp_path / "two", "train/bored/im9.png: unknown class 'bored'; the names known are anger")


def test_a_zip_is_read_as_its_folder(rafdb, tmp_path):
    source = zipped(rafdb, tmp_path / "RAF-DB.zip")
    assert labelled(listing(source, "rafdb")) == labelled(listing(rafdb, "rafdb"))


def test_the_script_says_what_a_folder_holds_and_prepares_it(tmp_path):
    for label, code in enumerate(("AN", "DI", "FE", "HA", "SA", "SU", "NE")):
        for person in ("KA", "KL", "YM"):
            write_photograph(tmp_path / f"jaffe/{person}.{code}1.39.tiff", person, label, 64)
    said = run_script("data_prep/recognised.py", f"--source={tmp_path / 'jaffe'}")
    assert said.returncode == 0 and said.stdout.startswith("JAFFE (Lyons et al., 1998)\n")
    assert said.stdout.splitlines()[-1] == f"to prepare it: fer-md prepare {tmp_path / 'jaffe'} --output=FOLDER"
    flags = (f"--output={tmp_path / 'out'}", "--detector=none", "--leave_out=fear,neutral")
    done = run_script("data_prep/recognised.py", f"--source={tmp_path / 'jaffe'}", *flags)
    assert (done.returncode, done.stderr) == (0, "")
    assert read_info(tmp_path / "out")["expressions"] == ["anger", "disgust", "happiness", "sadness", "surprise"]
    (tmp_path / "empty").mkdir()
    failed = run_script("data_prep/recognised.py", f"--source={tmp_path / 'empty'}")
    assert failed.returncode == 1 and "none of the layouts known (fer2013, " in failed.stderr
