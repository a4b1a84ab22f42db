"""What the doubts about faces are worth, and what the detector's threshold does."""

from pages.blocks import Block, Text, table
from pages.cells import percent
from pages.study_rows import Doubts


def doubts_blocks(found: Doubts) -> list[Block]:
    """A table of the doubts, one row a change of the photographs, and one of the thresholds."""
    return [
        Text(
            f"{found.photographs} photographs of {found.data}, {found.split}, whose faces are {found.face:.0f} pixels "
            f"wide (median), were degraded. Some of the faces found in them were marked as doubtful, for one or more "
            f"reasons. The last columns are the accuracy in % on the doubtful faces and on the others."
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
            f"What the threshold (`--min_score`) does. False alarms are faces found in {len(found.scenes)} photographs "
            f"without any, cut into {found.tiles} tiles of at most {found.tile} pixels a side. Faces found is the "
            f"share in % of the photographs above in which a face is found, out of those with a face at the lowest "
            f"threshold; small faces found is the same at a fifth of the size."
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
