"""The studies end to end on noise: losses, the picture of ERRATA, the search of widths."""

import json
from pathlib import Path

import pytest

from fer_md.data.face import Face
from fer_md.data.records import write_dataset
from fer_md.files import write_json
from fer_md.runs.results import read_result
from fer_md.typed_json import to_json
from pages.study_rows import LossStudy, LossTraining
from random_faces import random_split
from scripts import run_script

pytestmark = [pytest.mark.integration, pytest.mark.slow]

ROOT = Path(__file__).parents[2]


def script(name, *flags):
    answer = run_script(name, *flags)
    assert answer.returncode == 0, answer.stderr
    return answer.stdout


@pytest.fixture(scope="module")
def data(tmp_path_factory):
    folder = tmp_path_factory.mktemp("studies") / "noise"
    split = random_split(360)
    splits = ["Training"] * 300 + ["PublicTest"] * 40 + ["PrivateTest"] * 20
    faces = (Face(key=str(i), image=split.images[i], label=int(split.labels[i]), split=splits[i]) for i in range(360))
    write_dataset(faces, folder, "noise")
    return folder


def loss_study(study, data, folder, *flags):
    """The table of a study of the loss."""
    output = folder / "table.json"
    places = [f"--data={data}", f"--probe={data}", f"--run_dir={folder / 'runs'}", f"--output={output}"]
    said = script("experiments/ablate_loss.py", f"--study={study}", *places, "--network=tiny", "--epochs=1", *flags)
    return said, read_result(LossStudy, output)


def test_screen_of_the_loss_trains_what_is_not_there_yet(data, tmp_path):
    first = tmp_path / "runs" / "screen" / "softmax-0" / "result.json"
    loss_study("screen", data, tmp_path, "--rows=softmax", "--seeds=0")
    before = first.stat().st_mtime_ns
    rows = "softmax,Gaussian prototypes,MD pulling 0.5"
    _, found = loss_study("screen", data, tmp_path, f"--rows={rows}", "--seeds=0,1", "--overwrite")
    assert first.stat().st_mtime_ns == before and not (first.parent / "checkpoint.npz").exists()
    assert found.faces == 30 and found.split == "PublicTest" and found.differences is None
    assert [row.name for row in found.rows] == rows.split(",")
    for row in found.rows:
        assert [training.seed for training in row.single] == [0, 1]
        assert all(0 <= training.knn_accuracy <= 1 and training.probe_macro_recall > 0 for training in row.single)


def invented(folder, study, name, accuracies):
    """Results of trainings that were never trained, by their seed from 0."""
    for seed, accuracy in enumerate(accuracies):
        figures = dict.fromkeys(("knn_accuracy", "probe_accuracy", "probe_macro_recall", "calibration_error"), 0.5)
        training = LossTraining(
            seed=seed, accuracy=accuracy, macro_recall=0.4, loss=1, intra=1, inter=2, ratio=0.5, seconds=1, **figures
        )
        write_json(folder / "runs" / study / f"{name}-{seed}" / "result.json", to_json(training))


@pytest.mark.parametrize(("gain", "pairs"), [(-0.01, 6), (0.0, 6), (0.01, 12)])
def test_confirmation_ends_after_six_pairs_where_there_is_no_gain(data, tmp_path, gain, pairs):
    invented(tmp_path, "confirm", "softmax", [0.5] * 12)
    invented(tmp_path, "confirm", "MD-pulling-0.5", [0.5 + gain] * 12)
    said, found = loss_study("confirm", data, tmp_path, "--rows=softmax,MD pulling 0.5")
    accuracy = found.differences["accuracy"]
    assert (accuracy.pairs, found.seeds_planned, found.faces, found.split) == (pairs, 12, 300, "PrivateTest")
    assert accuracy.mean == pytest.approx(gain) and found.differences["macro_recall"].p == 1
    assert ("stopped after 6 pairs" in said) == (pairs == 6)


def test_errata_picture_has_a_panel_for_each_loss(data, tmp_path):
    picture = tmp_path / "errata.png"
    script(
        "experiments/draw_errata.py",
        f"--data={data}",
        f"--run_dir={tmp_path / 'runs'}",
        "--epochs=2",
        f"--output={picture}",
    )
    panels = json.loads(picture.with_suffix(".json").read_text())["panels"]
    assert picture.stat().st_size > 10_000 and len(panels) == 4
    assert panels[0]["centers"] is None and len(panels[2]["centers"]) == 4


@pytest.mark.parametrize(
    "name, flags, message",
    [
        (
            "ablate_loss",
            ["--study=screen", "--probe=none", "--rows=MD"],
            "--rows must be one of softmax, softmax without smoothing, ",
        ),
        (
            "ablate_loss",
            ["--study=confirm", "--probe=none", "--rows=softmax"],
            "--rows must name the two rows that confirm compares, not softmax",
        ),
        (
            "ablate_loss",
            ["--study=confirm", "--probe=none", "--rows=softmax,softmax,MD nearest 0.1"],
            "--rows names softmax more than once",
        ),
        ("search_network", ["--candidates=foo"], "--candidates must be one of default, wide, "),
        ("draw_errata", ["--output=a.png", "--expressions=anger"], "--expressions must be at least two, separated by"),
        ("draw_errata", ["--output=a.jpg"], "--output must end in .png; found a.jpg"),
    ],
)
def test_what_cannot_be_meant_is_said_before_the_data_are_read(name, flags, message):
    answer = run_script(f"experiments/{name}.py", "--data=none", "--run_dir=none", *flags)
    assert answer.returncode == 1 and answer.stderr.startswith(f"error: {message}") and answer.stderr.count("\n") == 1


def test_search_measures_accuracy_and_speed(data, tmp_path):
    output = tmp_path / "search.json"
    script(
        "experiments/search_network.py",
        f"--data={data}",
        f"--run_dir={tmp_path / 'runs'}",
        "--epochs=1",
        "--candidates=default,wide",
        f"--output={output}",
    )
    rows = {row["name"]: row for row in json.loads(output.read_text())["candidates"]}
    assert rows["default"]["weights"] < rows["wide"]["weights"]
    assert min(row["images_per_second"] for row in rows.values()) > 0
