"""Ways to learn two data sets, side by side: the exchange, cures for what it forgets, and joint training.

python experiments/compare_joint.py --data=runs/data/fer2013,runs/data/facial_expressions --run_dir=runs/joint_study \\
    --first_epochs=8 --epochs=4 --seeds=0,1,2,3,4 --split=PrivateTest --output=docs/results/joint-test.json

For each seed a component is trained on each data set. Then every row goes on from these two in its own way, and each of
its networks sees equally many faces. Each network is measured on both data sets while the first one's prior gives way
to the second one's, since most of what a network seems to learn of a data set is how often each expression occurs
there. Trained runs are kept: stopped and started again, the script goes on.
"""

import dataclasses
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np

import finetune
import joint
import pretrain
from fer_md import console
from fer_md.data.records import load_split, read_info
from fer_md.errors import FerMdError
from fer_md.evaluation.components import find_networks, load_scorer
from fer_md.evaluation.measure import PRIOR_SHARES
from fer_md.evaluation.metrics import accuracy_and_macro_recall
from fer_md.evaluation.predict import predict_probabilities
from fer_md.evaluation.prior import apply_shift, learned_prior, prior_shift, training_prior
from fer_md.models import NETWORKS
from fer_md.models.fused import fit_weights, fuse
from fer_md.runs.results import write_result
from fer_md.runs.run_directory import folder_name, open_run, read_settings
from fer_md.training.precision import PRECISIONS, precision_of_runs
from pages.cells import percent
from pages.joint_picture import save_joint_picture
from pages.sections.joint import FITTED
from pages.seeds import over_seeds
from pages.study_rows import JointPoint, JointRow, JointStudy


@dataclasses.dataclass(frozen=True)
class Settings:
    data: tuple[str, ...] = console.flag("Two prepared folders with the same expressions, the larger first.")
    run_dir: str = console.flag("Folder of the runs.")
    seeds: tuple[int, ...] = console.flag("Seeds to train each row with.", (0,))
    rows: tuple[str, ...] = console.flag("Names of the rows; all by default.", ())
    network: str = console.flag("As in pretrain.py.", "default", choices=list(NETWORKS))
    first_epochs: int = console.flag("Of the components, counted on the larger data set.", 12, least=1)
    epochs: int = console.flag("Of what each row does then, counted likewise.", 5, least=1)
    split: str = console.flag("Split to measure on.", "PublicTest")
    validation: str = console.flag(
        "Split that chooses the share of the prior and the weights of the fusion, unless it is the one to measure on.",
        "PublicTest",
    )
    precision: str = console.flag("As in pretrain.py.", "auto", choices=PRECISIONS)
    output: str | None = console.new_file("JSON file for the table.", None)
    picture: str | None = console.new_file("PNG file for the table as curves.", None)


@dataclasses.dataclass(frozen=True)
class Row:
    """A way to go on from the two components.

    Attributes:
        script: module whose ``main`` trains it.
        flags: its settings, given `Trial`.
        runs: the components that it trains one after the other, from 0; a fine-tuning trains both in one run.
    """

    script: Any
    flags: Callable[["Trial", int], dict[str, Any]]
    runs: tuple[int, ...] = (0,)


class Trial:
    """The settings of a seed: folders, and epochs that mean equally many faces on either data set.

    ``runs`` gets the folders of all that is trained.
    """

    def __init__(self, settings: Settings, seed: int):
        self.settings, self.seed = settings, seed
        self.folder = Path(settings.run_dir) / f"seed{seed}"
        self.runs: list[Path] = []
        self.sizes = [read_info(directory)["splits"]["Training"]["examples"] for directory in settings.data]

    def component(self, index: int) -> str:
        return str(self.folder / f"component{index + 1}")

    def alone(self, index: int, epochs: float) -> dict[str, Any]:
        """Settings of pretrain.py for one data set; the epochs are counted on the larger one."""
        data = self.settings.data
        return {
            "data": data[index],
            "protocol": (data[1 - index],),
            "epochs": max(round(epochs * max(self.sizes) / self.sizes[index]), 1),
            "network": self.settings.network,
            "precision": self.settings.precision,
        }

    def alone_on(self, index: int, share: float) -> dict[str, Any]:
        """The same for a component that goes on, with a share of the faces that the other rows see."""
        more = {"preset": "joint", "start": self.component(index)}
        return {**self.alone(index, share * self.settings.epochs), **more}

    def both(self, index: int, **more: Any) -> dict[str, Any]:
        """Settings of joint.py that lead with one data set; of the larger one's faces there are more."""
        data = self.settings.data
        return {
            "data": (data[index], data[1 - index]),
            "start": self.component(index),
            "shares": SHARES[index],
            "dataset_weights": SHARES[index],
            "sampling": (0.5, 1.0) if index else (1.0, 0.5),
            "epochs": self.settings.epochs,
            "network": self.settings.network,
            "precision": self.settings.precision,
            **more,
        }

    def merged(self) -> dict[str, Any]:
        """Settings of joint.py under which every face counts alike, whatever its data set."""
        weights = tuple(2 * size / sum(self.sizes) for size in self.sizes)
        plain = {"statistics": "shared", "logit_adjustment": False, "sampling": (1.0, 1.0)}
        return self.both(0, dataset_weights=weights, **plain)

    def exchanged(self, **more: Any) -> dict[str, Any]:
        """Settings of finetune.py."""
        components = tuple(self.component(index) for index in (0, 1))
        return {"components": components, "data": self.settings.data, "epochs": self.settings.epochs, **more}

    def cured(self, **more: Any) -> dict[str, Any]:
        """The same with the recipe of joint training, and softmax alone: only what is cured differs from that."""
        whole = {} if "replay" in more else {"dataset_weights": (2.0, 2.0)}  # a component learns one of two data sets
        return self.exchanged(preset="joint", loss="none", **whole, **more)


