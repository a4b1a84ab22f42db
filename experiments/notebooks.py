"""Runs the notebooks of notebooks/ and keeps what they print.

python experiments/notebooks.py
python experiments/notebooks.py --notebooks=notebooks/predict.ipynb

Each runs in an empty folder, cell by cell, with Python alone: neither Jupyter nor a kernel is needed. Only what is
printed is kept.
"""

import contextlib
import dataclasses
import io
import json
import tempfile
from pathlib import Path
from typing import Any

from fer_md import console
from fer_md.errors import FerMdError
from fer_md.files import atomic_file, read_json, working_directory

FOLDER = Path(__file__).parents[1] / "notebooks"


@dataclasses.dataclass(frozen=True)
class Settings:
    notebooks: tuple[str, ...] | None = console.flag("Notebooks to run; all of notebooks/ by default.", None)


def main(settings: Settings) -> None:
    for path in map(Path, settings.notebooks or sorted(FOLDER.glob("*.ipynb"))):
        notebook = read_json(path)
        run(notebook, path)
        write(path, notebook)
        print(path)


def run(notebook: dict[str, Any], path: Path) -> None:
    """Runs the code cells one after the other in an empty folder and puts what each prints into its outputs.

    Args:
        notebook: the content of an ``.ipynb`` file of format 4; changed in place.
        path: what an error calls it.

    Raises:
        FerMdError: a cell raises; the message names the cell, counted from 1.
    """
    names: dict[str, Any] = {"__name__": "__main__"}
    with tempfile.TemporaryDirectory() as folder, working_directory(folder):
        code = (cell for cell in notebook["cells"] if cell["cell_type"] == "code")
        for number, cell in enumerate(code, 1):
            printed = io.StringIO()
            try:
                with contextlib.redirect_stdout(printed):
                    exec(compile("".join(cell["source"]), f"{path.name}: cell {number}", "exec"), names)
            except Exception as error:
                raise FerMdError(f"{path}: cell {number}: {type(error).__name__}: {error}") from error
            text = printed.getvalue().splitlines(keepends=True)
            cell["execution_count"] = number
            cell["outputs"] = [{"name": "stdout", "output_type": "stream", "text": text}] if text else []


def write(path: Path, notebook: dict[str, Any]) -> None:
    """Writes a notebook as Jupyter does, whole or not at all."""
    with atomic_file(path) as partial:
        partial.write_text(json.dumps(notebook, indent=1, ensure_ascii=False) + "\n", encoding="utf-8")


if __name__ == "__main__":
    console.run(main, Settings)
