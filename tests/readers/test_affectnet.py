"""AffectNet in both of its layouts."""

import io

import numpy as np
import pytest

from fer_md.errors import FerMdError
from fer_md.expressions import EXPRESSIONS
from fer_md.readers.affectnet import CODES
from fer_md.readers.file_tree import FileTree
from fer_md.readers.photographs import prepare
from fer_md.readers.recognise import recognise
from layouts import fails, labelled, listing, listing_unread, splits, write_small, write_text

HEADER = "subDirectory_filePath,face_x,face_y,face_width,face_height,facial_landmarks,expression,valence,arousal"


@pytest.fixture
def affectnet(tmp_path):
    rows = {"training": range(11), "validation": range(8)}
    for part, codes in rows.items():
        for code in codes:
            write_small(tmp_path / f"Manually_Annotated_Images/{code}/{part}.jpg", (100, 120, 3))
        lines = [f"{code}/{part}.jpg,10,20,50,40,1;2,{code},0.1,-2" for code in codes]
        write_text(tmp_path / f"Manually_Annotated_file_lists/{part}.csv", HEADER, *lines)
    return tmp_path


def test_affectnet_with_tables_reads_the_face_in_its_box(affectnet):
    found = listing(affectnet, "affectnet")
    assert labelled(found) == {
        (f"affectnet/{code}/{part}.jpg", CODES[code]) for code in range(8) for part in ("training", "validation")
    }
    assert {split for key, split in splits(found).items() if "validation" in key} == {"PrivateTest"}
    reasons = {reason for _, reason in found.unused}
    assert reasons == {"expression 8, none", "expression 9, uncertain", "expression 10, no face"}
    with FileTree(affectnet) as tree:  # 50 x 40 with 0.3 of it on each side
        assert recognise(tree).list(tree, 0).photographs[0].read().shape == (64, 75, 3)


def test_affectnet_of_seven_classes(affectnet):
    found = listing(affectnet, "affectnet").without(["contempt"])
    assert found.expressions == EXPRESSIONS and len(found.photographs) == 14
    assert ("Manually_Annotated_Images/7/training.jpg", "contempt is left out") in found.unused
    with pytest.raises(FerMdError, match="affectnet has no label 'joy'; its labels are anger, disgust"):
        found.without(["joy"])
    with pytest.raises(FerMdError, match="two labels must be left; left are neutral"):
        found.without(EXPRESSIONS[:6])


@pytest.mark.parametrize(
    "row, message",
    [
        ("0/none.jpg,1,1,9,9,,0,0,0", "training.csv: line 2: no image '0/none.jpg'"),
        ("0/training.jpg,1,1,9,9,,11,0,0", "line 2: expression must be 0 to 10; found 11"),
        ("0/training.jpg,1,1,9,9,,joy,0,0", "line 2: expression must be 0 to 10; found 'joy'"),
        ("0/training.jpg,1,NULL,9,9,,0,0,0", "line 2: face_x and so on must be numbers; found '1,NULL,9,9'"),
        ("0/training.jpg,1,1,0,9,,0,0,0", "line 2: face_width and face_height must be above 0; found '1,1,0,9'"),
        ("0/training.jpg,1,1,nan,9,,0,0,0", "line 2: face_width and face_height must be above 0"),
        ("0/training.jpg,1", "line 2: 9 columns expected, found 2"),
    ],
)
def test_a_bad_table_of_affectnet_is_named_with_its_line(affectnet, row, message):
    write_text(affectnet / "Manually_Annotated_file_lists/training.csv", HEADER, row)
    fails(affectnet, message)


def test_a_box_outside_its_image_leaves_it_out(affectnet, tmp_path):
    row = "0/training.jpg,900,900,50,40,,0,0,0"
    write_text(affectnet / "Manually_Annotated_file_lists/training.csv", HEADER, row, "1/training.jpg,1,1,9,9,,1,0,0")
    found = listing_unread(affectnet)
    prepare(found, tmp_path / "out")
    assert "lies outside the image, 120x100" in (tmp_path / "out/quarantine.csv").read_text()


def write_annotations(folder, part, values):
    for number, value in enumerate(values):
        write_small(folder / part / f"images/{number}.jpg")
        path = folder / part / f"annotations/{number}_exp.npy"
        path.parent.mkdir(parents=True, exist_ok=True)
        np.save(path, value)


@pytest.mark.parametrize("kind", [str, int, float, np.array, lambda code: np.array([code])])
def test_affectnet_with_arrays(tmp_path, kind):
    for part in ("train_set", "val_set"):
        write_annotations(tmp_path, part, [kind(code) for code in range(8)])
    write_small(tmp_path / "val_set/images/99.jpg")
    found = listing(tmp_path, "affectnet")
    assert labelled(found) == {
        (f"affectnet/{part}/{code}", CODES[code]) for code in range(8) for part in ("train_set", "val_set")
    }
    assert found.unused == [("val_set/images/99.jpg", "no val_set/annotations/99_exp.npy")]
    assert set(splits(found).values()) == {"Training", "PublicTest", "PrivateTest"}


class Evil:
    """Its pickle would end the process."""

    def __reduce__(self):
        return (exec, ("raise SystemExit",))


def npy(array=None, header=None):
    stream = io.BytesIO()
    if header is None:
        np.save(stream, array, allow_pickle=True)
    else:
        np.lib.format.write_array_header_1_0(stream, header)
    return stream.getvalue()


@pytest.mark.parametrize(
    "content, message",
    [
        (npy(np.array(Evil(), object)), "must hold one number; found an array"),
        (npy(np.array([1, 2])), r"must hold one number; found an array \(2,\) of int64"),
        (npy(np.array("joy")), "must hold one number; found could not convert"),
        (npy(np.array(np.nan)), "must hold one number"),
        (npy(np.array(-1)), "expression must be 0 to 10; found -1"),
        (npy(header={"shape": (), "fortran_order": False, "descr": "<i8"}), "must hold one number"),
        (npy(header={"shape": (1 << 40,), "fortran_order": False, "descr": "<i8"}), "must hold one number; found an"),
        (b"\x93NUMPY\x01\x00", "must hold one number"),
        (b"no array", "must hold one number"),
        (bytes(2000), "the file is larger than 1000 bytes"),
    ],
)
def test_a_bad_array_of_affectnet_is_named_and_runs_nothing(tmp_path, content, message):
    write_annotations(tmp_path, "train_set", [1])
    (tmp_path / "train_set/annotations/0_exp.npy").write_bytes(content)
    fails(tmp_path, f"train_set/annotations/0_exp.npy: {message}")
