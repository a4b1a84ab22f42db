"""README.md: short, and true to the repository."""

import re
import shlex
from pathlib import Path

import pytest

from fer_md import cli
from fer_md.evaluation.prior import SHARE
from fer_md.files import read_json

ROOT = Path(__file__).parents[1]
README = (ROOT / "README.md").read_text(encoding="utf-8")
BLOCKS = re.findall(r"```(\w*)\n(.*?)```", README, re.DOTALL)


def commands(program):
    """Every line of README's code blocks and of its text that calls a program, without comment."""
    lines = [line for _, block in BLOCKS for line in block.splitlines()] + re.findall("`([^`\n]+)`", README)
    return [line.split("#")[0].strip() for line in lines if line.startswith(f"{program} ")]


def test_readme_is_short():
    assert len(README.split()) <= 900


@pytest.mark.parametrize("page", ["README.md", "CONTRIBUTING.md", "CHANGELOG.md"])
def test_links_lead_to_files(page):
    for link in re.findall(r"\]\(([^)]+)\)", (ROOT / page).read_text(encoding="utf-8")):
        assert link.startswith("https://") or (ROOT / link.split("#")[0]).exists(), link


def test_make_commands_are_targets():
    targets = set(re.findall(r"^([a-z0-9-]+):", (ROOT / "Makefile").read_text(encoding="utf-8"), re.MULTILINE))
    called = {command.split()[1] for command in commands("make")}
    assert {"reproduce", "test", "docs"} <= called <= targets


def test_console_commands_are_understood():
    for command in commands("fer-md"):
        words = shlex.split(command)[1:]
        cli._parse(words[:1] if words[0] in cli.EXPERIMENTS else words)  # scripts parse the rest


def test_example_of_md_loss_is_the_one_that_is_tested():
    """tests/losses/test_own_model.py runs the one in docs/MD_LOSS.md."""
    [example] = [block for _, block in BLOCKS if "MDLoss" in block]
    assert example in (ROOT / "docs" / "MD_LOSS.md").read_text(encoding="utf-8")


@pytest.mark.parametrize("row, copies", [("one, the face", ""), ("mirror image", "-flip"), ("ten crops", "-tencrop")])
def test_figures_are_those_of_the_result_files(row, copies):
    metrics = read_json(ROOT / "docs" / "results" / "pretrained" / f"PrivateTest{copies}" / "metrics.json")
    [line] = [line for line in README.splitlines() if line.startswith("|") and row in line]
    wanted = [f"{100 * metrics[name]:.2f}" for name in ("accuracy", "accuracy_without_leaked", "macro_recall")]
    assert [cell.strip() for cell in line.split("|")[2:5]] == wanted


def test_figures_in_the_text_are_those_of_the_result_files():
    results = ROOT / "docs" / "results"
    stages = {
        (row["stage"], row["network"]): f"{100 * row['accuracy']:.1f}"
        for row in read_json(results / "quick" / "stages.json")["rows"]
        if row["data"] == "fer2013"
    }
    alone = max(
        read_json(path)["accuracy"]
        for path in results.glob("fer2013-facial_expressions-bundled-component?/PrivateTest-fer2013-fer2013.json")
    )
    text = " ".join(README.split())
    assert f"got {stages['pre-trained', 'component 1']} % of PrivateTest" in text
    assert f"photographs, {stages['fine-tuned', 'component 1']} %" in text
    assert f"scores gave {stages['fine-tuned', 'fused, equal weights']} %" in text
    assert f"network alone has {100 * alone:.2f} %" in text
    there, here = (
        read_json(results / "pretrained" / "photographs" / folder / "metrics.json")
        for folder in ("PrivateTest-facial_expressions", "PrivateTest")
    )
    told = next(point["accuracy"] for point in there["prior_curve"]["points"] if point["share"] == SHARE)
    assert f"its accuracy is {100 * there['accuracy']:.2f} %, and {100 * told:.2f} % when told so" in text
    assert f"On PrivateTest it is {100 * here['accuracy']:.2f} %" in text
    little, much = (
        read_json(results / f"{name}.json")["differences"]["accuracy"]["mean"]
        for name in ("loss-low-data", "loss-confirm")
    )
    assert f"was {-100 * little:.2f} points lower, within chance; on all of it, {-100 * much:.1f} points lower" in text
