"""The methods that Fig. 6 compares with, as faces are found, landmarks placed and detectors adapted: docs/RIVALS.md."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from fer_md.files import read_json
from pages.blocks import Block, Commands, Text, table
from pages.cells import between, points
from pages.rows import Gain

OURS = ("joint, fused", "exchange, fused", "component, D1 alone", "HyperFace, D1 alone", "cascade, D1", "mean face")
"""Rows of Fig. 6 that stand beside the rivals."""

HYPERFACES = {
    "whole": "its widths, all tasks",
    "quarter": "a quarter of its widths, all tasks",
    "quarter-reweighted": "the same, other weights of the tasks",
    "quarter-landmarks": "a quarter of its widths, landmarks alone",
}
"""Networks of experiments/hyperface.py."""


def rival_blocks(folder: Path) -> list[Block]:
    """The tables of the files that are in ``docs/results``.

    Args:
        folder: with joint_cascade.json, landmark_rivals.json, detector_adaptation.json, detectors.json and
            quick/figure6.json; where HyperFace is trained, also hyperface.json or hyperface_quarter.json, and
            hyperface_trials.json.
    """
    joint, rivals, adaptation = (
        read_json(folder / f"{name}.json") for name in ("joint_cascade", "landmark_rivals", "detector_adaptation")
    )
    trained = [folder / f"{name}.json" for name in ("hyperface_quarter", "hyperface")]
    runs = [read_json(path) for path in trained if path.exists()]
    search, figure6 = read_json(folder / "detectors.json"), read_json(folder / "quick" / "figure6.json")
    return [
        *detection_blocks(joint, search),
        *landmark_blocks(rivals, figure6["errors"]["video frames"]),
        *(hyperface_blocks(runs, read_json(folder / "hyperface_trials.json")) if runs else ()),
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
    trained, seconds = joint["pictures"]["training"], joint["train_seconds"]  # None where it was stopped in between
    text = (
        f"Detection. The joint cascade learned from {trained:,} pictures"
        f"{f' in {seconds / 60:.0f} min' if seconds else ''}, on one thread, while other programs ran. These are the "
        "frames and drawn scenes but for one person in ten, on whom the threshold was chosen. Times of Selective "
        "Search + CNN are from [another day](FACES.md#detection), when the machine was loaded differently; do not "
        "compare times of the two pages."
    )
    return [Text(text), table(rows), *_origin(joint)]


def landmark_blocks(rivals: dict[str, Any], ours: dict[str, Any]) -> list[Block]:
    """Errors of 68 landmarks of the rivals and of six methods of Fig. 6, on the same faces from the same boxes."""
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
                "failures by face size, %": f"{100 * size['failures']:.1f}",
            }
        )
    seconds = ", ".join(f"{name} {value:.0f} s" for name, value in rivals["seconds"].items())
    text = (
        f"68 landmarks on {rivals['faces']['test']} frames of people not trained on. Training: {seconds}, one thread."
    )
    return [Text(text), table(rows), *_origin(rivals)]


def hyperface_blocks(runs: Sequence[dict[str, Any]], trials: dict[str, Any]) -> list[Block]:
    """HyperFace's landmarks, its other tasks, and the trials on people held out of training.

    Args:
        runs: files of experiments/hyperface.py, measured on the same faces.
        trials: another one, measured on training people.
    """
    first, networks = runs[0], [(run["epochs"], each) for run in runs for each in run["networks"].values()]
    faces, crops = first["faces"], first["crops"]
    pose = [("mean pose of the training faces", first["mean pose"], {})]
    for epochs, each in networks:
        name, own = f"{HYPERFACES[each['network']]}, {epochs} epochs", each["by its landmarks"]
        if "pose" in each:
            pose.append((name, each["pose"], each["visibility"]))
        pose.append((f"{name}: from its landmarks", own["pose"], own["visibility"]))
    text = (
        f"HyperFace, trained on {faces['training']:,} frames. Landmarks on {faces['measured']} frames of people not "
        "trained on; the difference is from the network that learns landmarks alone."
    )
    other = (
        f"Its other tasks. Detection is measured on crops, {crops['faces']:,} of faces and {crops['no faces']:,} that "
        f"overlap each face by less than 0.35. Expressions: {crops['expressions']:,} {first['expressions']}."
    )
    turned = (
        "Pose and visibility, compared with those of the true landmarks. "
        f"{100 * first['hidden']:.1f} % of the landmarks are hidden."
    )
    tried = (
        f"Trials of {trials['epochs']} epochs, measured on {trials['faces']['measured']} frames of training people who "
        "were held out. The learning rates above were chosen by them."
    )
    return [
        Text(text),
        table([_landmark_row(*each) for each in networks]),
        Text(other),
        table([_task_row(*each) for each in networks if "detection" in each[1]]),
        Text(turned),
        table([_pose_row(*each) for each in pose]),
        *(block for run in runs for block in _origin(run)),
        Text(tried),
        table([_trial_row(each) for each in trials["networks"].values()]),
        *_origin(trials),
    ]


def _landmark_row(epochs, each):
    eyes, size = each["landmarks"]["inter-ocular"], each["landmarks"]["face size"]
    return {
        "HyperFace": HYPERFACES[each["network"]],
        "epochs": f"{epochs}",
        "minutes": f"{each['seconds'] / 60:.0f}",
        "mean, %": f"{100 * eyes['mean']:.2f}",
        "difference": points(Gain(**eyes["minus_first"]) if "minus_first" in eyes else None),
        "failures, %": f"{100 * eyes['failures']:.1f}",
        "mean by face size, %": f"{100 * size['mean']:.2f}",
        "failures by face size, %": f"{100 * size['failures']:.1f}",
    }


def _task_row(epochs, each):
    detection = each["detection"]
    return {
        "HyperFace": HYPERFACES[each["network"]],
        "epochs": f"{epochs}",
        "AP of face or not": f"{detection['average_precision']:.4f}",
        "faces found, %": f"{100 * detection['recall']:.1f}",
        "false alarms, %": f"{100 * detection['false_alarms']:.1f}",
        "expressions right, %": f"{100 * each['expression']:.1f}",
    }


def _pose_row(name, pose, visibility):
    shares = {f"{kind} landmarks right, %": visibility.get(kind) for kind in ("hidden", "visible")}
    return {
        "HyperFace": name,
        **{f"{angle} error, degrees": f"{pose[angle]:.1f}" for angle in ("yaw", "pitch", "roll")},
        **{name: "" if share is None else f"{100 * share:.1f}" for name, share in shares.items()},
    }


def _trial_row(each):
    eyes = each["landmarks"]["inter-ocular"]
    whole = "detection" in each
    return {
        "HyperFace": HYPERFACES[each["network"]],
        "rate": f"{each['rate']:g}",
        "dropout": f"{each['dropout']:g}",
        "landmarks, mean, %": f"{100 * eyes['mean']:.2f}",
        "AP of face or not": f"{each['detection']['average_precision']:.4f}" if whole else "",
        "yaw error, degrees": f"{each['pose']['yaw']:.1f}" if whole else "",
        "expressions right, %": f"{100 * each['expression']:.1f}" if whole else "",
    }


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
        f"Adaptation changes average precision by {100 * gain['difference']:+.1f} points a person "
        f"({between(gain['low'], gain['high'])}); "
        f"{found['albums_better']} people gain, {found['albums_worse']} lose."
    )
    return [Text(text), table(rows), *_origin(found)]


def _origin(found):
    environment = found["environment"]
    return [Text(f"Measured {environment['date']}, {environment['processor']}:"), Commands((found["command"],))]
