"""The studies end to end on noise: ablation of the loss, the picture of ERRATA, the search of widths."""

import json
from pathlib import Path

import pytest

from fer_md.data.face import Face
from fer_md.data.records import write_dataset
from random_faces import random_split
from scripts import run_script

pytestmark = pytest.mark.integration

ROOT = Path(__file__).parents[2]
pytestmark = pytest.mark.slow


def script(name, *flags):
    answer = run_script(name, *flags)
    assert answer.returncode == 0, answer.stderr
    return answer.stdout


@pytest.fixture(scope="module")
def data(tmp_path_factory):
    folder = tmp_path_factory.mktemp("studies") / "noise"
    split = random_split(360)
    splits = ["Training"] * 300 + ["PublicTest"] * 60
    faces = (Face(key=str(i), image=split.images[i], label=int(split.labels[i]), split=splits[i]) for i in range(360))
    write_dataset(faces, folder, "noise")
    return folder


def test_ablation_adds_rows_and_seeds_to_what_is_there(data, tmp_path):
    flags = [f"--data={data}", f"--run_dir={tmp_path / 'runs'}", "--epochs=1", f"--output={tmp_path / 'table.json'}"]
    script("experiments/ablate_loss.py", *flags, "--rows=softmax")
    first = (tmp_path / "runs" / "softmax-0" / "result.json").stat().st_mtime_ns
    script("experiments/ablate_loss.py", *flags, "--rows=softmax,softmax + center,MD P = 2", "--seeds=0,1")
    assert (tmp_path / "runs" / "softmax-0" / "result.json").stat().st_mtime_ns == first
    rows = json.loads((tmp_path / "table.json").read_text())["rows"]
    assert [row["name"] for row in rows] == ["softmax", "softmax + center", "MD P = 2"]
    assert rows[2]["seeds"] == [0, 1] and rows[2]["accuracy_std"] is not None and rows[2]["ratio"] > 0


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
        ("ablate_loss", ["--rows=MD"], "--rows: no row MD; there is softmax, softmax + center, softmax + MD, MD P = 2"),
        ("search_network", ["--candidates=foo"], "--candidates: no foo; there is default, wide"),
        ("draw_errata", ["--output=a.png", "--expressions=anger"], "--expressions must be at least two, all different"),
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
