"""Tab. 4: each method with its own loss and with MD loss, on one data set, with equal short budgets.

python experiments/compare_methods.py --data=runs/data/fer2013 --run_dir=runs/compare --seeds=0,1,2 --output=FILE.json

All networks share the loop, the augmentation, the batch size and the number of epochs; only those without batch
normalisation have a learning rate of their own. Kim et al. is a committee of six members with the budget of one
network each, fused with weights fitted on PublicTest. MD loss is added to softmax, and in Meng et al. takes the place
of the expression-sensitive loss. The test split is read once for each trained network. Networks that are done are not
trained again, so methods and seeds can be added.
"""

from fer_md import console  # isort: skip  (first: it quietens TensorFlow)

import dataclasses
import sys
from pathlib import Path

import keras
import numpy as np
import tensorflow as tf
from absl import flags

from fer_md.data.records import Split, load_split, read_info
from fer_md.errors import FerMdError
from fer_md.evaluation import paper_tables
from fer_md.evaluation.committee import committee_weights
from fer_md.evaluation.fusion import fuse
from fer_md.evaluation.metrics import confusion_matrix, summarize
from fer_md.evaluation.predict import predict_probabilities
from fer_md.evaluation.seeds import over_seeds
from fer_md.evaluation.significance import mcnemar, paired_bootstrap
from fer_md.models.baselines import BASELINES, CONFIGS, TINY_CONFIGS
from fer_md.models.kim import INPUTS
from fer_md.models.zhang import adapt_bridge
from fer_md.training.checkpoint import load_checkpoint, save_checkpoint
from fer_md.training.exchange import MetricLoss, start_centers
from fer_md.training.identity_aware import identity_aware_tasks
from fer_md.training.loop import Job, train
from fer_md.training.precision import PRECISIONS, set_precision
from fer_md.training.presets import PRESETS
from fer_md.training.results import write_result
from fer_md.training.run_directory import open_run, plain_settings
from fer_md.training.task import Task
from fer_md.training.trainer import Trainer

MEMBERS = {
    "ours": ("component", {}),
    "zhang": ("zhang", {}),
    **{f"kim-{i}-{k}": ("kim", {"illumination": i, "kernels": k}) for i in INPUTS for k in ("small", "medium")},
    "meng": ("meng", {}),
}
"""Networks that are trained: the baseline and what its config has otherwise."""

METHODS = {
    "zhang": "Zhang et al. 2015",
    "kim": "Kim et al. 2016",
    "meng": "Meng et al. 2017",
    "ours": "Our component",
}

NOTE = (
    "The paper's figures are said to be accuracies on CK+, MMI and faces of its own, 70 % for training. 75.10 and "
    "72.72 are most likely the FER2013 figures of the literature for Zhang et al. and Kim et al., 76.82 has no known "
    "source for Meng et al., and 79.7 is the mean of Tab. 1's diagonal, a macro recall of two fused networks. So they "
    "stand beside ours, which are short trainings on other data, and are no target."
)

RATES = {"zhang": 0.01, "kim": 0.01}
"""Of the baselines without batch normalisation (Kim et al.: 0.01 for pre-training); the others have the preset's."""

FLAGS = flags.FLAGS
flags.DEFINE_string("data", None, "Prepared folder, made by data_prep/*.py.")
flags.DEFINE_string("run_dir", None, "Folder of the networks' runs.")
flags.DEFINE_string("output", None, "JSON file for the table.")
flags.DEFINE_list("methods", [], f"Methods to compare with ours, of {', '.join(METHODS)}; empty for all.")
flags.DEFINE_list("seeds", ["0", "1", "2"], "Seeds to train each network with.")
flags.DEFINE_integer("epochs", 5, "Of each training.", lower_bound=1)
flags.DEFINE_integer("images", None, "Learn from so many Training images, drawn with seed 0; from all by default.",
                     lower_bound=7)  # fmt: skip
flags.DEFINE_enum("network", "paper", ["paper", "tiny"], "The networks' own widths, or tiny ones and a committee of"
                  " two, to try the path.")  # fmt: skip
flags.DEFINE_enum("precision", "auto", PRECISIONS, "Of the layers; auto: bfloat16 where the processor has it.")
flags.mark_flags_as_required(["data", "run_dir"])


@dataclasses.dataclass(frozen=True)
class Data:
    """What all methods share: ``dataset.json`` and the splits to train on, to fit on and to test on."""

    info: dict
    training: Split
    validation: Split
    test: Split


def main():
    unknown = set(FLAGS.methods) - set(METHODS)
    if unknown:
        raise FerMdError(f"--methods: must be of {', '.join(METHODS)}; found {', '.join(sorted(unknown))}")
    training, *held_out = (load_split(FLAGS.data, split) for split in ("Training", "PublicTest", "PrivateTest"))
    data = Data(read_info(FLAGS.data), some_of(training), *held_out)
    names = [name for name in METHODS if name == "ours" or name in (FLAGS.methods or METHODS)]
    results = {}
    for seed in map(int, FLAGS.seeds):
        for name in names:
            for md in (False, True):
                scores, committee = method_scores(name, md, seed, data)
                found = {"seed": seed, **figures(scores, data), **committee}
                results.setdefault((name, md), []).append((found, scores.argmax(1) == data.test.labels))
                print(f"{METHODS[name]:20} {'MD loss ' if md else 'own loss'} seed {seed}  accuracy "
                      f"{100 * found['accuracy']:.2f} %  macro recall {100 * found['macro_recall']:.2f} %",
                      flush=True)  # fmt: skip
    if FLAGS.output:
        write_result(FLAGS.output, table(results, data))


