"""Errors of the alignment, of the network for 68 points, and of Fig. 6: the tables of docs/FACES.md."""

from collections.abc import Iterable
from pathlib import Path
from typing import Any

from fer_md.files import read_json
from fer_md.runs.results import read_result
from pages.blocks import Block, Commands, Text, table
from pages.rows import Landmarks
from pages.seeds import over_seeds

LEVELS = {
    "mean shape": "mean face in the box",
    "one level": "one level",
    "cascade": "five levels",
    "adapted cascade": "five levels, updated on 600 drawn faces",
}


def face_blocks(folder: Path) -> list[Block]:
    """The tables, from alignment.json, landmarks68.json, frame_offset.json, landmarks48.json, landmarks96.json and
    quick/figure6.json.
    """
    alignment, points, offset = (
        read_json(folder / f"{name}.json") for name in ("alignment", "landmarks68", "frame_offset")
    )
    return [
        Text("**Alignment** by the cascade:"),
        alignment_table(alignment),
        *_origin(alignment),
        Text("**The network for 68 points** that ships:"),
        points_table(points),
        *_origin(points),
        *figure6_blocks(
            [
                read_result(Landmarks, folder / "quick" / "figure6.json"),
                *(read_result(Landmarks, folder / f"landmarks{edge}.json") for edge in (48, 96)),
            ]
        ),
        Text(offset_text(offset)),
        *_origin(offset),
    ]


def alignment_table(found: dict[str, Any]) -> Block:
    """One row a method and set of test people."""
    names = {"test people": "frames", "drawn people": "drawn faces"}
    return table(
        {"faces": f"{found['faces'][people]} {names[people]}", "method": LEVELS[method], **_cells(errors)}
        for people, methods in found["errors"].items()
        for method, errors in methods.items()
    )


def points_table(found: dict[str, Any]) -> Block:
    """One row a way to look and set of test people."""
    rows = []
    for faces, methods in found["errors"].items():
        for method, errors in methods.items():
            rows.append({"faces": f"{found['faces'][faces]} {faces}", "method": method, **_cells(errors)})
        own = found["from_detector"][faces]
        method = f"two looks, in the detector's boxes ({own['found']} found)"
        rows.append({"faces": f"{found['faces'][faces]} {faces}", "method": method, **_by_eyes(own)})
    return table(rows)


def figure6_blocks(studies: Iterable[Landmarks]) -> list[Block]:
    """A table for each study; the mean error has the deviation over the seeds."""
    blocks: list[Block] = []
    for found in studies:
        edge, seeds = found.image_size, f"{len(found.seeds)} seed{'s' if len(found.seeds) > 1 else ''}"
        epochs = ", ".join(f"{count} of {stage}" for stage, count in found.epochs.items())
        methods = "all methods" if any("mean face" in each for each in found.errors.values()) else "the component alone"
        blocks += [
            Text(f"**Fig. 6, {methods}**, crops of {edge} × {edge} pixels, {seeds}, epochs: {epochs}."),
            table(
                {
                    "test people": data,
                    "method": method,
                    **_cells({name: vars(error) for name, error in errors.items()}),
                    "deviation of the mean": _deviation(found.single[data][method]),
                }
                for data, methods in found.errors.items()
                for method, errors in methods.items()
            ),
            Commands((found.command,)),
        ]
    return blocks


def offset_text(found: dict[str, Any]) -> str:
    """How far the file's points lie to the right of two detectors'."""
    offsets = " and ".join(
        f"{own['right']['mean']:.2f} ({own['right']['low']:.2f} to {own['right']['high']:.2f}) pixels for {name}"
        for name, own in found["detectors"].items()
    )
    return (
        f"**Where the frames' coordinates begin.** On the {found['faces']:,} training frames the points of the file "
        f"lie to the right of where a detector puts them, in the picture and in its mirror image: by {offsets}."
    )


def _cells(errors):
    eyes, size = _by_eyes(errors["inter-ocular"]), errors["face size"]
    return {**eyes, "mean by face size": f"{100 * size['mean']:.2f} %"}


def _by_eyes(error):
    return {
        "mean": f"{100 * error['mean']:.2f} %",
        "median": f"{100 * error['median']:.2f} %",
        "AUC to 0.08": f"{error['auc']:.3f}",
        "failures": f"{100 * error['failures']:.1f} %",
    }


def _deviation(single):
    std = over_seeds(single, ("mean",))["mean_std"]
    return "" if std is None else f"{100 * std:.2f}"


def _origin(found):
    return [Commands((found["command"],))]
