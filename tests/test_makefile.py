"""The Makefile: which data it finds, what it says about the rest, and what it would run."""

import json
import os
import re
import subprocess
from pathlib import Path

import pytest

from pages.results_check import KINDS

pytestmark = pytest.mark.integration

ROOT = Path(__file__).parents[1]
MEASURED = {
    "table1": "confusion_table",
    "table4": "compare_methods",
    "table4-wild": "compare_methods",
    "figure6": "landmarks",
    "stages": "compare_stages",
}
"""The script that makes each file of results."""


OWN = ("DATA_ROOT", "PRESET", "SEED", "MAKEFLAGS", "MFLAGS", "MAKEOVERRIDES", "MAKELEVEL")
"""Variables that would lead make elsewhere, of the one who tests, or of a make that runs the tests."""


def make(*arguments):
    command, others = ["make", "--no-print-directory", *arguments], {**os.environ}
    for name in OWN:
        others.pop(name, None)
    return subprocess.run(command, cwd=ROOT, env=others, capture_output=True, text=True)


def test_the_environment_of_the_tests_leads_make_nowhere_else(monkeypatch, tmp_path):
    for name, value in {"DATA_ROOT": str(tmp_path), "PRESET": "full", "SEED": "3", "MAKEFLAGS": "n"}.items():
        monkeypatch.setenv(name, value)
    assert make("--eval=show: ; @echo [$(DATA_ROOT)] $(PRESET) $(SEED)", "show").stdout.strip() == "[] quick 0"


@pytest.fixture
def data_root(tmp_path):
    for name in ("fer2013.csv.xz", "fer2013new.csv", "facial_expressions.zip"):
        (tmp_path / name).touch()
    return tmp_path


def test_every_data_set_found_is_named(data_root):
    lines = make("data-found", f"DATA_ROOT={data_root}").stdout.splitlines()
    for name, file in (
        ("FER2013", "fer2013.csv.xz"),
        ("FER+", "fer2013new.csv"),
        ("facial_expressions", "facial_expressions.zip"),
    ):
        assert f"{name}: {data_root / file}" in lines


@pytest.mark.parametrize(
    ("name", "file", "other"),
    [
        ("FER2013", "fer2013.csv.xz", "fer2013.tar.gz"),
        ("FER2013", "fer2013.csv.xz", "icml_face_data.csv"),
        ("facial_expressions", "facial_expressions.zip", "facial_expressions-master.zip"),
    ],
)
def test_a_data_set_is_found_under_the_name_that_its_source_gives_it(data_root, name, file, other):
    (data_root / file).rename(data_root / other)
    assert f"{name}: {data_root / other}" in make("data-found", f"DATA_ROOT={data_root}").stdout.splitlines()


@pytest.mark.parametrize(
    ("name", "file", "source"),
    [
        ("FER2013", "fer2013.csv.xz", "Kaggle challenge"),
        ("FER+", "fer2013new.csv", "github.com/microsoft/FERPlus"),
        ("facial_expressions", "facial_expressions.zip", "github.com/muxspace/facial_expressions"),
    ],
)
def test_a_missing_data_set_is_named_with_its_source(data_root, name, file, source):
    (data_root / file).unlink()
    done = make("data-found", f"DATA_ROOT={data_root}")
    (line,) = [line for line in done.stdout.splitlines() if line.startswith(f"{name}: ")]
    assert done.returncode == 0
    assert line.startswith(f"{name}: not found; ") and source in line
    assert ("training on faces drawn here" in done.stdout) == (name == "FER2013")


def test_no_data_root_and_a_wrong_one(tmp_path):
    assert "training on faces drawn here" in make("data-found").stdout
    done = make("data-found", f"DATA_ROOT={tmp_path / 'none'}")
    assert done.returncode != 0 and "none: no such folder" in done.stderr


