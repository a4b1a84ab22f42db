"""Fig. 6: landmarks by the same component, and by others."""

from pages.blocks import Block, Table, Text, table
from pages.cells import percent, points
from pages.rows import Landmarks

ERRORS = (
    "Each method finds 68 points on faces of people that it has not learned from. The error is the mean distance "
    'from the true points, divided by the distance of the eyes or by the size of the face. "Minus the first" is the '
    "difference in mean error from the first method, in points, with its 95 % interval. That interval covers other "
    "test people, each with all their faces, but not other trainings. The paper never published its curves as numbers, "
    "and its true points were made by an alignment program, so no figure of the paper is given."
)
"""What must be known to read any of these tables."""


def landmarks_blocks(found: Landmarks) -> list[Block]:
    """What must be known, and the table."""
    return [Text(landmarks_text(found)), landmarks_table(found)]


def landmarks_table(found: Landmarks) -> Table:
    """One row a method and set of test people."""
    rows = []
    for data, methods in found.errors.items():
        for method, errors in methods.items():
            single = [100 * each["mean"] for each in found.single[data][method]]
            cells = {"test people": data, "method": method}
            if len(found.seeds) > 1:
                cells["mean % by the eyes, each seed"] = ", ".join(f"{mean:.2f}" for mean in single)
            for name, error in errors.items():  # what the error is divided by
                cells |= {
                    f"mean % / {name}": percent(error.mean),
                    f"minus the first / {name}": points(error.minus_first),
                    f"AUC / {name}": f"{error.auc:.3f}",
                    f"failures % / {name}": percent(error.failures, 1),
                }
            rows.append(cells)
    return table(rows, ("test people",))


def landmarks_text(found: Landmarks) -> str:
    """What must be known to read the table, beside ``ERRORS``."""
    faces = "; ".join(f"{name}: {n['training']} to learn, {n['test']} to test" for name, n in found.faces.items())
    epochs = ", ".join(f"{count} of {stage}" for stage, count in found.epochs.items())
    first = next(iter(next(iter(found.errors.values()))))
    trained = "Everything was trained once, and another seed may order the methods otherwise."
    if len(found.seeds) > 1:
        trained = f"Everything was trained with {len(found.seeds)} seeds; the errors are those of all together."
    return (
        f"Faces: {faces}. Crops of {found.image_size} x {found.image_size} pixels. Epochs: {epochs}. {trained} The "
        f"other methods are compared with the first method ({first}). AUC is the "
        f"area under the curve of errors up to {found.failure_above:g}; failures are the faces with a larger error."
    )
