"""The method stage by stage: its figures beside the paper's, and what each network confuses."""

from pages.blocks import Block, Table, Text, table
from pages.cells import MISSING, difference, interval, percent
from pages.rows import StageRow, Stages

READING = (
    "A component is one of the two networks. Pre-trained, it was trained on its own data set; fine-tuned, on the other "
    "component's as well. Fused, their scores are added, with equal weights or with weights fitted on the "
    "validation split. The paper's figures come from other data: its D1 is "
    "FER2013 with 1,400 faces that were never published, its D2 is SFEW, which may not be redistributed. Its 79.7 is "
    "the mean of Tab. 1's diagonal, so it is compared with our macro recall; its other figures are compared with our "
    "accuracy. No held-out image was trained on."
)
"""What must be known to read any of these tables."""
MISTAKES = (
    "What each network confuses: the share of the faces with each expression that it recognised, in per cent, and in "
    "brackets its most frequent mistake."
)
GROUPS = ("data", "stage")
"""Columns by which both tables are grouped."""


def stages_blocks(found: Stages) -> list[Block]:
    """How it was trained, the figures, and what is confused."""
    rows = found.rows
    return [Text(_training(found)), stages_table(rows), Text(MISTAKES), mistakes_table(rows)]


def _training(found):
    epochs = found.epochs or [None] * len(found.seconds)
    count = len({row.data for row in found.rows})  # as many components as data sets
    *others, _ = found.settings
    names = [*(_component_run(index, each, count) for index, each in enumerate(others)), "fine-tuning"]
    times = ", ".join(
        f"{name} {seconds / 60:.1f} minutes" + (f" ({count:.0f} epochs)" if count else "")
        for name, seconds, count in zip(names, found.seconds, epochs, strict=True)
    )
    replay = found.settings[-1]["replay"]
    kind = (
        f"While a component was fine-tuned, it also saw its own data set again, with weight {replay:g}."
        if replay
        else "For the fine-tuning the components exchanged their data sets, as in the paper."
    )
    return f"{kind}{_others(found)} Training took: {times}. Measured on {found.split}."


def _component_run(index, settings, components):
    """Which component a run trained, and how."""
    how = " jointly" if settings.get("stage") == "joint" else " alone" if index >= components else ""
    return f"component {index % components + 1}{how}"


def _others(found):
    """What the components did in the stages that the paper does not have."""
    stages = {row.stage for row in found.rows}
    alone = " In the stage alone, a component continued on its own data set for as long." if "alone" in stages else ""
    joint = (
        " In joint training, it learned both data sets at once for as long, each with its own batch-norm statistics."
        if "joint" in stages
        else ""
    )
    return alone + joint


def stages_table(rows: list[StageRow]) -> Table:
    """One row a network, data set and stage; the paper's figures where it has any on these data."""
    return table(
        (
            {
                **_place(row),
                "accuracy %": percent(row.accuracy),
                "95 % interval": interval(row),
                "macro recall %": percent(row.macro_recall),
                **(_paper(row) if any(other.paper for other in rows) else {}),
            }
            for row in rows
        ),
        GROUPS,
    )


def _place(row):
    return {"data": row.data, "stage": row.stage, "network": row.network}


def _paper(row):
    return {
        "paper %": "" if row.paper is None else f"{row.paper:g}",
        "difference": difference(getattr(row, row.paper_measures), row.paper),
    }


def mistakes_table(rows: list[StageRow]) -> Table:
    """The confusion matrices of the same rows in short."""
    names = list(dict.fromkeys(name for row in rows for name in row.expressions))
    return table(
        (
            {
                **_place(row),
                **dict.fromkeys(names, MISSING),
                **{name: _mistake(index, row) for index, name in enumerate(row.expressions)},
            }
            for row in rows
        ),
        GROUPS,
    )


def _mistake(index, row):
    """One row of a confusion matrix: 56.8 (neutral 38.0)."""
    counts, total = row.confusion[index], sum(row.confusion[index])
    if not total:
        return MISSING
    others = [(count, name) for count, name in zip(counts, row.expressions, strict=True)]
    own, _ = others.pop(index)
    count, name = max(others)
    return percent(own / total, 1) + (f" ({name} {percent(count / total, 1)})" if count else "")
