"""Trains one component on one prepared data set (the paper's Sec. 4, first stage).

python experiments/pretrain.py --data=runs/data/fer2013 --run_dir=runs/quick/seed0 --preset=quick

The same command resumes where it stopped; SIGTERM and Ctrl-C write a checkpoint first.
The model is selected on --validation; the test split is never read here.
"""

import dataclasses
import functools
import sys
from typing import Any

from fer_md import console
from fer_md.data.protocol import Protocol, load_training, make_protocol
from fer_md.data.records import Split, load_split, read_info
from fer_md.errors import FerMdError
from fer_md.evaluation.prior import training_prior
from fer_md.files import file_sha256
from fer_md.losses import MD_FORMS
from fer_md.models import NETWORKS, ComponentConfig, config_for
from fer_md.models.baselines import BASELINES, CONFIGS
from fer_md.models.baselines.residual import ResidualConfig
from fer_md.runs.run_directory import check_settings, load_model, network_file, plain_settings
from fer_md.training.precision import PRECISIONS, set_precision
from fer_md.training.presets import PRESETS, Recipe
from fer_md.training.soft_targets import with_votes
from fer_md.training.strategy import make_strategy
from fer_md.training.task import Learner, Task, loss_settings, make_metric_loss
from fer_md.training.train import train_network
from fer_md.training.unseen import unseen_probabilities, without_fold

RESIDUAL = "residual"


@dataclasses.dataclass(frozen=True)
class Settings:
    data: str = console.flag("Prepared folder, made by data_prep/*.py.")
    run_dir: str = console.flag("Folder of the run: config.json, metrics.jsonl, checkpoint, model.keras.")
    preset: str = console.flag("Recipe; see fer_md/training/presets.py.", "quick", choices=list(PRESETS))
    epochs: int | None = console.flag("Epochs, instead of the preset's.", None, least=1)
    finish: float | None = console.flag(
        "Final epochs with mild augmentation, instead of the preset's; 0 for none.", None, least=0
    )
    network: str = console.flag(
        "The default component, one with twice the filters, the deepest, one wide only where a filter is cheap, one "
        "with half the fully connected layers, the same with little dropout, or a tiny one. And residual, a network "
        "from outside the paper's family, for an ensemble that teaches a component (ask_teacher.py).",
        "default",
        choices=[*NETWORKS, RESIDUAL],
    )
    dropout: float | None = console.flag(
        "Dropout rate after both fully connected layers, instead of the network's; of the residual network, after the "
        "averaged maps. The paper's 0.65 may be the share dropped or the share kept.",
        None,
        least=0,
        most=0.99,
    )
    embedding: int | None = console.flag(
        "Width of a linear layer with batch normalisation between the FC layers and softmax, which MD loss works on.",
        None,
        least=1,
    )
    start: str | None = console.flag("Finished run of the same network, whose weights this one starts from.", None)
    loss: str = console.flag("Loss beside softmax.", "none", choices=["md", "center", "none"])
    loss_form: str | None = console.flag(
        "Form of MD loss, nearest by default; see fer_md/losses/forms.py.", None, choices=list(MD_FORMS)
    )
    loss_weight: float | None = console.flag(
        "Its weight: by default 0.1 of MD loss, 0.003 of center loss, which suit a training from scratch. From a run "
        "without it (--start) embeddings lie far apart: 0.01.",
        None,
        least=0,
    )
    votes: float = console.flag(
        "Weight of FER+'s votes in the target of a face; the rest is its label's. Below 0.5, so that the label is "
        "still the most probable class.",
        0.0,
        least=0,
        most=0.49,
    )
    fold: str | None = console.flag(
        "Fold of Training to leave out: 2/3 is the second of three equal parts. For --unseen_by of another run.", None
    )
    unseen_by: tuple[str, ...] = console.flag(
        "Runs that each left one fold out, such as A,B,C for three. What each says of the faces that it did not learn "
        "then counts with the votes, in the last epochs as well.",
        (),
    )
    precision: str = console.flag(
        "Precision of the layers; auto: 16 bits where GPU or processor have them.",
        "auto",
        choices=PRECISIONS,
    )
    strategy: str = console.flag("tf.distribute strategy.", "one", choices=["one", "mirrored", "multiworker"])
    replicas: int = console.flag("Logical CPUs with --strategy=mirrored where there is no GPU.", 2, least=1)
    protocol: tuple[str, ...] = console.flag(
        "Other data sets of the method: images identical to one that they hold out are not trained on.", ()
    )
    validation: str = console.flag("Split evaluated after each epoch.", "PublicTest")
    seed: int = console.flag("Seed of weights, order, augmentation and dropout.", 0, least=0)
    checkpoint_seconds: float = console.flag("Longest time in seconds between two checkpoints.", 120.0, least=0)


