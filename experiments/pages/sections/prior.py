"""What a named prior does to a network's figures, share by share."""

from fer_md.evaluation.measure import Evaluation
from pages.blocks import Table, table
from pages.cells import interval, percent

READING = (
    "The same predictions corrected for a prior (`fer-md predict --prior`), which is how frequent each expression is "
    "in the named data. The share says how much of the correction is applied; at 0 nothing is corrected. Log loss "
    "penalises confident mistakes; lower is better. Choose the share on PublicTest, never on the test split."
)


def prior_table(found: list[Evaluation]) -> Table:
    """One row a point of each evaluation's curve."""
    return table(
        {
            "data, split": f"{row.data} {row.split}",
            "prior": row.prior_curve.named,
            "share": f"{point.share:g}",
            "accuracy %": percent(point.accuracy),
            "95 % interval, accuracy": interval(point),
            "macro recall %": percent(point.macro_recall),
            "95 % interval, macro recall": interval(point, "macro_recall"),
            "log loss": f"{point.negative_log_likelihood:.3f}",
        }
        for row in found
        if row.prior_curve is not None
        for point in row.prior_curve.points
    )
