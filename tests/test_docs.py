"""The pages of docs/: their commands exist, and so do the tests that they name."""

import re
from pathlib import Path

import pytest

from drawn_videos import save_video
from fer_md.drawn.scenes import draw_scene
from fer_md.media.pictures import save_picture

ROOT = Path(__file__).parents[1]
PAGES = [ROOT / "README.md", ROOT / "CONTRIBUTING.md", *sorted((ROOT / "docs").glob("*.md"))]
MADE = ("RESULTS.md",)
"""Made from result files, each of which keeps the command of its own day."""
SHARED = {"data_prep": ["data_prep/photograph_settings.py"]}
"""Files that define flags for every script of a folder."""


def page_commands(page):
    """(script, flags) of every command of a page, with lines that end in a backslash joined."""
    text = page.read_text(encoding="utf-8").replace("\\\n", " ")
    text = re.sub(r"<!-- figures.*?<!-- end of the figures -->", "", text, flags=re.DOTALL)  # of their own day
    for script, rest in re.findall(r"python ((?:experiments|data_prep|benchmarks)/\w+\.py)([^\n`#]*)", text):
        yield script, re.findall(r"--(\w+)", rest)


@pytest.mark.parametrize("page", [page for page in PAGES if page.name not in MADE], ids=lambda page: page.name)
def test_commands_name_scripts_and_flags_that_exist(page):
    for script, flags in page_commands(page):
        files = [ROOT / script, *(ROOT / name for name in SHARED.get(script.split("/")[0], []))]
        source = "\n".join(path.read_text(encoding="utf-8") for path in files)
        known = set(re.findall(r"^    (\w+): .*console\.", source, re.M)) | {"debug", "help"}
        known |= {"overwrite"} if "console.new_file(" in source else set()
        for flag in flags:
            assert {flag, flag.removeprefix("no")} & known, f"{page.name}: {script} has no --{flag}"


def test_examples_of_prediction_run(tmp_path, monkeypatch):
    """The Python blocks of docs/PREDICTION.md, one after the other, beside drawn pictures and a video.

    The block of Spark runs in tests/prediction/test_spark.py.
    """
    monkeypatch.chdir(tmp_path)
    for name in ("holiday.jpg", "office.jpg", "crop.jpg"):
        save_picture(name, draw_scene(0, 1, faces=1, size=256).image)
    save_video(tmp_path / "film.mp4", frames=2)
    page = (ROOT / "docs" / "PREDICTION.md").read_text(encoding="utf-8")
    blocks, names = re.findall(r"```python\n(.*?)```", page, re.DOTALL), {}
    for block in blocks:
        if "pyspark" not in block:
            exec(block, names)
    assert len(blocks) > 5 and len(names["predictions"]) == 2 and (tmp_path / "faces.csv").is_file()


def test_errata_names_tests_that_exist():
    tests = "\n".join(path.read_text(encoding="utf-8") for path in (ROOT / "tests").rglob("test_*.py"))
    named = re.findall(r"`(test_\w+)`", (ROOT / "docs" / "ERRATA.md").read_text(encoding="utf-8"))
    assert len(named) > 10
    for name in named:
        assert f"def {name}(" in tests, name
