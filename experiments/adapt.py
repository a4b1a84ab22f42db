"""Trains the components of a fine-tuning run on one further data set: what Tab. 2 (CK+) and 3 (MMI) are measured with.

python experiments/adapt.py --finetuned=runs/method/finetuned --data=runs/data/ckplus --run_dir=runs/method/ckplus \\
    --protocol=runs/data/fer2013,runs/data/facial_expressions

The paper does not say how its network came to know CK+ and MMI. Its Tab. 2 has contempt, which neither FER2013 nor
SFEW has, so it was trained on CK+; the 70 % for training are those of Tab. 4, here split by person. Softmax and MD
loss, learning rate and epochs are those of the paper's fine-tuning. Stopped and started again, it goes on.
"""

import dataclasses
import sys
from pathlib import Path

from absl import flags

from fer_md import console
from fer_md.data.protocol import protocol_hash
from fer_md.data.records import read_info
from fer_md.files import file_sha256
from fer_md.runs.run_directory import open_run, plain_settings, read_settings
from fer_md.training.adapt import adaptation_jobs
from fer_md.training.exchange import MetricLoss
from fer_md.training.loop import train
from fer_md.training.presets import FINETUNING, PRESETS

FLAGS = flags.FLAGS
flags.DEFINE_string("finetuned", None, "Finished run of experiments/finetune.py.")
flags.DEFINE_string("data", None, "Prepared folder of the further data set.")
flags.DEFINE_string("run_dir", None, "Folder of the run: config.json, metrics.jsonl, checkpoint, component1.keras, ...")
flags.DEFINE_list(
    "protocol",
    [],
    "Prepared folders of the fine-tuning, all of them: what they hold out is not trained on, and what "
    "they train on must not be held out here.",
)
flags.DEFINE_enum("preset", "finetune", FINETUNING, "Recipe; see fer_md/training/presets.py.")
flags.DEFINE_integer("epochs", 200, "Passes over its Training split (paper: 200).", lower_bound=1)
flags.DEFINE_integer("seed", 0, "Of order, augmentation and new heads.", lower_bound=0)
flags.DEFINE_float("checkpoint_seconds", 120, "Longest time between two checkpoints.", lower_bound=0)
flags.mark_flags_as_required(["finetuned", "data", "run_dir"])


def main():
    recipe = dataclasses.replace(PRESETS[FLAGS.preset], epochs=FLAGS.epochs)
    metric_loss = MetricLoss()
    jobs = adaptation_jobs(FLAGS.finetuned, FLAGS.data, recipe, metric_loss, FLAGS.protocol, FLAGS.seed)
    run_dir = open_run(FLAGS.run_dir, settings(recipe, metric_loss))
    complete = train(jobs, run_dir, FLAGS.seed, FLAGS.checkpoint_seconds)
    return console.ended(run_dir, complete)


def settings(recipe, metric_loss):
    """Those of the fine-tuning, with one more data set."""
    first, info = read_settings(FLAGS.finetuned), read_info(FLAGS.data)
    hashes = [*first["manifest_sha256"], info["manifest_sha256"]]
    return {
        "stage": "adapt",
        "networks": first["networks"],
        "components": [file_sha256(Path(FLAGS.finetuned) / f"{name}.keras") for name in first["networks"]],
        "data": [*first["data"], info["name"]],
        "manifest_sha256": hashes,
        "protocol": protocol_hash(hashes),
        "expressions": [*first["expressions"], info["expressions"]],
        "recipe": plain_settings(recipe),
        "metric_loss": plain_settings(metric_loss),
        "precision": first["precision"],
        "seed": FLAGS.seed,
    }


if __name__ == "__main__":
    sys.exit(console.run(main))