@dataclasses.dataclass(frozen=True)
class Measured:
    """What a network answers for a data set, under each of the S ``PRIOR_SHARES``.

    Attributes:
        curve: (S, 2) accuracy and macro recall.
        validated: the same on the validation split; None where that is the one to measure on.
        weights: (S, N) of N networks whose scores are added; None for one network, and for equal weights.
    """

    curve: np.ndarray
    validated: np.ndarray | None
    weights: np.ndarray | None


SHARES = ((1.5, 0.5), (1.0, 1.0))
"""Parts of the leading data set and of the other, of a batch and of the loss, so that all faces of a batch count alike;
first where the larger data set leads. Their mean is 1."""

ROWS = {
    "alone": Row(pretrain, lambda trial, index: trial.alone_on(index, 1.0), (0, 1)),
    "alone, as much of its own as joint": Row(
        pretrain, lambda trial, index: trial.alone_on(index, SHARES[index][0] / sum(SHARES[index])), (0, 1)
    ),
    "merged as they are": Row(joint, lambda trial, index: trial.merged()),
    "exchange, preset finetune": Row(finetune, lambda trial, index: trial.exchanged()),
    "exchange": Row(finetune, lambda trial, index: trial.cured()),
    "exchange with replay": Row(finetune, lambda trial, index: trial.cured(replay=1.0)),
    "exchange with L2-SP": Row(finetune, lambda trial, index: trial.cured(anchor=0.01)),
    "exchange with distillation": Row(finetune, lambda trial, index: trial.cured(distill=0.5)),
    "joint with shared statistics": Row(joint, lambda trial, index: trial.both(0, statistics="shared")),
    "joint": Row(joint, lambda trial, index: trial.both(index), (0, 1)),
}


def main(settings: Settings) -> None:
    for name in settings.rows:
        console.one_of("rows", name, ROWS)
    infos = [read_info(directory) for directory in settings.data]
    if len(infos) != 2 or infos[0]["expressions"] != infos[1]["expressions"]:
        raise FerMdError("--data must be two data sets with the same expressions")
    found: dict[tuple, list] = {}
    runs: list[Path] = []
    for seed in settings.seeds:
        trial = Trial(settings, seed)
        for index in (0, 1):
            train(trial, pretrain, f"component{index + 1}", trial.alone(index, settings.first_epochs))
        for name in settings.rows or ROWS:
            for key, measured in measure_row(trial, name, infos):
                found.setdefault(key, []).append((seed, measured))
                print(f"seed {seed}  {describe(key, measured.curve)}", flush=True)
        runs += trial.runs
    study = JointStudy(
        split=settings.split,
        validation=None if settings.split == settings.validation else settings.validation,
        network=settings.network,
        precision=precision_of_runs(runs),
        first_epochs=settings.first_epochs,
        epochs=settings.epochs,
        classes=[info["splits"][settings.split]["classes"] for info in infos],
        data=[info["name"] for info in infos],
        manifest_sha256=[info["manifest_sha256"] for info in infos],
        rows=[summary(key, each) for key, each in found.items()],
    )
    if settings.output:
        write_result(settings.output, study)
    if settings.picture:
        save_joint_picture(settings.picture, study)


