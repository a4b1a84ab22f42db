"""Chooses the component's widths and recipe: short trainings with one seed, and the speed of each.

python experiments/search_network.py --data=runs/data/fer2013 --run_dir=runs/search --output=FILE.json

Measured on PublicTest; the test split is not read. The speeds are taken when all are trained, in turns, so that a slow
moment of the machine hits all of them. Candidates that are done are not trained again. The last one is the default in
float32: what bfloat16 costs.
"""

import dataclasses
import sys
import time
from pathlib import Path

import tensorflow as tf
from absl import flags

from fer_md import console
from fer_md.data.records import load_split, read_info
from fer_md.errors import FerMdError
from fer_md.files import read_json, write_json
from fer_md.models import NARROW, WIDE, ComponentConfig, build_component, config_for
from fer_md.runs.metrics_log import log_rows
from fer_md.runs.results import write_result
from fer_md.runs.run_directory import open_run, plain_settings
from fer_md.training.loop import Job, train
from fer_md.training.precision import set_precision
from fer_md.training.presets import PRESETS
from fer_md.training.soft_targets import votes_task
from fer_md.training.stream import training_stream
from fer_md.training.task import Task
from fer_md.training.trainer import Trainer

FLAGS = flags.FLAGS
flags.DEFINE_string("data", None, "Prepared folder, made by data_prep/*.py.")
flags.DEFINE_string("run_dir", None, "Folder of the candidates' runs.")
flags.DEFINE_string("output", None, "JSON file for the results.")
flags.DEFINE_integer("epochs", 3, "Of each training.", lower_bound=1)
flags.DEFINE_list("candidates", [], "Names to train; all by default.")
flags.DEFINE_integer("seed", 0, "Of weights, order, augmentation and dropout.", lower_bound=0)
flags.mark_flags_as_required(["data", "run_dir"])


def widths(config):
    return {"filters": config.filters, "inception": config.inception}


@dataclasses.dataclass(frozen=True)
class Candidate:
    """What is other than ``ComponentConfig()`` and preset ``quick``, and the share of FER+'s votes in the target."""

    network: dict = dataclasses.field(default_factory=dict)
    recipe: dict = dataclasses.field(default_factory=dict)
    votes: float = 0.0


CANDIDATES = {
    "default": Candidate(),
    "wide": Candidate(widths(WIDE)),
    "narrow": Candidate(widths(NARROW)),
    "three quarters of wide": Candidate({"filters": (24, 24, 96, 144, 192), "inception": (24, 36, 48, 6, 12, 12)}),
    "wide conv2": Candidate({"filters": (16, 32, 64, 96, 128)}),
    "wide inception": Candidate({"inception": WIDE.inception}),
    "inception for stages 3 to 5": Candidate({"inception_stages": True}),
    "dropout 0.5": Candidate({"dropout": 0.5}),
    "dropout 0.65": Candidate({"dropout": 0.65}),
    "batch 256": Candidate(recipe={"batch_size": 256, "rate": 0.1, "average": 0.998}),
    "votes": Candidate(votes=0.3),
    "default float32": Candidate(),
}


def main():
    names = FLAGS.candidates or list(CANDIDATES)
    if unknown := set(names) - set(CANDIDATES):
        raise FerMdError(f"--candidates: no {', '.join(sorted(unknown))}; there is {', '.join(CANDIDATES)}")
    training, held_out = load_split(FLAGS.data, "Training"), load_split(FLAGS.data, "PublicTest")
    rows = {name: train_candidate(name, training, held_out) for name in names}
    speeds = measure_speeds(names, training)
    for name, row in rows.items():
        row["images_per_second"] = speeds[name]
        print(f"{name:30}{100 * row['accuracy']:7.2f} %{speeds[name]:8.0f} images/s", flush=True)
    if FLAGS.output:
        write_result(
            FLAGS.output,
            {
                "seed": FLAGS.seed,
                "split": "PublicTest",
                "epochs": FLAGS.epochs,
                "manifest_sha256": read_info(FLAGS.data)["manifest_sha256"],
                "candidates": list(rows.values()),
            },
        )


def train_candidate(name, training, held_out):
    """Trains one candidate, or reads what it gave."""
    run_dir = folder_of(name)
    config, recipe, votes = network_and_recipe(name)
    open_run(
        run_dir,
        {
            "manifest_sha256": read_info(FLAGS.data)["manifest_sha256"],
            "network": plain_settings(config),
            "recipe": plain_settings(recipe),
            "votes": votes,
            "precision": precision_of(name),
            "seed": FLAGS.seed,
        },
    )
    if not (run_dir / "result.json").exists():
        trainer = make_trainer(name, training)
        if not train([Job("model", trainer, (training,), {"data": ("logits", held_out)})], run_dir, FLAGS.seed):
            raise FerMdError(f"{run_dir}: stopped; start it again to go on")
        last = [row for row in log_rows(run_dir) if row["split"] == "validation"][-1]
        write_json(
            run_dir / "result.json",
            {
                "name": name,
                "changes": dataclasses.asdict(CANDIDATES[name]),
                "weights": trainer.model.count_params(),
                "precision": precision_of(name),
                **{key: last[key] for key in ("accuracy", "macro_recall", "loss")},
            },
        )
        (run_dir / "checkpoint.npz").unlink()
    return read_json(run_dir / "result.json")


def folder_of(name):
    return Path(FLAGS.run_dir) / name.replace(" ", "-")


def precision_of(name):
    """Sets and returns the precision of a candidate; one that was begun keeps its own."""
    return set_precision("float32" if name.endswith("float32") else "auto", folder_of(name))


def network_and_recipe(name):
    """The ``ComponentConfig`` and ``Recipe`` of a candidate, and its share of votes."""
    candidate = CANDIDATES[name]
    config = config_for(dataclasses.replace(ComponentConfig(), **candidate.network), read_info(FLAGS.data), FLAGS.data)
    return config, dataclasses.replace(PRESETS["quick"], epochs=FLAGS.epochs, **candidate.recipe), candidate.votes


def make_trainer(name, training):
    precision_of(name)
    config, recipe, votes = network_and_recipe(name)
    task = votes_task("data", training, votes) if votes else Task()
    strategy = tf.distribute.get_strategy()
    return Trainer(lambda: build_component(config, FLAGS.seed), recipe, len(training.labels), strategy, [task])


def measure_speeds(names, training, rounds=3, steps=5):
    """Images per second of each candidate's training step, the best of the rounds."""
    trainers = {name: make_trainer(name, training) for name in names}
    best = dict.fromkeys(names, 0.0)
    for number in range(rounds + 1):
        for name, trainer in trainers.items():
            batch = next(iter(training_stream(trainer, (training,), FLAGS.seed, 0, 1)))
            size, started = trainer.recipe.batch_size, time.perf_counter()
            for step in range(steps):
                trainer.train_step(batch, step).numpy()
            if number:  # the first round compiles
                best[name] = max(best[name], steps * size / (time.perf_counter() - started))
    return best


if __name__ == "__main__":
    sys.exit(console.run(main))
