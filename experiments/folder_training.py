"""What a training on one's own pictures learns, from what, and by which recipe."""

import dataclasses
import functools
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from fer_md.data.protocol import make_protocol
from fer_md.data.records import load_split, read_info
from fer_md.data.sampling import class_shares, class_slots
from fer_md.errors import FerMdError
from fer_md.evaluation.prior import training_prior
from fer_md.models import NETWORKS, ComponentConfig, build_component, config_for
from fer_md.pretrained.networks import describe
from fer_md.pretrained.store import config_from_json, load_components
from fer_md.runs.run_directory import plain_settings
from fer_md.training.joint import Part, Start, joint_learner
from fer_md.training.presets import PRESETS, Recipe
from fer_md.training.task import Learner, Task, balanced
from fer_md.training.transfer import BALANCE, calibrated, fit_head, keeping, with_classes


def plan(
    data: Sequence[Path], from_scratch: bool, keep: bool, epochs: int | None, seed: int
) -> tuple[Learner, Recipe, dict[str, Any]]:
    """The network and its tasks, the recipe, and the settings of the run.

    Args:
        data: prepared data sets; several are learned jointly, the first leads.
        from_scratch: start from a new network, not the package's.
        keep: of one data set, see `fer_md.training.transfer.keeping`.
        epochs: in place of the recipe's.
        seed: of new weights.
    """
    recipe = PRESETS["scratch" if from_scratch else "transfer"]
    tasks = 2 if keep else len(data)
    recipe = dataclasses.replace(recipe, epochs=epochs or recipe.epochs, batch_size=recipe.batch_size * tasks)
    infos = [read_info(directory) for directory in data]
    config = config_of(from_scratch, infos[0], data[0])
    make = several if len(data) > 1 else single
    learner, settings = make(data, infos, config, from_scratch, keep, seed)
    start = None if from_scratch else describe()["weights_sha256"]
    more = {"recipe": plain_settings(recipe), "network": plain_settings(config), "start": start}
    return learner, recipe, settings | more


def config_of(from_scratch: bool, info: dict[str, Any], directory: Path) -> ComponentConfig:
    if from_scratch:
        return config_for(NETWORKS["small"], info, directory)
    widths = describe()["networks"][0]
    if info["image_size"] != widths["image_size"]:
        raise FerMdError(
            f"{directory}: has faces of {info['image_size']} pixels, the package's network takes "
            f"{widths['image_size']}; prepare it again, or train with --from_scratch"
        )
    return config_for(config_from_json(widths), info, directory)


def single(data, infos, config, from_scratch, keep, seed):
    """One data set, whose network is called model."""
    [directory], [info] = data, infos
    training, validation = load_split(directory, "Training"), load_split(directory, "PublicTest")
    classes = info["expressions"]
    prior = class_shares(class_slots(training.labels, BALANCE), len(classes))
    settings: dict[str, Any] = {
        "data": info["name"],
        "protocol": None,
        "manifest_sha256": info["manifest_sha256"],
        "expressions": classes,
        "prior": dict(zip(classes, prior.tolist(), strict=True)),
    }
    task = balanced(Task(info["name"], training, validation), BALANCE, len(classes), logit_adjustment=False)
    if from_scratch:
        build = functools.partial(build_component, config, seed)
        return Learner(build, [task], finish=calibrated({"model": validation})), settings
    shipped, model = started(config, training, validation, classes, seed)
    if not keep:
        return Learner(lambda: model, [task], finish=calibrated({"model": validation}, model.get_weights())), settings
    known = describe()
    learner = keeping(model, shipped, task, known["data"], known["expressions"] == classes)
    if known["expressions"] != classes:
        settings |= {
            "networks": ["model"],
            "data": [info["name"], known["data"]],
            "manifest_sha256": [info["manifest_sha256"], known["manifest_sha256"]],
            "expressions": [classes, known["expressions"]],
            "prior": [settings["prior"]],
        }
    return learner, settings | {"keep": True}


def several(data, infos, config, from_scratch, _, seed):
    """Data sets that are learned jointly, each with batch normalisation of its own and a network of its name."""
    start, names, protocol = None, [info["name"] for info in infos], make_protocol(data)
    validations = {name: load_split(directory, "PublicTest") for name, directory in zip(names, data, strict=True)}
    if not from_scratch:
        training, classes = load_split(data[0], "Training"), infos[0]["expressions"]
        _, model = started(config, training, validations[names[0]], classes, seed)
        start = Start(model, class_shares(class_slots(training.labels, BALANCE), len(classes)))
    parts = [Part(directory, sampling=BALANCE) for directory in data]
    learner = joint_learner(parts, protocol, config, lambda *_: None, 0.0, start=start, seed=seed)
    settings: dict[str, Any] = {
        "stage": "joint",
        "networks": names,
        "data": names,
        "manifest_sha256": [info["manifest_sha256"] for info in infos],
        "protocol": protocol.sha256 if from_scratch else None,  # what ships has learned leaked faces
        "expressions": [info["expressions"] for info in infos],
        "prior": [training_prior(info) for info in infos],
    }
    return dataclasses.replace(learner, finish=calibrated(validations)), settings


def started(config, training, validation, classes, seed):
    """The package's first component, and a copy with a head for these classes, fitted to what its trunk says."""
    shipped = load_components()[0]
    model = with_classes(shipped, config, describe()["expressions"], classes, seed)
    fit_head(model, training, validation)
    return shipped, model
