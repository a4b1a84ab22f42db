"""What a report is about: where the runs, the data sets and the measured figures are."""

import dataclasses
from pathlib import Path

from fer_md.evaluation.measure import Evaluation
from fer_md.runs.results import Result, read_result
from pages.result_files import read_named


@dataclasses.dataclass(frozen=True)
class Sources:
    """Folders and files that the sections read; a section whose source is missing says how to make it, or is left out.

    Attributes:
        runs: finished and evaluated pre-training runs; one that learned several data sets is there once for each.
        data: the prepared folder of each run, in the same order.
        finetuned: the fine-tuning run of these components, or None.
        results: folder with the files of the tables and figures, such as ``table1.json``, or None.
        drawn_faces: file that benchmarks/drawn_faces.py wrote, or None.
        photographs: folder of whole photographs whose faces are shown, or None.
        more_data: prepared folders of the data sets that only Tab. 2 and 3 use.
    """

    runs: tuple[Path, ...]
    data: tuple[Path, ...]
    finetuned: Path | None = None
    results: Path | None = None
    drawn_faces: Path | None = None
    photographs: Path | None = None
    more_data: tuple[Path, ...] = ()

    def result(self, name: str) -> Result | None:
        """The content of ``NAME.json`` in the folder of results, or None where it is not there."""
        return read_named(self.results, name) if self.results else None


def evaluations(run: Path) -> list[Evaluation]:
    """The figures of every evaluation of a run."""
    return [read_result(Evaluation, path) for path in sorted(Path(run).glob("eval/*/metrics.json"))]
