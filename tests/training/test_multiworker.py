"""Two worker processes on 127.0.0.1 against one device, on the same global batches."""

import json
import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from fer_md.errors import FerMdError
from fer_md.training.strategy import make_strategy
from ports import free_port

pytestmark = pytest.mark.integration

SCRIPT = Path(__file__).parents[1] / "worker_steps.py"


def start(strategy, output, **environment):
    return subprocess.Popen(
        [sys.executable, str(SCRIPT), strategy, str(output)],
        env={**os.environ, **environment},
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
        text=True,
    )


def test_two_workers_equal_one_device(tmp_path):
    """Ten steps, batch norm statistics, weight decay and averaged weights and dropout masks included."""
    workers = [f"127.0.0.1:{free_port()}" for _ in range(2)]
    outputs = [tmp_path / "one.npz", tmp_path / "first.npz", tmp_path / "second.npz"]
    processes = [start("one", outputs[0])]
    for index, output in enumerate(outputs[1:]):
        task = {"cluster": {"worker": workers}, "task": {"type": "worker", "index": index}}
        processes.append(start("multiworker", output, TF_CONFIG=json.dumps(task)))
    for process in processes:
        _, errors = process.communicate(timeout=150)
        assert process.returncode == 0, errors[-2000:]
    expected, *found = [dict(np.load(output)) for output in outputs]
    for worker in found:
        for name, value in expected.items():
            np.testing.assert_allclose(worker[name], value, atol=2e-4, err_msg=name)


def test_workers_with_different_data_are_refused(tmp_path):
    """Both of them end; two that are alike do not."""
    workers = [f"127.0.0.1:{free_port()}" for _ in range(2)]
    processes = []
    for index in range(2):
        task = {"cluster": {"worker": workers}, "task": {"type": "worker", "index": index}}
        environment = {**os.environ, "TF_CONFIG": json.dumps(task)}
        code = [sys.executable, "-c", CHECK, str(index)]
        processes.append(subprocess.Popen(code, env=environment, stdout=subprocess.PIPE, text=True))
    for process in processes:
        assert process.communicate(timeout=150)[0].splitlines() == ["alike", "the workers differ in data"]


CHECK = """
import sys
from fer_md.errors import FerMdError
from fer_md.training.strategy import check_alike, make_strategy
strategy = make_strategy("multiworker")
check_alike(strategy, "same", "data")
print("alike")
try:
    check_alike(strategy, sys.argv[1], "data")
except FerMdError as error:
    print(str(error).partition(";")[0])
"""


def test_a_cluster_that_cannot_be_read(monkeypatch):
    monkeypatch.setenv("TF_CONFIG", "{workers")
    with pytest.raises(FerMdError, match="the environment variable TF_CONFIG: "):
        make_strategy("multiworker")
