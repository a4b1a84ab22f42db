"""What averaging over time does to the answers for a video."""

from pages.blocks import Block, Text, table
from pages.cells import percent
from pages.study_rows import Smoothing


def smoothing_blocks(found: Smoothing) -> list[Block]:
    """One row for each time that is averaged over."""
    text = (
        f"{found.clips} clips of {found.seconds} seconds, made from photographs of {found.data}, {found.split}, with "
        f"simulated camera shake. Halfway through each clip, a photograph of another expression replaces the first, so "
        f"the label should change {1 / found.seconds:.2f} times a second. The tracker found {found.tracks:.2f} faces "
        f"per clip; in {percent(found.faceless, 1)} % of the frames no face was found. `experiments/smoothing.py` says "
        f"how the clips are made."
    )
    rows = [
        {
            "`--smooth`": f"{row.smoothing:g}",
            "label changes per second": f"{row.changes:.2f}",
            "accuracy": percent(row.accuracy, 1),
            f"accuracy in the {found.after} s after the change": percent(row.accuracy_after_change, 1),
        }
        for row in found.rows
    ]
    return [Text(text), table(rows)]
