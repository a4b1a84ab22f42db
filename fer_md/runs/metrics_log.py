"""The record of a run: one JSON object a line, and the same values for TensorBoard."""

import json
from pathlib import Path
from typing import Any

from fer_md.files import atomic_file
from fer_md.runs.summaries import Summaries


class MetricsLog:
    """``metrics.jsonl`` and ``tensorboard/`` of a run.

    Lines of steps after the checkpoint are dropped on resume.

    Args:
        run_dir: ``pathlib.Path`` of the run.
        step: of the checkpoint.
        writes_files: whether this process does; of several workers one.
    """

    def __init__(self, run_dir: Path, step: int, writes_files: bool = True) -> None:
        self.path = run_dir / "metrics.jsonl"
        self.rows: list[dict[str, Any]] = []
        if self.path.exists():
            rows = [json.loads(line) for line in self.path.read_text().splitlines() if line.endswith("}")]
            self.rows = [row for row in rows if row["step"] <= step]
        self._summaries = Summaries(run_dir / "tensorboard", self.rows) if writes_files else None

    def write(self, row: dict[str, Any]) -> None:
        """Adds a row; it is on disk after ``flush``."""
        self.rows.append(row)
        if self._summaries:
            self._summaries.write(row)

    def flush(self) -> None:
        """Writes all rows, whole or not at all, just before the checkpoint they belong to; nothing without files."""
        if self._summaries:
            with atomic_file(self.path) as partial:
                partial.write_text("".join(json.dumps(row) + "\n" for row in self.rows))
            self._summaries.flush()


def log_rows(run: Path | str) -> list[dict[str, Any]]:
    """The rows of a run's ``metrics.jsonl``, a list of dicts."""
    return [json.loads(line) for line in (Path(run) / "metrics.jsonl").read_text().splitlines()]
