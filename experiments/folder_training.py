"""What a training on one's own pictures learns, from what, and by which recipe."""

import dataclasses
import functools
from pathlib import Path
from typing import Any

from fer_md.data.records import load_split, read_info
from fer_md.data.sampling import class_shares, class_slots
from fer_md.errors import FerMdError
from fer_md.models import NETWORKS, ComponentConfig, build_component, config_for
from fer_md.pretrained.networks import FOLDERS, describe
from fer_md.pretrained.store import config_from_json, load_components
from fer_md.runs.run_directory import plain_settings
from fer_md.training.presets import PRESETS, Recipe
from fer_md.training.task import Learner, Task, balanced
from fer_md.training.transfer import BALANCE, calibrated, fit_head, with_classes

START = "joint"
"""The network of the package that a training starts from: a single one, which knows faces of two origins."""


def plan(data: Path, from_scratch: bool, epochs: int | None, seed: int) -> tuple[Learner, Recipe, dict[str, Any]]:
    """The network and its task, the recipe, and the settings of the run.

    Args:
        data: prepared data set.
        from_scratch: start from a new network, not the package's.
        epochs: in place of the recipe's.
        seed: of new weights.
    """
    recipe = PRESETS["scratch" if from_scratch else "transfer"]
    recipe = dataclasses.replace(recipe, epochs=epochs or recipe.epochs)
    info = read_info(data)
    config, classes = config_of(from_scratch, info, data), info["expressions"]
    training, validation = load_split(data, "Training"), load_split(data, "PublicTest")
    prior = class_shares(class_slots(training.labels, BALANCE), len(classes))
    settings: dict[str, Any] = {
        "data": info["name"],
        "protocol": None,
        "manifest_sha256": info["manifest_sha256"],
        "expressions": classes,
        "prior": dict(zip(classes, prior.tolist(), strict=True)),
        "recipe": plain_settings(recipe),
        "network": plain_settings(config),
        "start": None if from_scratch else describe(START)["weights_sha256"],
    }
    if from_scratch:
        build, first = functools.partial(build_component, config, seed), None
    else:
        model = started(config, training, validation, classes, seed)
        build, first = lambda: model, model.get_weights()
    task = balanced(Task(info["name"], training, validation), BALANCE, len(classes), logit_adjustment=False)
    return Learner(build, [task], finish=calibrated({"model": validation}, first)), recipe, settings


def config_of(from_scratch: bool, info: dict[str, Any], directory: Path) -> ComponentConfig:
    if from_scratch:
        return config_for(NETWORKS["small"], info, directory)
    [widths] = describe(START)["networks"]
    if info["image_size"] != widths["image_size"]:
        raise FerMdError(
            f"{directory}: has faces of {info['image_size']} pixels, the package's network takes "
            f"{widths['image_size']}; prepare it again, or train with --from_scratch"
        )
    return config_for(config_from_json(widths), info, directory)


def started(config, training, validation, classes, seed):
    """The package's network with a head for these classes, fitted to what its trunk says of the faces."""
    [shipped] = load_components(FOLDERS[START])
    model = with_classes(shipped, config, describe(START)["expressions"], classes, seed)
    fit_head(model, training, validation)
    return model
