"""The picture of docs/ERRATA.md: two-dimensional embeddings of real faces under four losses, and the loss curves.

python experiments/draw_errata.py --data=runs/data/fer2013 --run_dir=runs/errata --output=docs/pictures/errata.png

One small component with an embedding of two numbers learns four expressions four times: under softmax alone, softmax
and center loss, softmax and MD loss as corrected, softmax and MD loss as printed (with the printed center update).
Same seed, same order. Beside the picture a JSON file says how far the centers went.
"""

import dataclasses
import sys
from pathlib import Path

import keras
import numpy as np
import tensorflow as tf
from absl import flags

from fer_md import console
from fer_md.data.label_spaces import map_labels
from fer_md.data.records import load_split, read_info
from fer_md.errors import FerMdError, NotFiniteError
from fer_md.evaluation.distances import class_distances
from fer_md.evaluation.predict import embeddings_function
from fer_md.models import HALF, build_component, config_for
from fer_md.runs.metrics_log import log_rows
from fer_md.runs.results import write_result
from fer_md.runs.run_directory import open_run, plain_settings
from fer_md.training.exchange import MetricLoss, start_centers
from fer_md.training.loop import Job, train
from fer_md.training.precision import set_precision
from fer_md.training.presets import PRESETS
from fer_md.training.task import Task
from fer_md.training.trainer import Trainer
from pages.embedding_picture import save_embedding_picture

FLAGS = flags.FLAGS
flags.DEFINE_string("data", None, "Prepared folder, made by data_prep/*.py.")
flags.DEFINE_string("run_dir", None, "Folder of the four runs.")
flags.DEFINE_string("output", None, "PNG file; its figures go beside it as .json.")
flags.DEFINE_list("expressions", ["happiness", "surprise", "anger", "neutral"], "Expressions to learn.")
flags.DEFINE_integer("epochs", 6, "Of each run.", lower_bound=1)
flags.DEFINE_integer("seed", 0, "Of weights, order, augmentation and dropout.", lower_bound=0)
flags.mark_flags_as_required(["data", "run_dir", "output"])

LOSSES = {
    "softmax": MetricLoss("none"),
    "softmax + center": MetricLoss("center", 0.01),
    "softmax + MD, corrected": MetricLoss("md", 0.1),
    "softmax + MD, as printed": MetricLoss("md", 0.1, {"as_printed": True}),
}


def main():
    if Path(FLAGS.output).suffix.lower() != ".png":
        raise FerMdError(f"--output must end in .png; found {FLAGS.output}")
    if len(FLAGS.expressions) < 2 or len(set(FLAGS.expressions)) < len(FLAGS.expressions):
        found = ", ".join(FLAGS.expressions)
        raise FerMdError(f"--expressions must be at least two, all different, separated by commas; found {found}")
    own = read_info(FLAGS.data)["expressions"]
    if not set(FLAGS.expressions) <= set(own):
        raise FerMdError(f"--expressions must be of {', '.join(own)}; found {', '.join(FLAGS.expressions)}")
    training = only_labelled(map_labels(load_split(FLAGS.data, "Training"), own, FLAGS.expressions))
    held_out = only_labelled(map_labels(load_split(FLAGS.data, "PublicTest"), own, FLAGS.expressions))
    panels = [run_panel(name, loss, training, held_out) for name, loss in LOSSES.items()]
    save_embedding_picture(FLAGS.output, panels, held_out.labels, FLAGS.expressions)
    kept = ("name", "accuracy", "loss_curve", "centers", "stopped", "distances")
    write_result(
        Path(FLAGS.output).with_suffix(".json"),
        {
            "seed": FLAGS.seed,
            "split": "PublicTest",
            "panels": [{key: panel[key] for key in kept} for panel in panels],
        },
    )
    for panel in panels:
        largest = np.abs(panel["centers"] or 0).max()
        print(f"{panel['name']:28} accuracy {panel['accuracy']}  largest center {largest:.3g}")


def only_labelled(split):
    return split.select(split.labels >= 0)


def run_panel(name, metric_loss, training, held_out):
    """Trains under one loss; a loss that runs away ends the run early, and what it came to is drawn."""
    folder = Path(FLAGS.run_dir) / name.replace(" ", "-").replace(",", "")
    recipe = dataclasses.replace(PRESETS["quick"], epochs=FLAGS.epochs, batch_size=256, average=0.0, rate=0.02)
    open_run(
        folder,
        {
            "manifest_sha256": read_info(FLAGS.data)["manifest_sha256"],
            "expressions": FLAGS.expressions,
            "recipe": plain_settings(recipe),
            "metric_loss": plain_settings(metric_loss),
            "seed": FLAGS.seed,
            "precision": set_precision("auto", folder),
        },
    )
    maker = metric_loss.maker(len(FLAGS.expressions), 2)
    task = Task("faces", metric_loss=maker, loss_weight=metric_loss.loss_weight)
    strategy = tf.distribute.get_strategy()
    trainer = Trainer(build_plane, recipe, len(training.labels), strategy, [task])
    start_centers(trainer, [training], FLAGS.seed)
    stopped = None
    try:
        if not train([Job("model", trainer, (training,), {"faces": ("logits", held_out)})], folder, FLAGS.seed):
            raise FerMdError(f"{folder}: stopped; start it again to go on")
    except NotFiniteError as error:
        stopped = str(error)
    rows = log_rows(folder)
    validation = [row["accuracy"] for row in rows if row["split"] == "validation"]
    layer = trainer.metric_losses[0]
    embeddings = embeddings_function(trainer.model)(held_out.images)
    return {
        "name": name,
        "embeddings": embeddings,
        "centers": np.array(layer.centers, np.float64).tolist() if layer else None,
        "accuracy": validation[-1] if validation else None,
        "distances": class_distances(embeddings, held_out.labels),
        "loss_curve": [(r["step"], r.get("metric_loss", r["loss"])) for r in rows if r["split"] == "Training"],
        "stopped": stopped,
    }


def build_plane():
    """The component with one more layer: its embedding is a point of the plane."""
    config = config_for(HALF, read_info(FLAGS.data), FLAGS.data)
    base = build_component(dataclasses.replace(config, num_classes=len(FLAGS.expressions), dropout=0.2), FLAGS.seed)
    point = keras.layers.Dense(2, dtype="float32", name="plane")(base.get_layer("logits").input)
    logits = keras.layers.Dense(len(FLAGS.expressions), dtype="float32", name="plane_logits")(point)
    return keras.Model(base.input, {"embeddings": point, "logits": logits})


if __name__ == "__main__":
    sys.exit(console.run(main))
