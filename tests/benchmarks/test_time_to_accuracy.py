"""benchmarks/time_to_accuracy.py: when a training had an accuracy, and the table that says so."""

import dataclasses

import keras
import pytest

from fer_md.data.face import Face
from fer_md.data.records import write_dataset
from fer_md.files import read_json
from fer_md.models import TINY, build_component
from fer_md.training import precision
from pages.blocks import markdown
from pages.result_files import read_named
from pages.sections.studies import race_blocks
from random_faces import random_split
from scripts import benchmark

race = benchmark("time_to_accuracy")


def test_multiply_adds_by_hand():
    """A 3x3 convolution of 2 to 4 channels at 5x6 places, and a matrix of 120 x 7."""
    inputs = keras.Input((5, 6, 2))
    maps = keras.layers.Conv2D(4, 3, padding="same")(inputs)
    model = keras.Model(inputs, keras.layers.Dense(7)(keras.layers.Flatten()(maps)))
    assert race.multiply_adds(model) == 5 * 6 * 3 * 3 * 2 * 4 + 120 * 7


@pytest.fixture
def noise(tmp_path):
    split = random_split(60)
    splits = ["Training"] * 40 + ["PublicTest"] * 20
    faces = (Face(key=str(i), image=split.images[i], label=int(split.labels[i]), split=splits[i]) for i in range(60))
    write_dataset(faces, tmp_path / "noise", "noise")
    return tmp_path / "noise"


@pytest.fixture
def settings(noise, tmp_path):
    output = tmp_path / "time-to-accuracy.json"
    return race.Settings(data=str(noise), run_dir=str(tmp_path / "runs"), output=str(output), seeds=(3, 4))


@pytest.fixture
def racers(monkeypatch):
    recipe = {"epochs": 2, "batch_size": 8}
    found = {
        "first": race.Racer("quick", recipe, network="tiny"),
        "idea": race.Racer("quick", {**recipe, "muon": 0.02}, network="tiny", single=True),
    }
    monkeypatch.setattr(race, "RACERS", found)
    monkeypatch.setattr(race, "STEPS", 1)
    policy = keras.config.dtype_policy()
    yield found
    keras.config.set_dtype_policy(policy)  # the script sets its own


def test_seconds_to_an_accuracy(settings, racers):
    """Of two seeds one has 65 % after its second epoch: 80 images at 20 a second are 4 s."""

    def log(*accuracies):
        return [{"epoch": 1.0 + i, "accuracy": each, "macro_recall": each / 2} for i, each in enumerate(accuracies)]

    found = race.summary(settings, "first", [log(0.6, 0.66), log(0.6, 0.64)], 20.0, 40)
    assert found["epochs_to"] == {"0.60": [1.0, 1.0], "0.65": [2.0, None], "0.68": [None, None]}
    assert found["seconds_to"] == {"0.60": [2.0, 2.0], "0.65": [4.0, None], "0.68": [None, None]}
    assert found["seconds"] == 4 and found["accuracies"] == [0.66, 0.64] and found["macro_recalls"] == [0.33, 0.32]
    assert found["multiply_adds"] == 3 * 80 * race.multiply_adds(build_component(TINY))


def test_it_trains_every_seed_and_the_table_counts_those_that_got_there(settings, racers, tmp_path, monkeypatch):
    race.main(settings)
    found = read_named(tmp_path, "time-to-accuracy")
    assert {name: len(row.accuracies) for name, row in found.racers.items()} == {"first": 2, "idea": 1}
    assert found.racers["idea"].changes == racers["idea"].recipe
    before = {path: path.stat().st_mtime_ns for path in (tmp_path / "runs").glob("*/DONE")}
    other = "float32" if found.precision == "bfloat16" else "bfloat16"
    monkeypatch.setattr(precision, "_fastest", lambda: other)  # of another machine
    race.main(dataclasses.replace(settings, output=str(tmp_path / "again.json")))
    assert read_json(tmp_path / "again.json")["precision"] == found.precision
    assert len(before) == 3 and before == {path: path.stat().st_mtime_ns for path in before}
    text = markdown(race_blocks(found))
    assert "| idea | tiny |  | 2 | 8 |" in text and "minutes to 65 %" in text
    row = dataclasses.replace(
        found.racers["first"],
        accuracies=[0.66, 0.64],
        seconds=600.0,
        seconds_to={"0.60": [60.0, 120.0], "0.65": [300.0, None], "0.68": [None, None]},
    )
    text = markdown(race_blocks(dataclasses.replace(found, racers={"first": row})))
    assert "65.00 ± 1.41" in text and "| 10.0 |" in text and "| 1.5 | 5.0 (1 of 2) | – |" in text
