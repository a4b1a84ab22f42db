"""The figures of the network that ships, as Markdown: for its model card and for docs/RESULTS.md."""

from pathlib import Path

from fer_md.errors import FerMdError
from fer_md.evaluation.paper_tables import CONFUSIONS
from fer_md.evaluation.quality import PARTS
from fer_md.evaluation.result_tables import interval, markdown_table, percent
from fer_md.files import read_json

START, END = "<!-- figures: made by python experiments/results.py -->", "<!-- end of the figures -->"
"""Lines between which the figures stand in the model card."""


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
    found = {path.parent.name: read_json(path) for path in sorted(folder.glob("*/metrics.json"), reverse=True)}
    exact = [read_json(path) for path in sorted(folder.glob("float32/*/metrics.json"), reverse=True)]
    if not found:
        return ""
    parts = [_accuracies(found), _compression(found, exact)]
    if "PrivateTest" in found:
        parts += [_confusion(found["PrivateTest"]), _quality(found["PrivateTest"])]
    commands = [row["command"] for row in (*found.values(), *exact)]
    where = next(iter(found.values()))["environment"]
    made = f"{where['date']}, {where['processor']}, {where['cpus']} cores, TensorFlow {where['tensorflow']}"
    parts.append("".join(f"`{command}`  \n" for command in commands) + f"{made}.\n")
    return "\n".join(filter(None, parts))


def _accuracies(found):
    head = ["data, split", "copies averaged", "images", "accuracy %", "95 % interval", "without leaked %",
            "macro recall %", "FER+ majority %", "calibration error"]  # fmt: skip
    rows = [
        [f"{row['data']} {row['split']}", row["averaging"], row["images"], percent(row["accuracy"]), interval(row),
         percent(row["accuracy_without_leaked"]), percent(row["macro_recall"]), percent(row.get("ferplus_accuracy")),
         f"{row['expected_calibration_error']:.3f}"]
        for row in found.values()
    ]  # fmt: skip
    return markdown_table(head, rows)


def _compression(found, exact):
    """Sentences that compare with the networks before their compression."""
    lines = []
    for row in exact:
        for other in found.values():
            if all(row[key] == other[key] for key in ("data", "split", "averaging")):
                points = 100 * (other["accuracy"] - row["accuracy"])
                lines.append(f"{row['split']}, copies averaged: {row['averaging']}: {percent(row['accuracy'])} % "
                             f"before compression, {points:+.2f} points by it.")  # fmt: skip
    return "".join(f"- {line}\n" for line in lines)


def _confusion(row):
    """Shares of each true expression by what was answered, with the paper's diagonal."""
    names, paper = list(row["recall"]), CONFUSIONS[1].diagonal
    head = ["true \\ answered, %", *names, "paper's Tab. 1, diagonal"]
    rows = [
        [name, *(percent(count / sum(counts), 1) for count in counts), f"{paper[name]:.1f}"]
        for name, counts in zip(names, row["confusion"], strict=True)
    ]
    return f"{row['split']}, confusion matrix:\n\n{markdown_table(head, rows)}"


def _quality(row):
    head = [f"accuracy % on {row['split']} by", *PARTS]
    rows = [[name, *(percent(values[part]) for part in PARTS)] for name, values in row["accuracy_by_quality"].items()]
    return (
        "Sharpness is the variance of the Laplacian, contrast the standard deviation of the gray levels:\n\n"
        + markdown_table(head, rows)
    )
