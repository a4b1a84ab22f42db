"""What FER2013's figures are worth."""

from pathlib import Path

from fer_md.runs.results import read_result
from pages.blocks import Block, Commands, Text, table
from pages.cells import VIEWS, percent
from pages.study_rows import Audit


def read_audit(folder: Path) -> Audit:
    """What the script wrote into ``docs/results``."""
    return read_result(Audit, folder / "fer2013-audit.json")


def audit_blocks(found: Audit) -> list[Block]:
    """A table of the splits, and one of the networks."""
    return [*splits_blocks(found), *networks_blocks(found), Commands(COMMANDS)]


def splits_blocks(found: Audit) -> list[Block]:
    text = (
        "What the test splits share with Training. A twin is a face that correlates with a training face by "
        f"{found.correlation:g} or more, possibly shifted by up to four pixels or mirrored. The ceiling is the "
        "accuracy of predicting the most probable label from all ten votes of FER+ (a logistic model, fitted on "
        "Training)."
    )
    return [Text(text), table(_split(row) for row in found.splits)]


def networks_blocks(found: Audit) -> list[Block]:
    text = (
        "Accuracy in %: on all faces; without those that are pixel-identical to a face of Training; without all twins; "
        "and on the twins alone, where a network may remember the label. `fer` is the network in the package of that "
        "name; the others are bundled with this one, and have the same components. They are measured in LiteRT, as "
        "`Predictor` runs them; the [model card](MODEL_CARD.md) has the Keras models, which differ by up to 0.3 points."
    )
    return [Text(text), table((_network(row) for row in found.rows), ("split", "network"))]


COMMANDS = (
    "python experiments/audit_fer2013.py --data=runs/data/fer2013 --fer=emotion_model.hdf5 "
    "--output=docs/results/fer2013-audit.json",
)


def _split(row):
    return {
        "split": row.split,
        "faces": row.faces,
        "identical": f"{row.identical} ({percent(row.identical / row.faces, 1)} %)",
        "twins": f"{row.twins} ({percent(row.twins / row.faces, 1)} %)",
        "of these moved or mirrored": row.moved_or_mirrored,
        "twins with another label %": percent(row.twins_with_other_label / max(row.twins, 1), 1),
        "ceiling %": percent(row.ceiling, 1),
    }


def _network(row):
    return {
        "split": row.split,
        "network": row.network,
        "views": VIEWS[row.averaging],
        "all %": percent(row.accuracy),
        "without identical %": percent(row.without_identical),
        "without twins %": percent(row.without_twins),
        "twins alone %": percent(row.twins),
        "macro recall, all %": percent(row.macro_recall),
    }
