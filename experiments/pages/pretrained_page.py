"""The figures of the network that ships, as Markdown: for its model card and for docs/RESULTS.md."""

import re
from pathlib import Path

from fer_md.errors import FerMdError
from fer_md.evaluation.quality import PARTS
from fer_md.files import read_json
from pages.paper_tables import CONFUSIONS
from pages.result_tables import interval, markdown_table, percent, training_time

START, END = "<!-- figures: made by python experiments/results.py -->", "<!-- end of the figures -->"
"""Lines between which the figures stand in the model card."""

OWN = "fer2013"
"""The data set that it learned from, whose rows stand first."""

TRAINED = ("*-full-component?", "*-restart*-component?")
"""Folders, beside that of the figures, of the runs whose networks ship, and of those that they went on from."""

AVERAGED = """"Copies averaged" is test-time augmentation: the mean of the probabilities for the face and for its mirror
image (flip), or for five crops of it, the middle and the corners, and their mirror images (tencrop). The rows "none"
are those of `fer-md predict`, `Predictor` and `load_pretrained`, which look at each face once; `fer-md predict
--mirror` and `Predictor(mirror=True)` have the rows "flip".
"""

COMMANDS = """On the same machine a command with `--pretrained` gives the same figures again: counts, accuracies and
recalls exactly, calibration error and log likelihood to 7 digits. The files are in `docs/results/pretrained`.

"""


def card_with_figures(card, folder):
    """The text of the model card with the figures of today.

    Args:
        card: str with the lines ``START`` and ``END``.
        folder: ``docs/results/pretrained``.

    Raises:
        FerMdError: the card lacks one of the lines.
    """
    if card.count(START) != 1 or card.count(END) != 1:
        raise FerMdError(f"the model card must have the lines {START} and {END}, once each")
    before, after = card.split(START)[0], card.split(END)[1]
    return f"{before}{START}\n\n{pretrained_figures(folder)}\n{END}{after}"


def pretrained_figures(folder):
    """All that was measured of the network that ships, or "" where nothing was.

    Args:
        folder: ``docs/results/pretrained``, where ``experiments/evaluate.py --output`` wrote.

    Returns:
        str, Markdown.
    """
    folder = Path(folder)
    paths = {path.parent.name: read_json(path) for path in folder.glob("*/metrics.json")}
    found = [paths[name] for name in sorted(paths, key=lambda name: (paths[name]["data"] == OWN, name), reverse=True)]
    exact = [read_json(path) for path in sorted(folder.glob("float32/*/metrics.json"), reverse=True)]
    if not found:
        return ""
    parts = [_accuracies(found), AVERAGED, _compression(found, exact), _training(folder.parent)]
    for row in found:
        if (row["split"], row["averaging"]) == ("PrivateTest", "none"):
            parts += [_confusion(row), _quality(row)]
    parts.append(COMMANDS + "".join(f"`{_without_output(row['command'])}`  \n" for row in (*found, *exact)))
    where = found[0]["environment"]
    parts[-1] += f"{where['date']}, {where['processor']}, {where['cpus']} cores, TensorFlow {where['tensorflow']}.\n"
    return "\n".join(filter(None, parts))


def _without_output(command):
    """The command as a reader gives it, who shall not write over the committed files."""
    return re.sub(r" --output=\S+", "", command)


def _accuracies(found):
    head = [
        "data, split",
        "copies averaged",
        "images",
        "accuracy %",
        "95 % interval",
        "without leaked %",
        "macro recall %",
        "FER+ majority %",
        "calibration error (ECE, 15 bins)",
    ]
    rows = [
        [
            f"{row['data']} {row['split']}",
            row["averaging"],
            row["images"],
            percent(row["accuracy"]),
            interval(row),
            percent(row["accuracy_without_leaked"]),
            percent(row["macro_recall"]),
            percent(row.get("ferplus_accuracy")),
            f"{row['expected_calibration_error']:.3f}",
        ]
        for row in found
    ]
    return markdown_table(head, rows)


def _compression(found, exact):
    """Sentences that compare with the networks before their compression."""
    lines = []
    for row in exact:
        for other in found:
            if all(row[key] == other[key] for key in ("data", "split", "averaging")):
                points = 100 * (other["accuracy"] - row["accuracy"])
                lines.append(
                    f"{row['split']}, copies averaged: {row['averaging']}: {percent(row['accuracy'])} % "
                    f"before compression, {points:+.2f} points by it."
                )
    return "".join(f"- {line}\n" for line in lines)


def _training(folder):
    """How long the networks took to train, each and together."""
    times = {path.parent.name: read_json(path) for runs in TRAINED for path in sorted(folder.glob(f"{runs}/time.json"))}
    if not times:
        return ""
    total = sum(found["seconds"] for found in times.values())
    lines = "".join(f"- {name}: {training_time(found)}.\n" for name, found in times.items())
    return f"Training, wall time: {total / 60:.1f} minutes in all.\n\n{lines}"


def _confusion(row):
    """Shares of each true expression by what was answered, beside the paper's diagonal for the same data."""
    names, counts = list(row["recall"]), row["confusion"]
    paper = CONFUSIONS[1].diagonal if row["data"] == OWN else {}
    head = ["true \\ answered, %", *names, "images", *(["paper's Tab. 1, diagonal"] if paper else [])]
    rows = [
        [
            name,
            *(percent(count / max(sum(line), 1), 1) for count in line),
            sum(line),
            *([f"{paper[name]:.1f}"] if paper else []),
        ]
        for name, line in zip(names, counts, strict=True)
    ]
    return f"{_what(row)}, confusion matrix:\n\n{markdown_table(head, rows)}"


def _what(row):
    return f"{row['data']} {row['split']}, copies averaged: {row['averaging']}"


def _quality(row):
    head = [f"{row['data']} {row['split']}, accuracy %, by", *PARTS]
    rows = [[name, *(percent(values[part]) for part in PARTS)] for name, values in row["accuracy_by_quality"].items()]
    return (
        f"{_what(row)}. Sharpness is the variance of the Laplacian, contrast the standard deviation of the gray levels:"
        f"\n\n{markdown_table(head, rows)}"
    )
