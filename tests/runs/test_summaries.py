"""TensorBoard's event files: one event a value and step, also after a resume, and readable by a plain reader."""

import json

import pytest
import tensorflow as tf

from fer_md.models import TINY, build_component
from fer_md.runs.metrics_log import MetricsLog
from fer_md.runs.run_directory import open_run
from fer_md.runs.summaries import Summaries
from fer_md.training.loop import train
from fer_md.training.presets import Recipe
from fer_md.training.strategy import make_strategy
from fer_md.training.task import Learner, Task
from fer_md.training.trainer import Trainer


def events(folder):
    """{split: [(step, name, value)]} of all event files, in the order of the steps."""
    found = {}
    for path in sorted(folder.glob("*/events.out.tfevents.*")):
        for record in tf.data.TFRecordDataset(str(path)).as_numpy_iterator():
            event = tf.compat.v1.Event.FromString(record)
            for value in event.summary.value:
                assert value.metadata.plugin_data.plugin_name == "scalars"
                row = (event.step, value.tag, float(tf.make_ndarray(value.tensor)))
                found.setdefault(path.parent.name, []).append(row)
    return {split: sorted(rows) for split, rows in found.items()}


def test_values_of_each_split_are_written_once(tmp_path):
    folder = tmp_path / "tensorboard"
    first = Summaries(folder)
    for step in (1, 2, 3):
        first.write({"step": step, "epoch": 0.5, "seconds": 9.0, "split": "Training", "loss": float(step)})
    first.flush()
    kept = [{"step": 1, "split": "Training", "loss": 1.0}, {"step": 1, "split": "validation", "accuracy": 0.5}]
    resumed = Summaries(folder, kept)
    resumed.write({"step": 2, "split": "Training", "loss": 4.0, "learning_rate": 0.25})
    resumed.flush()
    assert events(folder) == {
        "Training": [(1, "loss", 1.0), (2, "learning_rate", 0.25), (2, "loss", 4.0)],
        "validation": [(1, "accuracy", 0.5)],
    }


def test_training_writes_what_metrics_jsonl_says(split, tmp_path):
    open_run(tmp_path, {})
    recipe = Recipe(epochs=2, batch_size=8)
    learner = Learner(lambda: build_component(TINY, seed=1), [Task("data", split, split)])
    assert train([Trainer(learner, recipe, 40, make_strategy("one"))], tmp_path, seed=3, checkpoint_seconds=0)
    rows = [json.loads(line) for line in (tmp_path / "metrics.jsonl").read_text().splitlines()]
    found = events(tmp_path / "tensorboard")
    for name in ("Training", "validation"):
        of_split = [row for row in rows if row["split"] == name]
        for value in ("loss", "accuracy"):
            expected = [(row["step"], pytest.approx(row[value], rel=1e-6)) for row in of_split]
            assert [(step, number) for step, tag, number in found[f"model-data-{name}"] if tag == value] == expected
    rates = [number for _, tag, number in found["model-data-Training"] if tag == "learning_rate"]
    assert len(rates) == 10 and 0 <= min(rates) < max(rates) <= recipe.rate + 1e-7


def test_a_worker_that_writes_no_files_leaves_the_folder_alone(tmp_path):
    log = MetricsLog(tmp_path, step=0, writes_files=False)
    log.write({"step": 1, "split": "Training", "loss": 1.0})
    log.flush()
    assert list(tmp_path.iterdir()) == []