def some_of(training):
    """The images to learn from, the same for all methods and seeds."""
    if FLAGS.images is None:
        return training
    order = np.random.default_rng(0).permutation(len(training.labels))
    return training.select(np.isin(np.arange(len(order)), order[: FLAGS.images]))


def method_scores(name, md, seed, data):
    """Probabilities (N, K) of a method on the test split, and what is known of its committee."""
    members = [member for member in MEMBERS if member.split("-")[0] == name]
    if FLAGS.network == "tiny":
        members = members[:2]
    found = [member_scores(member, md, seed, data) for member in members]
    if len(members) == 1:
        return found[0]["test"], {}
    groups = {}
    for index, member in enumerate(members):
        for value in member.split("-")[1:]:  # its input and its kernels
            groups.setdefault(value, []).append(index)
    validation = np.stack([scores["validation"] for scores in found])
    weights, exponents = committee_weights(validation, data.validation.labels, groups)
    single = [figures(scores["test"], data)["accuracy"] for scores in found]
    members = [{"name": n, "weight": w, "accuracy": a} for n, w, a in zip(members, weights, single, strict=True)]
    return fuse([scores["test"] for scores in found], weights), {"members": members, "exponents": exponents}


def member_scores(member, md, seed, data):
    """Trains one network with one seed and scores both held-out splits, or reads what that gave."""
    folder = Path(FLAGS.run_dir) / f"{member}-{'md' if md else 'own'}-{seed}"
    path = folder / "scores.npz"
    model = train_member(member, md, seed, data, folder, done=path.exists())
    if model:
        images = np.concatenate([data.validation.images, data.test.images])
        validation, test = np.split(predict_probabilities(model, images), [len(data.validation.labels)])
        save_checkpoint(path, {"validation": validation, "test": test})
        (folder / "checkpoint.npz").unlink(missing_ok=True)
        keras.backend.clear_session()
    return load_checkpoint(path)


def train_member(member, md, seed, data, folder, done):
    """Trains one network into ``folder`` and returns it; where it is done, only compares the settings."""
    baseline, changes = MEMBERS[member]
    info, training = data.info, data.training
    config = (CONFIGS if FLAGS.network == "paper" else TINY_CONFIGS)[baseline]
    config = dataclasses.replace(
        config, num_classes=len(info["expressions"]), image_size=info["image_size"], **changes
    )
    recipe = dataclasses.replace(PRESETS["quick"], epochs=FLAGS.epochs)
    recipe = dataclasses.replace(recipe, rate=RATES.get(baseline, recipe.rate))
    metric_loss = MetricLoss("md" if md else "none")
    open_run(folder, {
        "data": info["name"], "manifest_sha256": info["manifest_sha256"], "expressions": info["expressions"],
        "images": len(training.labels), "baseline": baseline, "network": plain_settings(config),
        "recipe": plain_settings(recipe), "metric_loss": dataclasses.asdict(metric_loss),
        "precision": set_precision(FLAGS.precision, folder), "seed": seed,
    })  # fmt: skip
    if done:
        return None
    model = BASELINES[baseline](config, seed)
    if baseline == "zhang":
        adapt_bridge(model, training.images, seed)
    maker = metric_loss.maker(config.num_classes, model.output["embeddings"].shape[-1])
    tasks = identity_aware_tasks(training, maker) if baseline == "meng" else [Task(info["name"], metric_loss=maker)]
    trainer = Trainer(lambda: model, recipe, len(training.labels), tf.distribute.get_strategy(), tasks)
    splits = (training,) * len(tasks)
    start_centers(trainer, splits, seed)
    if not train([Job("model", trainer, splits, {info["name"]: ("logits", data.validation)})], folder, seed):
        raise FerMdError(f"{folder}: stopped; start it again to go on")
    return model


def figures(scores, data):
    """Accuracy and macro recall on the test split."""
    confusion = confusion_matrix(data.test.labels, scores.argmax(1), scores.shape[1])
    return {name: float(summarize(confusion)[name]) for name in ("accuracy", "macro_recall")}


def table(results, data):
    """The rows of Tab. 4 with the paper's figures, each against our component with MD loss."""
    ours = [right for _, right in results["ours", True]]
    people = len(set(data.training.subjects) - {""})
    return {
        "data": data.info["name"],
        "manifest_sha256": data.info["manifest_sha256"],
        "split": "PrivateTest",
        "images": {"training": len(data.training.labels), "test": len(data.test.labels)},
        "people": people,
        "pairs_of_persons": "as in IACNN" if people else "none: the data set names no persons",
        "epochs": FLAGS.epochs,
        "network": FLAGS.network,
        "learning_rates": {name: RATES.get(name, PRESETS["quick"].rate) for name in ("component", "meng", *RATES)},
        "seeds": [found["seed"] for found, _ in results["ours", True]],
        "rows": [row(name, md, found, ours) for (name, md), found in results.items()],
        "note": NOTE,
    }


def row(name, md, found, ours):
    """Means and standard deviations over the seeds, and the comparison with ours on the same images."""
    single, right = [figures for figures, _ in found], [right for _, right in found]
    result = {"method": METHODS[name], "loss": "MD" if md else "own", "paper": paper_tables.METHODS[name][md],
              **over_seeds(single, ("accuracy", "macro_recall"))}  # fmt: skip
    if (name, md) != ("ours", True):
        result["ours_minus_this"] = paired_bootstrap(ours, right)
        tests = [mcnemar(mine, other) for mine, other in zip(ours, right, strict=True)]
        result["mcnemar"] = [
            {"seed": figures["seed"], "only_ours": test["only_first"], "only_this": test["only_second"], "p": test["p"]}
            for figures, test in zip(single, tests, strict=True)
        ]
    return {**result, "single": single}


if __name__ == "__main__":
    sys.exit(console.run(main))
