"""Tab. 4: each method with its own loss and with MD loss, on one data set, with equal short budgets.

python experiments/compare_methods.py --data=runs/data/fer2013 --run_dir=runs/compare --seeds=0,1,2 --output=FILE.json

All networks share the loop, the augmentation, the batch size and the number of epochs. Each has, for each loss, the
learning rate of --rates with which it does best on PublicTest under the first seed. Kim et al. is a committee of six
members with the budget of one network each, fused with weights fitted on PublicTest. MD loss is added to softmax, and
in Meng et al. takes the place of the expression-sensitive loss. Training images identical to a held-out one are left
out; no figure of the test split decides anything. Networks that are done are not trained again, so methods and seeds
can be added.
"""

import dataclasses
import math
import sys
from pathlib import Path

import numpy as np

from fer_md import console
from fer_md.data.protocol import load_training, make_protocol
from fer_md.data.records import Split, load_split, read_info
from fer_md.errors import FerMdError
from fer_md.evaluation.measure import by_expression
from fer_md.evaluation.metrics import confusion_matrix, summarize
from fer_md.evaluation.predict import predict_probabilities
from fer_md.losses import MD_FORMS
from fer_md.models import config_for
from fer_md.models.baselines import BASELINES, CONFIGS, SMALL_CONFIGS, TINY_CONFIGS
from fer_md.models.baselines.committee import committee_weights
from fer_md.models.baselines.kim import INPUTS
from fer_md.models.baselines.zhang import adapt_bridge
from fer_md.models.fused import fuse
from fer_md.runs.checkpoint import load_checkpoint, save_checkpoint
from fer_md.runs.results import write_result
from fer_md.runs.run_directory import open_run, plain_settings
from fer_md.training.identity_aware import identity_aware_tasks
from fer_md.training.precision import PRECISIONS, precision_of_runs, set_precision
from fer_md.training.presets import PRESETS
from fer_md.training.task import LOSS_WEIGHTS, Learner, Task, loss_settings, make_metric_loss
from fer_md.training.train import train_to_end
from pages.cells import percent
from pages.comparison import NAMES, figures_of, method_rows, scored
from pages.result_files import read_run_time
from pages.rows import Member, Methods

MEMBERS = {
    "ours": ("component", {}),
    "zhang": ("zhang", {}),
    **{f"kim-{i}-{k}": ("kim", {"illumination": i, "kernels": k}) for i in INPUTS for k in ("small", "medium")},
    "meng": ("meng", {}),
}
"""Networks that are trained: the baseline and what its config has otherwise."""

RECIPE = dataclasses.replace(PRESETS["quick"], batch_size=32, average=0.99)
"""Of all networks: few images make few steps, hence small batches, and an average over a tenth of them."""

RECIPES = {
    "default": RECIPE,
    "small": dataclasses.replace(RECIPE, augmentation=PRESETS["drawn"].augmentation),
    "tiny": RECIPE,
}
SIZES = {"default": CONFIGS, "small": SMALL_CONFIGS, "tiny": TINY_CONFIGS}
"""Recipes and networks by ``--network``."""


@dataclasses.dataclass(frozen=True)
class Settings:
    data: str = console.flag("Prepared folder, made by data_prep/*.py.")
    run_dir: str = console.flag("Folder of the networks' runs.")
    output: str | None = console.new_file("JSON file for the table.", None)
    methods: tuple[str, ...] = console.flag(f"Methods to compare with ours, of {', '.join(NAMES)}; all by default.", ())
    seeds: tuple[int, ...] = console.flag("Seeds to train each network with.", (0, 1, 2))
    rates: tuple[float, ...] = console.flag("Learning rates to choose from.", (0.01, 0.02, 0.04))
    epochs: int = console.flag("Epochs of each training.", 5, least=1)
    images: int | None = console.flag(
        "Train on so many Training images, drawn with seed 0; on all by default.", None, least=7
    )
    network: str = console.flag(
        "The networks' own widths; or, with a committee of two, small ones for drawn faces, or tiny ones to try the "
        "path.",
        "default",
        choices=list(SIZES),
    )
    precision: str = console.flag(
        "Precision of the layers; auto: 16 bits where GPU or processor have them.",
        "auto",
        choices=PRECISIONS,
    )


