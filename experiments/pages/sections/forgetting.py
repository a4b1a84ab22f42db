"""What a network forgets in the exchange, and how much of it comes back without training."""

from pages.blocks import Block, Text, table
from pages.cells import MISSING, interval, percent
from pages.rows import AFTER, BEFORE, Forgetting


def forgetting_blocks(found: Forgetting) -> list[Block]:
    """One row a component and state, on the data set that it learned first."""
    faces = " and ".join(f"{count:,}" for count in found.statistics_faces)
    text = (
        "Each component on the data set that it learned first: before the exchange, after it, and with corrections "
        "that need no training. Batch-norm statistics were estimated again on faces of that data set's Training split "
        f"({faces}). The ratio of the priors compares how frequent each expression is in the first data set and in the "
        "second; its logarithm is added to the logits. Biases, one per expression, were fitted on "
        f'{found.validation}; they can do all that the ratio does. "Recovered" is the part of the loss that a '
        f"correction makes up for. Measured on {found.split}."
    )
    return [Text(text), table(_rows(found.rows), ("data", "network"))]


def _rows(rows):
    for row in rows:
        before, after = (
            next(other for other in rows if (other.network, other.state) == (row.network, state))
            for state in (BEFORE, AFTER)
        )
        yield {
            "data": row.data,
            "network": row.network,
            "state": row.state,
            "accuracy %": percent(row.accuracy),
            "95 % interval": interval(row),
            "recovered %": _came_back(row, before, after, "accuracy"),
            "macro recall %": percent(row.macro_recall),
            "95 % interval, macro recall": interval(row, "macro_recall"),
            "recovered, macro recall %": _came_back(row, before, after, "macro_recall"),
        }


def _came_back(row, before, after, name):
    """How much of the way from after to before; nothing for the two themselves, or where nothing was lost."""
    if row.state in (BEFORE, AFTER):
        return ""
    lost, regained = (getattr(each, name) - getattr(after, name) for each in (before, row))
    return percent(regained / lost, 0) if lost > 0 else MISSING
