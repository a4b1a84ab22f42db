"""benchmarks/predict.py: turns, the best of them, what does not run, ratios, goals, and how the page shows them."""

import runpy
import sys
from pathlib import Path

import pytest

from fer_md.faces.choice import choose_detector
from fer_md.media.sources import find_media, read_media
from pages.blocks import markdown
from pages.sections.speed import prediction_blocks
from pages.study_rows import PredictionSpeed, SpeedGoal

pytestmark = pytest.mark.integration

SCRIPT = Path(__file__).parents[2] / "benchmarks" / "predict.py"


@pytest.fixture
def benchmark(monkeypatch):
    """Its functions."""
    monkeypatch.syspath_prepend(SCRIPT.parent)
    return runpy.run_path(str(SCRIPT))


def times(milliseconds):
    return {"milliseconds": milliseconds, "processor_milliseconds": 2 * milliseconds}


def test_the_best_of_the_turns_counts_and_a_failure_is_told(benchmark):
    code = 'import json; print("noise"); print(json.dumps({"faces": 2, "end to end": {"32": {"milliseconds": 3.5}}}))'
    fails = 'import sys; print("first", file=sys.stderr); sys.exit("no weights")'
    python = [sys.executable, "-c"]
    variants = {
        "ours": {"first": [*python, "pass"], "times": [*python, code]},
        "later": {"times": [*python, code]},
        "peer": {"first": [*python, "pass"], "times": [*python, fails]},
    }
    measured = benchmark["take_turns"](variants, 2)
    assert 0 < measured["ours"].pop("first answer") < 5
    assert measured["ours"] == measured["later"] == {"faces": 2, "end to end": {"32": {"milliseconds": 3.5}}}
    assert measured["peer"] == {"does not run here": "no weights"}
    one, other = ({"first answer": value, "end to end": {"1": times(value)}} for value in (3, 2))
    assert benchmark["better"](one, other) == benchmark["better"](other, one) == other


@pytest.fixture
def measured():
    """Round numbers for three variants of ours, Keras and fer."""
    return {
        "ours": {
            "first answer": 0.5,
            "classifier": {"1": times(4), "32": times(1)},
            "end to end": {"1": times(10), "32": times(5)},
            "video": times(20),
        },
        "ours, faces from 20 pixels": {"end to end": {"1": times(15), "32": times(10)}, "video": times(30)},
        "ours, small installation": {"first answer": 0.5, "megabytes": 371.0},
        "Keras": {"first answer": 5.0, "classifier": {"1": times(20), "32": times(2)}},
        "fer": {"first answer": 10.0, "end to end": {"1": times(30), "32": times(30)}, "video": times(60)},
    }


def test_ratios_by_hand(benchmark, measured):
    """2,000 / 4 = 500 for the classifier; 30 / 5 = 6 end to end; 60 / 20 = 3 for the video; and so on."""
    assert benchmark["compare"](measured) == {
        "paper's 2 s an image / classifier, batch 1": 500,
        "paper's 2 s an image / classifier, batch 32": 2000,
        "fer / ours, batch 1": 3,
        "fer / ours, batch 32": 6,
        "fer / ours, video": 3,
        "fer / ours, faces from 20 pixels, batch 1": 2,
        "fer / ours, faces from 20 pixels, batch 32": 3,
        "fer / ours, faces from 20 pixels, video": 2,
        "Keras / ours, first answer": 10,
        "fer / ours, first answer": 20,
        "Keras / ours, classifier, batch 1": 5,
        "Keras / ours, classifier, batch 32": 2,
    }
    measured["fer"] = {"does not run here": "no weights"}
    del measured["Keras"], measured["ours, small installation"]
    assert len(benchmark["compare"](measured)) == 2
    measured["ours"] = {"does not run here": "no network"}
    assert not benchmark["compare"](measured) and not benchmark["check_goals"](measured)


def test_goals_by_hand(benchmark, measured):
    """0.5 s of 0.8, 371 MB of 350, 20 / 4 = 5 of 5, 2 / 1 of 2.5, 30 / 10 of 6, and 1000 / 20 frames a second of 60."""
    goals = benchmark["check_goals"](measured)
    assert [goal["found"] for goal in goals] == [0.5, 371, 5, 2, 3, 50]
    assert [goal["met"] for goal in goals] == [True, False, True, False, False, False]
    del measured["fer"], measured["ours, small installation"]
    assert len(benchmark["check_goals"](measured)) == 4


def test_the_page_shows_what_was_measured(measured, benchmark):
    measured["deepface"] = {"does not run here": "no | weights"}
    measured["ours"]["faces"] = 32
    found = PredictionSpeed(
        command="",
        pictures=8,
        kind="photographs",
        batch=32,
        measured=measured,
        ratios=benchmark["compare"](measured),
        goals=[SpeedGoal(**goal) for goal in benchmark["check_goals"](measured)],
    )
    page = markdown(prediction_blocks(found))
    for cells in (
        "| ours | 32 | 10.00 (20.00) | 5.00 (10.00) | 4.00 (8.00) | 1.00 (2.00) | 20.00 (40.00) | 0.50 |  |",
        "| ours, small installation |  |  |  |  |  |  | 0.50 | 371 |",
        "| deepface | does not run here: no / weights |",
        "| small installation, MB, at most | 350 | 371 | no |",
        "| first answer, s, at most | 0.8 | 0.5 | yes |",
    ):
        assert cells in page


@pytest.fixture
def film(benchmark, tmp_path, monkeypatch):
    """A short one."""
    monkeypatch.setitem(benchmark["draw_film"].__globals__, "FRAMES", 4)
    return benchmark["draw_film"](tmp_path / "film.mp4")


def test_a_film_has_faces_to_find_in_all_its_frames(film):
    frames = [frame.image for frame in read_media(find_media([film]))]
    assert len(frames) == 4 and {frame.shape for frame in frames} == {(720, 1280, 3)}
    assert all(len(faces) >= 2 for faces in choose_detector().detect(frames))


def test_figures_of_ours(benchmark, film, tmp_path):
    pictures = benchmark["find_pictures"](tmp_path)[:2]
    found = benchmark["time_ours"](80, "fer2013", pictures, str(film))
    assert found["faces"] >= 2
    parts = [found["video"], *found["end to end"].values(), *found["classifier"].values()]
    assert len(parts) == 5 and all(part["milliseconds"] > 0 for part in parts)


def test_pictures_are_taken_over_and_over(benchmark, tmp_path):
    pictures = benchmark["find_pictures"](tmp_path)
    assert len(pictures) == 32 and len(set(pictures)) == 8 == len(list(tmp_path.iterdir()))


def test_installers_do_not_count(benchmark, tmp_path):
    for name, size in (("numpy", 3_000_000), ("pip", 5_000_000), ("pip-23.2.dist-info", 10), ("cv2", 500_000)):
        (tmp_path / name).mkdir()
        (tmp_path / name / "file").write_bytes(bytes(size))
    assert benchmark["megabytes"](tmp_path) == 3.5
