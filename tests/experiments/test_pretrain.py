"""experiments/pretrain.py as a process: killed, stopped, started again, given bad input."""

import json
import os
import resource
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pytest

from fer_md.data.face import Face
from fer_md.data.records import write_dataset
from fer_md.training.presets import PRESETS
from ports import free_ports
from random_faces import random_split
from scripts import run_script

pytestmark = pytest.mark.integration

SCRIPT = Path(__file__).parents[2] / "experiments" / "pretrain.py"


@pytest.fixture(scope="module")
def data(tmp_path_factory):
    folder = tmp_path_factory.mktemp("data") / "noise"
    split = random_split(640)
    faces = (
        Face(str(i), image, int(label), split="Training" if i < 600 else "PublicTest", votes=(i % 8, 2, *[0] * 8))
        for i, (image, label) in enumerate(zip(split.images, split.labels, strict=True))
    )
    write_dataset(faces, folder, "noise")
    return folder


def command(data, run_dir, *extra):
    flags = ["--network=tiny", "--preset=smoke", "--epochs=12", "--precision=float32", "--checkpoint_seconds=0.5"]
    return [sys.executable, str(SCRIPT), f"--data={data}", f"--run_dir={run_dir}", *flags, *extra]


def weights(run_dir):
    with np.load(run_dir / "checkpoint.npz") as stored:
        return {name: stored[name] for name in stored.files if name not in ("seconds", "elsewhere")}


def wait_for(path, process, seconds=90):
    end = time.monotonic() + seconds
    while not path.exists() and process.poll() is None and time.monotonic() < end:
        time.sleep(0.02)
    assert path.exists()


