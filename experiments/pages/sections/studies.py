"""The studies: the loss choice by choice, and networks and recipes that were tried."""

from pages.blocks import Block, Text, table
from pages.cells import percent
from pages.study_rows import LossAblation, NetworkSearch


def ablation_blocks(found: LossAblation) -> list[Block]:
    """One row a form of the loss, the most accurate first."""
    text = (
        f"Short trainings from scratch, {found.epochs} epochs each, of a component with half as wide fully connected "
        f"layers, measured on {found.split}. Intra is the mean squared distance of a face from the mean of its class, "
        "inter that of the class means from one another. A row with one seed differs by chance as much as by choice."
    )
    rows = (
        {
            "loss": row.name,
            "seeds": len(row.seeds),
            "accuracy %": percent(row.accuracy),
            "± std": percent(row.accuracy_std),
            "macro recall %": percent(row.macro_recall),
            "intra": f"{row.intra:.1f}",
            "inter": f"{row.inter:.1f}",
            "intra / inter": f"{row.ratio:.2f}",
        }
        for row in sorted(found.rows, key=lambda row: -row.accuracy)
    )
    return [Text(text), table(rows)]


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
