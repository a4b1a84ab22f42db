"""Fine-tunes the pre-trained components with their data sets exchanged, under softmax and MD loss (Sec. 3.2.2, 4).

python experiments/finetune.py --components=runs/method/component1,runs/method/component2 \\
    --data=runs/data/fer2013,runs/data/facial_expressions --run_dir=runs/method/finetuned

Component i was pre-trained on data set i with --protocol naming the other data sets; it continues with data set i + 1
(the last with the first). The networks take turns, step by step. At the start and after each epoch every network is
measured on the validation splits of its own and its new data set, so that what it forgets is seen. Stopped and
started again, it goes on.
"""

import dataclasses
import functools
import sys
from typing import Any

from fer_md import console
from fer_md.data.records import load_split, read_info
from fer_md.errors import FerMdError
from fer_md.evaluation.predict import predict_probabilities
from fer_md.evaluation.prior import mixed_prior, training_prior
from fer_md.files import file_sha256
from fer_md.losses import MD_FORMS
from fer_md.runs.run_directory import load_model, network_file, plain_settings, read_settings
from fer_md.training.exchange import check_stage, exchange_learners, exchanged
from fer_md.training.presets import FINETUNING, PRESETS, Recipe
from fer_md.training.strategy import make_strategy
from fer_md.training.task import loss_settings, make_metric_loss
from fer_md.training.train import train_networks


@dataclasses.dataclass(frozen=True)
class Settings:
    components: tuple[str, ...] = console.flag("Finished pre-training runs, one per component.")
    data: tuple[str, ...] = console.flag("Prepared folders; the i-th is what component i was pre-trained on.")
    run_dir: str = console.flag("Folder of the run: config.json, metrics.jsonl, checkpoint, component1.keras, ...")
    preset: str = console.flag("Recipe; see fer_md/training/presets.py.", "finetune", choices=FINETUNING)
    epochs: int | None = console.flag("Passes over the largest data set, in place of the preset's.", None, least=1)
    patience: int | None = console.flag(
        "Stop after so many epochs in which no component improved on the validation split of what it learns; the last "
        "weights are kept.",
        None,
        least=1,
    )
    rate: float | None = console.flag("Learning rate in place of the preset's; the paper's is 0.001.", None, least=1e-9)
    loss: str = console.flag("Loss beside softmax.", "md", choices=["md", "center", "none"])
    loss_weight: float | None = console.flag(
        "Its weight; by default 0.1 of MD loss, 0.003 of center loss.", None, least=0
    )
    loss_form: str | None = console.flag(
        "Form of MD loss, nearest by default, as in the published tables; see fer_md/losses/forms.py.",
        None,
        choices=list(MD_FORMS),
    )
    dataset_weights: tuple[float, ...] = console.flag("lambda_i of Eq. 10, one per data set; all 1 by default.", ())
    replay: float = console.flag("Weight of a component's first data set beside the exchanged one.", 0.0, least=0)
    anchor: float = console.flag(
        "Strength of the pull of the weights to where they started, against forgetting (L2-SP).", 0.0, least=0
    )
    distill: float = console.flag(
        "Weight, in the targets, of what the component predicted before the exchange, against forgetting (learning "
        "without forgetting).",
        0.0,
        least=0,
        most=1,
    )
    one_space: bool = console.flag(
        "Map all labels by name onto a component's first label space; mask what it lacks.", False
    )
    strategy: str = console.flag("tf.distribute strategy.", "one", choices=["one", "mirrored", "multiworker"])
    replicas: int = console.flag("Logical CPUs with --strategy=mirrored where there is no GPU.", 2, least=1)
    seed: int = console.flag("Seed of order, augmentation and new heads.", 0, least=0)
    checkpoint_seconds: float = console.flag("Longest time in seconds between two checkpoints.", 120.0, least=0)


