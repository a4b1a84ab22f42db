"""benchmarks/scaling.py and benchmarks/impostor_search.py: what their rows are, and what they are compared with."""

import json
import subprocess
import sys

import pytest

from scripts import ROOT, run_script


@pytest.mark.slow
def test_every_place_has_softmax_and_forms_of_md_loss(tmp_path):
    flags = ["--batches=4", "--classes=1000", "--replicas=2", "--network=tiny", "--milliseconds=1", "--rounds=2"]
    command = [sys.executable, str(ROOT / "benchmarks" / "scaling.py"), *flags, f"--output={tmp_path / 'scaling.json'}"]
    done = subprocess.run(command, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    found = json.loads((tmp_path / "scaling.json").read_text())
    assert [(row["batch_size"], row["replicas"]) for row in found["rows"]] == [(4, 1)] * 3 + [(256, 1)] * 5 + [
        (256, 2)
    ] * 3
    for row in found["rows"]:
        assert row["images_per_second"] > 0 and row["processor_milliseconds"] > 0 and row["megabytes"] > 100
        if row["variant"] == "softmax":
            assert row["over_softmax"] == row["processor_over_softmax"] == 1


@pytest.mark.integration
def test_a_whole_search_and_one_in_parts(tmp_path):
    flags = ["--classes=20", "--batch_size=16", "--steps=6", "--parts=1,4", "--seeds=0"]
    done = run_script("benchmarks/impostor_search.py", *flags, f"--output={tmp_path / 'search.json'}")
    assert done.returncode == 0, done.stderr
    whole, parts = json.loads((tmp_path / "search.json").read_text())["rows"]
    assert whole["share_nearest"] == [1] and whole["margin_error"] == [0]
    assert 0 < parts["share_nearest"][0] <= 1 <= parts["distance_over_nearest"][0]