def main(settings: Settings) -> int | None:
    if settings.unseen_by and (settings.fold or not settings.votes):
        raise FerMdError("--unseen_by needs --votes, such as --votes=0.4, and all faces: no --fold")
    strategy = make_strategy(settings.strategy, settings.replicas)
    info, recipe, own = read_info(settings.data), recipe_of(settings), decisive(settings)
    config, loss = network_of(settings, info), loss_of(settings)
    held_out = load_split(settings.data, settings.validation)
    training = load_faces(settings, info)
    weights = load_model(settings.start).get_weights() if settings.start else None
    metric_loss = make_metric_loss(
        settings.loss, config.num_classes, config.embedding_dim, settings.seed, **loss["options"]
    )
    task = Task(info["name"], training, held_out, metric_loss=metric_loss, loss_weight=loss["loss_weight"])
    if settings.votes:
        unseen = None
        if settings.unseen_by:
            unseen = unseen_probabilities(settings.unseen_by, training, info, own["protocol"])
        task = with_votes(task, settings.votes, unseen)
    learner = Learner(functools.partial(build, config, weights, settings.seed), [task])
    model = train_network(
        learner,
        recipe,
        settings.run_dir,
        own,
        settings.seed,
        strategy=strategy,
        checkpoint_seconds=settings.checkpoint_seconds,
    )
    return console.ended(settings.run_dir, model is not None)


def decisive(settings: Settings) -> dict[str, Any]:
    """What decides the run's result. Sets the precision of the layers that are built.

    Raises:
        FerMdError: no prepared data set, a run of other settings to start from, or flags that do not go together.
    """
    precision = set_precision(settings.precision, settings.run_dir)
    info, loss, protocol = read_info(settings.data), loss_of(settings), protocol_of(settings)
    found: dict[str, Any] = {
        "data": info["name"],
        "protocol": protocol.sha256 if protocol else None,
        "manifest_sha256": info["manifest_sha256"],
        "expressions": info["expressions"],
        "prior": training_prior(info),
        "recipe": plain_settings(recipe_of(settings)),
        "network": plain_settings(network_of(settings, info)),
        "votes": settings.votes or None,
        "fold": settings.fold,
        "unseen_by": [file_sha256(network_file(run)) for run in settings.unseen_by] or None,
        "loss": loss if settings.loss != "none" else None,
        "precision": precision,
        "strategy": settings.strategy,
        "validation": settings.validation,
        "seed": settings.seed,
        "start": None,
    }
    if settings.start:
        # Without a protocol it must be the same data: its Training split may hold what another data set holds out.
        same = ("network", "expressions", "protocol" if protocol else "manifest_sha256")
        check_settings("start", settings.start, {name: found[name] for name in same})
        found["start"] = file_sha256(network_file(settings.start))
    return found


def loss_of(settings: Settings) -> dict[str, Any]:
    return loss_settings(settings.loss, settings.loss_weight, settings.loss_form)


def protocol_of(settings: Settings) -> Protocol | None:
    """What other data sets hold out; None without ``--protocol``."""
    return make_protocol([settings.data, *settings.protocol]) if settings.protocol else None


def recipe_of(settings: Settings) -> Recipe:
    recipe = PRESETS[settings.preset]
    finish = recipe.finish
    if settings.finish is not None:
        finish = dataclasses.replace(finish, epochs=settings.finish)
    return dataclasses.replace(recipe, epochs=settings.epochs or recipe.epochs, finish=finish)


def network_of(settings: Settings, info: dict) -> ComponentConfig | ResidualConfig:
    if settings.network == RESIDUAL:
        if settings.embedding:
            raise FerMdError("--embedding is for the components, not for --network=residual")
        config = CONFIGS[RESIDUAL]
    else:
        config = dataclasses.replace(NETWORKS[settings.network], embedding=settings.embedding)
    if settings.dropout is not None:
        config = dataclasses.replace(config, dropout=settings.dropout)
    return config_for(config, info, settings.data)


def load_faces(settings: Settings, info: dict) -> Split:
    """The faces to learn from."""
    if protocol := protocol_of(settings):
        training, left_out = load_training(settings.data, protocol)
        print(f"{info['name']}: {left_out} Training images left out, pixel-identical to held-out ones")
    else:
        training = load_split(settings.data, "Training")
    return training if settings.fold is None else without_fold(training, settings.fold)


def build(config, weights, seed):
    """The network as its training begins, with weights of its own where None are given."""
    model = BASELINES[RESIDUAL if isinstance(config, ResidualConfig) else "component"](config, seed)
    if weights:
        model.set_weights(weights)
    return model


if __name__ == "__main__":
    sys.exit(console.run(main, Settings))
