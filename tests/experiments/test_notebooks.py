"""The notebooks run, and what they keep is small."""

import json
from pathlib import Path

import pytest

from fer_md.errors import FerMdError
from fer_md.files import read_json
from notebooks import FOLDER, run
from scripts import run_script

NOTEBOOKS = sorted(FOLDER.glob("*.ipynb"))
LARGEST = 2000
"""Characters that a cell may print."""


def code_cells(notebook):
    return [cell for cell in notebook["cells"] if cell["cell_type"] == "code"]


def printed(cell):
    return "".join(line for output in cell["outputs"] for line in output["text"])


def test_there_are_three():
    assert [path.stem for path in NOTEBOOKS] == ["md_loss", "predict", "train_on_a_folder"]


@pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda path: path.stem)
def test_a_notebook_keeps_its_outputs_and_they_are_small(path):
    notebook = read_json(path)
    assert notebook["nbformat"] == 4 and len({cell["id"] for cell in notebook["cells"]}) == len(notebook["cells"])
    cells = code_cells(notebook)
    assert [cell["execution_count"] for cell in cells] == list(range(1, len(cells) + 1))
    assert all(len(printed(cell)) <= LARGEST for cell in cells) and any(printed(cell) for cell in cells)
    for cell in cells:
        assert "print(" not in "".join(cell["source"]) or printed(cell)
        assert str(Path.home()) not in printed(cell) and "/tmp" not in printed(cell)


@pytest.mark.slow
@pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda path: path.stem)
def test_a_notebook_runs(path):
    """Its cells print as much as they keep; the digits may differ on another processor."""
    notebook, kept = read_json(path), read_json(path)
    run(notebook, path)
    for cell, before in zip(code_cells(notebook), code_cells(kept), strict=True):
        assert cell["source"] == before["source"]
        assert len(printed(cell).splitlines()) == len(printed(before).splitlines())


def small(*sources):
    cells = [{"cell_type": "code", "id": str(i), "source": [text], "outputs": []} for i, text in enumerate(sources)]
    return {"cells": [{"cell_type": "markdown", "id": "m", "source": ["# x"]}, *cells], "nbformat": 4}


def test_cells_share_their_names_and_print_into_their_outputs(tmp_path):
    path = tmp_path / "two.ipynb"
    path.write_text(json.dumps(small("a = 1", "print(a + 1)\nprint('ü')")))
    done = run_script("experiments/notebooks.py", f"--notebooks={path}")
    assert (done.returncode, done.stderr) == (0, "")
    first, second = code_cells(read_json(path))
    assert first["outputs"] == [] and second["execution_count"] == 2
    assert second["outputs"] == [{"name": "stdout", "output_type": "stream", "text": ["2\n", "ü\n"]}]


def test_a_cell_that_fails_is_named(tmp_path):
    path = tmp_path / "bad.ipynb"
    with pytest.raises(FerMdError, match="bad.ipynb: cell 2: ZeroDivisionError: division by zero"):
        run(small("a = 0", "1 / a"), path)
