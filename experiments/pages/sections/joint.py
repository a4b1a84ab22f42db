"""Ways to learn two data sets, measured on both while one prior gives way to the other."""

import numpy as np

from pages.blocks import Block, Table, Text, table
from pages.cells import MISSING, percent
from pages.study_rows import JointPoint, JointRow, JointStudy

ALONE = "alone"
"""The row whose networks learn one data set each; every other row is compared with them."""

FITTED = "fused, fitted weights"
FUSED = ("fused", FITTED)
"""Names of all networks of a row together: their scores are added, with equal weights or with fitted ones."""


def joint_blocks(found: JointStudy) -> list[Block]:
    """What each way gains over one data set alone, and a table of all: a column for each share of the prior."""
    first, second = found.data
    chosen = (
        f"“{FITTED}” has weights that were fitted on {found.validation}, for each data set and share. These weights, "
        "and the batch-norm statistics of “joint”, need to know which data set a face is from."
        if found.validation
        else "“joint” needs to know which data set a face is from, for its batch-norm statistics."
    )
    text = (
        f"The components, of network {found.network}, learned {found.first_epochs} epochs of {first} and as many faces "
        f"of {second}. Each row then continues for {found.epochs} epochs. Accuracy / macro recall in per cent on "
        f"{found.split}, means over the seeds. The columns are shares of {second}'s prior in the predictions; the rest "
        f"is {first}'s. Compare rows within a column: along a row only the prior changes, not what was learned. "
        f"{chosen} {_rare(found)}"
    )
    rows = (
        {
            "data": row.data,
            "way": row.row,
            "network": row.network,
            "seeds": len(row.seeds),
            **{f"{point.share:.0%}": _cell(point) for point in row.points},
        }
        for row in sorted(found.rows, key=lambda row: found.data.index(row.data))
    )
    return [*_gain_blocks(found), Text(text), table(rows, ("data", "way"))]


def _rare(found: JointStudy) -> str:
    """The rarest expressions, on whose few faces macro recall depends."""
    said = []
    for name, classes in zip(found.data, found.classes, strict=True):
        rare = sorted(classes.items(), key=lambda item: item[1])[:2]
        said.append(f"{name} has " + " and ".join(f"{count} faces of {label}" for label, count in rare))
    return f"The rarest expressions decide macro recall: {'; '.join(said)}."


def _cell(point: JointPoint) -> str:
    return f"{percent(point.accuracy)} / {percent(point.macro_recall)}"


def _gain_blocks(found: JointStudy) -> list[Block]:
    """Differences from the rows of one data set, seed by seed; nothing where these are missing."""
    rows = {(row.row, row.network, row.data): row for row in found.rows}
    if not any(row.row == ALONE for row in found.rows):
        return []
    alone = [rows[ALONE, f"component {index + 1}", data] for index, data in enumerate(found.data)]
    control = rows[ALONE, "component 1", found.data[1]]
    first, second = found.data
    text = (
        f"Differences in points from the network that learned one data set alone, mean ± standard deviation over the "
        f"seeds. Accuracies are with the prior of the data set itself{_best_said(found)}. The macro recall on {second} "
        f"is compared with that of the network of {first} alone at equal accuracy: its mean over the accuracies that "
        "both reach under some share of the prior."
    )
    return [Text(text), _gains(found, rows, alone, control)]


def _best_said(found):
    if not found.validation:
        return ""
    return (
        f", and with the share of the prior, in brackets, that is best for each row on {found.validation}: a network "
        "that holds another prior than its data set's may need only part of the correction"
    )


def _gains(found: JointStudy, rows: dict, alone: list[JointRow], control: JointRow) -> Table:
    first, second = found.data
    ways = dict.fromkeys((row.row, row.network) for row in found.rows if row.row != ALONE or row.network in FUSED)
    return table(
        {
            "way": way,
            "network": network,
            **_accuracy_gains(rows[way, network, first], alone[0], first, 0.0),
            **_accuracy_gains(rows[way, network, second], alone[1], second, 1.0),
            f"{second}, macro recall": _recall_gain(rows[way, network, second], control),
        }
        for way, network in ways
    )


def _accuracy_gains(row, alone, data, own):
    """Cells: with the data set's own prior, and with the best shares of the row and of what it is compared with."""
    cells = {f"{data}, accuracy": _gain(row, alone, own, own)}
    if row.best is not None:
        cells[f"{data}, best share"] = f"{_gain(row, alone, row.best, alone.best)} ({row.best:.0%})"
    return cells


def _gain(row, alone, share, other):
    """Accuracy of a row under a share of the second prior, of the seeds that both rows have."""
    ours, theirs = (
        {seed: point.single[place][0] for place, seed in enumerate(each.seeds)}
        for each, wanted in ((row, share), (alone, other))
        for point in each.points
        if point.share == wanted
    )
    return _spread([ours[seed] - theirs[seed] for seed in ours if seed in theirs])


def _recall_gain(row, control):
    """The mean distance of two curves of macro recall over accuracy; none where they share no accuracy."""
    gains = []
    for seed in set(row.seeds) & set(control.seeds):
        ours, theirs = (
            np.array(sorted(point.single[each.seeds.index(seed)] for point in each.points)).T for each in (row, control)
        )
        low, high = max(ours[0, 0], theirs[0, 0]), min(ours[0, -1], theirs[0, -1])
        if low < high:
            accuracies = low + (high - low) * (np.arange(1000) + 0.5) / 1000
            gains.append(np.mean(np.interp(accuracies, *ours) - np.interp(accuracies, *theirs)))
    return _spread(gains) if gains else MISSING


def _spread(gains):
    deviation = f" ± {100 * np.std(gains, ddof=1):.2f}" if len(gains) > 1 else ""
    return f"{100 * np.mean(gains):+.2f}{deviation}"
