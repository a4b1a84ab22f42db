"""The pages of docs/: their commands exist, and so do the tests that they name."""

import re
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
PAGES = [ROOT / "README.md", ROOT / "CONTRIBUTING.md", *sorted((ROOT / "docs").glob("*.md"))]
MADE = ("RESULTS.md",)
"""Made from result files, each of which keeps the command of its own day."""
SHARED = {"data_prep": ["data_prep/photograph_settings.py"]}
"""Files that define flags for every script of a folder."""


def page_commands(page):
    """(script, flags) of every command of a page, with lines that end in a backslash joined."""
    text = page.read_text(encoding="utf-8").split("<!-- figures")[0].replace("\\\n", " ")
    for script, rest in re.findall(r"python ((?:experiments|data_prep|benchmarks)/\w+\.py)([^\n`#]*)", text):
        yield script, re.findall(r"--(\w+)", rest)


@pytest.mark.parametrize("page", [page for page in PAGES if page.name not in MADE], ids=lambda page: page.name)
def test_commands_name_scripts_and_flags_that_exist(page):
    for script, flags in page_commands(page):
        files = [ROOT / script, *(ROOT / name for name in SHARED.get(script.split("/")[0], []))]
        source = "\n".join(path.read_text(encoding="utf-8") for path in files)
        for flag in flags:
            assert re.search(rf"\b{flag}\b", source), f"{page.name}: {script} has no --{flag}"


def test_errata_names_tests_that_exist():
    tests = "\n".join(path.read_text(encoding="utf-8") for path in (ROOT / "tests").rglob("test_*.py"))
    named = re.findall(r"`(test_\w+)`", (ROOT / "docs" / "ERRATA.md").read_text(encoding="utf-8"))
    assert len(named) > 10
    for name in named:
        assert f"def {name}(" in tests, name
