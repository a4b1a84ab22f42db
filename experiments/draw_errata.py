"""The picture of docs/ERRATA.md: two-dimensional embeddings of real faces under four losses, and the loss curves.

python experiments/draw_errata.py --data=runs/data/fer2013 --run_dir=runs/errata --output=docs/pictures/errata.png

One small component with an embedding of two numbers learns four expressions four times: under softmax alone, softmax
and center loss, softmax and MD loss as corrected, softmax and MD loss as printed (with the printed center update).
Same seed, same order. Beside the picture a JSON file says how far the centers went.
"""

import dataclasses
import sys
from pathlib import Path
from typing import Any

import numpy as np

from fer_md import console
from fer_md.data.label_spaces import map_labels
from fer_md.data.records import Split, load_split, read_info
from fer_md.errors import FerMdError, NotFiniteError
from fer_md.evaluation.distances import class_distances
from fer_md.evaluation.predict import embeddings_function
from fer_md.losses import MD_FORMS
from fer_md.models import HALF, build_component, config_for
from fer_md.models.heads import plane_component
from fer_md.runs.metrics_log import log_rows
from fer_md.runs.results import write_result
from fer_md.runs.run_directory import folder_name, plain_settings
from fer_md.training.precision import set_precision
from fer_md.training.presets import PRESETS
from fer_md.training.task import Learner, Task, make_metric_loss
from fer_md.training.train import train_to_end
from pages.embedding_picture import save_embedding_picture


@dataclasses.dataclass(frozen=True)
class Settings:
    data: str = console.flag("Prepared folder, made by data_prep/*.py.")
    run_dir: str = console.flag("Folder of the four runs.")
    output: str = console.new_file("PNG file; its figures go beside it as .json.", ending=".png", beside=".json")
    expressions: tuple[str, ...] = console.flag("Expressions to learn.", ("happiness", "surprise", "anger", "neutral"))
    epochs: int = console.flag("Epochs of each run.", 6, least=1)
    seed: int = console.flag("Seed of weights, order, augmentation and dropout.", 0, least=0)


LOSSES: dict[str, dict[str, Any]] = {
    "softmax": {"kind": "none", "loss_weight": 0.1, "options": {}},
    "softmax + center": {"kind": "center", "loss_weight": 0.01, "options": {}},
    "softmax + MD, corrected": {"kind": "md", "loss_weight": 0.1, "options": MD_FORMS["nearest"]},
    "softmax + MD, as printed": {"kind": "md", "loss_weight": 0.1, "options": MD_FORMS["printed"]},
}


def main(settings: Settings) -> None:
    training, held_out = load_faces(settings)
    panels = [run_panel(settings, name, loss, training, held_out) for name, loss in LOSSES.items()]
    save_embedding_picture(settings.output, panels, held_out.labels, settings.expressions)
    kept = ("name", "accuracy", "loss_curve", "centers", "stopped", "distances")
    write_result(
        console.beside(settings.output, ".png", ".json"),
        {
            "seed": settings.seed,
            "split": "PublicTest",
            "panels": [{key: panel[key] for key in kept} for panel in panels],
        },
    )
    for panel in panels:
        largest = np.abs(panel["centers"] or 0).max()
        print(f"{panel['name']:28} accuracy {panel['accuracy']}  largest center {largest:.3g}")


def load_faces(settings: Settings) -> tuple[Split, Split]:
    """The faces with the chosen expressions, to learn from and held out."""
    wanted = settings.expressions
    if len(wanted) < 2:
        raise FerMdError(f"--expressions must be at least two, separated by commas; found {wanted[0]}")
    own = read_info(settings.data)["expressions"]
    if not set(wanted) <= set(own):
        raise FerMdError(f"--expressions must be of {', '.join(own)}; found {', '.join(wanted)}")
    splits = (map_labels(load_split(settings.data, name), own, wanted) for name in ("Training", "PublicTest"))
    training, held_out = (split.select(split.labels >= 0) for split in splits)
    return training, held_out


def run_panel(settings: Settings, name: str, loss: dict[str, Any], training: Split, held_out: Split) -> dict[str, Any]:
    """Trains under one loss; a loss that runs away ends the run early, and what it came to is drawn."""
    folder = Path(settings.run_dir) / folder_name(name)
    recipe = dataclasses.replace(PRESETS["quick"], epochs=settings.epochs, batch_size=256, average=0.0, rate=0.02)
    info = read_info(settings.data)
    decisive = {
        "manifest_sha256": info["manifest_sha256"],
        "expressions": list(settings.expressions),
        "recipe": plain_settings(recipe),
        "metric_loss": loss,
        "seed": settings.seed,
        "precision": set_precision("auto", folder),
    }
    layer = make_metric_loss(loss["kind"], len(settings.expressions), 2, settings.seed, **loss["options"])
    config = dataclasses.replace(
        config_for(HALF, info, settings.data), num_classes=len(settings.expressions), dropout=0.2
    )
    model = plane_component(build_component(config, settings.seed))
    task = Task("faces", training, held_out, metric_loss=layer, loss_weight=loss["loss_weight"])
    stopped = None
    try:
        train_to_end(Learner(lambda: model, [task]), recipe, folder, decisive, settings.seed)
    except NotFiniteError as error:
        stopped = str(error)
    rows = log_rows(folder)
    validation = [row["accuracy"] for row in rows if row["split"] == "validation"]
    embeddings = embeddings_function(model)(held_out.images)
    return {
        "name": name,
        "embeddings": embeddings,
        "centers": np.array(layer.centers, np.float64).tolist() if layer else None,
        "accuracy": validation[-1] if validation else None,
        "distances": class_distances(embeddings, held_out.labels),
        "loss_curve": [(r["step"], r.get("metric_loss", r["loss"])) for r in rows if r["split"] == "Training"],
        "stopped": stopped,
    }


if __name__ == "__main__":
    sys.exit(console.run(main, Settings))
