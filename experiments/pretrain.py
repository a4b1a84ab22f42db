"""Trains one component on one prepared data set (the paper's Sec. 4, first stage).

python experiments/pretrain.py --data=runs/data/fer2013 --run_dir=runs/quick/seed0 --preset=quick

Started again with the same flags it goes on where it was stopped; SIGTERM and Ctrl-C write a checkpoint first.
The model is selected on --validation; the test split is never read here.
"""

import dataclasses
import sys
from pathlib import Path

from absl import flags

from fer_md import console
from fer_md.data.protocol import load_training, make_protocol
from fer_md.data.records import load_split, read_info
from fer_md.errors import FerMdError
from fer_md.files import file_sha256
from fer_md.models import DEEP, HALF, NARROW, TINY, WIDE, ComponentConfig, build_component, config_for
from fer_md.runs.run_directory import load_model, open_run, plain_settings, read_settings
from fer_md.training.exchange import start_centers, weighted_loss
from fer_md.training.loop import Job, train
from fer_md.training.precision import PRECISIONS, set_precision
from fer_md.training.presets import PRESETS
from fer_md.training.soft_targets import votes_task
from fer_md.training.strategy import make_strategy
from fer_md.training.stream import check_batch
from fer_md.training.task import Task
from fer_md.training.trainer import Trainer

NETWORKS = {"paper": ComponentConfig(), "wide": WIDE, "deep": DEEP, "narrow": NARROW, "half": HALF, "tiny": TINY}

FLAGS = flags.FLAGS
flags.DEFINE_string("data", None, "Prepared folder, made by data_prep/*.py.")
flags.DEFINE_string("run_dir", None, "Folder of the run: config.json, metrics.jsonl, checkpoint, model.keras.")
flags.DEFINE_enum("preset", "quick", list(PRESETS), "Recipe; see fer_md/training/presets.py.")
flags.DEFINE_integer("epochs", None, "Epochs in place of the preset's.", lower_bound=1)
flags.DEFINE_enum(
    "network",
    "paper",
    list(NETWORKS),
    "The default component, one with twice the filters, the deepest, "
    "one wide only where a filter is cheap, one with half the fully connected layers, or a tiny one.",
)
flags.DEFINE_float(
    "dropout",
    None,
    "Share dropped after both FC layers, in place of the network's. The paper's 0.65 may be what is "
    "dropped or what is kept.",
    lower_bound=0,
    upper_bound=0.99,
)
flags.DEFINE_string("start", None, "Finished run of the same network, whose weights this one starts from.")
flags.DEFINE_enum("loss", "none", ["md", "center", "none"], "Loss beside softmax.")
flags.DEFINE_float(
    "loss_weight",
    None,
    "Its factor: by default 0.1 of MD loss, 0.003 of center loss, which suit a "
    "training from scratch. From a run without it (--start) embeddings lie far apart: 0.01.",
    lower_bound=0,
)
flags.DEFINE_float(
    "votes",
    0.0,
    "Share of the target that FER+'s votes for a face give, the rest is its label's; below 0.5, so that "
    "the label stays the most probable class.",
    lower_bound=0,
    upper_bound=0.49,
)
flags.DEFINE_enum("precision", "auto", PRECISIONS, "Of the layers; auto: bfloat16 where the processor has it.")
flags.DEFINE_enum("strategy", "one", ["one", "mirrored", "multiworker"], "tf.distribute strategy.")
flags.DEFINE_integer("replicas", 2, "Logical CPUs with --strategy=mirrored where there is no GPU.", lower_bound=1)
flags.DEFINE_list(
    "protocol", [], "Further data sets of the method: images identical to one they hold out are not trained on."
)
flags.DEFINE_string("validation", "PublicTest", "Split evaluated after each epoch.")
flags.DEFINE_integer("seed", 0, "Of weights, order, augmentation and dropout.", lower_bound=0)
flags.DEFINE_float("checkpoint_seconds", 120, "Longest time between two checkpoints.", lower_bound=0)
flags.mark_flags_as_required(["data", "run_dir"])


def main():
    recipe = PRESETS[FLAGS.preset]
    if FLAGS.epochs:
        recipe = dataclasses.replace(recipe, epochs=FLAGS.epochs)
    config = NETWORKS[FLAGS.network]
    if FLAGS.dropout is not None:
        config = dataclasses.replace(config, dropout=FLAGS.dropout)
    strategy = make_strategy(FLAGS.strategy, FLAGS.replicas)
    check_batch(recipe, 1, strategy)
    precision = set_precision(FLAGS.precision, FLAGS.run_dir)
    info = read_info(FLAGS.data)
    config = config_for(config, info, FLAGS.data)
    held_out = load_split(FLAGS.data, FLAGS.validation)
    if FLAGS.protocol:
        protocol = make_protocol([FLAGS.data, *FLAGS.protocol])
        training, left_out = load_training(FLAGS.data, protocol)
        print(f"{info['name']}: {left_out} Training images left out, pixel-identical to held-out ones")
    else:
        training = load_split(FLAGS.data, "Training")
    metric_loss = weighted_loss(FLAGS.loss, FLAGS.loss_weight, {"nearest": 1} if FLAGS.loss == "md" else {})
    task = make_task(info["name"], training, config, metric_loss)
    settings = {
        "data": info["name"],
        "protocol": protocol.sha256 if FLAGS.protocol else None,
        "manifest_sha256": info["manifest_sha256"],
        "expressions": info["expressions"],
        "recipe": plain_settings(recipe),
        "network": plain_settings(config),
        "votes": FLAGS.votes or None,
        "loss": plain_settings(metric_loss) if metric_loss.kind != "none" else None,
        "precision": precision,
        "strategy": FLAGS.strategy,
        "validation": FLAGS.validation,
        "seed": FLAGS.seed,
        "start": None,
    }
    weights = None
    if FLAGS.start:
        weights = start_weights(settings)
        settings["start"] = file_sha256(Path(FLAGS.start) / "model.keras")
    run_dir = open_run(FLAGS.run_dir, settings)
    trainer = Trainer(lambda: build(config, weights), recipe, len(training.labels), strategy, [task])
    start_centers(trainer, (training,), FLAGS.seed)
    job = Job("model", trainer, (training,), {info["name"]: ("logits", held_out)})
    complete = train([job], run_dir, FLAGS.seed, FLAGS.checkpoint_seconds)
    return console.ended(run_dir, complete)


def build(config, weights):
    """The network as its training begins, with weights of its own where None are given."""
    model = build_component(config, FLAGS.seed)
    if weights:
        model.set_weights(weights)
    return model


def start_weights(settings):
    """The weights of ``--start``; ``FerMdError`` unless it is a finished run of the same network, expressions and
    protocol, and without one of the same data, as its Training may hold what another data set holds out."""
    model = load_model(FLAGS.start)
    stored = read_settings(FLAGS.start)
    for name in ("network", "expressions", "protocol" if settings["protocol"] else "manifest_sha256"):
        if stored.get(name) != settings[name]:
            raise FerMdError(f"--start={FLAGS.start}: learned with {name}={stored.get(name)!r}, not {settings[name]!r}")
    return model.get_weights()


def make_task(name, training, config, metric_loss):
    """Softmax on the labels, or on labels and votes, and the loss beside it."""
    maker = metric_loss.maker(config.num_classes, config.fc_units)
    if FLAGS.votes:
        return votes_task(name, training, FLAGS.votes, maker, metric_loss.loss_weight)
    return Task(name, metric_loss=maker, loss_weight=metric_loss.loss_weight)


if __name__ == "__main__":
    sys.exit(console.run(main))
