"""Trains one network on several data sets at once, the leading one first.

python experiments/joint.py --data=runs/data/fer2013,runs/data/facial_expressions --run_dir=runs/joint/component1

Every batch holds faces of all data sets. Each data set has its own batch normalisation, and how often an expression
occurs in it is left out of what is learned (logit adjustment). So the run leaves a network for each data set,
NAME.keras, which share all but that. The same command resumes where it stopped. Networks are
measured on PublicTest after each epoch; the test split is never read here.
"""

import dataclasses
import functools
import sys
from pathlib import Path
from typing import Any

from fer_md import console
from fer_md.data.protocol import Protocol, check_together, make_protocol
from fer_md.data.records import read_info
from fer_md.errors import FerMdError
from fer_md.evaluation.prior import learned_prior, mixed_prior, shares_of_counts, training_prior
from fer_md.files import file_sha256
from fer_md.models import NETWORKS, ComponentConfig, config_for
from fer_md.runs.run_directory import (
    check_settings,
    load_model,
    network_file,
    network_names,
    plain_settings,
    read_settings,
)
from fer_md.training.joint import Part, Start, joint_learner
from fer_md.training.precision import PRECISIONS, set_precision
from fer_md.training.presets import PRESETS, Recipe
from fer_md.training.strategy import make_strategy
from fer_md.training.task import LOSS_WEIGHTS, Learner, loss_settings, make_metric_loss
from fer_md.training.teacher import read_teacher, with_cached_teacher
from fer_md.training.train import train_network

SMALLEST, LARGEST = 0.001, 1000.0
"""Of shares and weights."""

TEACHER_SHARE = 0.7


@dataclasses.dataclass(frozen=True)
class Settings:
    data: tuple[str, ...] = console.flag("Prepared folders, the leading data set first.")
    run_dir: str = console.flag("Folder of the run: config.json, metrics.jsonl, checkpoint, one .keras a data set.")
    preset: str = console.flag("Recipe; see fer_md/training/presets.py.", "joint", choices=list(PRESETS))
    epochs: int | None = console.flag(
        "In place of the preset's; an epoch sees as many faces as the largest data set has.", None, least=1
    )
    network: str = console.flag("One of the components of pretrain.py.", "default", choices=list(NETWORKS))
    start: str | None = console.flag(
        "Finished run of the same --network to start from. Either one of pretrain.py: on one of the data sets, with "
        "--protocol naming the others, or, if --leaked is given here, on the leading one without --protocol. Or one of "
        "this script: with the same --data in the same order, the same --leaked, --statistics=shared, and the same "
        "expressions in all data sets.",
        None,
    )
    shares: tuple[float, ...] = console.flag("Share of each batch, one per data set; all equal by default.", ())
    dataset_weights: tuple[float, ...] = console.flag(
        "lambda_i of Eq. 10, one per data set; all 1 by default. As the shares are, all faces of a batch count alike.",
        (),
    )
    sampling: tuple[float, ...] = console.flag(
        "Powers of the class frequency by which faces are drawn, one per data set: 1 as they occur, 0.5 by the square "
        "root; 0.5 for all by default.",
        (),
    )
    votes: tuple[float, ...] = console.flag(
        "Weights of FER+'s votes in the target, one per data set, below 0.5; none by default.", ()
    )
    unseen_by: tuple[str, ...] = console.flag(
        "For the leading data set, with --votes: as in pretrain.py. The runs must have had --protocol with the others; "
        "with --leaked no --protocol.",
        (),
    )
    raw_votes: bool = console.flag(
        "Take the votes as they are, without calibration to the labels. Predictions then lean to neutral, as the votes "
        "do; the prior that the run states does not.",
        False,
    )
    teacher: str | None = console.flag(
        "Folder made by ask_teacher.py with the same --data and --leaked, and a preset that changes faces alike. Its "
        "answers are part of the targets, but not in the milder last epochs of some presets. Needs --sampling=1,1 and "
        "--loss=none.",
        None,
    )
    teacher_share: float | None = console.flag(
        f"Share of the targets that the teacher gives; {TEACHER_SHARE:g} by default.", None, least=0, most=1
    )
    leaked: bool = console.flag(
        "Learn faces of Training too that are pixel-identical to a held-out one, as published networks do.",
        False,
    )
    statistics: str = console.flag(
        "Own batch normalisation for each data set, or shared.", "own", choices=["own", "shared"]
    )
    logit_adjustment: bool = console.flag("Do not learn each data set's prior.", True)
    loss: str = console.flag(
        "Loss beside softmax, with centers that the data sets share.", "none", choices=list(LOSS_WEIGHTS)
    )
    loss_weight: float | None = console.flag("Its weight, instead of the default.", None, least=0)
    precision: str = console.flag(
        "Precision of the layers; auto: 16 bits where GPU or processor have them.",
        "auto",
        choices=PRECISIONS,
    )
    strategy: str = console.flag("tf.distribute strategy.", "one", choices=["one", "mirrored", "multiworker"])
    replicas: int = console.flag("Logical CPUs with --strategy=mirrored where there is no GPU.", 2, least=1)
    seed: int = console.flag("Seed of weights, order, augmentation and dropout.", 0, least=0)
    checkpoint_seconds: float = console.flag("Longest time in seconds between two checkpoints.", 120.0, least=0)


