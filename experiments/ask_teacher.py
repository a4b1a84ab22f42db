"""Asks several trained networks about the faces that another one is to learn from: the first step of distillation.

python experiments/ask_teacher.py --run_dir=runs/a,runs/b --data=runs/data/fer2013 --output=runs/teacher \
    --preset=joint-rough
python experiments/joint.py --teacher=runs/teacher --preset=joint-rough ...

Each network answers for the data sets that it has learned, about all faces of Training, changed as the preset changes
them, once in each of --rounds. What it says is written when it is done; the same command goes on where it stopped.
"""

import dataclasses
import sys
from pathlib import Path
from typing import Any

import numpy as np

from fer_md import console
from fer_md.data.protocol import load_training, make_protocol
from fer_md.data.records import load_split, read_info
from fer_md.errors import FerMdError
from fer_md.evaluation.components import find_networks, load_scorer
from fer_md.files import atomic_file, file_sha256
from fer_md.runs.done import write_done
from fer_md.runs.lock import folder_lock
from fer_md.runs.run_directory import open_run, read_settings
from fer_md.training.precision import PRECISIONS, set_precision
from fer_md.training.presets import PRESETS
from fer_md.training.teacher import answers_file, changed_probabilities, teacher_settings


@dataclasses.dataclass(frozen=True)
class Settings:
    run_dir: tuple[str, ...] = console.flag("Finished runs of pretrain.py or joint.py, which answer.")
    data: tuple[str, ...] = console.flag("Prepared folders whose Training they are asked about.")
    output: str = console.flag("Folder for the answers.")
    preset: str = console.flag("Recipe of the student: the faces are changed as in it.", choices=list(PRESETS))
    rounds: int = console.flag("How many times each face is changed anew.", 10, least=1)
    leaked: bool = console.flag("As the student's: with faces that are pixel-identical to a held-out one.", False)
    precision: str = console.flag(
        "Precision of the layers; auto: 16 bits where GPU or processor have them.", "auto", choices=PRECISIONS
    )
    seed: int = console.flag("Seed of the changes.", 0, least=0)


def main(settings: Settings):
    set_precision(settings.precision, settings.output)
    infos = [read_info(folder) for folder in settings.data]
    protocol = None if settings.leaked else make_protocol(settings.data)
    networks, augmentation = networks_of(settings, infos), PRESETS[settings.preset].augmentation
    decisive = {
        **teacher_settings(augmentation, protocol),
        "rounds": settings.rounds,
        "seed": settings.seed,
        "networks": [
            {
                "data": info["name"],
                "manifest_sha256": info["manifest_sha256"],
                "network": file_sha256(run / f"{name}.keras"),
            }
            for info, run, name in networks
        ],
    }
    output = open_run(settings.output, decisive)
    with folder_lock(output):
        for number, (info, run, name) in enumerate(networks):
            if answers_file(output, number).exists():
                continue
            folder = settings.data[infos.index(info)]
            training = load_training(folder, protocol)[0] if protocol else load_split(folder, "Training")
            print(f"{run}: asked about {info['name']} ({number + 1} of {len(networks)})")
            model, head = load_scorer(run, name, info)
            said = changed_probabilities(model, training, augmentation, settings.rounds, settings.seed, head)
            with atomic_file(answers_file(output, number)) as partial:
                np.savez_compressed(partial, probabilities=said)
        write_done(output, [answers_file(output, number).name for number in range(len(networks))])


def networks_of(settings: Settings, infos: list[dict[str, Any]]) -> list[tuple[dict[str, Any], Path, str]]:
    """The data set, run and network of each that is asked: all that have learned one of the data sets.

    Raises:
        FerMdError: a run has learned none of them, or a data set was learned by none.
    """
    learned = {run: np.atleast_1d(read_settings(run).get("data", ())).tolist() for run in settings.run_dir}
    found = []
    for info in infos:
        runs = [run for run in settings.run_dir if info["name"] in learned[run]]
        if not runs:
            raise FerMdError(f"--data: none of {', '.join(settings.run_dir)} has learned {info['name']}")
        found += [(info, run, name) for run, name in find_networks(runs, data=info["name"])]
    for run in settings.run_dir:
        if not any(Path(run) == asked for _, asked, _ in found):
            raise FerMdError(f"--run_dir={run}: learned {', '.join(learned[run]) or 'no data set'}, which --data lacks")
    return found


if __name__ == "__main__":
    sys.exit(console.run(main, Settings))
