"""benchmarks/profile_step.py: reads TensorFlow's own trace, without a viewer."""

import json
import subprocess
import sys
from pathlib import Path

import pytest

pytestmark = pytest.mark.integration

SCRIPT = Path(__file__).parents[2] / "benchmarks" / "profile_step.py"


def test_shares_of_every_type_of_operation(tmp_path):
    flags = ["--batch_size=2", "--steps=1", "--rows=200", f"--output={tmp_path / 'profile.json'}"]
    done = subprocess.run([sys.executable, str(SCRIPT), *flags], capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    shares = json.loads((tmp_path / "profile.json").read_text())["share_by_type"]
    assert sum(shares.values()) == pytest.approx(1)
    assert min(shares.values()) >= 0
    # The parts of a step, whatever the processor's library calls the fused ones.
    for part in ("Conv2DBackpropFilter", "FusedBatchNormGradV3", "MaxPoolGrad", "ResourceApplyKerasMomentum"):
        assert part in shares and part in done.stdout
