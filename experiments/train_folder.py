"""From labelled pictures to a tested, calibrated and exported network, in one command.

fer-md train pictures
fer-md train pictures/labels.csv --run_dir=runs/ours --person=actor
fer-md train pictures --keep
fer-md train pictures more_pictures --run_dir=runs/both

A folder, or zip, holds class/*.jpg or person/class/*.jpg, or train, val and test with these in them; or it is a table
(CSV, Parquet) with a column of paths and one of labels, a data set that fer-md prepare recognises, or a prepared one.
Training starts from a bundled network: first a head for these classes learns, then the whole network at a low learning
rate, until validation no longer improves. Several folders are learned together. The same command resumes where it
stopped. docs/YOUR_FACES.md has the details.

With a flag in place of the folder, the command trains on a prepared data set with every choice yours, and nothing is
found out or exported: fer-md train --data=DIR --run_dir=DIR. Those flags: fer-md train --data=DIR --help
"""

import dataclasses
import sys
import time
from pathlib import Path
from typing import Any

import evaluate
from fer_md import console
from fer_md.data.overview import overview
from fer_md.data.records import read_info
from fer_md.errors import FerMdError
from fer_md.evaluation.prior import learned_prior
from fer_md.faces.choice import READY
from fer_md.files import check_writable, read_json
from fer_md.media.pictures import save_picture
from fer_md.models.float32 import in_float32
from fer_md.readers.own_dataset import class_sheet, name_of, prepare_own_pictures
from fer_md.runs.run_directory import load_model, network_names, read_settings
from fer_md.serving.litert_file import export_litert
from fer_md.serving.served_network import ServedNetwork
from fer_md.training.precision import set_precision
from fer_md.training.train import train_network
from folder_training import plan
from pages.report import Sources, write_report


@dataclasses.dataclass(frozen=True)
class Settings:
    folder: tuple[str, ...] = console.arguments()
    run_dir: str | None = console.flag("Folder for everything that is written; runs/NAME by default.", None)
    person: str | None = console.flag("Column of the table with the people; by default it is found by its name.", None)
    detector: str | None = console.flag(
        "none: each picture is a face crop. By default yunet finds the faces, unless all pictures "
        "are small squares of one size.",
        None,
        choices=[*READY, "none"],
    )
    from_scratch: bool = console.flag("Start from a new, small network instead of the bundled one.", False)
    keep: bool = console.flag(
        "Hold the network to what the bundled one predicts, and report how many predictions are unchanged.", False
    )
    epochs: int | None = console.flag("Largest number of epochs, instead of the recipe's.", None, least=1)
    patience: int = console.flag("Stop after so many epochs without a better validation accuracy.", 6, least=1)
    seed: int = console.flag("Seed of splits, order, augmentation and new weights.", 0, least=0)

    def __post_init__(self):
        if self.keep and (self.from_scratch or len(self.folder) > 1):
            raise FerMdError("--keep is for one folder, and for a start from the package's network")


def main(settings: Settings) -> int | None:
    began = time.monotonic()
    run_dir = Path(settings.run_dir or Path("runs") / "-".join(map(name_of, settings.folder)))
    check_writable(run_dir)
    data = [prepared(settings, source, run_dir) for source in settings.folder]
    if not train(settings, data, run_dir):
        return console.ended(run_dir, complete=False)
    say_how_it_ended(run_dir)
    print("\n3. the test, on pictures that took no part in anything so far:")
    for directory in data:
        evaluate.main(evaluate.Settings(run_dir=(str(run_dir),), data=str(directory), split="PrivateTest"))
    page = write_report(Sources((run_dir,) * len(data), tuple(data)), run_dir / "report")
    files = exported(run_dir)
    print(page, *files, f"written in {time.monotonic() - began:.0f} s; use it:", sep="\n")
    for file in files:
        print(f"fer-md predict PICTURE --model={file}")
    return None


def prepared(settings: Settings, source: str, run_dir: Path) -> Path:
    """The prepared data set of a folder. Says what is in it, and shows it in a picture."""
    print(f"1. the pictures of {source}:", flush=True)
    name = name_of(source)
    if (Path(source) / "dataset.json").is_file():
        data, info = Path(source), read_info(source)
    else:
        data = run_dir / "data" / name
        info, remarks = prepare_own_pictures(source, data, settings.person, settings.detector, settings.seed)
        print(*remarks, sep="\n")
    print(overview(info))
    sheet = run_dir / f"{name}.png"
    save_picture(sheet, class_sheet(data)[..., None].repeat(3, -1))
    print(f"faces of each class, as the network sees them: {sheet}\n", flush=True)
    return data


def train(settings: Settings, data: list[Path], run_dir: Path) -> bool:
    """Trains, or goes on; False if it was told to stop."""
    precision = set_precision("auto", run_dir)
    learner, recipe, decisive = plan(data, settings.from_scratch, settings.keep, settings.epochs, settings.seed)
    decisive |= {"precision": precision, "patience": settings.patience, "seed": settings.seed}
    faces = max(len(task.training.labels) for task in learner.tasks)
    print(f"2. training, for at most {recipe.epochs:.0f} passes over {faces} faces:", flush=True)
    options: dict[str, Any] = {"measure_start": not settings.from_scratch, "patience": settings.patience}
    return train_network(learner, recipe, run_dir, decisive, settings.seed, **options) is not None


def say_how_it_ended(run_dir: Path) -> None:
    """Whether training all of the network was worth it, and what is left of what it knew, by ``finish.json``."""
    for found in read_json(run_dir / "finish.json").values():
        losses = {name: outcome["loss"] for name, outcome in found["validation"].items()}
        if "head" in losses:
            kept = (
                "all of the network trained" if found["kept"] == "trained" else "the trunk as it was, with its new head"
            )
            print(f"kept: {kept} (log loss on validation: {losses['trained']:.3f}, as it was {losses['head']:.3f})")
        if "agreement" in found:
            print(
                f"of the seven expressions it answers as before on {100 * found['agreement']:.0f} % of the validation "
                "pictures; fer-md evaluate on data with these labels says what that costs"
            )


def exported(run_dir: Path) -> list[Path]:
    """Each network of the run as a file of LiteRT, which predicts without TensorFlow."""
    settings, files = read_settings(run_dir), []
    spaces = settings["expressions"]
    for index, name in enumerate(network_names(settings)):
        expressions = spaces if isinstance(spaces[0], str) else spaces[index]
        prior = learned_prior(settings, expressions, name)
        network = ServedNetwork(in_float32(load_model(run_dir, name)), expressions, None, prior)
        files.append(export_litert(network, run_dir / f"{'network' if name == 'model' else name}.tflite"))
    return files


if __name__ == "__main__":
    sys.exit(console.run(main, Settings))