@pytest.mark.parametrize("preset", ["quick", "paper", "full", "restart"])
def test_every_preset_trains(data, tmp_path, preset):
    """600 examples: three steps an epoch in batches of 256, five in batches of 128."""
    run = tmp_path / preset
    answer = run_script(SCRIPT, *command(data, run, f"--preset={preset}", "--epochs=1")[2:])
    assert answer.returncode == 0, answer.stderr
    rows = [json.loads(line) for line in (run / "metrics.jsonl").read_text().splitlines()]
    assert [row["step"] for row in rows if row["split"] == "validation"] == [-(-600 // PRESETS[preset].batch_size)]
    assert json.loads((run / "config.json").read_text())["settings"]["recipe"]["epochs"] == 1
    assert (run / "DONE").exists()


@pytest.mark.parametrize(
    "extra",
    [
        [],
        pytest.param(["--votes=0.3"], marks=pytest.mark.slow),
        pytest.param(["--votes=0.3", "--unseen_by={0}/1,{0}/2"], marks=pytest.mark.slow),
        pytest.param(["--start={}/first", "--loss=md", "--loss_weight=0.01"], marks=pytest.mark.slow),
    ],
)
def test_killed_and_started_again_it_ends_bit_equal(data, tmp_path, extra):
    if "--loss=md" in extra:
        subprocess.run(command(data, tmp_path / "first", "--epochs=1"), check=True, capture_output=True)
    if "--unseen_by={0}/1,{0}/2" in extra:
        for fold in (1, 2):
            folded = command(data, tmp_path / str(fold), "--epochs=1", f"--fold={fold}/2")
            subprocess.run(folded, check=True, capture_output=True)
    extra = [flag.format(tmp_path) for flag in extra]
    subprocess.run(command(data, tmp_path / "whole", *extra), check=True, capture_output=True)
    killed = tmp_path / "killed"
    process = subprocess.Popen(command(data, killed, *extra), stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    wait_for(killed / "checkpoint.npz", process)
    process.send_signal(signal.SIGKILL)
    process.wait()
    assert not (killed / "DONE").exists()
    subprocess.run(command(data, killed, *extra), check=True, capture_output=True)
    expected, found = weights(tmp_path / "whole"), weights(killed)
    assert expected.keys() == found.keys()
    for name in expected:
        np.testing.assert_array_equal(found[name], expected[name], err_msg=name)


def test_what_would_not_count_is_refused(data, tmp_path):
    for flags in (["--unseen_by=a,b"], ["--unseen_by=a,b", "--votes=0.3", "--fold=1/2"]):
        answer = run_script(SCRIPT, *command(data, tmp_path / "run", *flags)[2:])
        assert answer.returncode == 1 and "--unseen_by needs --votes" in answer.stderr
    answer = run_script(SCRIPT, *command(data, tmp_path / "run", "--fold=")[2:])
    assert answer.returncode == 1 and "fold must be such as 2/3" in answer.stderr
    assert not (tmp_path / "run").exists()


def start_workers(data, run):
    """Two worker processes on this machine."""
    workers, processes = [f"127.0.0.1:{port}" for port in free_ports(2)], []
    for index in range(2):
        task = {"cluster": {"worker": workers}, "task": {"type": "worker", "index": index}}
        processes.append(
            subprocess.Popen(
                command(data, run, "--strategy=multiworker"),
                env={**os.environ, "TF_CONFIG": json.dumps(task)},
                stdout=subprocess.PIPE,
                stderr=subprocess.PIPE,
                text=True,
            )
        )
    return processes


def ended(processes, status=0):
    """What they said, once all have ended with that status."""
    answers = [process.communicate(timeout=300) for process in processes]
    assert [process.returncode for process in processes] == [status, status], answers
    return [output for output, _ in answers]


@pytest.mark.slow
def test_two_workers_stop_together_and_go_on_after_a_kill(data, tmp_path):
    """SIGTERM to the one that writes nothing ends both; then both are killed; in the end nothing shows of it."""
    whole, run = tmp_path / "whole", tmp_path / "run"
    assert all("complete" in output for output in ended(start_workers(data, whole)))
    rows = [json.loads(line) for line in (whole / "metrics.jsonl").read_text().splitlines()]
    assert len([row for row in rows if row["split"] == "validation"]) == 12
    assert (whole / "DONE").exists() and (whole / "model.keras").exists()
    processes = start_workers(data, run)
    wait_for(run / "checkpoint.npz", processes[1], seconds=240)
    processes[1].terminate()
    assert all("start it again to go on" in output for output in ended(processes, 130))
    before, processes = os.stat(run / "checkpoint.npz").st_mtime_ns, start_workers(data, run)
    while os.stat(run / "checkpoint.npz").st_mtime_ns == before and processes[0].poll() is None:
        time.sleep(0.02)
    for process in processes:
        process.kill()
        process.wait()
    assert not (run / "DONE").exists()
    ended(start_workers(data, run))
    expected, found = weights(whole), weights(run)
    for name in expected:
        np.testing.assert_array_equal(found[name], expected[name], err_msg=name)


def test_sigterm_writes_a_checkpoint_and_exits_with_130(data, tmp_path):
    run = tmp_path / "run"
    process = subprocess.Popen(command(data, run), stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    wait_for(run / "checkpoint.npz", process)
    before = os.stat(run / "checkpoint.npz").st_mtime_ns
    process.terminate()
    output, errors = process.communicate(timeout=60)
    assert process.returncode == 130, errors  # so that make goes no further
    assert "start it again to go on" in output
    assert os.stat(run / "checkpoint.npz").st_mtime_ns > before


def test_another_configuration_in_the_same_folder_is_refused(data, tmp_path):
    run = tmp_path / "run"
    subprocess.run(command(data, run, "--epochs=1"), check=True, capture_output=True)
    answer = subprocess.run(command(data, run, "--epochs=1", "--seed=7"), capture_output=True, text=True)
    assert answer.returncode == 1
    assert answer.stderr.strip().splitlines()[-1].startswith("error:")
    assert "seed=0, not 7" in answer.stderr
    assert "Traceback" not in answer.stderr


def test_missing_data_is_one_line(tmp_path):
    answer = subprocess.run(command(tmp_path / "none", tmp_path / "run"), capture_output=True, text=True)
    assert answer.returncode == 1
    assert len(answer.stderr.strip().splitlines()) == 1
    assert "none" in answer.stderr
    assert not (tmp_path / "run").exists()


def test_replicas_and_images_that_do_not_divide_are_one_line(data, tmp_path):
    """A batch of 256 among 3 replicas, images of 40 pixels in four poolings by 2; no run is begun."""
    write_dataset([Face("a", np.zeros((40, 40), np.uint8), 1)], tmp_path / "small", "small", image_size=40)
    run = tmp_path / "run"
    for flags, message in (
        (command(data, run, "--strategy=mirrored", "--replicas=3"), "the batch of 256 cannot be divided evenly"),
        (command(tmp_path / "small", run), f"{tmp_path / 'small'}: image_size must be a multiple of 16"),
    ):
        answer = subprocess.run(flags, capture_output=True, text=True)
        assert answer.returncode == 1
        assert len(answer.stderr.strip().splitlines()) == 1 and message in answer.stderr
        assert not run.exists()


def test_a_truncated_record_file_is_one_line(data, tmp_path):
    damaged = shutil.copytree(data, tmp_path / "damaged")
    path = damaged / "Training-00000-of-00001.tfrecord"
    path.write_bytes(path.read_bytes()[:-100])
    answer = subprocess.run(command(damaged, tmp_path / "run"), capture_output=True, text=True)
    (line,) = answer.stderr.strip().splitlines()
    assert answer.returncode == 1
    assert line.startswith(f"error: {path}: record 600: truncated or damaged")
    assert not (tmp_path / "run").exists()


def test_full_disk_is_one_line_and_leaves_nothing_half_written(data, tmp_path):
    """A file-size limit of 50 kB stands for the full disk: the checkpoint does not fit, config.json does."""
    run = tmp_path / "run"
    answer = subprocess.run(
        command(data, run, "--checkpoint_seconds=0"),
        capture_output=True,
        text=True,
        preexec_fn=lambda: resource.setrlimit(resource.RLIMIT_FSIZE, (50_000, 50_000)),
    )
    assert answer.returncode == 1
    assert f"error: {run / 'checkpoint.npz'}: no space left" in answer.stderr
    assert "Traceback" not in answer.stderr
    assert not [path.name for path in run.iterdir() if "partial" in path.name or path.name == "checkpoint.npz"]
