"""How hard the drawn faces are: a linear classifier and the network on both domains."""

from pages.blocks import Block, Text, table
from pages.cells import between, percent
from pages.study_rows import DrawnFaces


def drawn_blocks(found: DrawnFaces) -> list[Block]:
    """What is compared, and a row for each domain."""
    rows = (
        {
            "domain": name,
            "linear on pixels %": percent(row.linear["accuracy"], 1),
            "network %": percent(row.network["accuracy"], 1),
            "95 % interval": between(*row.network["accuracy_interval"]),
            "faces a processor second": f"{row.faces_per_cpu_second:.0f}",
        }
        for name, row in found.domains.items()
    )
    text = (
        f"Accuracy on {found.split}, on drawn people who are not in Training. A linear classifier on the pixels is the "
        "least that a network must beat. The last column says how fast the faces are drawn."
    )
    return [Text(text), table(rows)]
