"""benchmarks/training_step.py and md_loss.py: what does not run here ends nothing else, and the tables say why."""

import subprocess
import sys

import pytest

from fer_md.errors import FerMdError
from fer_md.runs.results import read_result
from pages.blocks import markdown
from pages.sections.speed import loss_cost_blocks, step_blocks
from pages.study_rows import LossCost, LossCosts, StepSpeed
from scripts import ROOT, benchmark


@pytest.fixture
def load(monkeypatch):
    monkeypatch.syspath_prepend(ROOT / "benchmarks")
    return benchmark


def test_a_variant_that_fails_is_told(load, tmp_path, monkeypatch):
    step, asked = load("training_step"), []

    def measure(settings, variant):
        asked.append(variant)
        if variant in ("ours bfloat16", "limit float32", step.STOCK):
            raise FerMdError("no | such instruction")
        return 100.0 + len(asked)

    monkeypatch.setattr(step, "measure", measure)
    monkeypatch.setattr(step, "has_torch", lambda _: True)
    step.main(step.Settings(rounds=2, output=str(tmp_path / "a.json")))
    found = read_result(StepSpeed, tmp_path / "a.json")
    assert found.fastest == "ours float32" and set(found.ratios) == {"best PyTorch"} and not found.shares_of_limit
    assert set(found.does_not_run_here) == {"ours bfloat16", "limit float32", step.STOCK}
    assert asked.count("ours bfloat16") == 1 and asked.count("ours float32") == 2
    assert "| ours bfloat16 | does not run here: no / such instruction |" in markdown(step_blocks(found))
    monkeypatch.setattr(step, "OURS", ("ours bfloat16",))
    with pytest.raises(FerMdError, match=r"^ours bfloat16: does not run here \(no"):
        step.main(step.Settings(rounds=1))


def test_the_relative_of_md_loss_that_fails_is_told(load, tmp_path, monkeypatch):
    loss = load("md_loss")
    broken = tmp_path / "python"
    broken.write_text(f"#!{sys.executable}\nimport sys; sys.exit('no module torch')\n")
    subprocess.run(["chmod", "+x", str(broken)], check=True)
    relative, failed = loss.torch_relative(loss.Settings(torch_python=str(broken)), 7)
    assert relative == {} and failed == {loss.RELATIVE: "no module torch"}
    row = LossCost(
        classes=7,
        milliseconds_a_step={},
        md_over_softmax=1.0,
        milliseconds_forward_and_gradient={"ours": 1.0},
        does_not_run_here=failed,
    )
    costs = LossCosts(batch_size=1, embedding_dim=2, nearest=1, precision="float32", rows=[row])
    assert "does not run here: no module torch" in markdown(loss_cost_blocks(costs))
