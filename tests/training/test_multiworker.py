"""Two worker processes on 127.0.0.1 against one device, on the same global batches."""

import json
import os
import socket
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pytest

from fer_md.errors import FerMdError
from fer_md.training.strategy import make_strategy
from ports import free_ports

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
    workers = [f"127.0.0.1:{port}" for port in free_ports(2)]
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


def test_workers_with_different_data_are_refused():
    """Both of them end; two that are alike do not."""
    workers = [f"127.0.0.1:{port}" for port in free_ports(2)]
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


@pytest.mark.slow
@pytest.mark.parametrize("victim", [0, 1])
def test_a_worker_that_dies_ends_the_other_in_one_line_and_both_can_go_on(tmp_path, victim):
    run_dir = tmp_path / "run"
    killed, left = start_training(run_dir, victim)
    wait_for(run_dir / "checkpoint.npz")
    killed.kill()
    problems = left.communicate(timeout=60)[1]
    assert left.returncode == 1 and "Traceback" not in problems
    assert problems.splitlines()[-1] == (
        f"error: {run_dir}: worker {victim} has died or cannot be reached; start all workers again to go on from the "
        "checkpoint"
    )
    assert not (run_dir / "DONE").exists()
    for process in (killed, *start_training(run_dir, victim)):
        process.communicate(timeout=150)
    assert process.returncode == 0 and (run_dir / "DONE").exists()


def start_training(run_dir, first):
    """Both workers of tests/worker_training.py, ``first`` in front."""
    workers, processes = [f"127.0.0.1:{port}" for port in free_ports(2)], []
    for index in (first, 1 - first):
        task = {"cluster": {"worker": workers}, "task": {"type": "worker", "index": index}}
        command = [sys.executable, str(SCRIPT.with_name("worker_training.py")), str(run_dir)]
        environment = {**os.environ, "TF_CONFIG": json.dumps(task)}
        processes.append(
            subprocess.Popen(command, env=environment, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True)
        )
    return processes


def wait_for(path):
    deadline = time.monotonic() + 100
    while not path.exists():
        assert time.monotonic() < deadline, f"{path} did not appear"
        time.sleep(0.05)


def test_a_port_in_use_is_one_line():
    """In a process of its own, as a server that failed to start leaves TensorFlow without one."""
    with socket.create_server(("127.0.0.1", 0)) as taken:
        workers = [f"127.0.0.1:{taken.getsockname()[1]}", f"127.0.0.1:{free_ports(1)[0]}"]
        task = {"cluster": {"worker": workers}, "task": {"type": "worker", "index": 0}}
        code = """
from fer_md import console
from fer_md.training.strategy import make_strategy
console.guard(lambda: make_strategy("multiworker"))
"""
        environment = {**os.environ, "TF_CONFIG": json.dumps(task)}
        done = subprocess.run([sys.executable, "-c", code], env=environment, capture_output=True, text=True)
    assert "error: the address of this worker in TF_CONFIG cannot be served" in done.stderr
    assert "Traceback" not in done.stderr


def test_a_cluster_that_cannot_be_read(monkeypatch):
    monkeypatch.setenv("TF_CONFIG", "{workers")
    with pytest.raises(FerMdError, match="the environment variable TF_CONFIG: "):
        make_strategy("multiworker")
