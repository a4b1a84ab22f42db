"""Networks on data sets that they were not trained on."""

from pages.blocks import Block, Text, table
from pages.cells import MISSING, interval, percent
from pages.study_rows import Cross


def cross_blocks(found: Cross) -> list[Block]:
    """A table with a row a network, and two columns a data set; another of what was tested."""
    expressions = ", ".join(found.expressions)
    return [
        Text(
            f"{found.split}, over {expressions}. Each cell is the accuracy in %, with its 95 % interval, and the macro "
            f"recall; `*` marks a data set that the network has learned from."
        ),
        table(
            {
                "network": row.network,
                "trained on": ", ".join(row.trained_on) or MISSING,
                **{
                    f"{cell.data}": f"{percent(cell.accuracy)} ({interval(cell)}), recall {percent(cell.macro_recall)}"
                    + (" *" if cell.data in row.trained_on else "")
                    for cell in row.cells
                },
            }
            for row in found.rows
        ),
        Text(
            "Left out are faces of other expressions, and those that are in the Training split of any of the data sets."
        ),
        table(
            {"tested on": column.data, "faces": f"{column.faces:,}", "left out": column.left_out}
            for column in found.columns
        ),
    ]
