"""The matrix of networks and data sets."""

import dataclasses

import cv2
import numpy as np
import pytest

from cross_datasets import common_expressions, measure_cell
from fer_md.data.face import Face
from fer_md.data.records import Split, write_dataset
from fer_md.errors import FerMdError
from fer_md.expressions import EXPRESSIONS
from fer_md.prediction.classifier import Classifier
from fer_md.runs.results import read_result
from pages.sections.cross import cross_blocks
from pages.study_rows import Cross
from scripts import run_script

SCRIPT = "experiments/cross_datasets.py"
RNG = np.random.default_rng(0)


def test_expressions_in_common_keep_the_order_of_the_first():
    assert common_expressions([("a", "b", "c"), ("c", "x", "a"), ("a", "c")]) == ("a", "c")
    with pytest.raises(FerMdError, match="have a in common; two are needed"):
        common_expressions([("a", "b"), ("a", "c")])


def test_the_most_probable_of_the_common_expressions_counts():
    """The network's b is not in common: of a 0.3 and c 0.1 it answers a. Labels a, a, c: two of three are right."""
    probabilities = np.array([[0.1, 0.6, 0.3], [0.7, 0.2, 0.1], [0.2, 0.5, 0.3]])  # c, b, a
    classifier = Classifier(lambda faces: probabilities, ("c", "b", "a"), 48, ["stub"])
    split = Split(np.zeros((3, 48, 48), np.uint8), np.array([1, 1, 0]), list("123"), None, None, [""] * 3)
    info = {"name": "own", "expressions": ["c", "a"], "image_size": 48}
    cell = measure_cell(classifier, split, info, ("a", "c"))
    assert cell.confusion == [[1, 1], [1, 0]] and cell.images == 3 and cell.data == "own"
    assert cell.accuracy == pytest.approx(1 / 3) and cell.recall == {"a": 0.5, "c": 0.0}
    with pytest.raises(FerMdError, match="own: its faces have 64 pixels a side, but stub takes 48; prepare"):
        measure_cell(classifier, split, {**info, "image_size": 64}, ("a", "c"))


def write(folder, name, expressions, leaked=None):
    """A prepared data set of noise with two test faces of each expression, and one that is in Training of another."""
    faces = [
        Face(f"{name}/{split}/{number}", RNG.integers(0, 256, (48, 48), np.uint8), number % len(expressions), "", split)
        for split in ("Training", "PrivateTest")
        for number in range(2 * len(expressions))
    ]
    if leaked is not None:
        faces[-1] = dataclasses.replace(faces[-1], image=leaked)
    write_dataset(faces, folder / name, name, expressions)
    return faces


@pytest.fixture
def data(tmp_path):
    first = write(tmp_path, "one", EXPRESSIONS)
    write(tmp_path, "two", ("contempt", *EXPRESSIONS[:4]), leaked=first[0].image)
    return tmp_path


def test_the_matrix_of_two_data_sets(data, tmp_path):
    outputs = [f"--output={tmp_path / 'cross.json'}", f"--picture={tmp_path / 'cross.png'}"]
    flags = [f"--data={data / 'one'},{data / 'two'}", "--networks=photographs,fer2013", *outputs]
    done = run_script(SCRIPT, *flags)
    assert (done.returncode, done.stderr) == (0, "")
    found = read_result(Cross, tmp_path / "cross.json")
    assert found.expressions == ["anger", "disgust", "fear", "happiness"]
    assert [(column.faces, column.left_out) for column in found.columns] == [(8, 6), (7, 3)]
    assert [(row.network, row.trained_on) for row in found.rows] == [
        ("photographs", ["facial_expressions", "fer2013"]),
        ("fer2013", ["facial_expressions", "fer2013"]),
    ]
    assert all(
        cell.images == column.faces for row in found.rows for cell, column in zip(row.cells, found.columns, strict=True)
    )
    assert cv2.imread(str(tmp_path / "cross.png")) is not None
    assert "| fer2013 | facial_expressions, fer2013 | " in done.stdout and len(cross_blocks(found)) == 4


@pytest.mark.parametrize(
    "flags, message",
    [
        (["--data={0}/one,{0}/./one"], "--data: two data sets have the name one"),
        (["--data={0}/one", "--networks=fer2013,fer2013"], "--networks names fer2013 more than once"),
        (["--data={0}/one", "--split=Test"], "no split 'Test'; there are Training, PrivateTest"),
        (["--data={0}/one", "--networks=nothing"], "nothing: neither a run directory"),
        (["--data={0}/none"], "not a prepared data set"),
    ],
)
def test_bad_flags_are_one_line(data, flags, message):
    done = run_script(SCRIPT, *(flag.format(data) for flag in flags))
    assert done.returncode == 1 and message in done.stderr and len(done.stderr.splitlines()) == 1
