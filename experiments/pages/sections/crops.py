"""Which rule for cutting out a face is best."""

from pages.blocks import Block, Text, table
from pages.cells import percent, points
from pages.study_rows import Crops


def crops_blocks(found: Crops) -> list[Block]:
    """A table for each split, one row a rule and network."""
    text = (
        "Accuracy in % on press photographs whose faces were cut out in different ways: by the detector's eyes or its "
        "box, in a square whose side is a multiple of the rule's own; by the eyes among the 68 landmarks; or from the "
        "content of the box alone, made square by adding its mirror image, by squeezing, or by keeping only its "
        "middle. The gain is over `eyes x 1.0`, by which the training faces were cut out, with its 95 % interval over "
        "people. A head is tilted if its eyes are more than 10° from level."
    )
    blocks: list[Block] = [Text(text)]
    for split in dict.fromkeys(row.split for row in found.rows):
        own = [row for row in found.rows if row.split == split]
        first = own[0]
        blocks += [
            Text(f"{split}: {first.faces:,} faces of {first.people:,} people, {first.tilted} of them tilted."),
            table([_row(row) for row in own], ("network",)),
        ]
    return blocks


def _row(row):
    return {
        "network": row.network,
        "rule": row.rule,
        "accuracy": percent(row.accuracy),
        "macro recall": percent(row.macro_recall),
        "tilted": percent(row.accuracy_tilted, 1),
        "gain": points(row.gain),
    }