def train(trial: Trial, script: Any, name: str, flags: dict[str, Any]) -> Path:
    """The folder of a finished run; trains what is missing of it.

    Raises:
        FerMdError: told to stop, or the folder holds a run with other settings.
    """
    folder = trial.folder / folder_name(name)
    settings = script.Settings(run_dir=str(folder), seed=trial.seed, **flags)
    trial.runs.append(folder)
    if (folder / "DONE").exists():
        return open_run(folder, script.decisive(settings))  # an error if it is another's
    print(f"seed {trial.seed}  {name}", flush=True)
    if script.main(settings):
        raise FerMdError(f"{folder}: stopped; start it again to go on")
    (folder / "checkpoint.npz").unlink()
    return folder


def measure_row(trial: Trial, name: str, infos: list[dict]) -> Iterator[tuple[tuple, Measured]]:
    """Trains a row; then measures each network, and all of them fused, on each data set."""
    row, settings = ROWS[name], trial.settings
    runs = [
        train(trial, row.script, f"{name} {index + 1}" if len(row.runs) > 1 else name, row.flags(trial, index))
        for index in row.runs
    ]
    for info, directory in zip(infos, settings.data, strict=True):
        split = load_split(directory, settings.split)
        answers, weights = answers_of(runs, row, infos, info, split), None
        curves: dict[str, np.ndarray] = {}
        if settings.split != settings.validation:
            known = load_split(directory, settings.validation)
            validated = answers_of(runs, row, infos, info, known)
            if len(answers) > 1:
                weights = [fit_weights(scores, known.labels) for scores in zip(*validated.values(), strict=True)]
            curves = {each: curve_of(known.labels, own) for each, own in with_fused(validated, weights).items()}
        for network, own in with_fused(answers, weights).items():
            used = np.array(weights) if network == FITTED else None
            yield (name, network, info["name"]), Measured(curve_of(split.labels, own), curves.get(network), used)


def answers_of(runs, row, infos, info, split):
    """For the name of each network of a row its probabilities of a split, as one prior gives way to the other."""
    return {
        f"component {number}": shifted(scores, infos, learned)
        for number, scores, learned in networks_of(runs, row, info, split)
    }


def with_fused(answers, weights):
    """Adds the answers of all networks together, with equal weights and with those of each share of the prior."""
    if len(answers) == 1:
        return answers
    shares = list(zip(*answers.values(), strict=True))
    fused = {"fused": [fuse(scores) for scores in shares]}
    if weights:
        fused[FITTED] = [fuse(scores, used) for scores, used in zip(shares, weights, strict=True)]
    return {**answers, **fused}


def networks_of(runs, row, info, split):
    """(number of the component, probabilities of a split, prior that they hold) for each network of a row."""
    for run, index in zip(runs, row.runs, strict=True):
        for offset, (_, name) in enumerate(find_networks([run], data=info["name"])):
            model, head = load_scorer(run, name, info)
            learned = learned_prior(read_settings(run), info["expressions"], name)
            yield index + offset + 1, predict_probabilities(model, split.images, head=head), learned


def shifted(scores, infos, learned):
    """Probabilities as one prior gives way to the other, one array for each of ``PRIOR_SHARES`` of the second."""
    expressions = infos[0]["expressions"]
    first, second = (prior_shift(training_prior(info), 1.0, learned, expressions) for info in infos)
    return [apply_shift(scores, (1 - share) * first + share * second) for share in PRIOR_SHARES]


def curve_of(labels, scores):
    """(S, 2) accuracy and macro recall."""
    return np.array([accuracy_and_macro_recall(labels, each.argmax(1), each.shape[1]) for each in scores])


def describe(key, curve):
    points = "  ".join(f"{percent(accuracy)}/{percent(recall)}" for accuracy, recall in curve)
    return f"{', '.join(key):62}{points}"


def summary(key, found):
    """Means and deviations over the seeds, of which there is a ``Measured`` each."""
    row, network, data = key
    names, points = ("accuracy", "macro_recall"), []
    validated, weights = (
        None if getattr(found[0][1], name) is None else np.mean([getattr(each, name) for _, each in found], axis=0)
        for name in ("validated", "weights")
    )
    for index, share in enumerate(PRIOR_SHARES):
        single = [tuple(each.curve[index].tolist()) for _, each in found]
        means = over_seeds([dict(zip(names, values, strict=True)) for values in single], names)
        used = None if weights is None else weights[index].tolist()
        points.append(JointPoint(share=share, single=single, weights=used, **means))
    best = None if validated is None else PRIOR_SHARES[validated[:, 0].argmax()]
    return JointRow(row=row, network=network, data=data, seeds=[seed for seed, _ in found], best=best, points=points)


if __name__ == "__main__":
    sys.exit(console.run(main, Settings))