def main(settings: Settings) -> int | None:
    strategy = make_strategy(settings.strategy, settings.replicas)
    own = decisive(settings)
    infos = [read_info(directory) for directory in settings.data]
    recipe, loss, protocol = recipe_of(settings), loss_of(settings), protocol_of(settings)
    learner = joint_learner(
        parts_of(settings),
        protocol,
        network_of(settings, infos),
        functools.partial(make_metric_loss, settings.loss, seed=settings.seed, **loss["options"]),
        loss["loss_weight"],
        settings.statistics == "own",
        settings.logit_adjustment,
        start_of(settings.start, own["expressions"][0]) if settings.start else None,
        settings.seed,
    )
    if settings.teacher:
        learner = taught(learner, settings, infos, recipe, protocol)
        own["teacher"] = {"answers": file_sha256(Path(settings.teacher) / "DONE"), "share": share_of(settings)}
    model = train_network(
        learner,
        recipe,
        settings.run_dir,
        own,
        settings.seed,
        strategy=strategy,
        checkpoint_seconds=settings.checkpoint_seconds,
        measure_start=settings.start is not None,
    )
    return console.ended(settings.run_dir, model is not None)


def decisive(settings: Settings) -> dict[str, Any]:
    """What decides the run's result, but for a teacher's answers. Sets the precision of the layers that are built.

    Raises:
        FerMdError: the data sets cannot be learned together, a run of other settings to start from, or flags that do
            not go together.
    """
    precision = set_precision(settings.precision, settings.run_dir)
    infos = [read_info(directory) for directory in settings.data]
    check_together(infos)
    parts, protocol = parts_of(settings), protocol_of(settings)
    check_teacher(settings, parts)
    found: dict[str, Any] = {
        "stage": "joint",
        "networks": names_of(settings, infos),
        "data": [info["name"] for info in infos],
        "manifest_sha256": [info["manifest_sha256"] for info in infos],
        "protocol": protocol.sha256 if protocol else None,
        "expressions": [info["expressions"] for info in infos],
        "prior": priors_of(settings, infos),
        "recipe": plain_settings(recipe_of(settings)),
        "network": plain_settings(network_of(settings, infos)),
        "statistics": settings.statistics,
        "logit_adjustment": settings.logit_adjustment,
        "metric_loss": loss_of(settings),
        "precision": precision,
        "strategy": settings.strategy,
        "seed": settings.seed,
        "start": None,
        "teacher": None,
        "parts": [settings_of(part, info) for part, info in zip(parts, infos, strict=True)],
    }
    if settings.start:
        found["start"] = file_sha256(network_file(settings.start, check_start(settings, found)))
    return found


def recipe_of(settings: Settings) -> Recipe:
    recipe = PRESETS[settings.preset]
    return dataclasses.replace(recipe, epochs=settings.epochs or recipe.epochs)


def network_of(settings: Settings, infos: list[dict[str, Any]]) -> ComponentConfig:
    return config_for(NETWORKS[settings.network], infos[0], settings.data[0])


def loss_of(settings: Settings) -> dict[str, Any]:
    return loss_settings(settings.loss, settings.loss_weight, "pulling" if settings.loss == "md" else None)


def protocol_of(settings: Settings) -> Protocol | None:
    """What the data sets hold out; None with ``--leaked``."""
    return None if settings.leaked else make_protocol(settings.data)


def names_of(settings: Settings, infos: list[dict[str, Any]]) -> list[str]:
    """The networks that the run leaves: one a data set, or one where they would all be the same."""
    if settings.statistics == "shared" and not settings.logit_adjustment:
        return ["model"]
    return [info["name"] for info in infos]


def priors_of(settings: Settings, infos: list[dict[str, Any]]) -> list[dict[str, float]]:
    """The prior that each network's answers hold.

    With logit adjustment it is the data set's own, which is put back when the network is saved. Without, it is that of
    the faces as they are drawn; where the data sets share the statistics too, these are mixed as the loss weights them.
    """
    own = [training_prior(info) for info in infos]
    if settings.logit_adjustment:
        return own
    parts = parts_of(settings)
    drawn = [drawn_prior(prior, part.sampling) for prior, part in zip(own, parts, strict=True)]
    if settings.statistics == "own":
        return drawn
    return [mixed_prior([(prior, part.weight) for prior, part in zip(drawn, parts, strict=True)])]


