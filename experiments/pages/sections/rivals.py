"""The methods that Fig. 6 compares with, as faces are found, landmarks placed and detectors adapted: docs/RIVALS.md."""

from pathlib import Path
from typing import Any

from fer_md.files import read_json
from pages.blocks import Block, Commands, Text, table
from pages.cells import between

OURS = ("joint, fused", "exchange, fused", "component, D1 alone", "HyperFace, D1 alone", "cascade, D1", "mean face")
"""Rows of Fig. 6 that stand beside the rivals."""


def rival_blocks(folder: Path) -> list[Block]:
    """The tables of the files that are in ``docs/results``.

    Args:
        folder: with joint_cascade.json, landmark_rivals.json, detector_adaptation.json, detectors.json and
            quick/figure6.json.
    """
    joint, rivals, adaptation = (
        read_json(folder / f"{name}.json") for name in ("joint_cascade", "landmark_rivals", "detector_adaptation")
    )
    search, figure6 = read_json(folder / "detectors.json"), read_json(folder / "quick" / "figure6.json")
    return [
        *detection_blocks(joint, search),
        *landmark_blocks(rivals, figure6["errors"]["video frames"]),
        *adaptation_blocks(adaptation),
    ]


def detection_blocks(joint: dict[str, Any], search: dict[str, Any]) -> list[Block]:
    """Detection by the joint cascade beside the other detectors; Selective Search's rows are of an earlier run."""
    rows = []
    for pictures, detectors in joint["detectors"].items():
        others = search["detectors"][pictures]
        found = {**detectors, "Selective Search + CNN": others["Selective Search + CNN"]}
        rows += [
            {
                "pictures": pictures,
                "detector": name,
                "AP at IoU 0.5": f"{row['average_precision']:.4f}",
                "precision": f"{row['precision']:.3f}",
                "recall": f"{row['recall']:.3f}",
                "ms of processor time": f"{row['processor_milliseconds']:.0f}",
            }
            for name, row in found.items()
        ]
    trained = joint["pictures"]["training"]
    text = f"Detection. The joint cascade learned from {trained:,} pictures in {joint['train_seconds'] / 60:.0f} min,"
    text += " on one thread beside other programs."
    return [Text(text), table(rows), *_origin(joint)]


def landmark_blocks(rivals: dict[str, Any], ours: dict[str, Any]) -> list[Block]:
    """Errors of 68 landmarks of the rivals and of five methods of Fig. 6, on the same faces from the same boxes."""
    found = {**rivals["errors"], **{f"Fig. 6: {name}": ours[name] for name in OURS}}
    rows = []
    for method, errors in found.items():
        eyes, size = errors["inter-ocular"], errors["face size"]
        rows.append(
            {
                "method": method,
                "mean, %": f"{100 * eyes['mean']:.2f}",
                "median, %": f"{100 * eyes['median']:.2f}",
                "AUC to 0.08": f"{eyes['auc']:.3f}",
                "failures, %": f"{100 * eyes['failures']:.1f}",
                "mean by face size, %": f"{100 * size['mean']:.2f}",
                "failures by it, %": f"{100 * size['failures']:.1f}",
            }
        )
    seconds = ", ".join(f"{name} {value:.0f} s" for name, value in rivals["seconds"].items())
    text = (
        f"68 landmarks on {rivals['faces']['test']} frames of people not trained on. Training: {seconds}, one thread."
    )
    return [Text(text), table(rows), *_origin(rivals)]


def adaptation_blocks(found: dict[str, Any]) -> list[Block]:
    """Average precision before and after the adaptation to each person's frames."""
    names = {"detector": "joint cascade", "adapted": "adapted to each person"}
    rows = [
        {
            "ranking": name,
            "AP, mean of people": f"{found['mean_of_albums'][key]:.4f}",
            "AP, all frames": f"{found['all_frames'][key]['average_precision']:.4f}",
        }
        for key, name in names.items()
    ]
    gain = found["gain_of_an_album"]
    text = (
        f"Adaptation to {found['albums']} people, {found['candidates']:,} candidates in {found['faces']} frames. "
        f"A person gains {100 * gain['difference']:+.1f} points of average precision "
        f"({between(gain['low'], gain['high'])}); "
        f"{found['albums_better']} people gain, {found['albums_worse']} lose."
    )
    return [Text(text), table(rows), *_origin(found)]


def _origin(found):
    environment = found["environment"]
    return [Text(f"Measured {environment['date']}, {environment['processor']}:"), Commands((found["command"],))]
