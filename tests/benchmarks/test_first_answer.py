"""benchmarks/first_answer.py: what it measures of both runtimes, and the size of an installation."""

import json
import runpy
import subprocess
import sys
from pathlib import Path

import pytest

pytestmark = pytest.mark.integration

SCRIPT = Path(__file__).parents[2] / "benchmarks" / "first_answer.py"


def test_litert_answers_first(tmp_path):
    flags = ["--rounds=1", f"--output={tmp_path / 'found.json'}"]
    done = subprocess.run([sys.executable, str(SCRIPT), *flags], capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    found = json.loads((tmp_path / "found.json").read_text())
    assert found["seconds"].keys() == found["classifier"].keys() == {"LiteRT", "Keras"}
    for part, litert in found["seconds"]["LiteRT"].items():
        keras = found["seconds"]["Keras"][part]
        assert 0 < litert < keras and found["ratios"][part] == pytest.approx(keras / litert)
    assert not found["megabytes"]


def test_installers_do_not_count(tmp_path):
    for name, size in (("numpy", 3_000_000), ("pip", 5_000_000), ("pip-23.2.dist-info", 10), ("cv2", 500_000)):
        (tmp_path / name).mkdir()
        (tmp_path / name / "file").write_bytes(bytes(size))
    assert runpy.run_path(str(SCRIPT))["megabytes"](tmp_path) == 3.5
