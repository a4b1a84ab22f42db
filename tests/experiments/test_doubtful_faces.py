"""What doubts are worth, and what the detector's threshold does."""

import cv2
import numpy as np
import pytest

from doubtful_faces import CHANGES, cut_tiles, doubt_row, measure_threshold
from fer_md.faces.detection import Detection
from fer_md.prediction.results import FacePrediction
from fer_md.runs.results import read_result
from pages.sections.doubts import doubts_blocks
from pages.study_rows import Doubts
from photograph_trees import write_photograph
from scripts import run_script


def test_figures_of_doubts_by_hand():
    """Three faces of happiness are doubted, one rightly called so; of two others one is."""
    answers = [("happiness", ("small",)), ("fear", ("small", "blurred")), ("fear", ("unsure",))]
    answers += [("happiness", ()), ("sadness", ())]
    faces = [FacePrediction((0.0, 0.0, 9.0, 9.0), 0.9, None, label, {}, doubts=doubts) for label, doubts in answers]
    row = doubt_row("worse", [(face, "happiness") for face in faces])
    assert (row.found, row.doubted) == (5, 3) and row.doubts == {"small": 2, "blurred": 1, "turned": 0, "unsure": 1}
    assert row.accuracy_doubted == pytest.approx(1 / 3) and row.accuracy_others == 1 / 2
    none = doubt_row("none", [])
    assert none.found == 0 and none.accuracy_doubted is None and none.accuracy_others is None


def test_figures_of_a_threshold_by_hand():
    def found(score, width=40.0):
        return Detection((0.0, 0.0, width, 50.0), score)

    row = measure_threshold(
        0.8,
        [found(0.9), found(0.7), found(0.99), found(0.81)],
        [[found(0.7), found(0.9)], [], [found(0.5)]],
        [found(0.85), found(0.95, 30.0), found(0.5), found(0.9, 31.0)],
    )
    assert (row.false_alarms, row.narrow, row.found) == (3, 1, 0.75) and row.found_small == pytest.approx(1 / 3)


def test_tiles_are_the_whole_picture_in_parts_that_are_small_enough():
    image = np.random.default_rng(0).integers(0, 256, (130, 90, 3), np.uint8)
    tiles = list(cut_tiles(image, 50))
    assert len(tiles) == 6 and max(side for tile in tiles for side in tile.shape[:2]) <= 50
    rows = [np.concatenate(tiles[row : row + 2], 1) for row in (0, 2, 4)]
    assert (np.concatenate(rows) == image).all()


def test_photographs_are_made_worse():
    image = np.random.default_rng(0).integers(0, 256, (100, 100, 3), np.uint8)
    points = np.array([(40, 40), (60, 40), (50, 55), (42, 70), (58, 70)], np.float32)
    face = Detection((20.0, 20.0, 60.0, 70.0), 0.99, points)
    changed = {name: change(image, face) for name, change in CHANGES.items()}
    assert (changed["as they are"] == image).all() and changed["a tenth of the size"].shape == (10, 10, 3)
    assert (changed["upside-down"][::-1, ::-1] == image).all()
    covered = changed["mouth and chin covered"]
    assert (covered[55:, 20:80] == 160).all() and (covered[:55] == image[:55]).all() and image[60, 50].std() > 0
    assert changed["blurred by a 20th of the face"].std() < changed["blurred by a 40th of the face"].std() < image.std()
    assert changed["turned by 45°"].shape == image.shape


def test_the_whole_study(tmp_path):
    rows = ["image,emotion"]
    for person in range(6):
        name = f"Person_{chr(97 + person)}_0001.jpg"
        write_photograph(tmp_path / "data" / "images" / name, name, person % 2, 144)
        rows.append(f"{name},{('anger', 'happiness')[person % 2]}")
    (tmp_path / "data" / "data").mkdir()
    (tmp_path / "data" / "data" / "legend.csv").write_text("\n".join(rows) + "\n")
    (tmp_path / "scenes").mkdir()
    cv2.imwrite(str(tmp_path / "scenes" / "wall.png"), np.full((150, 260, 3), 90, np.uint8))
    output = tmp_path / "doubts.json"
    flags = [f"--source={tmp_path / 'data'}", f"--scenes={tmp_path / 'scenes'}", "--split=Training", "--tile=200"]
    result = run_script("experiments/doubtful_faces.py", *flags, "--thresholds=0.7,0.95", f"--output={output}")
    assert result.returncode == 0, result.stderr
    found = read_result(Doubts, output)
    assert (
        found.scenes == ["wall.png"] and found.tiles == 2 and [row.false_alarms for row in found.thresholds] == [0, 0]
    )
    assert [row.change for row in found.doubts] == list(CHANGES) and found.doubts[0].found > 0
    tables = [block.frame for block in doubts_blocks(found) if hasattr(block, "frame")]
    assert list(tables[0]["photographs"]) == list(CHANGES) and list(tables[1]["threshold"]) == ["0.7", "0.95"]
    missing = run_script("experiments/doubtful_faces.py", f"--source={tmp_path / 'data'}", "--scenes=/nowhere")
    assert missing.returncode == 1 and "/nowhere" in missing.stderr.splitlines()[-1]
