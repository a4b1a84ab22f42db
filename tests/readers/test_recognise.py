"""Which data set a folder holds, and what each layout says of itself."""

import re
from pathlib import Path

import pytest

from fer_md.errors import FerMdError
from fer_md.readers.file_tree import FileTree
from fer_md.readers.recognise import LAYOUTS, recognise

EXAMPLES = {
    "fer2013": ["data/fer2013.csv.xz"],
    "fer2013_folders": ["train/angry/Training_3908.jpg", "test/angry/PrivateTest_88305.jpg"],
    "ferplus": ["FER2013Train/label.csv", "FER2013Train/fer0000000.png"],
    "rafdb": ["basic/EmoLabel/list_patition_label.txt", "basic/Image/aligned/train_00001_aligned.jpg"],
    "rafdb_compound": ["EmoLabel/list_patition_label.txt", "Image/original/train_0001.jpg"],
    "affectnet": ["train_set/images/0.jpg", "train_set/annotations/0_exp.npy"],
    "expw": ["image/origin/afraid_African_214.jpg", "label/label.lst"],
    "sfew": ["Train_Aligned_Faces/Angry/Film_000000000_00000001.png"],
    "facial_expressions": ["facial_expressions-master/data/legend.csv", "facial_expressions-master/images/A_1.jpg"],
    "ckplus": [
        "cohn-kanade-images/S005/001/S005_001_00000001.png",
        "Emotion/S005/001/S005_001_00000011_emotion.txt",
    ],
    "mmi": ["Sessions/1/session.xml"],
    "oulu_casia": ["OriginalImg/VL/Strong/P001/Anger/000.jpeg"],
    "jaffe": ["jaffedbase/KA.AN1.39.tiff"],
    "kdef": ["KDEF/AF01/AF01ANS.JPG"],
    "tfeid": ["TFEID_high/anger/f01_1.jpg"],
}
"""Paths by which each layout is known."""

OTHERS = [
    ["ann/happy/1.jpg"],
    ["train/happy/1.jpg", "test/happy/1.jpg"],
    ["images/1.jpg", "labels.csv"],
    ["data/fer2013new.csv"],
    ["anger/f01.jpg"],
]


def write(folder, paths):
    for path in paths:
        (folder / path).parent.mkdir(parents=True, exist_ok=True)
        (folder / path).write_bytes(b"")


def recognised(folder):
    with FileTree(folder) as tree:
        return recognise(tree)


def test_every_layout_is_told_from_the_others(tmp_path):
    assert list(EXAMPLES) == [layout.name for layout in LAYOUTS]
    for name, paths in EXAMPLES.items():
        write(tmp_path / name / "set", paths)
        assert recognised(tmp_path / name / "set").name == name
        assert recognised(tmp_path / name).name == name  # from a folder above as well


@pytest.mark.parametrize("paths", OTHERS, ids=lambda paths: paths[0])
def test_others_are_not_taken_for_a_data_set(tmp_path, paths):
    write(tmp_path / "mine", paths)
    assert recognised(tmp_path / "mine") is None


def test_two_data_sets_are_refused(tmp_path):
    write(tmp_path, [*EXAMPLES["rafdb"], *EXAMPLES["kdef"]])
    with pytest.raises(FerMdError, match="holds several data sets, rafdb, kdef; name the folder of one"):
        recognised(tmp_path)


def test_the_file_of_the_challenge_is_known_by_its_name(tmp_path):
    for name in ("fer2013.csv", "icml_face_data.csv", "fer2013.tar.gz", "fer2013.csv.gz"):
        (tmp_path / name).write_bytes(b"")
        assert recognised(tmp_path / name).name == "fer2013"


@pytest.mark.parametrize("layout", LAYOUTS, ids=lambda layout: layout.name)
def test_a_layout_states_what_it_holds(layout):
    assert re.fullmatch(r"\w+", layout.name) and len(set(layout.expressions)) == len(layout.expressions)
    described = layout.describe()
    assert described.startswith(layout.title) and all(
        fact in described for fact in (layout.files, layout.splits, layout.people, layout.faces, layout.request)
    )


@pytest.mark.parametrize("layout", LAYOUTS, ids=lambda layout: layout.name)
def test_the_page_says_the_same(layout):
    page = (Path(__file__).parents[2] / "docs/DATA.md").read_text()
    facts = (len(layout.expressions), layout.splits, layout.people, layout.faces, layout.request)
    assert f"| {layout.name}: {layout.title} | {' | '.join(map(str, facts))} |" in page
    assert f"- {layout.name}: `{layout.files}`\n" in page
