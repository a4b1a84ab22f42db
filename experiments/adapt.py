"""Trains the components of a fine-tuning run on one further data set: what Tab. 2 (CK+) and 3 (MMI) are measured with.

python experiments/adapt.py --finetuned=runs/method/finetuned --data=runs/data/ckplus --run_dir=runs/method/ckplus \\
    --protocol=runs/data/fer2013,runs/data/facial_expressions

The paper does not say how its network came to know CK+ and MMI. Its Tab. 2 has contempt, which neither FER2013 nor
SFEW has, so it was trained on CK+; the 70 % for training are those of Tab. 4, here split by person. Softmax and MD
loss, learning rate and epochs are those of the paper's fine-tuning. Stopped and started again, it goes on.
"""

import dataclasses
import functools
import sys
from pathlib import Path
from typing import Any

from fer_md import console
from fer_md.data.protocol import protocol_hash
from fer_md.data.records import read_info
from fer_md.evaluation.prior import training_prior
from fer_md.files import file_sha256
from fer_md.losses import MD_FORMS
from fer_md.runs.run_directory import plain_settings, read_settings
from fer_md.training.adapt import adaptation_learners
from fer_md.training.presets import FINETUNING, PRESETS, Recipe
from fer_md.training.task import LOSS_WEIGHTS, loss_settings, make_metric_loss
from fer_md.training.train import train_networks


@dataclasses.dataclass(frozen=True)
class Settings:
    finetuned: str = console.flag("Finished run of experiments/finetune.py, or of adapt.py.")
    data: str = console.flag("Prepared folder of the further data set.")
    run_dir: str = console.flag("Folder of the run: config.json, metrics.jsonl, checkpoint, component1.keras, ...")
    protocol: tuple[str, ...] = console.flag(
        "Prepared folders of all that it has learned: what they hold out is not trained on, and what they train "
        "on must not be held out here.",
        (),
    )
    preset: str = console.flag("Recipe; see fer_md/training/presets.py.", "finetune", choices=FINETUNING)
    epochs: int = console.flag("Passes over its Training split (paper: 200).", 200, least=1)
    seed: int = console.flag("Seed of order, augmentation and new heads.", 0, least=0)
    checkpoint_seconds: float = console.flag("Longest time in seconds between two checkpoints.", 120.0, least=0)


def main(settings: Settings) -> int | None:
    recipe = dataclasses.replace(PRESETS[settings.preset], epochs=settings.epochs)
    learners = adaptation_learners(
        settings.finetuned,
        settings.data,
        functools.partial(make_metric_loss, "md", seed=settings.seed, **MD_FORMS["nearest"]),
        LOSS_WEIGHTS["md"],
        settings.protocol,
        settings.seed,
    )
    models = train_networks(
        learners,
        recipe,
        settings.run_dir,
        decisive(settings, recipe),
        settings.seed,
        checkpoint_seconds=settings.checkpoint_seconds,
    )
    return console.ended(settings.run_dir, models is not None)


def decisive(settings: Settings, recipe: Recipe) -> dict[str, Any]:
    """The run's settings: those of the fine-tuning, with one more data set."""
    first, info = read_settings(settings.finetuned), read_info(settings.data)
    hashes = [*first["manifest_sha256"], info["manifest_sha256"]]
    return {
        "stage": "adapt",
        "networks": first["networks"],
        "components": [file_sha256(Path(settings.finetuned) / f"{name}.keras") for name in first["networks"]],
        "data": [*first["data"], info["name"]],
        "manifest_sha256": hashes,
        "protocol": protocol_hash(hashes),
        "expressions": [*first["expressions"], info["expressions"]],
        "prior": training_prior(info),
        "recipe": plain_settings(recipe),
        "metric_loss": loss_settings("md"),
        "precision": first["precision"],
        "seed": settings.seed,
    }


if __name__ == "__main__":
    sys.exit(console.run(main, Settings))
