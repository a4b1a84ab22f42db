"""What each choice of the loss does: the same short training under softmax, center loss and MD loss in its forms.

python experiments/ablate_loss.py --data=runs/data/fer2013 --run_dir=runs/ablation --seeds=0,1,2 --output=FILE.json

A component whose fully connected layers have half the width learns from scratch; all rows share seeds, order and
augmentation. Measured on PublicTest; the test split is not read. What is done is not trained again: rows and seeds can
be added, and the table holds all that the folder has.
"""

import dataclasses
import sys
from pathlib import Path

from fer_md import console
from fer_md.data.records import load_split, read_info
from fer_md.errors import FerMdError
from fer_md.evaluation.distances import class_distances
from fer_md.evaluation.predict import embeddings_function, logits_function, validate
from fer_md.files import read_json, write_json
from fer_md.losses import MD_FORMS
from fer_md.models import HALF, build_component, config_for
from fer_md.runs.results import write_result
from fer_md.runs.run_directory import load_model, open_run, plain_settings
from fer_md.training.precision import set_precision
from fer_md.training.presets import PRESETS
from fer_md.training.task import Learner, Task, make_metric_loss
from fer_md.training.train import train_network
from pages.seeds import over_seeds
from pages.study_rows import LossAblation, LossRow, LossTraining


@dataclasses.dataclass(frozen=True)
class Settings:
    data: str = console.flag("Prepared folder, made by data_prep/*.py.")
    run_dir: str = console.flag("Folder of the rows' runs.")
    output: str | None = console.flag("JSON file for the table.", None)
    rows: tuple[str, ...] = console.flag("Names of the rows to train; all by default.", ())
    seeds: tuple[int, ...] = console.flag("Seeds to train each row with.", (0,))
    epochs: int = console.flag("Of each training.", 5, least=1)


MD = {**MD_FORMS["nearest"], "variance": "normalized"}


def md(loss_weight=0.1, **options):
    """MD loss against the nearest impostor, with some choices made otherwise."""
    return {"kind": "md", "loss_weight": loss_weight, "options": {**MD, **options}}


ROWS = {
    "softmax": {"kind": "none", "loss_weight": 0.1, "options": {}},
    "softmax + center": {"kind": "center", "loss_weight": 0.003, "options": {}},
    "softmax + MD": md(),
    "MD P = 2": md(nearest=2),
    "MD P = 3": md(nearest=3),
    "MD P = 6": md(nearest=6),
    "MD no hinge": md(hinge=None),
    "MD phi a sum": md(variance="sum"),
    "MD margin 0": md(margin=0.0),
    "MD margin 1": md(margin=1.0),
    "MD alpha 0.1": md(alpha=0.1),
    "MD alpha 0.9": md(alpha=0.9),
    "MD weight 0.03": md(0.03),
    "MD weight 0.3": md(0.3),
    "MD gradient through phi": md(variance_gradient=True),
    "MD learned centers": md(learned=True),
}


def main(settings: Settings) -> None:
    if unknown := set(settings.rows) - set(ROWS):
        raise FerMdError(f"--rows: no row {', '.join(sorted(unknown))}; there is {', '.join(ROWS)}")
    training, held_out = load_split(settings.data, "Training"), load_split(settings.data, "PublicTest")
    for seed in settings.seeds:
        for name in settings.rows or ROWS:
            found = run_row(settings, name, seed, training, held_out)
            print(f"{name:30} seed {seed}  {describe(found)}", flush=True)
    if settings.output:
        write_result(
            settings.output,
            LossAblation(
                split="PublicTest",
                epochs=settings.epochs,
                network="HALF",
                nearest=MD["nearest"],
                manifest_sha256=read_info(settings.data)["manifest_sha256"],
                rows=[summary(name, found) for name, found in all_results(settings).items()],
            ),
        )


def all_results(settings):
    """Every row that has been trained in the folder as this script trains it, with all its seeds."""
    found = {}
    for name, metric_loss in ROWS.items():
        for path in sorted(Path(settings.run_dir).glob(f"{slug(name)}-*/result.json")):
            seed = path.parent.name.removeprefix(f"{slug(name)}-")
            if seed.isdigit():
                open_run(
                    path.parent, run_settings(settings, metric_loss, int(seed), path.parent)
                )  # an error if it is another's
                found.setdefault(name, []).append({"seed": int(seed), **read_json(path)})
    return found


def run_settings(settings, metric_loss, seed, folder):
    """What a row's run is known by."""
    return {
        "manifest_sha256": read_info(settings.data)["manifest_sha256"],
        "recipe": plain_settings(recipe(settings)),
        "network": plain_settings(network(settings)),
        "metric_loss": metric_loss,
        "seed": seed,
        "precision": set_precision("auto", folder),
    }


def network(settings):
    return config_for(HALF, read_info(settings.data), settings.data)


def recipe(settings):
    return dataclasses.replace(PRESETS["quick"], epochs=settings.epochs)


def slug(name):
    """A row's name as a folder's."""
    return "".join(letter if letter.isalnum() or letter in ".+" else "-" for letter in name)


def run_row(settings, name, seed, training, held_out):
    """Trains one row with one seed, or reads what it gave."""
    metric_loss, folder = ROWS[name], Path(settings.run_dir) / f"{slug(name)}-{seed}"
    result = folder / "result.json"
    decisive, config = run_settings(settings, metric_loss, seed, folder), network(settings)
    open_run(folder, decisive)
    if not result.exists():
        layer = make_metric_loss(
            metric_loss["kind"], config.num_classes, config.embedding_dim, seed, **metric_loss["options"]
        )
        task = Task("data", training, held_out, metric_loss=layer, loss_weight=metric_loss["loss_weight"])
        learner = Learner(lambda: build_component(config, seed), [task])
        if train_network(learner, recipe(settings), folder, decisive, seed) is None:
            raise FerMdError(f"{folder}: stopped; start it again to go on")
        model = load_model(folder)
        distances = class_distances(embeddings_function(model)(held_out.images), held_out.labels)
        write_json(result, {**validate(logits_function(model), held_out), **distances})
        (folder / "checkpoint.npz").unlink()
    return read_json(result)


def describe(found):
    return (
        f"accuracy {100 * found['accuracy']:.2f} %  macro recall {100 * found['macro_recall']:.2f} %  "
        f"intra / inter {found['ratio']:.2f}"
    )


def summary(name, found):
    """Means and standard deviations over the seeds."""
    figures = ("accuracy", "macro_recall", "loss", "intra", "inter", "ratio")
    single = [LossTraining(**row) for row in found]
    return LossRow(name=name, seeds=[row.seed for row in single], **over_seeds(found, figures), single=single)


if __name__ == "__main__":
    sys.exit(console.run(main, Settings))
