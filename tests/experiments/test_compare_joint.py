"""Ways to learn two data sets, on noise: rows train, goes on after a stop, and is measured on both."""

import dataclasses

import cv2
import pytest

from fer_md.runs.results import read_result
from pages.blocks import Text
from pages.cells import MISSING
from pages.joint_picture import save_joint_picture
from pages.sections.joint import joint_blocks
from pages.study_rows import JointPoint, JointRow, JointStudy
from random_faces import write_faces
from scripts import run_script


@pytest.mark.integration
def test_rows_on_noise(tmp_path):
    data = f"--data={write_faces(tmp_path / 'first', 1)},{write_faces(tmp_path / 'second', 2)}"
    output = tmp_path / "joint.json"
    flags = [data, f"--run_dir={tmp_path / 'runs'}", "--network=tiny", "--first_epochs=1", "--epochs=1"]
    flags += ["--precision=float32", f"--output={output}", "--overwrite"]
    flags += ["--rows=alone,exchange with distillation,joint"]
    answer = run_script("experiments/compare_joint.py", *flags)
    assert answer.returncode == 0, answer.stderr
    found = read_result(JointStudy, output)
    assert {(row.row, row.network) for row in found.rows} >= {
        ("alone", "component 2"),
        ("exchange with distillation", "fused"),
        ("joint", "component 2"),
        ("joint", "fused"),
    }
    assert len(found.rows) == 2 * (3 + 3 + 3)
    assert all(len(row.points) == 5 for row in found.rows)
    again = run_script("experiments/compare_joint.py", *flags)
    assert again.returncode == 0 and "training" not in again.stderr
    assert read_result(JointStudy, output).rows == found.rows
    assert read_result(JointStudy, output).precision == "float32"
    for other, differs in {
        "--first_epochs=2": "recipe.epochs=1, not 2",
        "--network=half": "network.",
        "--precision=bfloat16": "precision='float32', not 'bfloat16'",
    }.items():
        answer = run_script("experiments/compare_joint.py", *flags, other)
        assert answer.returncode == 1 and f"component1/config.json: holds a run with {differs}" in answer.stderr
    answer = run_script("experiments/compare_joint.py", *flags, "--rows=joint,joint")
    assert answer.returncode == 1 and "--rows names joint more than once" in answer.stderr
    answer = run_script("experiments/compare_joint.py", *flags, "--rows=alone,joint", "--epochs=2")
    assert answer.returncode == 1 and "alone-1/config.json: holds a run with recipe.epochs=" in answer.stderr
    answer = run_script("experiments/compare_joint.py", *flags, "--rows=none")
    assert answer.returncode == 1 and "--rows must be one of alone, " in answer.stderr
    answer = run_script("experiments/compare_joint.py", *flags, "--split=Training")
    assert answer.returncode == 0, answer.stderr
    fitted = [row for row in read_result(JointStudy, output).rows if row.network == "fused, fitted weights"]
    assert [(row.row, row.data) for row in fitted] == [
        (name, data) for name in ("alone", "exchange with distillation", "joint") for data in ("first", "second")
    ]
    assert all(
        sum(point.weights) == pytest.approx(1) and row.best is not None for row in fitted for point in row.points
    )


def study(*rows):
    fields = {field.name for field in dataclasses.fields(JointStudy)}
    common = dict.fromkeys(fields - {"environment", "command", "remark", "rows", "data", "classes", "validation"}, 1)
    common["classes"] = [{"anger": 40, "fear": 2, "disgust": 7}] * 2
    return JointStudy(**common, environment=None, command="c", data=["a", "b"], rows=list(rows))


def row_of(name, network, data, *points, seeds=(0,)):
    """A row whose points are (share, then accuracy and macro recall of each seed)."""
    made = [JointPoint(share=share, accuracy=0.5, macro_recall=0.25, single=list(single)) for share, *single in points]
    return JointRow(row=name, network=network, data=data, seeds=list(seeds), points=made)


def test_section_has_a_column_for_each_share():
    text, table = joint_blocks(study(row_of("joint", "fused", "b", (0.25, (0.5, 0.25)))))
    assert isinstance(text, Text) and "25%" in str(table) and "50.00 / 25.00" in str(table)


def test_section_compares_with_one_data_set_alone():
    found = study(
        row_of("alone", "component 1", "a", (0.0, (0.6, 0.5), (0.7, 0.5)), seeds=(0, 1)),
        row_of("alone", "component 1", "b", (0.0, (0.4, 0.6)), (0.5, (0.6, 0.4)), (1.0, (0.8, 0.2))),
        row_of("alone", "component 2", "b", (1.0, (0.85, 0.3))),
        row_of("joint", "fused", "a", (0.0, (0.61, 0.5), (0.73, 0.5)), seeds=(0, 1)),
        row_of("joint", "fused", "b", (0.0, (0.5, 0.5)), (0.5, (0.7, 0.45)), (1.0, (0.87, 0.3))),
    )
    _, table, *_ = joint_blocks(found)
    # a: 0.01 and 0.03; b: 0.87 - 0.85. From an accuracy of 0.5 to one of 0.8 the distance of the curves of b goes from
    # 0 to 0.15 at 0.7 and 0.1618 at 0.8; its mean is (0.2 * 0.075 + 0.1 * 0.1559) / 0.3
    assert [list(row[2:]) for row in table.frame.to_numpy()] == [["+2.00 ± 1.41", "+2.00", "+10.20"]]


def test_section_shows_the_gain_with_the_best_share():
    rows = [
        row_of("alone", "component 1", "a", (0.0, (0.6, 0.5)), (0.5, (0.5, 0.5))),
        row_of("alone", "component 1", "b", (0.0, (0.1, 0.2)), (1.0, (0.2, 0.2))),
        row_of("alone", "component 2", "b", (0.5, (0.8, 0.3)), (1.0, (0.85, 0.3))),
        row_of("merged", "component 1", "a", (0.0, (0.5, 0.5)), (0.5, (0.58, 0.5))),
        row_of("merged", "component 1", "b", (0.5, (0.84, 0.5)), (1.0, (0.82, 0.5))),
    ]
    best = [0.0, 1.0, 1.0, 0.5, 0.5]
    found = dataclasses.replace(
        study(*(dataclasses.replace(row, best=share) for row, share in zip(rows, best, strict=True))), validation="V"
    )
    text, table, *_ = joint_blocks(found)
    assert "best for each row on V" in str(text)
    # without a common accuracy of "merged" (0.82 to 0.84) and the first network alone (0.1 to 0.2) there is no recall
    assert list(table.frame.iloc[0])[2:] == ["-10.00", "-2.00 (50%)", "-3.00", "-1.00 (50%)", MISSING]


def test_picture_of_a_study(tmp_path):
    points = [(0.0, (0.4, 0.6)), (1.0, (0.8, 0.2))]
    rows = [row_of("joint", "fused", data, *points) for data in "ab"]
    rows += [row_of("alone", f"component {index + 1}", data, *points) for index, data in enumerate("ab")]
    save_joint_picture(tmp_path / "joint.png", study(*rows))
    assert cv2.imread(str(tmp_path / "joint.png")).std() > 0
