"""The record of a run: one JSON object a line, and the same values for TensorBoard."""

import json
import math
from pathlib import Path
from typing import Any

from fer_md.errors import FerMdError
from fer_md.files import atomic_file, parse_json
from fer_md.runs.done import check_done
from fer_md.runs.summaries import Summaries

_TEXTS = ("split", "network", "data")


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
            self.rows = [row for row in log_rows(run_dir) if row["step"] <= step]
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
    """The rows of a run's ``metrics.jsonl``, a list of dicts.

    Raises:
        FerMdError: the file is missing or was changed, or a line of it is no row; the message names the line.
    """
    path = Path(run) / "metrics.jsonl"
    if not path.is_file():
        raise FerMdError(f"{path}: no such file; start the run again")
    check_done(path)
    rows = []
    for number, line in enumerate(path.read_text(encoding="utf-8", errors="replace").splitlines(), 1):
        row = parse_json(line, f"{path}: line {number}")
        if not _is_row(row):
            raise FerMdError(f"{path}: line {number}: must have step, epoch, split, names and finite numbers: {line}")
        rows.append(row)
    return rows


def _is_row(row):
    if not isinstance(row, dict) or not {"step", "epoch", "split"} <= row.keys():
        return False
    texts = {name: row.get(name, "") for name in _TEXTS}
    numbers = [value for name, value in row.items() if name not in _TEXTS]
    fit = [type(value) in (int, float) and math.isfinite(value) for value in numbers]
    return all(isinstance(text, str) for text in texts.values()) and all(fit) and type(row["step"]) is int
