"""What averaging over time does to the answers for a video."""

from pages.blocks import Block, Text, table
from pages.cells import percent
from pages.study_rows import Smoothing


def smoothing_blocks(found: Smoothing) -> list[Block]:
    """One row for each time that is averaged over."""
    text = (
        f"{found.clips} clips of {found.seconds} seconds, filmed from photographs of {found.data}, {found.split}, by a "
        f"camera that shakes: in the middle of each, another photograph of another expression takes the place of the "
        f"first. Right would be {1 / found.seconds:.2f} changes of the label a second. The faces were followed as "
        f"{found.tracks:.2f} faces a clip; in {percent(found.faceless, 1)} % of the frames none was found. "
        f"`experiments/smoothing.py` says how the clips are made."
    )
    rows = [
        {
            "`--smooth`": f"{row.smoothing:g}",
            "changes a second": f"{row.changes:.2f}",
            "accuracy": percent(row.accuracy, 1),
            f"accuracy in the {found.after} s after the change": percent(row.accuracy_after_change, 1),
        }
        for row in found.rows
    ]
    return [Text(text), table(rows)]
