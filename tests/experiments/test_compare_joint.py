"""Ways to learn two data sets, on noise: rows train, goes on after a stop, and is measured on both."""

import dataclasses

import numpy as np
import pytest

from fer_md.data.face import Face
from fer_md.data.records import write_dataset
from fer_md.runs.results import read_result
from pages.blocks import Text
from pages.sections.joint import joint_blocks
from pages.study_rows import JointPoint, JointRow, JointStudy
from random_faces import random_split
from scripts import run_script


def write_faces(folder, seed):
    split, names = random_split(56, seed), ["Training"] * 40 + ["PublicTest"] * 16
    labels = np.arange(56) % 7
    faces = (Face(key=str(i), image=split.images[i], label=int(labels[i]), split=names[i]) for i in range(56))
    write_dataset(faces, folder, folder.name)
    return folder


@pytest.mark.integration
def test_rows_on_noise(tmp_path):
    data = f"--data={write_faces(tmp_path / 'first', 1)},{write_faces(tmp_path / 'second', 2)}"
    output = tmp_path / "joint.json"
    flags = [data, f"--run_dir={tmp_path / 'runs'}", "--network=tiny", "--first_epochs=1", "--epochs=1"]
    flags += ["--precision=float32", f"--output={output}", "--overwrite"]
    flags += ["--rows=second data set alone,exchange without forgetting,joint"]
    answer = run_script("experiments/compare_joint.py", *flags)
    assert answer.returncode == 0, answer.stderr
    found = read_result(JointStudy, output)
    assert {(row.row, row.network) for row in found.rows} >= {
        ("second data set alone", "component 2"),
        ("exchange without forgetting", "fused"),
        ("joint", "component 2"),
        ("joint", "fused"),
    }
    assert len(found.rows) == 2 * (1 + 3 + 3)
    assert all(len(row.points) == 5 for row in found.rows)
    again = run_script("experiments/compare_joint.py", *flags)
    assert again.returncode == 0 and "training" not in again.stderr
    assert read_result(JointStudy, output).rows == found.rows
    answer = run_script("experiments/compare_joint.py", *flags, "--rows=none")
    assert answer.returncode == 1 and "--rows: no row none; there is first data set alone" in answer.stderr


def test_section_has_a_column_for_each_share():
    point = JointPoint(share=0.25, accuracy=0.5, macro_recall=0.25, single=[(0.5, 0.25)])
    row = JointRow(row="joint", network="fused", data="b", seeds=[0], points=[point])
    fields = {field.name for field in dataclasses.fields(JointStudy)}
    common = dict.fromkeys(fields - {"environment", "command", "remark", "rows", "data"}, 1)
    found = JointStudy(**common, environment=None, command="c", data=["a", "b"], rows=[row])
    text, table = joint_blocks(found)
    assert isinstance(text, Text) and "25%" in str(table) and "50.00 / 25.00" in str(table)
