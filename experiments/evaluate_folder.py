"""Measures a network on your own labelled pictures, group by group: is it as good for everyone?

fer-md evaluate pictures
fer-md evaluate pictures/labels.csv --group_by=gender,age --person=actor
fer-md evaluate pictures --group_by=folder                                  # women/happy/*.jpg, men/happy/*.jpg
fer-md evaluate pictures --model=runs/pictures/network.tflite --split=test

The folder, zip or table is as for fer-md train. Predictions are those of fer-md predict for the main face of each
picture. The folder --output contains the report index.html, metrics.json, groups.csv with every figure, answers.csv
with every picture, and groups-COLUMN.png. Intervals come from resampling people; figures for fewer than ten people are
left out. docs/YOUR_FACES.md has the details.

With a flag in place of the folder, the command measures runs on a prepared data set: fer-md evaluate --run_dir=DIR
--data=DIR. Those flags: fer-md evaluate --data=DIR --help
"""

import collections
import csv
import dataclasses
import itertools
import re
import shlex
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path

import numpy as np

from fer_md import console
from fer_md.errors import FerMdError
from fer_md.evaluation.figures import encode_figure
from fer_md.evaluation.group_names import groups_of_cells
from fer_md.evaluation.groups import Comparison, compare_groups
from fer_md.evaluation.prior import parse_prior
from fer_md.faces.choice import READY, choose_detector
from fer_md.faces.detection import Detection, Detector, main_face
from fer_md.files import atomic_directory, check_writable, path_cell
from fer_md.prediction.classifier import load_classifier
from fer_md.prediction.predictor import Predictor
from fer_md.pretrained.networks import PHOTOGRAPHS
from fer_md.progress import Progress
from fer_md.readers.grouped_pictures import GroupedPicture, open_grouped_pictures
from fer_md.readers.own_dataset import are_faces, name_of
from fer_md.runs.results import write_result
from pages.blocks import markdown
from pages.group_study import GroupStudy
from pages.groups_picture import draw_groups
from pages.report.page import commands, frame, html_of, paragraph, plot
from pages.sections.groups import READING, comparison_blocks, groups_blocks, overall_blocks


@dataclasses.dataclass(frozen=True)
class Settings:
    folder: tuple[str, ...] = console.arguments()
    group_by: tuple[str, ...] = console.flag(
        "Columns of the table to compare groups by, such as gender; or folder: the first level of folders.", ()
    )
    model: str = console.flag("Network, as for fer-md predict --model.", PHOTOGRAPHS)
    data: str | None = console.flag("Data set whose expressions to predict, as for fer-md predict.", None)
    person: str | None = console.flag("Column of the table with the people; by default it is found by its name.", None)
    split: str | None = console.flag(
        "train, val or test: only that one of the splits that the pictures have, or that fer-md train makes.", None
    )
    seed: int = console.flag("Seed of the split that fer-md train makes.", 0, least=0)
    detector: str | None = console.flag(
        "none: each picture is a face crop. By default yunet finds the faces, unless all pictures "
        "are small squares of one size.",
        None,
        choices=[*READY, "none"],
    )
    prior: str | None = console.flag("How frequent each expression is, as for fer-md predict.", None)
    output: str | None = console.flag("Folder to write; runs/measured/NAME by default.", None)
    overwrite: bool = console.flag("Replace what is in that folder.", False)

    def __post_init__(self):
        if len(self.folder) > 1:
            raise FerMdError(f"{self.folder[1]}: one folder, zip or table is measured at a time")


class MainFace:
    """A detector that keeps of each picture the face that it is of.

    Args:
        detector: finds the faces.
    """

    def __init__(self, detector: Detector):
        self._detector = detector

    def detect(self, images: Sequence[np.ndarray]) -> list[list[Detection]]:
        found = [
            main_face(faces, image.shape) for faces, image in zip(self._detector.detect(images), images, strict=True)
        ]
        return [[face] if face else [] for face in found]


def main(settings: Settings) -> None:
    [source] = settings.folder
    output = Path(settings.output or Path("runs/measured") / name_of(source))
    if output.exists() and not settings.overwrite:
        raise FerMdError(f"{output}: is there already; add --overwrite to replace it, or name another --output")
    check_writable(output)
    with open_grouped_pictures(source, settings.group_by, settings.person, settings.split, settings.seed) as opened:
        pictures, remarks = opened
        print(*remarks, sep="\n", flush=True)
        pictures = with_groups(pictures, settings.group_by)
        classifier = load_classifier(settings.model, settings.data)
        names = classifier.expressions
        known = [picture for picture in pictures if picture.label in names]
        if not known:
            labels = ", ".join(sorted({picture.label for picture in pictures})[:10])
            raise FerMdError(f"{source}: no label is one of {', '.join(names)}; found {labels}")
        detector = settings.detector or ("none" if are_faces([picture.read for picture in known]) else READY[0])
        finder = choose_detector(detector)
        prior = parse_prior(settings.prior) if settings.prior else None
        predictor = Predictor(classifier, finder and MainFace(finder), prior=prior)
        measured, probabilities = answer(predictor, known)
    left_out = collections.Counter(picture.label for picture in pictures if picture.label not in names)
    found = GroupStudy(
        data=name_of(source),
        network=settings.model,
        prior=settings.prior,
        unread=len(known) - len(measured),
        left_out=dict(left_out.most_common()),
        **compare(measured, probabilities, names, settings.group_by),
    )
    print(markdown(groups_blocks(found)))
    write(output, found, measured, probabilities, names, settings)
    print(output / "index.html")