def main(settings: Settings) -> int | None:
    loss, weights = loss_of(settings), weights_of(settings)
    strategy = make_strategy(settings.strategy, settings.replicas)
    try:
        learners = exchange_learners(
            settings.components,
            settings.data,
            functools.partial(make_metric_loss, settings.loss, seed=settings.seed, **loss["options"]),
            loss["loss_weight"],
            weights,
            settings.replay,
            settings.seed,
            settings.one_space,
            settings.distill,
        )
    except ValueError as error:  # a choice that the loss or the data sets rule out
        raise FerMdError(str(error)) from None
    models = train_networks(
        learners,
        recipe_of(settings),
        settings.run_dir,
        decisive(settings),
        settings.seed,
        strategy,
        settings.checkpoint_seconds,
        measure_start=True,
        patience=settings.patience,
    )
    return console.ended(settings.run_dir, models is not None)


def recipe_of(settings: Settings) -> Recipe:
    recipe = PRESETS[settings.preset]
    return dataclasses.replace(
        recipe,
        epochs=settings.epochs or recipe.epochs,
        rate=settings.rate or recipe.rate,
        anchor=settings.anchor,
    )


def loss_of(settings: Settings) -> dict[str, Any]:
    return loss_settings(settings.loss, settings.loss_weight, settings.loss_form)


def weights_of(settings: Settings) -> list[float]:
    """lambda_i of Eq. 10, one a data set."""
    weights = list(settings.dataset_weights) or [1.0] * len(settings.data)
    if len(weights) != len(settings.data):
        raise FerMdError(
            f"--dataset_weights must be {len(settings.data)} numbers, one a data set; found {len(weights)}"
        )
    if min(weights) < 0 or not any(weights):
        raise FerMdError(f"--dataset_weights must be at least 0, and one above it; found {weights}")
    return weights


def decisive(settings: Settings) -> dict[str, Any]:
    """What decides the run's result.

    Raises:
        FerMdError: the components cannot exchange these data sets, or flags do not go together.
    """
    weights = weights_of(settings)
    infos = [read_info(directory) for directory in settings.data]
    precisions = {read_settings(run)["precision"] for run in settings.components}
    if len(precisions) > 1:
        found = " and ".join(sorted(precisions))
        raise FerMdError(f"--components: trained in {found}; train one again with --precision")
    return {
        "stage": "finetune",
        "networks": [f"component{i + 1}" for i in range(len(settings.components))],
        "components": [file_sha256(network_file(run)) for run in settings.components],
        "data": [info["name"] for info in infos],
        "manifest_sha256": [info["manifest_sha256"] for info in infos],
        "protocol": check_stage(settings.components, settings.data).sha256,
        "expressions": [info["expressions"] for info in infos],
        "prior": [prior_of(index, infos, settings, weights) for index in range(len(infos))],
        "recipe": plain_settings(recipe_of(settings)),
        "patience": settings.patience,
        "metric_loss": loss_of(settings),
        "dataset_weights": weights,
        "replay": settings.replay,
        "one_space": settings.one_space,
        "distill": settings.distill,
        "precision": precisions.pop(),
        "strategy": settings.strategy,
        "seed": settings.seed,
    }


def prior_of(index: int, infos: list[dict[str, Any]], settings: Settings, weights: list[float]) -> dict[str, float]:
    """The prior that component ``index`` comes to hold: that of its new data set, mixed with its own where replayed."""
    parts = [(n, share * weights[n]) for n, share in exchanged(index, len(infos), settings.replay)]
    expressions = infos[parts[0][0]]["expressions"]
    return mixed_prior(
        [
            (target_prior(index, infos[n], n, settings), weight)
            for n, weight in parts
            if infos[n]["expressions"] == expressions
        ]
    )


def target_prior(index: int, info: dict[str, Any], number: int, settings: Settings) -> dict[str, float]:
    """How often each expression occurs in the targets on a data set, a part of which the component itself gives."""
    prior = training_prior(info)
    if not settings.distill:
        return prior
    faces = load_split(settings.data[number], "Training").images
    said = predict_probabilities(load_model(settings.components[index]), faces).mean(0)
    mixed = mixed_prior(
        [(prior, 1 - settings.distill), (dict(zip(prior, said.tolist(), strict=True)), settings.distill)]
    )
    return {name: float(f"{share:.3g}") for name, share in mixed.items()}  # another processor may differ far behind


if __name__ == "__main__":
    sys.exit(console.run(main, Settings))
