"""The studies: losses beside softmax, and networks and recipes that were tried."""

import numpy as np

from pages.blocks import Block, Table, Text, table
from pages.cells import MISSING, p_value, percent
from pages.seeds import over_seeds
from pages.study_rows import LossRow, LossStudy, NetworkSearch, TimeToAccuracy

FIGURES = {
    "accuracy": ("accuracy %", ""),
    "macro_recall": ("macro recall %", ""),
    "knn_accuracy": ("kNN %", "kNN is the accuracy of a vote among the 20 nearest training faces."),
    "probe_accuracy": (
        "probe accuracy %",
        "Probe is a linear classifier on the embeddings of another data set, with all expressions weighted equally.",
    ),
    "probe_macro_recall": ("probe macro recall %", ""),
    "loss": ("log loss", ""),
    "calibration_error": (
        "calibration error %",
        "Calibration error is the mean gap between confidence and accuracy.",
    ),
    "ratio": (
        "intra / inter",
        "Intra is the mean squared distance of a face from the mean of its class, inter that of the class means from "
        "one another.",
    ),
}
"""Heading and meaning of each figure; shares are in per cent."""


def loss_blocks(found: LossStudy) -> list[Block]:
    """Two rows: a paragraph to quote, and a table of the differences. More rows: a table of all."""
    meanings = [FIGURES[name][1] for name in measured(found) if FIGURES[name][1]]
    text = (
        f"Trainings from scratch on {found.faces:,} faces, {found.epochs} epochs each, network {found.network}, "
        f"measured on {found.split}. {' '.join(meanings)}"
    )
    if found.differences:
        return [Text(verdict(found)), Text(text), differences_table(found)]
    return [Text(f"{text} The best of many rows looks better than it is."), rows_table(found)]


def measured(found: LossStudy) -> list[str]:
    """The figures that a file has; an older one has fewer."""
    return [name for name in FIGURES if getattr(found.rows[0].single[0], name) is not None]


def rows_table(found: LossStudy) -> Table:
    """One row a way to train, the most accurate first."""
    names, rows = measured(found), []
    for row in sorted(found.rows, key=lambda row: -mean(row, "accuracy")):
        cells = {FIGURES[name][0]: cell(name, mean(row, name)) for name in names}
        deviation = over_seeds([vars(each) for each in row.single], ["accuracy"])["accuracy_std"]
        heading, accuracy = next(iter(cells.items()))
        rows.append(
            {"loss": row.name, "seeds": len(row.single), heading: accuracy, "± std": percent(deviation), **cells}
        )
    return table(rows)


def differences_table(found: LossStudy) -> Table:
    """One row a figure: both means, and how far the second is from the first."""
    first, second = found.rows
    return table(
        {
            "figure": FIGURES[name][0],
            first.name: cell(name, mean(first, name)),
            second.name: cell(name, mean(second, name)),
            "difference": cell(name, gain.mean, "+"),
            "95 % interval": MISSING
            if gain.low is None
            else f"{cell(name, gain.low, '+')} to {cell(name, gain.high, '+')}",
            "p": p_value(gain.p),
            "detectable": MISSING if gain.detectable is None else cell(name, gain.detectable),
        }
        for name, gain in found.differences.items()
    )


def verdict(found: LossStudy) -> str:
    """What a reader can quote."""
    (first, second), gain = found.rows, found.differences["accuracy"]
    low, high = (MISSING if end is None else f"{100 * end:+.2f}" for end in (gain.low, gain.high))
    accuracies = [percent(mean(row, "accuracy")) for row in (first, second)]
    stopped = (
        f"{found.seeds_planned} pairs were planned, with an end after {gain.pairs} if the mean difference was not "
        "above 0; with such a rule the interval is a little off. "
        if gain.pairs < found.seeds_planned
        else ""
    )
    power = (
        ""
        if gain.detectable is None
        else f"A true one of {100 * gain.detectable:.2f} points would have been found with a probability of 80 %. "
    )
    return (
        f"Over {gain.pairs} pairs of trainings on {found.faces:,} faces, both of a pair with the same faces, order and "
        f"first weights, “{first.name}” has {accuracies[0]} % of {found.split} and “{second.name}” {accuracies[1]} %: "
        f"a difference of {100 * gain.mean:+.2f} points (95 % interval {low} to {high}; p {p_value(gain.p)} in a "
        f"sign-flip test). {power}{stopped}{_other_recipe(found)}The two rows were chosen on other seeds and "
        "another split. The interval is for other trainings, not for other faces. The study was made for accuracy; the "
        "other p-values are not corrected for multiple testing."
    )


