"""Clips filmed from photographs, and what averaging does to the answers for them."""

import numpy as np
import pytest

from fer_md.errors import FerMdError
from fer_md.expressions import EXPRESSIONS
from fer_md.prediction.results import FacePrediction
from fer_md.readers.photographs import Photograph
from fer_md.runs.results import read_result
from pages.sections.smoothing import smoothing_blocks
from pages.study_rows import Smoothing
from photograph_trees import write_photograph
from scripts import run_script
from smoothing import RATE, SECONDS, SIDE, draw_pair, film, measure, shake


def test_a_still_camera_shows_the_photograph_in_the_middle():
    """100 x 50 pixels become 200 x 100, from row 50 to 150; beyond, the border goes on."""
    image = np.zeros((50, 100, 3), np.uint8)
    image[10:, :, 1] = 200
    frame = shake(image, np.zeros(4))
    assert frame.shape == (SIDE, SIDE, 3)
    assert (frame[:66, :, 1] < 60).all() and (frame[74:, :, 1] > 140).all()


def test_the_camera_moves_turns_and_comes_closer():
    image = np.zeros((100, 100, 3), np.uint8)
    image[40:60, 40:60] = 255
    right = shake(image, np.array((0.1, 0, 0, 0)))
    assert right[100, 120, 0] > 200 and right[100, 75, 0] == 0
    assert np.isclose(shake(image, np.array((0, 0, np.log(2), 0))).sum() / shake(image, np.zeros(4)).sum(), 4, rtol=0.1)
    assert shake(image, np.array((0, 0, 0, 45)))[100, 74, 0] > 100 > shake(image, np.zeros(4))[100, 74, 0]


def test_a_clip_shows_one_photograph_and_then_the_other():
    images = [np.full((60, 60, 3), gray, np.uint8) for gray in (50, 200)]
    frames = list(film(images, np.random.default_rng(0)))
    assert len(frames) == 2 * SECONDS * RATE and frames[-1].time == pytest.approx(2 * SECONDS - 1 / RATE)
    means = [frame.image.mean() for frame in frames]
    assert max(means[: SECONDS * RATE]) < 55 and min(means[SECONDS * RATE :]) > 195
    assert (frames[0].image != frames[1].image).any()


def test_pairs_differ_in_their_labels():
    photographs = [Photograph(str(i), i // 4, "a", "PublicTest", "x", lambda: None) for i in range(6)]
    for _ in range(20):
        pair = draw_pair(photographs, np.random.default_rng(0))
        assert pair[0].label != pair[1].label
    with pytest.raises(FerMdError, match="photographs of two expressions; found 4 photographs of one"):
        draw_pair(photographs[:4], np.random.default_rng(0))


def face(label):
    probabilities = {name: 0.7 if name == label else 0.05 for name in EXPRESSIONS}
    return [FacePrediction((0.0, 0.0, 90.0, 90.0), 0.9, None, label, probabilities)]


def test_figures_by_hand():
    """Fear and then anger, two seconds each; every 10th answer, from the first on, is sadness: 90 of 100 are right.

    The first sadness changes the label once, after it, and the nine others twice. One of them stands where the
    expression changes: 19 changes in 4 seconds. Of the 13 frames from 2 to 2.5 seconds two are sad, 50 and 60.
    """
    truth = ["fear"] * 50 + ["anger"] * 50
    found = [face("sadness") if index % 10 == 0 else face(name) for index, name in enumerate(truth)]
    row = measure([(truth, found)], 0.0)
    assert row.changes == 19 / 4 and row.accuracy == 0.9 and row.accuracy_after_change == pytest.approx(11 / 13)
    smooth = measure([(truth, found)], 0.5)
    assert smooth.changes < 1 and smooth.accuracy_after_change < 0.5
    found[3] = []
    assert measure([(truth, found)], 0.0).accuracy == pytest.approx(89 / 99)


def test_the_whole_study(tmp_path):
    rows = ["image,emotion"]
    for person in range(30):
        name = f"Person_{chr(97 + person // 26)}{chr(97 + person % 26)}_0001.jpg"
        write_photograph(tmp_path / "data" / "images" / name, name, person % 2, 144)
        rows.append(f"{name},{('anger', 'happiness')[person % 2]}")
    (tmp_path / "data" / "data").mkdir()
    (tmp_path / "data" / "data" / "legend.csv").write_text("\n".join(rows) + "\n")
    output = tmp_path / "smoothing.json"
    flags = [f"--source={tmp_path / 'data'}", "--clips=1", "--smoothing=0,1", "--split=Training", f"--output={output}"]
    result = run_script("experiments/smoothing.py", *flags)
    assert result.returncode == 0, result.stderr
    found = read_result(Smoothing, output)
    assert [row.smoothing for row in found.rows] == [0, 1] and found.clips == 1
    assert list(smoothing_blocks(found)[1].frame["`--smooth`"]) == ["0", "1"]
