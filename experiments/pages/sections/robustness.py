"""How predictions degrade with the faces."""

from pages.blocks import Block, Text, table
from pages.cells import percent
from pages.study_rows import Robustness


def robustness_blocks(found: Robustness) -> list[Block]:
    """One row a corruption and network, a column a strength."""
    text = (
        f"Accuracy in % on {found.images:,} faces of {found.split} that were degraded on purpose, from strength 1 to "
        "strength 5: blurred, with noise, compressed as JPEG, made lighter or darker, with less contrast, partly "
        "covered by a gray rectangle, shifted and rotated. `fer_md/evaluation/corruptions.py` defines the strengths. "
        "`fer` is the network in the package of that name; the others are bundled with this one."
    )
    return [Text(text), table(_rows(found.rows), ("corruption",))]


def _rows(rows):
    for corruption in dict.fromkeys(row.corruption for row in rows if row.strength):
        for network in dict.fromkeys(row.network for row in rows):
            own = [row for row in rows if row.network == network and row.corruption in ("none", corruption)]
            yield {
                "corruption": corruption,
                "network": network,
                **{str(row.strength) if row.strength else "undamaged": percent(row.accuracy, 1) for row in own},
            }
