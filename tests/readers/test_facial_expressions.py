import collections
import os
import re
from pathlib import Path

import pytest

from fer_md.data.records import load_split, read_info
from fer_md.data.subject_split import SHARES
from fer_md.errors import FerMdError
from fer_md.expressions import EXPRESSIONS
from fer_md.readers.facial_expressions import list_facial_expressions, person_of
from fer_md.readers.file_tree import FileTree
from photograph_trees import write_photograph, zipped
from scripts import run_script

SCRIPT = Path(__file__).parents[2] / "data_prep/facial_expressions.py"
ROWS = [
    ("Ann_Lee_0001", "neutral"),
    ("Ann_Lee_0002", "HAPPINESS"),
    ("Ben_0001", "Fear"),
    ("Ben_0002", "sadness"),
    ("CleoKay_7", "ANGER"),
    ("CleoKay_12", "contempt"),
    ("Dan_0001", "surprise"),
    ("Dan_0002", "disgust"),
    ("Dan_0002", "DISGUST"),
    ("facial-expressions_28k", "neutral"),
    ("facial-expressions_28k", "anger"),
]


def write_tree(folder, rows=ROWS, header="user.id,image,emotion"):
    lines = [header, *(f"302,{name}.jpg,{emotion}" for name, emotion in rows)]
    (folder / "data").mkdir(parents=True)
    (folder / "data/legend.csv").write_text("\n".join(lines) + "\n")
    for index, name in enumerate(sorted({name for name, _ in ROWS} | {"Eve_0001"})):
        write_photograph(folder / f"images/{name}.jpg", name.split("_")[0], index)


@pytest.fixture
def folder(tmp_path):
    write_tree(tmp_path / "source/facial_expressions")
    return tmp_path / "source"


def listing(source, **options):
    with FileTree(source) as tree:
        return list_facial_expressions(tree, **options)


def reasons(found):
    return {name.rpartition("/")[2]: reason for name, reason in found.unused}


def test_labels_people_and_splits(folder):
    found = listing(folder)
    labels = {photograph.key: EXPRESSIONS[photograph.label] for photograph in found.photographs}
    assert labels == {
        f"facial_expressions/{name}.jpg": emotion.lower()
        for name, emotion in ROWS
        if emotion != "contempt" and "28k" not in name
    }
    splits = {photograph.subject: photograph.split for photograph in found.photographs}
    assert len(splits) == 4 and set(splits.values()) == {"Training", "PublicTest", "PrivateTest"}
    assert all(splits[photograph.subject] == photograph.split for photograph in found.photographs)


def test_every_image_is_used_or_has_a_reason(folder):
    found = listing(folder)
    assert reasons(found) == {
        "Eve_0001.jpg": "no label in data/legend.csv",
        "CleoKay_12.jpg": "contempt is left out (contempt=keep keeps it)",
        "facial-expressions_28k.jpg": "conflicting labels in data/legend.csv: "
        "line 11 says neutral and line 12 says anger",
    }
    assert len(found.photographs) + len(found.unused) == 10


def test_contempt_kept_is_an_eighth_label(folder):
    found = listing(folder, contempt="keep")
    assert found.expressions == (*EXPRESSIONS, "contempt")
    assert [photograph.label for photograph in found.photographs if photograph.key.endswith("Kay_12.jpg")] == [7]


def test_a_zip_and_the_folder_itself_give_the_same(folder, tmp_path):
    for source in (zipped(folder, tmp_path / "all.zip"), folder / "facial_expressions"):
        assert [(p.key, p.label, p.split) for p in listing(source).photographs] == [
            (p.key, p.label, p.split) for p in listing(folder).photographs
        ]


@pytest.mark.parametrize(
    "name, person",
    [
        ("images/George_W_Bush_0001.jpg", "George_W_Bush"),
        ("images/FaridaJalal_7.jpg", "FaridaJalal"),
        ("x/facial-expressions_2868588k.jpg", "facial-expressions"),
        ("Ann_Lee.jpg", "Ann_Lee"),
        ("_01.jpg", "_01"),
    ],
)
def test_the_person_in_a_name(name, person):
    assert person_of(name) == person


@pytest.mark.parametrize(
    "rows, header, message",
    [
        ([("Ben_0001", "bored")], "user.id,image,emotion", "line 2: emotion must be one of anger, .*found 'bored'"),
        ([("Zoe_0001", "fear")], "user.id,image,emotion", "line 2: the image 'Zoe_0001.jpg' is not in images/"),
        (ROWS, "user.id,file,emotion", "line 1: the column image is missing"),
        (ROWS[:2], "user.id,image,emotion", "needs at least 3 people; found Ann_Lee"),
    ],
)
def test_a_bad_legend_is_named(tmp_path, rows, header, message):
    write_tree(tmp_path / "tree", rows, header)
    with pytest.raises(FerMdError, match=message):
        listing(tmp_path / "tree")


