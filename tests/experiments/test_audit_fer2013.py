"""The audit on drawn faces, of which some are in Training as well."""

import csv

import numpy as np
import pytest

from drawn_faces import drawn_landmarks
from fer_md.data.face import Face
from fer_md.data.records import write_dataset
from fer_md.runs.results import read_result
from pages.sections.audit import audit_blocks
from pages.study_rows import Audit
from scripts import run_script


@pytest.fixture(scope="module")
def data(tmp_path_factory):
    """Fourteen training faces. Of four held out in each split one is identical to one of them, one mirrored."""
    images, folder = np.array(drawn_landmarks(20, size=48)[0]), tmp_path_factory.mktemp("audit") / "faces"
    faces = [Face(key=f"t{i}", image=images[i], label=i % 7, split="Training", votes=votes(i % 7)) for i in range(14)]
    for offset, split in ((0, "PublicTest"), (1, "PrivateTest")):
        held_out = [images[offset], images[offset + 2][:, ::-1], images[14 + offset], images[16 + offset]]
        labels = [offset, 6, 0, 1]  # the mirrored one has another label than in Training
        faces += [
            Face(key=f"{split}{i}", image=image, label=labels[i], split=split, votes=votes(labels[i]))
            for i, image in enumerate(held_out)
        ]
    write_dataset(faces, folder, "fer2013")
    return folder


def votes(label):
    """All ten for the expression in the order of FER+'s columns."""
    return np.eye(10, dtype=np.int64)[[4, 5, 6, 1, 3, 2, 0][label]] * 10


def test_audit_finds_what_is_in_training_too(data, tmp_path):
    output = tmp_path / "audit.json"
    command = ("experiments/audit_fer2013.py", f"--data={data}", "--networks=fer2013", f"--output={output}")
    result = run_script(*command)
    assert result.returncode == 0, result.stderr
    again = run_script(*command)
    assert again.returncode == 1 and "audit.json: is there already; add --overwrite" in again.stderr
    found = read_result(Audit, output)
    assert [(s.faces, s.identical, s.twins, s.moved_or_mirrored) for s in found.splits] == [(4, 1, 2, 1)] * 2
    assert [s.twins_with_other_label for s in found.splits] == [1, 1]
    assert [s.ceiling for s in found.splits] == [1.0, 1.0]
    assert [(row.split, row.averaging) for row in found.rows[:3]] == [
        ("PublicTest", averaging) for averaging in ("none", "flip", "tencrop")
    ]
    for row in found.rows:
        assert row.accuracy == pytest.approx((row.without_twins + row.twins) / 2)
    listed = list(csv.DictReader((tmp_path / "audit-twins.csv").read_text(encoding="utf-8").splitlines()))
    assert {(row["face"], row["training_face"], row["mirrored"]) for row in listed} == {
        ("PublicTest0", "t0", "0"),
        ("PublicTest1", "t2", "1"),
        ("PrivateTest0", "t1", "0"),
        ("PrivateTest1", "t3", "1"),
    }
    assert [len(block.frame) for block in audit_blocks(found)[1:4:2]] == [2, 6]