@dataclasses.dataclass(frozen=True)
class Data:
    """What all methods share: the settings, ``dataset.json``, the protocol's hash, how many images identical to
    held-out ones were left out, and the splits to train on, to fit on and to test on."""

    settings: Settings
    info: dict
    protocol: str
    left_out: int
    training: Split
    validation: Split
    test: Split


def main(settings: Settings) -> None:
    for name in settings.methods:
        console.one_of("methods", name, NAMES)
    if min(settings.rates) <= 0:
        found = ", ".join(f"{rate:g}" for rate in settings.rates)
        raise FerMdError(f"--rates: learning rates are above 0; found {found}")
    data = load_data(settings)
    names = [name for name in NAMES if name == "ours" or name in (settings.methods or NAMES)]
    for member in (member for name in names for member in members_of(name, data)):
        config_of(member, data)  # one that cannot take the images is told of before the first training
    trials = {
        (member, md): rate_trials(member, md, data)
        for name in names
        for member in members_of(name, data)
        for md in (False, True)
    }
    results = train_all(names, trials, data)
    if settings.output:
        write_result(settings.output, table(results, trials, data))


def train_all(names, trials, data):
    """A ``Training`` for each seed, by method and whether under MD loss."""
    results = {}
    for seed in data.settings.seeds:
        for name in names:
            for md in (False, True):
                scores, committee = method_scores(name, md, trials, seed, data)
                training = scored(seed, scores, data.test.labels, recall=recall(scores, data), **committee)
                results.setdefault((name, md), []).append(training)
                print(
                    f"{NAMES[name]:20} {'MD loss ' if md else 'own loss'} seed {seed}  accuracy "
                    f"{percent(training.figures.accuracy)} %  macro recall {percent(training.figures.macro_recall)} %",
                    flush=True,
                )
    return results


def load_data(settings):
    """The images to learn from, the same for all methods and seeds, and the held-out ones."""
    protocol = make_protocol([settings.data])
    training, left_out = load_training(settings.data, protocol)
    if settings.images is not None:
        if settings.images > len(training.labels):
            raise FerMdError(
                f"--images={settings.images}: {settings.data} has {len(training.labels)} Training images to "
                f"learn from; {left_out} that are identical to held-out ones do not count"
            )
        order = np.random.default_rng(0).permutation(len(training.labels))
        training = training.select(np.isin(np.arange(len(order)), order[: settings.images]))
    held_out = (load_split(settings.data, split) for split in ("PublicTest", "PrivateTest"))
    return Data(settings, read_info(settings.data), protocol.sha256, left_out, training, *held_out)


def members_of(name, data):
    """The networks of a method; of a committee of narrow ones the last two, which learn fastest."""
    members = [member for member in MEMBERS if member.split("-")[0] == name]
    return members if data.settings.network == "default" else members[-2:]


def rate_trials(member, md, data):
    """Accuracy on PublicTest of a network with each learning rate; nothing is trained for a single one."""
    rates, seed = data.settings.rates, data.settings.seeds[0]
    if len(rates) == 1:
        return {rates[0]: None}
    found = {}
    for rate in rates:
        scores = member_scores(member, md, rate, seed, data)["validation"]
        found[rate] = figures_of(scores, data.validation.labels)["accuracy"]
        print(f"{named(member, md):28} learning rate {rate:g}  PublicTest {100 * found[rate]:.2f} %", flush=True)
    return found


def best(trials):
    return max(trials, key=lambda rate: trials[rate] or 0)


def named(member, md):
    return f"{member}, {'MD' if md else 'own'} loss"


def method_scores(name, md, trials, seed, data):
    """Probabilities (N, K) of a method on the test split, and what is known of its committee."""
    members = members_of(name, data)
    found = [member_scores(member, md, best(trials[member, md]), seed, data) for member in members]
    if len(members) == 1:
        return found[0]["test"], {}
    groups = {}
    for index, member in enumerate(members):
        groups.setdefault(member.split("-")[1], []).append(index)  # by their input, as the authors
    validation = np.stack([scores["validation"] for scores in found])
    weights, exponents = committee_weights(validation, data.validation.labels, groups)
    members = [
        Member(name=member, weight=float(weight), **figures_of(scores["test"], data.test.labels))
        for member, weight, scores in zip(members, weights, found, strict=True)
    ]
    return fuse([scores["test"] for scores in found], weights), {"members": members, "exponents": exponents}


