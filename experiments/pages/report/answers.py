"""What the network answers on a data set's validation faces; the test split is not looked at."""

import dataclasses
import functools
from pathlib import Path

import numpy as np

from fer_md.data.records import Split, load_split, read_info
from fer_md.evaluation.components import find_networks, load_scorer, stack_scores
from fer_md.models.fused import fuse
from pages.report.page import faces

SPLIT = "PublicTest"
"""The validation split."""


@dataclasses.dataclass(frozen=True)
class Answers:
    """Faces with what a network says of them.

    Attributes:
        data: name of the data set.
        names: of the K expressions.
        split: the faces and their labels.
        scores: (N, K) probabilities.
    """

    data: str
    names: list[str]
    split: Split
    scores: np.ndarray

    @property
    def right(self) -> np.ndarray:
        """(N,) bool: whether the answer is the label."""
        return self.scores.argmax(1) == self.split.labels

    def first(self, count: int) -> np.ndarray:
        """Rows of the first ``count`` faces of each expression, by expression."""
        labels = self.split.labels
        return np.concatenate([np.flatnonzero(labels == label)[:count] for label in range(len(self.names))])

    def confident_mistakes(self, count: int) -> np.ndarray:
        """Rows of the ``count`` mistakes with the highest probability."""
        wrong = np.flatnonzero(~self.right & (self.split.labels >= 0))
        return wrong[np.argsort(-self.scores[wrong].max(1), kind="stable")][:count]

    def sheet(self, rows: np.ndarray, kind: str = "faces") -> str:
        """HTML of these faces with label, answer and its probability."""
        captions = [
            (
                self.names[self.split.labels[row]],
                f"→ {self.names[self.scores[row].argmax()]} {100 * self.scores[row].max():.0f}\N{NO-BREAK SPACE}%",
            )
            for row in rows
        ]
        return faces(self.split.images[rows], captions, self.right[rows], kind)


@functools.cache
def answers(run: Path, directory: Path) -> Answers:
    """What the networks of a run, fused, say of a data set's validation faces.

    Args:
        run: of one network, or the fine-tuning of several.
        directory: prepared data set.
    """
    info, split = read_info(directory), load_split(directory, SPLIT)
    scorers = [load_scorer(*network, info) for network in find_networks([run], data=info["name"])]
    return Answers(info["name"], info["expressions"], split, fuse(stack_scores(scorers, split.images)))
