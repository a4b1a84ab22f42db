"""Ways to learn two data sets, measured on both while one prior gives way to the other."""

import numpy as np

from pages.blocks import Block, Table, Text, table
from pages.cells import percent
from pages.study_rows import JointPoint, JointRow, JointStudy

ALONE = "alone"
"""The row whose networks learn one data set each; every other row is compared with them."""

HALF = 0.5
"""Share of the second data set's prior at which the macro recall there is compared."""


def joint_blocks(found: JointStudy) -> list[Block]:
    """What each way gains over one data set alone, and a table of all: a column for each share of the prior."""
    first, second = found.data
    text = (
        f"The components, of network {found.network}, learned {found.first_epochs} epochs of {first} and as many faces "
        f"of {second}. Each row then continues for {found.epochs} epochs. Accuracy / macro recall in per cent on "
        f"{found.split}, means over the seeds. The columns are shares of {second}'s prior in the predictions; the rest "
        f"is {first}'s. Compare rows within a column: along a row only the prior changes, not what was learned. "
        f"“joint” alone is told which of the data sets a face is from, by the batch-norm statistics. {_rare(found)}"
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
        f"Differences in points from the network that learned one data set alone, mean ± deviation over the seeds. "
        f"Accuracies are with the prior of the data set itself. The macro recall on {second} is with half of its "
        f"prior, and compared with what the network of {first} alone reaches at the same accuracy, under whichever "
        "prior."
    )
    return [Text(text), _gains(found, rows, alone, control)]


def _gains(found: JointStudy, rows: dict, alone: list[JointRow], control: JointRow) -> Table:
    first, second = found.data
    ways = dict.fromkeys(
        (row.row, row.network) for row in found.rows if row.row != ALONE or row.network.startswith("fused")
    )
    return table(
        {
            "way": way,
            "network": network,
            f"{first}, accuracy": _gain(rows[way, network, first], alone[0], 0.0),
            f"{second}, accuracy": _gain(rows[way, network, second], alone[1], 1.0),
            f"{second}, macro recall at equal accuracy": _recall_gain(rows[way, network, second], control),
        }
        for way, network in ways
    )


def _gain(row, alone, share):
    """Accuracy under a share of the second prior, of the seeds that both rows have."""
    ours, theirs = (
        {seed: point.single[place][0] for place, seed in enumerate(each.seeds)}
        for each in (row, alone)
        for point in each.points
        if point.share == share
    )
    return _spread([ours[seed] - theirs[seed] for seed in ours if seed in theirs])


def _recall_gain(row, control):
    (point,) = (point for point in row.points if point.share == HALF)
    gains = []
    for place, seed in enumerate(row.seeds):
        if seed in control.seeds:
            accuracy, recall = point.single[place]
            curve = sorted(each.single[control.seeds.index(seed)] for each in control.points)
            gains.append(recall - np.interp(accuracy, *zip(*curve, strict=True)))
    return _spread(gains)


def _spread(gains):
    deviation = f" ± {100 * np.std(gains, ddof=1):.2f}" if len(gains) > 1 else ""
    return f"{100 * np.mean(gains):+.2f}{deviation}"
