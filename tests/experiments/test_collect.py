"""experiments/collect.py: results for the record, only of finished runs and of the models that are there."""

import json
from pathlib import Path

import pytest

from fer_md.evaluation.measure import Evaluation
from fer_md.files import file_sha256, read_json
from pages.rows import RunTime
from result_files import of_evaluation, run_config, save
from scripts import run_script

pytestmark = pytest.mark.integration

SCRIPT = Path(__file__).parents[2] / "experiments" / "collect.py"

LOG = [
    {"step": step, "epoch": step / 10, "split": split, "network": "model", "data": "noise", "loss": 2.5, **measured}
    for step, split, measured in [
        (8, "Training", {"accuracy": 0.2}),
        (10, "Training", {"accuracy": 0.25}),
        (10, "validation", {"accuracy": 0.3, "macro_recall": 0.125}),
    ]
]


@pytest.fixture
def run(tmp_path):
    """A finished run as pretrain.py and evaluate.py leave it, the model being any bytes."""
    run = tmp_path / "runs" / "quick" / "seed3"
    save(run / "config.json", run_config({"data": "noise"}))
    save(run / "time.json", RunTime(seconds=75.0, images_per_second=10.0))
    (run / "model.keras").write_bytes(b"weights")
    (run / "DONE").write_text("complete\n")
    (run / "metrics.jsonl").write_text("".join(json.dumps(row) + "\n" for row in LOG))
    for split in ("PublicTest", "PrivateTest"):
        found = of_evaluation(
            split=split,
            accuracy=0.6,
            accuracy_interval=(0.5, 0.7),
            accuracy_without_leaked=0.55,
            leaked=9,
            macro_recall=0.4,
            models={"quick/seed3/model.keras": file_sha256(run / "model.keras")},
        )
        save(run / "eval" / split / "metrics.json", Evaluation(**found))
    return run


def collect(run, output):
    flags = [f"--runs={run}", f"--output={output}"]
    return run_script(SCRIPT, *flags)


def test_everything_for_the_record_in_one_folder(run, tmp_path):
    for _ in range(2):  # the second time replaces the first
        done = collect(run, tmp_path / "results")
        assert done.returncode == 0, done.stderr
    folder = tmp_path / "results" / "noise-quick-seed3"
    assert sorted(path.name for path in folder.iterdir()) == [
        "PrivateTest.json",
        "PublicTest.json",
        "config.json",
        "curve.csv",
        "time.json",
    ]
    assert (folder / "curve.csv").read_text().splitlines() == [
        "epoch,network,split,data,loss,accuracy,macro_recall",
        "1.0000,model,Training,noise,2.5000,0.2100,",  # 8 steps at 0.2, 2 at 0.25
        "1.0000,model,validation,noise,2.5000,0.3000,0.1250",
    ]
    assert read_json(folder / "PublicTest.json") == read_json(run / "eval" / "PublicTest" / "metrics.json")
    assert "| noise-quick-seed3 | PublicTest | 60.00 | 50.0 to 70.0 | 55.00 (9 left out) | 40.00 | – |" in done.stdout


@pytest.mark.parametrize(
    ("spoil", "message"),
    [
        (lambda run: (run / "DONE").unlink(), "the run is not finished"),
        (lambda run: (run / "eval/PrivateTest/metrics.json").unlink(), "no evaluation of PrivateTest"),
        (lambda run: (run / "model.keras").write_bytes(b"other weights"), "measured another quick/seed3/model.keras"),
        (lambda run: (run / "time.json").write_text(json.dumps({})[:1]), "time.json: not valid JSON"),
    ],
    ids=["unfinished", "unevaluated", "stale", "damaged"],
)
def test_what_cannot_be_collected_is_one_line_and_leaves_nothing(run, tmp_path, spoil, message):
    spoil(run)
    done = collect(run, tmp_path / "results")
    (line,) = done.stderr.splitlines()
    assert done.returncode == 1 and line.startswith(f"error: {run}") and message in line
    assert not list(tmp_path.glob("results/*"))
