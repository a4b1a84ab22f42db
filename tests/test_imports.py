"""Imports run one way: each package imports only from those that are named before it."""

import ast
import importlib
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1] / "fer_md"
ORDER = (
    ("environment", "errors", "arguments", "expressions", "files", "progress", "console"),
    ("typed_json", "array_files", "tensorflow_files"),
    "litert",
    "losses",
    "layers",
    "models",
    "media",
    "data",
    "faces",
    "drawn",
    "readers",
    "runs",
    "evaluation",
    "training",
    "pretrained",
    "prediction",
    "serving",
    "demo",
    "cli",
)
"""The packages; only the small modules of the first entry may import each other."""
PLACE = {name: place for place, names in enumerate(ORDER) for name in ([names] if isinstance(names, str) else names)}


def imported(path):
    """The parts of fer_md that a file imports, at its top or inside a function."""
    for node in ast.walk(ast.parse(path.read_text())):
        names = []
        if isinstance(node, ast.Import):
            names = [alias.name for alias in node.names]
        elif isinstance(node, ast.ImportFrom) and node.module:
            names = [node.module] if node.module != "fer_md" else [f"fer_md.{alias.name}" for alias in node.names]
        for name in names:
            if name.startswith("fer_md.") and name.split(".")[1] in PLACE:
                yield name.split(".")[1]


@pytest.mark.parametrize("path", sorted(ROOT.rglob("*.py")), ids=lambda path: str(path.relative_to(ROOT)))
def test_no_file_imports_from_a_later_package(path):
    own = path.relative_to(ROOT).parts[0].removesuffix(".py")
    if own == "__init__":
        return  # the package's front door names what lies behind it
    assert own in PLACE, f"{own}: give it a place in ORDER"
    for part in imported(path):
        assert PLACE[part] < PLACE[own] or part == own or PLACE[own] == 0, f"{path.name} imports fer_md.{part}"


SCRIPTS = [path for folder in ("experiments", "data_prep") for path in sorted((ROOT.parent / folder).glob("*.py"))]


@pytest.mark.parametrize("path", SCRIPTS, ids=lambda path: path.name)
def test_no_script_imports_tensorflow_ahead_of_fer_md(path):
    """fer_md sets its environment first; TensorFlow alone would greet on stderr."""
    for node in ast.parse(path.read_text()).body:
        names = [alias.name for alias in node.names] if isinstance(node, ast.Import) else []
        names += [node.module or ""] if isinstance(node, ast.ImportFrom) else []
        assert not {name.split(".")[0] for name in names} & {"keras", "tensorflow"}


@pytest.mark.parametrize("path", SCRIPTS, ids=lambda path: path.name)
def test_what_a_script_imports_of_fer_md_is_there(path):
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.ImportFrom) and (node.module or "").split(".")[0] == "fer_md":
            for name in {alias.name for alias in node.names} - set(dir(importlib.import_module(node.module))):
                importlib.import_module(f"{node.module}.{name}")  # a module, and no name in one


@pytest.mark.parametrize("name", ["md_loss", "profile_step", "training_step"])
def test_a_benchmark_of_keras_imports_fer_md_first(name):
    """Without TensorFlow below Keras, what fer_md sets up ends the script in one line."""
    body = ast.parse((ROOT.parent / "benchmarks" / f"{name}.py").read_text()).body
    first = next(node for node in body if isinstance(node, ast.Import | ast.ImportFrom))
    assert isinstance(first, ast.ImportFrom) and first.module == "fer_md"
