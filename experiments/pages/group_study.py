"""What a network knows of groups of people: the file of ``evaluate_folder.py`` and ``first_names.py``."""

import dataclasses

from fer_md.evaluation.groups import Comparison, Group
from fer_md.runs.results import Result


@dataclasses.dataclass(frozen=True, kw_only=True)
class GroupStudy(Result):
    """The figures of one network on labelled pictures.

    Attributes:
        data: what the pictures are.
        network: its name in the package, or its path.
        prior: named for the answers, as text; None for the network's own.
        unread: pictures that could not be read.
        left_out: number of pictures of each label that the network does not know.
        overall: the figures of all other pictures, as one group.
        columns: the groups of each column.
    """

    data: str
    network: str
    prior: str | None = None
    unread: int
    left_out: dict[str, int]
    overall: Group
    columns: dict[str, Comparison]