def drawn_prior(prior: dict[str, float], power: float) -> dict[str, float]:
    """The prior of faces that are drawn by a power of the frequency of their expression."""
    return shares_of_counts({name: share**power if share else 0.0 for name, share in prior.items()})


def parts_of(settings: Settings) -> list[Part]:
    """The data sets' parts in the training, from the flags that have one number a data set."""
    each = zip(
        settings.data,
        numbers_of(settings, "shares", 1.0, SMALLEST, LARGEST),
        numbers_of(settings, "dataset_weights", 1.0, 0.0, LARGEST),
        numbers_of(settings, "sampling", 0.5, 0.0, 1.0),
        numbers_of(settings, "votes", 0.0, 0.0, 0.49),
        strict=True,
    )
    parts = [Part(*part) for part in each]
    if settings.unseen_by:
        if not parts[0].votes:
            raise FerMdError("--unseen_by needs votes of the leading data set, such as --votes=0.4,0")
        parts[0] = dataclasses.replace(parts[0], unseen_by=settings.unseen_by)
    if settings.raw_votes:
        if settings.unseen_by or not any(part.votes for part in parts):
            raise FerMdError("--raw_votes needs --votes, such as --votes=0.4,0, and excludes --unseen_by")
        parts = [dataclasses.replace(part, raw_votes=True) if part.votes else part for part in parts]
    if not any(part.weight for part in parts):
        raise FerMdError("--dataset_weights must have one number above 0, or nothing is learned")
    return parts


def settings_of(part: Part, info: dict[str, Any]) -> dict[str, Any]:
    """What decides the result of a data set's part: its data set by name, and runs by their networks."""
    hashes = [file_sha256(network_file(run)) for run in part.unseen_by or ()]
    return plain_settings(part) | {"directory": info["name"]} | ({"unseen_by": hashes} if hashes else {})


def numbers_of(settings: Settings, name: str, default: float, least: float, most: float) -> tuple[float, ...]:
    """The numbers of a flag that has one a data set."""
    found = getattr(settings, name) or (default,) * len(settings.data)
    if len(found) != len(settings.data) or not all(least <= number <= most for number in found):
        rule = f"{len(settings.data)} numbers from {least:g} to {most:g}, one a data set"
        raise FerMdError(f"--{name} must be {rule}; found {', '.join(f'{number:g}' for number in found)}")
    return found


def check_teacher(settings: Settings, parts: list[Part]):
    """``FerMdError`` for flags that do not go with ``--teacher``, or do not go without it."""
    if not settings.teacher:
        if settings.teacher_share is not None:
            raise FerMdError("--teacher_share needs --teacher")
        return
    if settings.loss != "none":
        raise FerMdError("--teacher is for softmax alone: a loss with centers needs labels; leave --loss out")
    if any(part.sampling != 1 for part in parts):
        ones = ",".join("1" for _ in parts)
        raise FerMdError(f"--teacher needs --sampling={ones}: it answers for expressions as frequent as they occur")


def share_of(settings: Settings) -> float:
    """Share of the targets that the teacher gives."""
    return TEACHER_SHARE if settings.teacher_share is None else settings.teacher_share


def taught(
    learner: Learner, settings: Settings, infos: list[dict[str, Any]], recipe: Recipe, protocol: Protocol | None
) -> Learner:
    """The learner with the teacher's answers in its targets."""
    teachers = [read_teacher(settings.teacher, info, recipe.augmentation, protocol) for info in infos]
    pairs = zip(learner.tasks, teachers, strict=True)
    return dataclasses.replace(learner, tasks=[with_cached_teacher(*pair, share_of(settings)) for pair in pairs])


def check_start(settings: Settings, own: dict[str, Any]) -> str:
    """The name of the network to start from; ``FerMdError`` for a run that this one cannot go on from."""
    run, expressions = settings.start, own["expressions"][0]
    stored = read_settings(run)
    required = {"network": own["network"], "protocol": own["protocol"]}
    if stored.get("stage") == "joint":
        required |= {key: own[key] for key in ("statistics", "expressions", "manifest_sha256")}
        if own["statistics"] != "shared" or any(other != expressions for other in own["expressions"]):
            raise FerMdError(
                f"--start={run}: a joint training can go on with --statistics=shared and one set of expressions alone"
            )
    else:
        required["expressions"] = expressions
        if settings.leaked:
            required["manifest_sha256"] = own["manifest_sha256"][0]
    check_settings("start", run, required)
    return network_names(stored)[0]


def start_of(run: str, expressions: list[str]) -> Start:
    """The network to start from, of a run that `check_start` has let pass, with the prior that it holds."""
    stored = read_settings(run)
    name = network_names(stored)[0]
    model, prior = load_model(run, name), learned_prior(stored, expressions, name)
    if prior is None or not prior.all():
        raise FerMdError(f"--start={run}: its config.json states no prior that has all expressions")
    return Start(model, prior)


if __name__ == "__main__":
    sys.exit(console.run(main, Settings))
