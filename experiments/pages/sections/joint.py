"""Ways to learn two data sets, measured on both while one prior gives way to the other."""

from pages.blocks import Block, Text, table
from pages.cells import percent
from pages.study_rows import JointPoint, JointStudy


def joint_blocks(found: JointStudy) -> list[Block]:
    """One row a network and data set; a column for each share of the second data set's prior."""
    first, second = found.data
    text = (
        f"The components, of network {found.network}, learned {found.first_epochs} epochs of {first} and as many faces "
        f"of {second}. Each row then continues for {found.epochs} epochs. Accuracy / macro recall in per cent on "
        f"{found.split}, means over the seeds. The columns are shares of {second}'s prior in the predictions; the rest "
        f"is {first}'s. Compare rows within a column: along a row only the prior changes, not what was learned."
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
    return [Text(text), table(rows, ("data", "way"))]


def _cell(point: JointPoint) -> str:
    return f"{percent(point.accuracy)} / {percent(point.macro_recall)}"
