"""Fine-tunes the pre-trained components with their data sets exchanged, under softmax and MD loss (Sec. 3.2.2, 4).

python experiments/finetune.py --components=runs/method/component1,runs/method/component2 \\
    --data=runs/data/fer2013,runs/data/facial_expressions --run_dir=runs/method/finetuned

Component i was pre-trained on data set i with --protocol naming the other data sets; it goes on with data set i + 1
(the last with the first). The networks take turns, step by step. At the start and after each epoch every network is
measured on the validation splits of its own and its new data set, so that what it forgets is seen. Stopped and
started again, it goes on.
"""

import dataclasses
import sys
from pathlib import Path

from absl import flags

from fer_md import console
from fer_md.data.records import read_info
from fer_md.errors import FerMdError
from fer_md.files import file_sha256
from fer_md.runs.run_directory import open_run, plain_settings, read_settings
from fer_md.training.exchange import check_stage, make_jobs, weighted_loss
from fer_md.training.loop import train
from fer_md.training.presets import FINETUNING, PRESETS
from fer_md.training.strategy import make_strategy

FLAGS = flags.FLAGS
flags.DEFINE_list("components", None, "Finished pre-training runs, one a component.")
flags.DEFINE_list("data", None, "Prepared folders; the i-th is what component i was pre-trained on.")
flags.DEFINE_string("run_dir", None, "Folder of the run: config.json, metrics.jsonl, checkpoint, component1.keras, ...")
flags.DEFINE_enum("preset", "finetune", FINETUNING, "Recipe; see fer_md/training/presets.py.")
flags.DEFINE_integer("epochs", None, "Passes over the largest data set, in place of the preset's.", lower_bound=1)
flags.DEFINE_integer(
    "patience",
    None,
    "End after so many epochs in which no component got better on the validation "
    "split of what it learns; the last weights are kept.",
    lower_bound=1,
)
flags.DEFINE_float("rate", None, "Learning rate in place of the paper's 0.001 of both presets.", lower_bound=1e-9)
flags.DEFINE_enum("loss", "md", ["md", "center", "none"], "Loss beside softmax.")
flags.DEFINE_float("loss_weight", None, "Its factor; by default 0.1 of MD loss, 0.003 of center loss.", lower_bound=0)
flags.DEFINE_integer("nearest", 1, "P of Eq. 9: impostor centers a sample is compared with.")
flags.DEFINE_float("alpha", 0.5, "Step of the centers (Algorithm 1).", lower_bound=0, upper_bound=1)
flags.DEFINE_list("dataset_weights", [], "lambda_i of Eq. 10, one a data set; all 1 by default.")
flags.DEFINE_float("replay", 0, "Weight of a component's own data set beside the exchanged one.", lower_bound=0)
flags.DEFINE_bool(
    "one_space", False, "Map all labels by name onto a component's first label space; mask what it lacks."
)
flags.DEFINE_enum("strategy", "one", ["one", "mirrored", "multiworker"], "tf.distribute strategy.")
flags.DEFINE_integer("replicas", 2, "Logical CPUs with --strategy=mirrored where there is no GPU.", lower_bound=1)
flags.DEFINE_integer("seed", 0, "Of order, augmentation and new heads.", lower_bound=0)
flags.DEFINE_float("checkpoint_seconds", 120, "Longest time between two checkpoints.", lower_bound=0)
flags.mark_flags_as_required(["components", "data", "run_dir"])


def main():
    recipe = PRESETS[FLAGS.preset]
    recipe = dataclasses.replace(recipe, epochs=FLAGS.epochs or recipe.epochs, rate=FLAGS.rate or recipe.rate)
    options = {"alpha": FLAGS.alpha, **({"nearest": FLAGS.nearest} if FLAGS.loss == "md" else {})}
    metric_loss = weighted_loss(FLAGS.loss, FLAGS.loss_weight, options)
    weights = console.numbers("dataset_weights", FLAGS.dataset_weights) or [1.0] * len(FLAGS.data)
    if len(weights) != len(FLAGS.data):
        raise FerMdError(f"--dataset_weights must be {len(FLAGS.data)} numbers, one a data set; found {len(weights)}")
    if min(weights) < 0 or not any(weights):
        raise FerMdError(f"--dataset_weights must be at least 0, and one above it; found {weights}")
    strategy = make_strategy(FLAGS.strategy, FLAGS.replicas)
    try:
        jobs = make_jobs(
            FLAGS.components,
            FLAGS.data,
            recipe,
            metric_loss,
            weights,
            strategy,
            FLAGS.replay,
            FLAGS.seed,
            FLAGS.one_space,
        )
    except ValueError as error:  # a choice that the loss or the data sets rule out
        raise FerMdError(str(error)) from None
    run_dir = open_run(FLAGS.run_dir, settings(recipe, metric_loss, weights))
    complete = train(jobs, run_dir, FLAGS.seed, FLAGS.checkpoint_seconds, measure_start=True, patience=FLAGS.patience)
    return console.ended(run_dir, complete)


def settings(recipe, metric_loss, weights):
    infos = [read_info(directory) for directory in FLAGS.data]
    precisions = {read_settings(run)["precision"] for run in FLAGS.components}
    if len(precisions) > 1:
        found = " and ".join(sorted(precisions))
        raise FerMdError(f"--components: trained in {found}; train one again with --precision")
    return {
        "stage": "finetune",
        "networks": [f"component{i + 1}" for i in range(len(FLAGS.components))],
        "components": [file_sha256(Path(run) / "model.keras") for run in FLAGS.components],
        "data": [info["name"] for info in infos],
        "manifest_sha256": [info["manifest_sha256"] for info in infos],
        "protocol": check_stage(FLAGS.components, FLAGS.data).sha256,
        "expressions": [info["expressions"] for info in infos],
        "recipe": plain_settings(recipe),
        "patience": FLAGS.patience,
        "metric_loss": plain_settings(metric_loss),
        "dataset_weights": weights,
        "replay": FLAGS.replay,
        "one_space": FLAGS.one_space,
        "precision": precisions.pop(),
        "strategy": FLAGS.strategy,
        "seed": FLAGS.seed,
    }


if __name__ == "__main__":
    sys.exit(console.run(main))
