"""Chooses the component's widths: each candidate trains for the same time, and the validation accuracy decides.

python experiments/search_network.py --data=runs/data/fer2013 --run_dir=runs/search --output=FILE.json

Each candidate is one network with its own number of epochs: as many as fit into --minutes at the speed measured just
before. Selected on PublicTest; the test split is not read. Candidates that are done are not trained again.
"""

from fer_md import console  # isort: skip  (first: it quietens TensorFlow)

import dataclasses
import json
import sys
import time
from pathlib import Path

import keras
import numpy as np
import tensorflow as tf
from absl import flags

from fer_md.data.records import load_split, read_info
from fer_md.files import read_json, write_json
from fer_md.models import ComponentConfig, build_component
from fer_md.training.loop import Job, train
from fer_md.training.presets import PRESETS
from fer_md.training.run_directory import environment
from fer_md.training.trainer import Trainer

FLAGS = flags.FLAGS
flags.DEFINE_string("data", None, "Prepared folder, made by data_prep/*.py.")
flags.DEFINE_string("run_dir", None, "Folder of the candidates' runs.")
flags.DEFINE_string("output", None, "JSON file for the results.")
flags.DEFINE_float("minutes", 4, "Training time of a candidate.", lower_bound=0.01)
flags.DEFINE_list("candidates", [], "Names to train; empty for all.")
flags.DEFINE_integer("seed", 0, "Of weights, order, augmentation and dropout.", lower_bound=0)
flags.mark_flags_as_required(["data", "run_dir"])

GOOGLENET_3A = (64, 96, 128, 16, 32, 32)
CANDIDATES = {
    "default": {},
    "half": {"filters": (16, 16, 64, 96, 128), "inception": (16, 24, 32, 4, 8, 8)},
    "three quarters": {"filters": (24, 24, 96, 144, 192), "inception": (24, 36, 48, 6, 12, 12)},
    "conv2 doubled": {"filters": (32, 64, 128, 192, 256)},
    "wide top": {"filters": (32, 32, 128, 256, 384)},
    "inception doubled": {"inception": GOOGLENET_3A},
    "inception for stages 3 to 5": {"inception_stages": True},
    "dropout 0.35": {"dropout": 0.35},
    "dropout 0.65": {"dropout": 0.65},
}


def main():
    keras.config.set_dtype_policy("mixed_bfloat16")
    training, held_out = load_split(FLAGS.data, "Training"), load_split(FLAGS.data, "PublicTest")
    rows = []
    for name in FLAGS.candidates or CANDIDATES:
        run_dir = Path(FLAGS.run_dir) / name.replace(" ", "-")
        config = dataclasses.replace(ComponentConfig(), **CANDIDATES[name])
        if not (run_dir / "result.json").exists():
            write_json(run_dir / "result.json", {"name": name, **try_config(config, training, held_out, run_dir)})
        rows.append(read_json(run_dir / "result.json"))
        print(f"{name:30}{100 * rows[-1]['accuracy']:7.2f} %{rows[-1]['images_per_second']:8.0f} images/s", flush=True)
    if FLAGS.output:
        rows.sort(key=lambda row: -row["accuracy"])
        write_json(FLAGS.output, {"command": " ".join(["python", *sys.argv]), "seed": FLAGS.seed, "split": "PublicTest",
                                  "manifest_sha256": read_info(FLAGS.data)["manifest_sha256"], "candidates": rows,
                                  "environment": environment()})  # fmt: skip


def try_config(config, training, held_out, run_dir):
    recipe = PRESETS["quick"]
    speed = measure_speed(config, recipe, training)
    epochs = max(1, round(60 * FLAGS.minutes * speed / len(training.labels)))
    trainer = make_trainer(config, dataclasses.replace(recipe, epochs=epochs), training)
    train([Job("model", trainer, (training,), {"data": ("logits", held_out)})], run_dir, FLAGS.seed)
    metrics = [json.loads(line) for line in (run_dir / "metrics.jsonl").read_text().splitlines()]
    last = [row for row in metrics if row["split"] == "validation"][-1]
    return {"config": dataclasses.asdict(config), "weights": trainer.model.count_params(), "epochs": epochs,
            "accuracy": last["accuracy"], "loss": last["loss"], "images_per_second": speed}  # fmt: skip


def make_trainer(config, recipe, training):
    strategy = tf.distribute.get_strategy()
    return Trainer(lambda: build_component(config, FLAGS.seed), recipe, len(training.labels), strategy)


def measure_speed(config, recipe, training, steps=15):
    trainer = make_trainer(config, recipe, training)
    size = recipe.batch_size
    batch = tf.constant(training.images[:size, ..., None].astype(np.float32)), tf.constant(training.labels[:size])
    for step in range(steps + 3):
        if step == 3:
            started = time.perf_counter()
        trainer.train_step((batch,), step).numpy()
    return steps * size / (time.perf_counter() - started)


if __name__ == "__main__":
    sys.exit(console.run(main))