def with_groups(pictures: Sequence[GroupedPicture], columns: Sequence[str]) -> list[GroupedPicture]:
    """The pictures with names of groups in place of the cells of these columns."""
    found = []
    for place, column in enumerate(columns):
        try:
            found.append(groups_of_cells([picture.groups[place] for picture in pictures]))
        except FerMdError as error:
            raise FerMdError(f"--group_by={column}: {error}") from None
    names = zip(*found, strict=True) if found else itertools.repeat(())
    return [dataclasses.replace(picture, groups=own) for picture, own in zip(pictures, names, strict=False)]


def answer(predictor: Predictor, pictures: Sequence[GroupedPicture]) -> tuple[list[GroupedPicture], np.ndarray]:
    """The pictures that can be read, M of them, and the probabilities of their faces.

    Args:
        predictor: finds one face in each picture or none.
        pictures: N of them. What cannot be read is said on stderr.

    Returns:
        (pictures, probabilities): (M, K) float64, rows of NaN where no face was found.
    """
    readable: list[GroupedPicture] = []

    def images() -> Iterator[np.ndarray]:
        with Progress("measuring", len(pictures), "pictures") as progress:
            for picture in pictures:
                progress.advance()
                try:
                    image = picture.read()
                except FerMdError as error:
                    print(f"skipped: {error}", file=sys.stderr)
                    continue
                readable.append(picture)
                yield image

    found = predictor.predict(images())
    if not found:
        raise FerMdError(f"none of {len(pictures)} pictures can be read")
    nothing = dict.fromkeys(predictor.expressions, np.nan)
    return readable, np.array([list((faces[0].probabilities if faces else nothing).values()) for faces in found])


def compare(
    pictures: Sequence[GroupedPicture], probabilities: np.ndarray, expressions: Sequence[str], columns: Sequence[str]
) -> dict:
    """The fields ``overall`` and ``columns`` of a `GroupStudy`, of pictures with names of groups."""
    people = [picture.person for picture in pictures]
    labels = np.array([expressions.index(picture.label) for picture in pictures])

    def of(groups: Sequence[str]) -> Comparison:
        return compare_groups(groups, people, labels, probabilities, expressions)

    [overall] = of(["all"] * len(pictures)).groups
    found = {column: of([picture.groups[place] for picture in pictures]) for place, column in enumerate(columns)}
    return {"overall": overall, "columns": found}


def write(
    output: Path,
    found: GroupStudy,
    pictures: Sequence[GroupedPicture],
    probabilities: np.ndarray,
    expressions: Sequence[str],
    settings: Settings,
) -> None:
    """All files of the folder, or none."""
    plots = {column: encode_figure(figure) for column, each in found.columns.items() if (figure := draw_groups(each))}
    with atomic_directory(output, settings.overwrite) as partial:
        write_result(partial / "metrics.json", found)
        write_csv(partial / "groups.csv", group_rows(found))
        write_csv(partial / "answers.csv", answer_rows(pictures, probabilities, expressions, settings.group_by))
        for column, png in plots.items():
            name = re.sub(r"\W+", "_", column)
            (partial / f"groups-{name}.png").write_bytes(png)
        (partial / "index.html").write_text(page(found, plots), encoding="utf-8", errors="backslashreplace")


def page(found: GroupStudy, plots: dict[str, bytes]) -> str:
    sections = [
        (
            f"By {column}",
            html_of(comparison_blocks(comparison))
            + (plot(plots[column], f"the figures of each group by {column}") if column in plots else ""),
        )
        for column, comparison in found.columns.items()
    ]
    lead = html_of(overall_blocks(found)) + paragraph(READING, "soft")
    command = [("Command", commands([shlex.join(["fer-md", "evaluate", *sys.argv[1:]])]))]
    return frame(f"How well {found.network} knows {found.data}", lead, [*sections, *command])


def group_rows(found: GroupStudy) -> Iterator[list]:
    """Every figure in a row of its own; empty cells where there is none."""
    yield ["column", "group", "pictures", "faces", "people", "figure", "value", "low", "high"] + [
        f"difference{part}" for part in ("", "_low", "_high")
    ]
    for column, groups in (("", [found.overall]), *((name, each.groups) for name, each in found.columns.items())):
        for group in groups:
            start = [path_cell(column), path_cell(group.name), group.pictures, group.faces, group.people]
            if not group.figures:
                yield [*start, "too few", *[""] * 6]
                continue
            yield [*start, "calibration error", group.calibration_error, *[""] * 5]
            for name, estimate in group.figures.items():
                yield [*start, name, *_three(estimate), *_three(group.differences.get(name))]


def _three(estimate):
    return ["", "", ""] if estimate is None else [estimate.value, estimate.low, estimate.high]


def answer_rows(
    pictures: Sequence[GroupedPicture], probabilities: np.ndarray, expressions: Sequence[str], columns: Sequence[str]
) -> Iterator[list]:
    """A row for each picture; no answer where no face was found."""
    yield ["file", "person", *map(path_cell, columns), "label", "answer", *expressions]
    for picture, row in zip(pictures, probabilities, strict=True):
        told = map(path_cell, (picture.file, picture.person, *picture.groups, picture.label))
        yield [*told, *(["", *[""] * len(row)] if np.isnan(row[0]) else [expressions[row.argmax()], *row])]


def write_csv(path: Path, rows: Iterator[list]) -> None:
    with open(path, "w", newline="", encoding="utf-8", errors="backslashreplace") as stream:
        csv.writer(stream, lineterminator="\n").writerows(rows)


if __name__ == "__main__":
    sys.exit(console.run(main, Settings))
