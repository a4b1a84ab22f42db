"""How good networks are on data sets that they were not trained on: a matrix, trained on (rows), tested on (columns).

python experiments/cross_datasets.py --data=runs/data/fer2013,runs/data/facial_expressions \\
  --output=docs/results/cross.json --picture=runs/cross.png
python experiments/cross_datasets.py --networks=runs/a,runs/b,photographs --data=runs/data/a,runs/data/b

A network is a name of the package, a finished run, or what ``fer-md export`` wrote, as for ``fer-md predict --model``.
All cells are over the expressions that every network and every data set has: faces of others are left out, and so are
answers, that is, the most probable of the common expressions counts. Test faces that are pixel-identical to a Training
face of any of the data sets are left out too. Within a column all networks thus see the same faces.
"""

import dataclasses
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from fer_md import console
from fer_md.data.label_spaces import map_labels
from fer_md.data.manifest import read_manifest
from fer_md.data.records import Split, load_split, read_info
from fer_md.errors import FerMdError
from fer_md.evaluation.confusion_picture import draw_cells
from fer_md.evaluation.figures import open_figure, save_figure
from fer_md.evaluation.measure import confusion_figures
from fer_md.evaluation.metrics import confusion_matrix
from fer_md.prediction.classifier import Classifier, load_classifier
from fer_md.pretrained.networks import NETWORKS, describe
from fer_md.runs.results import write_result
from fer_md.runs.run_directory import read_settings
from pages.blocks import markdown
from pages.sections.cross import cross_blocks
from pages.study_rows import Cross, CrossCell, CrossColumn, CrossRow


@dataclasses.dataclass(frozen=True)
class Settings:
    data: tuple[str, ...] = console.flag("Prepared folders, made by data_prep/*.py.")
    networks: tuple[str, ...] = console.flag("Bundled networks, runs or exports.", NETWORKS)
    split: str = console.flag("Split to test on.", "PrivateTest")
    output: str | None = console.new_file("JSON file for the figures.", None)
    picture: str | None = console.new_file("PNG file for the matrix.", None)


def main(settings: Settings) -> None:
    infos = [read_info(folder) for folder in settings.data]
    names = [info["name"] for info in infos]
    if repeated := [name for name in names if names.count(name) > 1]:
        raise FerMdError(f"--data: two data sets have the name {repeated[0]}")
    classifiers = {name: load_classifier(name) for name in settings.networks}
    spaces = [info["expressions"] for info in infos] + [network.expressions for network in classifiers.values()]
    expressions = common_expressions(spaces)
    known = training_pixels(settings.data)
    columns, cells = [], {name: [] for name in classifiers}
    for folder, info in zip(settings.data, infos, strict=True):
        whole = load_split(folder, settings.split)
        split = tested(folder, whole, info, settings.split, expressions, known)
        columns.append(
            CrossColumn(
                data=info["name"],
                manifest_sha256=info["manifest_sha256"],
                faces=len(split.keys),
                left_out=len(whole.keys) - len(split.keys),
            )
        )
        for name, classifier in classifiers.items():
            cells[name].append(measure_cell(classifier, split, info, expressions))
    found = Cross(
        split=settings.split,
        expressions=list(expressions),
        columns=columns,
        rows=[CrossRow(network=name, trained_on=trained_on(name), cells=cells[name]) for name in classifiers],
    )
    print(markdown(cross_blocks(found)))
    if settings.output:
        write_result(settings.output, found)
    if settings.picture:
        save_picture(settings.picture, found)


def common_expressions(spaces: Sequence[Sequence[str]]) -> tuple[str, ...]:
    """The expressions of all label spaces, in the order of the first.

    Raises:
        FerMdError: there are fewer than two.
    """
    common = tuple(name for name in spaces[0] if all(name in space for space in spaces))
    if len(common) < 2:
        raise FerMdError(
            f"the data sets and networks have {', '.join(common) or 'no expression'} in common; two are needed"
        )
    return common


def training_pixels(folders: Iterable[str]) -> frozenset[str]:
    """SHA-256 of the pixels of every Training face of the data sets."""
    rows = (row for folder in folders for row in read_manifest(Path(folder) / "manifest.csv"))
    return frozenset(row.sha256 for row in rows if row.split == "Training")


def tested(
    folder: str, split: Split, info: dict[str, Any], name: str, expressions: Sequence[str], known: frozenset[str]
) -> Split:
    """The faces of a split that count: of a common expression, and none of a Training split."""
    hashes = {row.key: row.sha256 for row in read_manifest(Path(folder) / "manifest.csv") if row.split == name}
    labels = map_labels(split, info["expressions"], expressions).labels
    kept = (labels >= 0) & np.array([hashes[key] not in known or name == "Training" for key in split.keys])
    if not kept.any():
        raise FerMdError(f"{folder}: no face of {name} has one of the expressions {', '.join(expressions)}")
    return split.select(kept)


def measure_cell(classifier: Classifier, split: Split, info: dict[str, Any], expressions: Sequence[str]) -> CrossCell:
    """The figures of a network on the faces of a data set, among the expressions in common.

    Raises:
        FerMdError: the faces have another size than the network takes.
    """
    size = classifier.image_size
    if info["image_size"] != size:
        raise FerMdError(
            f"{info['name']}: its faces have {info['image_size']} pixels a side, but {', '.join(classifier.networks)}"
            f" takes {size}; prepare the data set with --image_size={size}"
        )
    columns = [classifier.expressions.index(name) for name in expressions]
    answers = classifier.classify(split.images)[:, columns].argmax(1)
    labels = map_labels(split, info["expressions"], expressions).labels
    counts = confusion_matrix(labels, answers, len(expressions))
    return CrossCell(data=info["name"], **vars(confusion_figures(counts, expressions)))


def trained_on(network: str) -> list[str]:
    """Names of the data sets that a network has learned from; none for an export, which does not say."""
    if network in NETWORKS:
        settings = describe(network)["runs"]
    else:
        settings = [read_settings(network)] if (Path(network) / "config.json").is_file() else []
    return sorted({str(name) for own in settings for name in np.atleast_1d(own["data"])})


def save_picture(path: str, found: Cross) -> None:
    """Draws the accuracies, darker where they are higher. A network's own data sets are marked."""
    figure = open_figure(3 + 1.6 * len(found.columns), 1.6 + 0.7 * len(found.rows))
    accuracies = np.array([[100 * cell.accuracy for cell in row.cells] for row in found.rows])
    texts = [
        [f"{100 * cell.accuracy:.1f}" + (" *" if cell.data in row.trained_on else "") for cell in row.cells]
        for row in found.rows
    ]
    axes = figure.add_subplot()
    draw_cells(axes, accuracies, [row.network for row in found.rows], [column.data for column in found.columns], texts)
    axes.set(xlabel="tested on", ylabel="network", title="Accuracy in %; * has learned from this data set")
    save_figure(path, figure)


if __name__ == "__main__":
    console.run(main, Settings)