def recall(scores, data):
    """Recall of each expression of the test split."""
    confusion = confusion_matrix(data.test.labels, scores.argmax(1), scores.shape[1])
    return by_expression(summarize(confusion)["recall"], data.info["expressions"])


def folder_of(member, md, rate, seed, data):
    return Path(data.settings.run_dir) / f"{member}-{'md' if md else 'own'}-{rate:g}-{seed}"


def member_scores(member, md, rate, seed, data):
    """Trains one network with one seed and scores both held-out splits, or reads what that gave."""
    folder = folder_of(member, md, rate, seed, data)
    path = folder / "scores.npz"
    model = train_member(member, md, rate, seed, data, folder, done=path.exists())
    if model:
        images = np.concatenate([data.validation.images, data.test.images])
        validation, test = np.split(predict_probabilities(model, images), [len(data.validation.labels)])
        save_checkpoint(path, {"validation": validation, "test": test})
    for name in ("DONE", "checkpoint.npz", "model.keras"):  # a gigabyte in all; scores are what it takes
        (folder / name).unlink(missing_ok=True)
    return load_checkpoint(path)


def config_of(member, data):
    """The configuration of a network for the data set's images and expressions."""
    baseline, changes = MEMBERS[member]
    config = SIZES[data.settings.network][baseline]
    return dataclasses.replace(config_for(config, data.info, data.settings.data), **changes)


def train_member(member, md, rate, seed, data, folder, done):
    """Trains one network into ``folder`` and returns it; where it is done, only compares the settings."""
    baseline, config = MEMBERS[member][0], config_of(member, data)
    info, training = data.info, data.training
    recipe = dataclasses.replace(RECIPES[data.settings.network], epochs=data.settings.epochs, rate=rate)
    kind, loss_weight, options = "md" if md else "none", LOSS_WEIGHTS["md"], MD_FORMS["nearest"] if md else {}
    decisive = {
        "data": info["name"],
        "protocol": data.protocol,
        "expressions": info["expressions"],
        "images": len(training.labels),
        "baseline": baseline,
        "network": plain_settings(config),
        "recipe": plain_settings(recipe),
        "metric_loss": {"kind": kind, "loss_weight": loss_weight, "options": options},
        "precision": set_precision(data.settings.precision, folder),
        "seed": seed,
    }
    if done:
        open_run(folder, decisive)  # an error if it is another's
        return None
    model = BASELINES[baseline](config, seed)
    if baseline == "zhang":
        adapt_bridge(model, training.images, seed)
    layer = make_metric_loss(kind, config.num_classes, model.output["embeddings"].shape[-1], seed, **options)
    if baseline == "meng":
        tasks = identity_aware_tasks(training, layer, loss_weight if md else 1.0)
    else:
        tasks = [Task(info["name"], training, metric_loss=layer, loss_weight=loss_weight)]
    train_to_end(Learner(lambda: model, tasks), recipe, folder, decisive, seed)
    return model


def table(results, trials, data):
    """Tab. 4 with the paper's figures, and all that must be known to read it."""
    people = len(set(data.training.subjects) - {""})
    settings, runs = data.settings, runs_behind(trials, data)
    recipe = plain_settings(RECIPES[settings.network])
    return Methods(
        data=data.info["name"],
        manifest_sha256=data.info["manifest_sha256"],
        split="PrivateTest",
        images={"training": len(data.training.labels), "test": len(data.test.labels)},
        left_out=data.left_out,
        people=people,
        pairs_of_persons="as in IACNN" if people else "none: the data set names no persons",
        epochs=settings.epochs,
        network=settings.network,
        recipe={name: value for name, value in recipe.items() if name not in ("epochs", "rate")},
        rates=list(trials["ours", False]),
        rate_trials={named(*key): {f"{r:g}": v for r, v in found.items()} for key, found in trials.items()},
        metric_loss=loss_settings("md"),
        precision=precision_of_runs(runs),
        seconds=math.fsum(read_run_time(run).seconds for run in runs),
        seeds=list(settings.seeds),
        rows=method_rows(results, data.test.subjects),
    )


def runs_behind(trials, data):
    """The folders of all trainings behind the table, those for the learning rates included."""
    seeds = data.settings.seeds
    folders = {folder_of(*key, rate, seeds[0], data) for key in trials for rate in trials[key]}
    return folders | {folder_of(*key, best(trials[key]), seed, data) for key in trials for seed in seeds}


if __name__ == "__main__":
    sys.exit(console.run(main, Settings))