@pytest.mark.parametrize("preset", ["quick", "paper", "full"])
def test_reproduce_trains_on_what_is_found(data_root, preset):
    steps = make("--dry-run", "reproduce", f"DATA_ROOT={data_root}", f"PRESET={preset}", "SEED=987").stdout
    assert f"--run_dir=runs/{preset}/seed987/component1 --preset={preset} --seed=987" in steps
    assert "--data=runs/data/fer2013 --protocol=runs/data/facial_expressions" in steps
    assert "data_prep/synthetic.py" not in steps
    epochs = {"quick": (60, 6), "paper": (311, 200), "full": (120, 20)}[preset]  # of component 2, of fine-tuning
    assert all(f"--epochs={number} --seed=987" in steps for number in epochs)
    assert ("--preset=paper-finetune --epochs=200" in steps) == (preset == "paper")
    assert ("--patience=10 " in steps) == (preset == "paper")
    assert "--photographs=" not in steps
    (data_root / "photos").mkdir()
    assert f"--photographs={data_root / 'photos'}" in make("--dry-run", "reproduce", f"DATA_ROOT={data_root}").stdout
    (data_root / "facial_expressions.zip").unlink()
    steps = make("--dry-run", "reproduce", f"DATA_ROOT={data_root}", f"PRESET={preset}", "SEED=987").stdout
    assert "--data=runs/data/fer2013 --protocol=runs/data/synthetic-wild" in steps
    drawn = make("--dry-run", "reproduce", "SEED=987").stdout
    assert "--run_dir=runs/synthetic/seed987/component1 --preset=drawn" in drawn
    assert "experiments/finetune.py" in drawn and "experiments/compare_stages.py" in drawn
    runs = "runs/synthetic/seed987"
    assert f"--start={runs}/component2 --data=runs/data/synthetic-wild,runs/data/synthetic-lab" in drawn
    assert f"--alone={runs}/alone1,{runs}/alone2 --joint={runs}/joint1,{runs}/joint2" in drawn
    assert "experiments/joint.py" not in steps and "--joint=" not in steps


@pytest.mark.parametrize("preset", ["fast", "quick full"])
def test_a_preset_that_has_no_second_stage_is_refused(data_root, preset):
    done = make("--dry-run", "reproduce", f"DATA_ROOT={data_root}", f"PRESET={preset}")
    assert done.returncode != 0 and f"have a second stage, not '{preset}'" in done.stderr
    assert make("help", f"PRESET={preset}").returncode == 0


def test_help_lists_every_target():
    text = (ROOT / "Makefile").read_text().replace("\\\n", " ")
    parts, phony = (re.search(rf"^{name} := (.*)$|^{name}: (.*)$", text, re.M) for name in ("PARTS", r"\.PHONY"))
    targets = phony[2].replace("$(PARTS)", parts[1]).split()
    assert len(targets) > 20 and "reproduce-figure6" in targets
    listed = re.findall(r"^  make (\S+)", make("help").stdout, re.M)
    assert set(targets) - set(listed) == {"anew"}  # of the Makefile's own


@pytest.fixture
def done(tmp_path):
    """A finished method, every file a second younger than what it is made from; returns make's assignments."""
    names = [
        "data1/dataset.json",
        "data2/dataset.json",
        "run/component1/DONE",
        "run/component2/DONE",
        *(f"run/{name}/DONE" for name in ("alone1", "alone2", "joint1", "joint2", "finetuned")),
        *(f"run/results/{name}.json" for name in MEASURED),
    ]
    for age, name in enumerate(["venv/.installed", *names]):
        path = tmp_path / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.touch()
        os.utime(path, (10**9 + age, 10**9 + age))
    os.utime(tmp_path / "venv" / ".installed", (2 * 10**9, 2 * 10**9))
    return [
        f"RUNS={tmp_path / 'run'}",
        f"D1={tmp_path / 'data1'}",
        f"D2={tmp_path / 'data2'}",
        f"VENV={tmp_path / 'venv'}",
    ]


def made(steps):
    """The scripts that make would run."""
    return re.findall(r"experiments/(\w+)\.py", steps.stdout)


def test_only_what_is_missing_is_made(done, tmp_path):
    assert made(make("--dry-run", *done, "reproduce-table1", "reproduce-table4")) == []
    (tmp_path / "run/results/table1.json").unlink()
    assert made(make("--dry-run", *done, "reproduce-table1", "reproduce-table4")) == ["confusion_table"]
    for run in ("component2", "finetuned"):
        (tmp_path / "run" / run / "DONE").unlink()
    assert made(make("--dry-run", *done, "reproduce-table1")) == ["pretrain", "finetune", "confusion_table"]


