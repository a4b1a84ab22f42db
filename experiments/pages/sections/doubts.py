"""What the doubts about faces are worth, and what the detector's threshold does."""

from pages.blocks import Block, Text, table
from pages.cells import percent
from pages.study_rows import Doubts


def doubts_blocks(found: Doubts) -> list[Block]:
    """A table of the doubts, one row a change of the photographs, and one of the thresholds."""
    return [
        Text(
            f"{found.photographs} photographs of {found.data}, {found.split}, whose faces are {found.face:.0f} pixels "
            f"wide (median), were made worse. Of the faces found in them some were doubted, for one reason or several; "
            f"the last columns have the accuracy in % of the answers about these and about the others."
        ),
        table(
            {
                "photographs": row.change,
                "found": row.found,
                "doubted": row.doubted,
                **row.doubts,
                "accuracy, doubted": percent(row.accuracy_doubted, 1),
                "accuracy, others": percent(row.accuracy_others, 1),
            }
            for row in found.doubts
        ),
        Text(
            f"The threshold (`--min_score`) against false alarms: faces found in {len(found.scenes)} photographs "
            f"without one, cut into {found.tiles} tiles of at most {found.tile} pixels a side. Beside them is the "
            f"share in % of the photographs above, of those with a face at the lowest threshold, in which a face is "
            f"found as they are and at a fifth of the size."
        ),
        table(
            {
                "threshold": f"{row.threshold:g}",
                "false alarms": row.false_alarms,
                f"at most {found.narrow} pixels wide": row.narrow,
                "faces found": percent(row.found, 1),
                "small faces found": percent(row.found_small, 1),
            }
            for row in found.thresholds
        ),
    ]
