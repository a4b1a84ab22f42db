"""Tab. 4 end to end on faces of noise: every method with both losses, again without training, refused with others."""

import json
import shutil
from pathlib import Path

import numpy as np
import pytest

from fer_md.data.face import Face
from fer_md.data.records import load_split, write_dataset
from random_faces import random_split
from scripts import run_script

pytestmark = pytest.mark.integration

ROOT = Path(__file__).parents[2]


def compare(data, folder, *more):
    flags = [
        f"--data={data}",
        f"--run_dir={folder / 'runs'}",
        f"--output={folder / 'table.json'}",
        "--network=tiny",
        "--rates=0.01",
    ]
    script = ROOT / "experiments" / "compare_methods.py"
    return run_script(script, *flags, *more)


def write_noise(folder, subjects):
    """A data set of 40 training faces, 8 for validation and 12 for the test."""
    split, splits = random_split(60), ["Training"] * 40 + ["PublicTest"] * 8 + ["PrivateTest"] * 12
    faces = (
        Face(key=str(i), image=split.images[i], label=int(split.labels[i]), split=splits[i], subject=subjects[i])
        for i in range(60)
    )
    write_dataset(faces, folder, "noise")
    return folder


@pytest.fixture(scope="module")
def data(tmp_path_factory):
    """Faces of ten persons."""
    return write_noise(tmp_path_factory.mktemp("compare") / "noise", [f"p{i % 10}" for i in range(60)])


def test_unknown_methods_are_refused(tmp_path):
    answer = compare("nowhere", tmp_path, "--methods=zhang,khan")
    assert answer.returncode == 1 and "--methods must be one of zhang, kim, meng, ours; got khan" in answer.stderr


@pytest.mark.parametrize(
    ("flag", "rule"),
    [
        ("--rates=0.01,0", "--rates: learning rates are above 0; found 0.01, 0"),
        ("--images=41", "--images=41: {data} has 40 Training images to learn from"),
    ],
)
def test_numbers_that_cannot_train_are_refused(data, tmp_path, flag, rule):
    answer = compare(data, tmp_path, flag)
    assert answer.returncode == 1 and answer.stderr.startswith(f"error: {rule.format(data=data)}")
    assert not (tmp_path / "runs").exists()


def test_what_cannot_be_compared_is_one_line(data, tmp_path):
    small = tmp_path / "small"
    splits = ["Training"] * 20 + ["PublicTest"] * 3 + ["PrivateTest"] * 3
    faces = [Face(str(i), np.zeros((64, 64), np.uint8), i % 7, split=split) for i, split in enumerate(splits)]
    write_dataset(faces, small, "small", image_size=64)
    answer = compare(small, tmp_path)
    assert (answer.returncode, answer.stdout) == (1, "") and not (tmp_path / "runs").exists()
    assert answer.stderr.startswith(f"error: {small}: image_size must be a multiple of 24")


@pytest.mark.slow
def test_every_method_with_both_losses(data, tmp_path):
    answer = compare(data, tmp_path, "--seeds=0", "--epochs=1")
    assert answer.returncode == 0, answer.stderr
    found = json.loads((tmp_path / "table.json").read_text())
    assert [(row["method"].split()[0], row["loss"], row.get("paper")) for row in found["rows"]] == [
        ("Zhang", "own", 75.10),
        ("Zhang", "MD", 75.21),
        ("Kim", "own", 72.72),
        ("Kim", "MD", 74.55),
        ("Meng", "own", 76.82),
        ("Meng", "MD", 78.27),
        ("Our", "own", None),
        ("Our", "MD", None),
    ]
    assert found["seeds"] == [0] and found["people"] == 10 and found["images"] == {"training": 40, "test": 12}
    for row in found["rows"][:-1]:
        ours, gain = found["rows"][-1]["accuracy"], row["ours_minus_this"]
        assert gain["difference"] == pytest.approx(ours - row["accuracy"]) and gain["low"] <= gain["high"]
        (test,) = gain["mcnemar"]
        assert (test["only_first"] - test["only_second"]) / 12 == pytest.approx(gain["difference"])
    members = found["rows"][2]["single"][0]["members"]
    assert len(members) == 2 and sum(member["weight"] for member in members) == pytest.approx(1)
    check_scores(data, tmp_path / "runs" / "ours-md-0.01-0", found["rows"][-1])
    check_again(data, tmp_path, found)


@pytest.mark.slow
def test_some_images_of_nobody_with_two_seeds(tmp_path):
    """FER2013's case: no persons, so that Meng et al. have no pairs of them; means and tests over the seeds."""
    data = write_noise(tmp_path / "noise", [""] * 60)
    flags = ["--images=30", "--seeds=0,1", "--epochs=1", "--methods=meng", "--rates=0.01,0.05"]
    answer = compare(data, tmp_path, *flags)
    assert answer.returncode == 0, answer.stderr
    found = json.loads((tmp_path / "table.json").read_text())
    trials = found["rate_trials"]["meng, MD loss"]
    assert found["rates"] == [0.01, 0.05] and list(trials) == ["0.01", "0.05"]
    assert (tmp_path / "runs" / f"meng-md-{max(trials, key=trials.get)}-1" / "scores.npz").exists()
    assert found["people"] == 0 and found["images"] == {"training": 30, "test": 12} and found["seeds"] == [0, 1]
    for row in found["rows"]:
        values = [single["accuracy"] for single in row["single"]]
        assert row["accuracy"] == pytest.approx(np.mean(values)) and row["macro_recall_std"] is not None
        assert row["accuracy_std"] == pytest.approx(np.std(values, ddof=1))
    for row in found["rows"][:-1]:
        differences = [(test["only_first"] - test["only_second"]) / 12 for test in row["ours_minus_this"]["mcnemar"]]
        assert len(differences) == 2 and row["ours_minus_this"]["difference"] == pytest.approx(np.mean(differences))


def check_scores(data, folder, row):
    """The table's accuracy is that of the stored probabilities of the test split."""
    with np.load(folder / "scores.npz", allow_pickle=False) as scores:
        assert scores["validation"].shape == (8, 7)
        right = scores["test"].argmax(1) == load_split(data, "PrivateTest").labels
    assert row["accuracy"] == pytest.approx(right.mean())


def check_again(data, folder, found):
    """A second call trains only what is missing and gives the same rows; other epochs are refused."""
    shutil.rmtree(folder / "runs" / "zhang-own-0.01-0")
    kept = (folder / "runs" / "ours-md-0.01-0" / "scores.npz").stat().st_mtime_ns
    answer = compare(data, folder, "--seeds=0", "--epochs=1", "--methods=zhang", "--overwrite")
    assert answer.returncode == 0, answer.stderr
    again = json.loads((folder / "table.json").read_text())
    assert again["rows"] == [found["rows"][i] for i in (0, 1, 6, 7)]
    assert (folder / "runs" / "ours-md-0.01-0" / "scores.npz").stat().st_mtime_ns == kept
    answer = compare(data, folder, "--seeds=0", "--epochs=2", "--overwrite")
    assert answer.returncode == 1 and "holds a run with recipe." in answer.stderr
