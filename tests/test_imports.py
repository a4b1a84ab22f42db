"""Imports run one way: expressions -> data -> layers and losses -> models -> training and evaluation -> serving."""

import ast
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1] / "fer_md"
LEVELS = (
    {"arguments", "errors", "expressions", "files", "progress", "quiet", "console"},
    {"data", "faces"},
    {"layers", "losses"},
    {"models"},
    {"training", "evaluation"},
    {"serving", "pretrained", "prediction"},
    {"report"},
    {"cli"},
)
LEVEL = {name: number for number, names in enumerate(LEVELS) for name in names}


def imported(path):
    """The parts of fer_md that a file imports, at its top or inside a function."""
    for node in ast.walk(ast.parse(path.read_text())):
        names = []
        if isinstance(node, ast.Import):
            names = [alias.name for alias in node.names]
        elif isinstance(node, ast.ImportFrom) and node.module:
            names = [node.module] if node.module != "fer_md" else [f"fer_md.{alias.name}" for alias in node.names]
        for name in names:
            if name.startswith("fer_md.") and name.split(".")[1] in LEVEL:
                yield name.split(".")[1]


@pytest.mark.parametrize("path", sorted(ROOT.rglob("*.py")), ids=lambda path: str(path.relative_to(ROOT)))
def test_no_file_imports_from_a_later_part(path):
    own = path.relative_to(ROOT).parts[0].removesuffix(".py")
    if own == "__init__":
        return  # the package's front door names what lies behind it
    assert own in LEVEL, f"{own}: give it a place in LEVELS"
    for part in imported(path):
        assert LEVEL[part] <= LEVEL[own], f"{path.name} imports fer_md.{part}"