def _other_recipe(found: LossStudy) -> str:
    """In what else the rows differ."""
    changes = [
        f"“{row.name}” has {name} {value}"
        for row, other in (found.rows, found.rows[::-1])
        for part in ("network", "recipe")
        for name, value in (row.settings or {}).get(part, {}).items()
        if (other.settings or {}).get(part, {}).get(name) != value
    ]
    return f"They differ in the recipe too: {', '.join(changes)}. " if changes else ""


def mean(row: LossRow, name: str) -> float:
    """Of a figure, over the seeds."""
    return sum(getattr(each, name) for each in row.single) / len(row.single)


def cell(name: str, value: float, sign: str = "") -> str:
    """A figure as text: shares in per cent, others as they are; ``sign`` as in a format."""
    return f"{100 * value:{sign}.2f}" if FIGURES[name][0].endswith("%") else f"{value:{sign}.3f}"


def search_blocks(found: NetworkSearch) -> list[Block]:
    """One row a candidate, the most accurate first."""
    text = f"Each candidate was trained once, for {found.epochs} epochs, and measured on {found.split}."
    rows = (
        {
            "network and recipe": row.name,
            "weights": f"{row.weights / 1e6:.1f} M",
            "accuracy %": percent(row.accuracy),
            "macro recall %": percent(row.macro_recall),
            "images/s": f"{row.images_per_second:.0f}",
        }
        for row in sorted(found.candidates, key=lambda row: -row.accuracy)
    )
    return [Text(text), table(rows)]


def race_blocks(found: TimeToAccuracy) -> list[Block]:
    """One row a training: what it reached, in which time, and when it had each of the accuracies."""
    text = (
        f"Rows that show what an idea gives were trained with one seed, the others with {len(found.seeds)}. "
        f"Accuracy is that of {found.split}, on which the recipes were chosen too: the mean with the standard "
        "deviation. Minutes are images over the speed of the training step and its augmentation, which was "
        "measured in turns; the start and validation are left out. Those to an accuracy are the mean over the "
        "seeds that reach it. Multiply-adds are those of convolutions and matrix products, forward and backward. "
        "Votes are FER+'s share of the targets."
    )
    rows = []
    for name, row in found.racers.items():
        mean, std = np.mean(row.accuracies), np.std(row.accuracies, ddof=1) if len(row.accuracies) > 1 else None
        rows.append(
            {
                "training": name,
                "network": row.network,
                "votes": f"{row.votes:g}" if row.votes else "",
                "epochs": f"{row.epochs:g}",
                "batch": str(row.batch_size),
                "accuracy %": percent(mean) + (f" ± {percent(std)}" if std is not None else ""),
                "images/s": f"{row.images_per_second:,.0f}",
                "minutes": f"{row.seconds / 60:.1f}",
                "10^12 multiply-adds": f"{row.multiply_adds / 1e12:,.0f}",
                **{f"minutes to {percent(bar, 0)} %": _times(row.seconds_to[f"{bar:.2f}"]) for bar in found.bars},
            }
        )
    return [Text(text), table(rows)]


def _times(seconds):
    """Mean of the minutes, and how many of the seeds got there where that is not all."""
    reached = [each for each in seconds if each is not None]
    few = f" ({len(reached)} of {len(seconds)})" if len(reached) < len(seconds) else ""
    return f"{np.mean(reached) / 60:.1f}{few}" if reached else MISSING
