"""Tab. 1 to 3: the recall of each expression beside the diagonal of the paper's matrix."""

from pages.blocks import Block, Table, Text, table
from pages.cells import difference, percent, printed
from pages.paper_tables import CONFUSIONS
from pages.rows import Matrices

NEEDS = {
    2: ("CK+", "cohn-kanade-images/ and Emotion/ in DIR/CK+ or DIR/CK+.zip"),
    3: ("MMI", "Sessions/ in DIR/MMI, unpacked"),
}
"""Data sets that Tab. 2 and 3 need, and how they lie in DATA_ROOT; docs/DATA.md says where to ask for them."""


def matrices_blocks(found: Matrices) -> list[Block]:
    """Where it was measured, and the table; ``NOT_NORMALISED`` says what is compared."""
    return [Text(f"Recall of each expression on {' and '.join(found.data)}, {found.split}."), recall_table(found)]


def needs_data(number: int) -> tuple[str, str]:
    """What takes the place of Tab. 2 or 3 without its data: a text that ends in "run", and the command."""
    name, place = NEEDS[number]
    text = f"Not measured: {name} is handed out on request only. With {place} (FER2013 beside it) run"
    return text, f"make reproduce-table{number} DATA_ROOT=DIR"


def recall_table(found: Matrices) -> Table:
    """One row an expression, then the mean, the accuracy and the number of images."""
    paper = CONFUSIONS[found.table]
    names = [f"{row.data}, {row.network}" for row in found.rows]

    def line(label, theirs, values):
        cells = {"expression": label, f"paper, {paper.data} %": printed(theirs)}
        for name, value in zip(names, values, strict=True):
            cells |= {f"{name} %": percent(value), f"difference, {name}": difference(value, theirs)}
        return cells

    expressions = dict.fromkeys([*paper.expressions, *(name for row in found.rows for name in row.expressions)])
    rows = [line(n, paper.diagonal.get(n), [row.recall.get(n) for row in found.rows]) for n in expressions]
    rows.append(line("mean (macro recall)", paper.mean, [row.macro_recall for row in found.rows]))
    rows.append(line("accuracy", None, [row.accuracy for row in found.rows]))
    images = {f"{name} %": row.images for name, row in zip(names, found.rows, strict=True)}
    rows.append({"expression": "images", **images})
    return table(rows)
