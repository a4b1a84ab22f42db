"""What the paper prints in Sec. 4: its tables, typed off, in per cent.

The rows of Tab. 1 to 3 sum to 72.7 ... 129.6 and the columns to 63.5 ... 123.9, so neither is normalised, and only the
diagonals can be compared, with a recall. Their means are 79.71, 95.60 and 76.34; the first is the 79.7 of Tab. 4. In
Tab. 2 the last column is called contempt and the last row neutral: both are read as contempt, which CK+ has.
"""

import dataclasses

import numpy as np

_SIX = ("happiness", "sadness", "surprise", "anger", "disgust", "fear")


@dataclasses.dataclass(frozen=True)
class PaperTable:
    """A confusion matrix as it is printed.

    Attributes:
        data: what the caption says it was measured on.
        expressions: K names, in the order of rows and columns.
        cells: K rows of K numbers; rows are the truth by the caption.
    """

    data: str
    expressions: tuple
    cells: tuple

    @property
    def diagonal(self):
        """dict from an expression to its number on the diagonal."""
        return dict(zip(self.expressions, np.diag(self.cells).tolist(), strict=True))

    @property
    def mean(self):
        """The unweighted mean of the diagonal, comparable with a macro recall in per cent."""
        return float(np.diag(self.cells).mean())


CONFUSIONS = {
    1: PaperTable(
        "FER2013",
        (*_SIX, "neutral"),
        (
            (83.4, 3, 3, 1.5, 5.3, 2, 3),
            (0, 82.6, 3.2, 3, 5, 5, 2.2),
            (5.6, 0, 86.3, 2, 3.2, 19.8, 0),
            (1.3, 2.5, 3, 73.5, 8.6, 5.5, 2.2),
            (5.5, 8.9, 0, 6.6, 71.5, 3, 5.8),
            (6.2, 7.6, 25.8, 5.3, 2.5, 79.2, 3),
            (3, 5.5, 2.6, 0, 8.8, 5.8, 81.5),
        ),
    ),
    2: PaperTable(
        "CK+",
        (*_SIX, "contempt"),
        (
            (100, 0, 0, 0, 0, 0, 0),
            (0, 93.5, 0, 3.2, 0, 1.8, 2.7),
            (0, 0, 98.5, 0.2, 0, 1.8, 0),
            (0, 7.5, 1.2, 93.1, 0, 0, 0),
            (0, 0, 0, 0, 98.8, 0, 0),
            (1.5, 0, 9.3, 0, 0, 96.8, 3.6),
            (0, 5.8, 0, 5.8, 0, 0, 88.5),
        ),
    ),
    3: PaperTable(
        "MMI",
        (*_SIX, "neutral"),
        (
            (93.8, 2.8, 3, 0, 2.4, 0, 2.4),
            (0, 78.4, 3.2, 9.5, 6.1, 0, 7.5),
            (5.6, 0, 79.5, 8.1, 0, 12.1, 6.7),
            (1.8, 2.5, 0, 82.2, 8.6, 2.4, 5.2),
            (5.6, 7.9, 2.5, 7.8, 71.2, 3.2, 0.8),
            (4.1, 5.9, 5.5, 4.8, 1.2, 45.8, 5.4),
            (0, 2.5, 0, 4.7, 0, 0, 83.5),
        ),
    ),
}
"""Tab. 1 to 3 by their number."""

METHODS = {"zhang": (75.10, 75.21), "kim": (72.72, 74.55), "meng": (76.82, 78.27), "ours": (None, None)}
"""Tab. 4: accuracy with the method's own loss, and with MD loss. The paper's own row is of both components fused, see
``FUSED``: nothing is printed of one component."""

METHODS_NOTE = (
    "The paper's figures are no target here. The paper calls them accuracies on CK+, MMI and faces of its own, 70 % of "
    "them for training. 75.10 and 72.72 are most likely the FER2013 figures of the literature for Zhang et al. and Kim "
    "et al.; 76.82 has no known source for Meng et al. Ours are short trainings on other data. The paper's own row, "
    "79.7, is of two fused networks that exchanged their data sets, and is the mean of Tab. 1's diagonal, a macro "
    "recall. So it is compared with the fine-tuned networks, not with our component here."
)

PRETRAINED = {"fer2013": 70.14, "facial_expressions": 64.11}
"""Accuracy of each component on its own data set, by the data set that takes its place here: D1 is FER2013 and
1,400 faces that are not published; D2 is SFEW, which may not be redistributed."""

FUSED = 79.7
"""Tab. 4 of both components, fused: a macro recall, by Tab. 1."""

NOT_NORMALISED = (
    "The rows and columns that the paper prints do not add up to 100. So only its diagonal is compared, with our "
    "recall of each expression, and the mean of its diagonal with our macro recall."
)
