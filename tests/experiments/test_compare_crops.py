"""The comparison of crops: on a few drawn photographs, with a detector that is told where the faces are."""

import numpy as np
import pytest

from fer_md.faces.detection import Detection
from fer_md.runs.results import read_result
from pages.sections.crops import crops_blocks
from pages.study_rows import Crops
from photograph_trees import write_photograph
from scripts import run_script

PEOPLE = ("Ann", "Ben", "Cleo", "Dan", "Eve", "Fay")


class OnlyWhere:
    """Finds the face of `write_photograph`, on every other photograph with the head tilted by 45 degrees."""

    def __init__(self, min_face=None):
        self.count = 0

    def detect(self, images):
        return [[self.found()] for _ in images]

    def found(self):
        self.count += 1
        eyes = np.array([(45, 50), (75, 50 + 30 * (self.count % 2))], np.float32)
        return Detection((20.0, 20.0, 80.0, 90.0), 0.9, np.concatenate([eyes, eyes, eyes[:1]]))


@pytest.fixture
def source(tmp_path):
    lines = ["user.id,image,emotion"]
    for index, person in enumerate(PEOPLE):
        for number, emotion in enumerate(("neutral", "happiness")):
            lines.append(f"1,{person}_000{number}.jpg,{emotion}")
            write_photograph(tmp_path / f"images/{person}_000{number}.jpg", person, index + number)
    (tmp_path / "data").mkdir()
    (tmp_path / "data/legend.csv").write_text("\n".join(lines) + "\n")
    return tmp_path


def test_every_rule_is_measured_and_compared_with_the_eyes(source, tmp_path, monkeypatch):
    monkeypatch.setattr("fer_md.faces.yunet.YunetDetector", OnlyWhere)
    output = tmp_path / "crops.json"
    flags = [
        f"--source={source}",
        "--splits=Training",
        "--networks=fer2013",
        f"--detections={tmp_path / 'found.jsonl'}",
    ]
    answer = run_script("experiments/compare_crops.py", *flags, f"--output={output}")
    assert answer.returncode == 0, answer.stderr
    found = read_result(Crops, output)
    assert len(found.rows) == 16 == len({row.rule for row in found.rows})
    assert [row.rule for row in found.rows if row.gain is None] == ["eyes x 1.0"]
    own = next(row for row in found.rows if row.gain is None)
    assert 0 < own.tilted < own.faces and 1 < own.people < own.faces
    for row in found.rows:
        assert row.gain is None or row.gain.difference == pytest.approx(row.accuracy - own.accuracy)
    text, split, rows = crops_blocks(found)
    assert f"Training: {own.faces} faces of {own.people} people" in split.text and len(rows.frame) == 16


def test_a_split_without_a_face_is_named(source, tmp_path, monkeypatch):
    monkeypatch.setattr("fer_md.faces.yunet.YunetDetector.detect", lambda self, images: [[] for _ in images])
    flags = [f"--source={source}", "--splits=Training", f"--detections={tmp_path / 'found.jsonl'}"]
    answer = run_script("experiments/compare_crops.py", *flags)
    assert answer.returncode == 1 and "Training has no photograph with a face" in answer.stderr
