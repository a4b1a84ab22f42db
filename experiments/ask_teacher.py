"""Asks several trained networks about the faces that another one is to learn from: the first step of distillation.

D1=runs/data/fer2013 D2=runs/data/facial_expressions
python experiments/ask_teacher.py --run_dir=runs/a,runs/b --data=$D1,$D2 --teacher=runs/teacher --preset=joint
python experiments/joint.py --data=$D1,$D2 --teacher=runs/teacher --preset=joint --sampling=1,1 --run_dir=runs/student

Each network answers about all Training faces of the data sets that it has learned. The preset changes each face anew in
each of --rounds. A network's answers are written when it has finished; the same command goes on where it stopped.
Without --leaked, the runs must have had the protocol of the data sets (pretrain.py: --protocol with the others).
"""

import dataclasses
import functools
import sys
from pathlib import Path
from typing import Any

import numpy as np

from fer_md import console
from fer_md.data.protocol import Protocol, check_together, load_training, make_protocol
from fer_md.data.records import read_info
from fer_md.errors import FerMdError
from fer_md.evaluation.components import find_networks, load_scorer
from fer_md.evaluation.prior import learned_prior, training_prior
from fer_md.files import atomic_file, file_sha256
from fer_md.runs.done import check_done, write_done
from fer_md.runs.run_directory import check_settings, held_run, read_settings
from fer_md.training.presets import PRESETS
from fer_md.training.teacher import answers_file, changed_probabilities, teacher_settings


@dataclasses.dataclass(frozen=True)
class Settings:
    run_dir: tuple[str, ...] = console.flag("Finished runs of pretrain.py or joint.py, whose networks answer.")
    data: tuple[str, ...] = console.flag(
        "Prepared folders. Each network is asked about the Training faces of those that it has learned."
    )
    teacher: str = console.flag("Folder for the answers.")
    preset: str = console.flag(
        "Preset of the student. It says how faces are changed; blur and noise are left out.", choices=list(PRESETS)
    )
    rounds: int = console.flag("How many times each face is changed anew.", 10, least=1)
    leaked: bool = console.flag(
        "Ask also about faces that are pixel-identical to a held-out one. Give it exactly if the student has --leaked.",
        False,
    )
    seed: int = console.flag("Seed of the changes.", 0, least=0)


@dataclasses.dataclass(frozen=True)
class Asked:
    """A network that answers about a data set.

    Attributes:
        folder, info: of the data set.
        run, name: of the network.
    """

    folder: str
    info: dict[str, Any]
    run: Path
    name: str


def main(settings: Settings):
    infos = [read_info(folder) for folder in settings.data]
    check_together(infos)
    protocol = None if settings.leaked else make_protocol(settings.data)
    all_asked = networks_of(settings, infos, protocol)
    scorers = [load_scorer(asked.run, asked.name, asked.info) for asked in all_asked]
    augmentation, folder = PRESETS[settings.preset].augmentation, Path(settings.teacher)
    answers = [answers_file(folder, number) for number in range(len(all_asked))]
    decisive = {
        **teacher_settings(augmentation, protocol),
        "rounds": settings.rounds,
        "seed": settings.seed,
        "networks": [settings_of(asked) for asked in all_asked],
    }
    faces_of = functools.cache(lambda directory: load_training(directory, protocol)[0])
    with held_run(folder, decisive):
        if (folder / "DONE").exists():
            for path in answers:
                check_done(path)
            print(f"{folder}: complete")
            return
        for number, (asked, (model, head), path) in enumerate(zip(all_asked, scorers, answers, strict=True), 1):
            if path.exists():
                continue
            print(f"{asked.run}: asked about {asked.info['name']} ({number} of {len(all_asked)})")
            faces = faces_of(asked.folder)
            said = changed_probabilities(model, faces, augmentation, settings.rounds, settings.seed, head)
            with atomic_file(path) as partial:
                np.savez_compressed(partial, probabilities=said)
        write_done(folder, ["config.json", *(path.name for path in answers)])


def networks_of(settings: Settings, infos: list[dict[str, Any]], protocol: Protocol | None) -> list[Asked]:
    """All networks that have learned one of the data sets.

    Raises:
        FerMdError: a run is named twice, has learned none of the data sets, or has learned under another protocol; a
            data set was learned by no run; or a network answers for another prior than that of the data set.
    """
    if len({Path(run).resolve() for run in settings.run_dir}) < len(settings.run_dir):
        raise FerMdError(f"--run_dir={','.join(settings.run_dir)}: names a run twice")
    learned = {}
    for run in settings.run_dir:
        stored = check_settings("run_dir", run, {"protocol": protocol.sha256} if protocol else {})
        learned[run] = np.atleast_1d(stored.get("data", ())).tolist()
    found: list[Asked] = []
    for folder, info in zip(settings.data, infos, strict=True):
        runs = [run for run in settings.run_dir if info["name"] in learned[run]]
        if not runs:
            raise FerMdError(f"--data: none of {', '.join(settings.run_dir)} has learned {info['name']}")
        found += [Asked(folder, info, run, name) for run, name in find_networks(runs, data=info["name"])]
    for run in settings.run_dir:
        if not any(asked.run == Path(run) for asked in found):
            raise FerMdError(f"--run_dir={run}: has learned none of the data sets of --data")
    for asked in found:
        check_prior(asked)
    return found


def check_prior(asked: Asked):
    """``FerMdError`` unless a network's answers hold the data set's own prior: a student's faces are drawn by it."""
    expressions, own = asked.info["expressions"], training_prior(asked.info)
    prior = learned_prior(read_settings(asked.run), expressions, asked.name)
    if prior is None or not np.allclose(prior, [own[name] for name in expressions]):
        other = f"{asked.name} answers for another prior than that of {asked.info['name']}"
        raise FerMdError(f"--run_dir={asked.run}: {other}; leave it out")


def settings_of(asked: Asked) -> dict[str, Any]:
    """What decides a network's answers."""
    return {
        "data": asked.info["name"],
        "manifest_sha256": asked.info["manifest_sha256"],
        "network": file_sha256(asked.run / f"{asked.name}.keras"),
    }


if __name__ == "__main__":
    sys.exit(console.run(main, Settings))