def test_no_legend(tmp_path):
    write_photograph(tmp_path / "images/Ann_0001.jpg")
    with pytest.raises(FerMdError, match="must hold data/legend.csv and images/ once; found 0"):
        listing(tmp_path)


def run(*flags):
    return run_script(SCRIPT, *flags)


@pytest.mark.integration
def test_script_with_unreadable_images(folder, tmp_path):
    images = folder / "facial_expressions/images"
    (images / "Ben_0001.jpg").write_bytes(b"GIF89a")
    (images / "Ben_0002.jpg").write_bytes(b"\x89PNG\r\n\x1a\n\0\0\0\x0dIHDR" + b"\0\0\x4e\x20" * 2)
    done = run(f"--source={zipped(folder, tmp_path / 'all.zip')}", f"--output={tmp_path / 'out'}", "--detector=none")
    assert (done.returncode, done.stderr) == (0, "")
    assert "crops: 0 by the eyes, 0 by the box of the face, 5 of the center" in done.stdout
    quarantine = (tmp_path / "out/quarantine.csv").read_text()
    assert "Ben_0001.jpg: not a PNG, JPEG, BMP or TIFF" in quarantine
    assert "Ben_0002.jpg: the image is 20000x20000" in quarantine
    assert sum(len(load_split(tmp_path / "out", split).keys) for split in read_info(tmp_path / "out")["splits"]) == 5


@pytest.mark.integration
def test_script_finds_faces_and_goes_on_from_its_cache(folder, tmp_path):
    """The second run writes the same bytes although the detector sees no image again."""
    flags = [f"--source={folder}", f"--output={tmp_path / 'out'}", "--image_size=32"]
    done = run(*flags)
    assert (done.returncode, done.stderr) == (0, "")
    assert int(re.search(r"crops: (\d+) by the eyes", done.stdout)[1]) >= 5  # of 7 drawn faces
    cache = tmp_path / "out.detections.jsonl"
    before, info = cache.read_bytes(), read_info(tmp_path / "out")
    assert len(before.splitlines()) == 8 and info["image_size"] == 32
    assert run(*flags, "--overwrite").returncode == 0
    assert cache.read_bytes() == before and read_info(tmp_path / "out") == info


@pytest.mark.integration
def test_script_ends_in_one_line(folder, tmp_path):
    evil = zipped(folder, tmp_path / "evil.zip", [("../../images/Ann_0001.jpg", b"x")])
    for source, message in ((evil, "leads out of the zip"), (tmp_path / "none", "cannot be read")):
        done = run(f"--source={source}", f"--output={tmp_path / 'out'}")
        assert done.returncode == 1 and done.stdout == "" and len(done.stderr.splitlines()) == 1
        assert message in done.stderr
    done = run(f"--source={folder}", f"--output={tmp_path / 'out'}", "--image_size=40")
    assert (done.returncode, done.stderr) == (
        1,
        "error: --image_size must be a multiple of 16, as the networks take; found 40\n",
    )
    assert not (tmp_path / "out").exists()


@pytest.mark.integration
def test_script_help_teaches():
    done = run("--help")
    for text in (
        "python data_prep/facial_expressions.py --source=facial_expressions.zip",
        "--source",
        "--output",
        "--image_size",
        "--detector",
        "--align",
        "--contempt",
        "--seed",
        "--[no]overwrite",
    ):
        assert text in done.stdout


@pytest.mark.slow
@pytest.mark.skipif("DATA_ROOT" not in os.environ, reason="DATA_ROOT does not name the folder of the real data")
def test_the_real_data_set():
    """13,718 images: 36 without a label, one with two, nine of contempt."""
    found = listing(Path(os.environ["DATA_ROOT"]) / "facial_expressions.zip")
    counts = collections.Counter((photograph.split, photograph.label) for photograph in found.photographs)
    assert {split: [counts[split, label] for label in range(7)] for split in SHARES} == {
        "Training": [151, 145, 13, 3416, 160, 220, 4118],
        "PublicTest": [25, 7, 2, 569, 27, 37, 687],
        "PrivateTest": [76, 56, 6, 1708, 80, 110, 2059],
    }
    assert len(found.unused) == 46 and len({photograph.subject for photograph in found.photographs}) == 5614