def test_methods_are_compared_on_photographs_as_well(done, data_root, tmp_path):
    (tmp_path / "run/results/table4-wild.json").unlink()
    assert made(make("--dry-run", *done, "reproduce-table4")) == []  # drawn faces: one table
    steps = make("--dry-run", *done, "reproduce-table4", f"DATA_ROOT={data_root}")
    assert made(steps) == ["compare_methods"] and f"--data={tmp_path / 'data2'}" in steps.stdout
    (data_root / "facial_expressions.zip").unlink()
    assert made(make("--dry-run", *done, "reproduce-table4", f"DATA_ROOT={data_root}")) == []


def test_landmarks_of_drawn_faces_are_made_anew_on_frames(done, data_root, tmp_path):
    steps = ["--dry-run", *done, "reproduce-figure6", f"DATA_ROOT={data_root}"]
    figures, frames = tmp_path / "run" / "results" / "figure6.json", data_root / "ytf_landmarks68.zip"
    figures.write_text('{"data": ["faces drawn in the lab (synthetic)"]}')
    assert made(make(*steps)) == []
    frames.touch()
    os.utime(frames, (10**8, 10**8))  # unpacked with the time it was packed
    run = make(*steps)
    assert made(run) == ["landmarks"] and f"--data={frames}" in run.stdout and "run/frame-landmarks" in run.stdout
    figures.write_text('{"data": ["video frames"]}')
    edited = [f"--what-if={name}" for name in ("experiments/landmarks.py", "fer_md/faces/cascade.py", "Makefile")]
    assert made(make(*edited, *steps)) == []
    os.utime(frames, None)
    os.utime(figures, (10**9, 10**9))
    assert made(make(*steps)) == ["landmarks"]
    figures.unlink()
    assert made(make(*steps)) == ["landmarks"]


@pytest.mark.parametrize("real", [False, True])
def test_results_are_checked_against_committed_ones(data_root, real):
    root = [f"DATA_ROOT={data_root}"] if real else []
    folder = make("--eval=show: ; @echo $(COMMITTED)", *root, "show").stdout.strip()
    assert folder == ("docs/results/quick" if real else "docs/results/synthetic")
    assert any(path.stem in KINDS for path in (ROOT / folder).glob("*.json"))


@pytest.mark.parametrize(("name", "script"), MEASURED.items())
def test_an_edited_source_trains_nothing_again(done, tmp_path, name, script):
    path = tmp_path / "run" / "results" / f"{name}.json"
    edited = ["experiments/pretrain.py", f"experiments/{script}.py", "fer_md/training/loop.py", "Makefile"]
    edited = [f"--what-if={source}" for source in edited]
    assert made(make("--dry-run", *edited, *done, str(path))) == []
    path.unlink()
    assert made(make("--dry-run", *edited, *done, str(path))) == [script]


@pytest.mark.parametrize(("table", "name"), [(2, "CK+"), (3, "MMI")])
def test_tables_without_data_say_what_they_need(done, data_root, tmp_path, table, name):
    steps = make(*done, f"reproduce-table{table}", f"DATA_ROOT={data_root}")
    assert steps.returncode == 0 and f"Tab. {table} needs the data: {name}" in steps.stdout
    (data_root / name).mkdir()
    steps = make("--dry-run", *done, f"reproduce-table{table}", f"DATA_ROOT={data_root}")
    assert made(steps) == ["adapt", "confusion_table"] and f"--source={data_root / name}" in steps.stdout
    assert f"--protocol={tmp_path / 'data1'},{tmp_path / 'data2'}" in steps.stdout and "paper" not in steps.stdout
    steps = make("--dry-run", *done, f"reproduce-table{table}", f"DATA_ROOT={data_root}", "PRESET=paper")
    assert "--preset=paper-finetune --epochs=200" in steps.stdout


def test_two_workers_know_of_each_other():
    """Both run the same training; each is told its own place. tests/training/test_multiworker.py lets one die."""
    lines = make("-n", "train-two-workers").stdout
    configs = [json.loads(found) for found in re.findall(r"TF_CONFIG='([^']*)'", lines)]
    assert [config["task"] for config in configs] == [{"type": "worker", "index": index} for index in (1, 0)]
    assert configs[0]["cluster"] == configs[1]["cluster"] and len(set(configs[0]["cluster"]["worker"])) == 2
    assert lines.count("--strategy=multiworker") == lines.count("--run_dir=runs/two-workers") == 2
