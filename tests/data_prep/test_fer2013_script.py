"""data_prep/fer2013.py as a process: what it writes and prints, bad input, a full disk, a kill."""

import json
import os
import resource
import signal
import subprocess
import sys
import time
from pathlib import Path

import cv2
import numpy as np
import pytest

from fer2013_samples import (
    HUGE_PNG,
    ROWS,
    compressed,
    csv_text,
    votes_text,
    with_change,
    write_csv,
    write_folder,
)
from fer_md.data.records import load_split, read_info
from scripts import run_script

pytestmark = pytest.mark.integration

SCRIPT = Path(__file__).parents[2] / "data_prep/fer2013.py"


def run(*flags):
    return run_script(SCRIPT, *flags)


@pytest.fixture
def source(tmp_path):
    return write_csv(tmp_path / "fer2013.csv")


def test_script_writes_a_data_set_and_says_what_is_in_it(tmp_path):
    rows = [*ROWS, ["5", ROWS[0][1], "PublicTest"]]  # the first image again, held out, with another label
    (tmp_path / "fer2013.csv").write_text(csv_text(rows))
    (tmp_path / "votes.csv").write_text(votes_text([row[2] for row in rows]))
    output = tmp_path / "out" / "fer2013"
    done = run(
        f"--source={tmp_path / 'fer2013.csv'}",
        f"--ferplus={tmp_path / 'votes.csv'}",
        f"--output={output}",
        "--drop_leaked",
    )
    assert (done.returncode, done.stderr) == (0, "")
    assert ["Training", "5", "0", "1", "1", "1", "1", "1", "0"] in [line.split() for line in done.stdout.splitlines()]
    assert "with conflicting labels: 1" in done.stdout and "of PublicTest also in Training: 1" in done.stdout
    assert read_info(output)["splits"]["Training"]["examples"] == 5
    assert load_split(output, "PublicTest").votes[2].tolist() == [10, 0, 1, 0, 0, 2, 0, 0, 0, 7]
    assert [path.name for path in output.parent.iterdir()] == ["fer2013"]


def fails_in_one_line(folder, source, message):
    """The script ends with status 1 and one line that names the source, and ``folder`` is as it was."""
    before = sorted(folder.rglob("*"))
    done = run(f"--source={source}", f"--output={folder / 'out'}")
    (line,) = done.stderr.splitlines()
    assert done.returncode == 1 and done.stdout == ""
    assert line.startswith(f"error: {source}") and message in line
    assert sorted(folder.rglob("*")) == before


@pytest.mark.parametrize(
    ("text", "message"),
    [
        (csv_text(header="emotion,image,Usage"), "line 1: the column pixels is missing"),
        (with_change(8, 1, "1 2 3"), "line 10: there must be 2304 pixels (48x48); found 3"),
        (with_change(2, 1, "256 " + ROWS[0][1][2:]), "line 4: pixels must be 0 to 255; found 256"),
        (
            with_change(8, 2, "Testing"),
            "line 10: Usage must be one of Training, PublicTest, PrivateTest; found 'Testing'",
        ),
        (csv_text(ROWS[:6]), "no image of the split PublicTest"),
    ],
    ids=["column", "length", "value", "usage", "split"],
)
def test_a_bad_csv_is_one_line_and_leaves_nothing(source, text, message):
    source.write_text(text)
    fails_in_one_line(source.parent, source, message)


def test_a_truncated_xz_is_one_line_and_leaves_nothing(source):
    path = compressed(source, "xz")
    path.write_bytes(path.read_bytes()[:5000])
    fails_in_one_line(source.parent, path, "truncated or damaged")


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"no image", "not a PNG or JPEG"),
        (cv2.imencode(".png", np.zeros((1, 1), np.uint8))[1].tobytes(), "must be 48x48; found 1x1"),
        (HUGE_PNG, "20000x20000"),
    ],
    ids=["text", "1x1", "20000x20000"],
)
def test_a_bad_image_is_one_line_and_leaves_nothing(tmp_path, content, message):
    folder = write_folder(tmp_path / "images")
    (folder / "train/happy/Training_9.png").write_bytes(content)
    fails_in_one_line(tmp_path, folder, message)


def test_debug_shows_the_traceback(source):
    source.write_text(with_change(8, 1, "1 2 3"))
    done = run(f"--source={source}", f"--output={source.parent / 'out'}", "--debug")
    assert "Traceback" in done.stderr and done.stderr.splitlines()[-1].startswith(f"error: {source}: line 10")


def test_script_on_a_full_disk(tmp_path, source):
    """A limit on the file size of 8 KB stands for a full disk."""
    command = [sys.executable, SCRIPT, f"--source={source}", f"--output={tmp_path / 'out'}"]
    done = subprocess.run(command, capture_output=True, text=True, timeout=120, preexec_fn=_limit_files)
    assert done.returncode == 1 and len(done.stderr.splitlines()) == 1
    assert "is the disk full?" in done.stderr
    assert list(tmp_path.iterdir()) == [source]


def _limit_files():
    resource.setrlimit(resource.RLIMIT_FSIZE, (8192, 8192))


def test_script_killed_leaves_no_output_and_the_next_run_makes_it(tmp_path, source):
    """The first run is killed while it waits for the rest of its input, which comes through a pipe."""
    pipe = tmp_path / "pipe.csv"
    os.mkfifo(pipe)
    output = tmp_path / "data" / "out"
    process = subprocess.Popen([sys.executable, SCRIPT, f"--source={pipe}", f"--output={output}"])
    with open(pipe, "w") as stream:
        stream.write(csv_text(ROWS[:8]))
        stream.flush()
        deadline = time.monotonic() + 60
        while not list(output.parent.glob(".out.partial-*/partial/*.spool")) and time.monotonic() < deadline:
            time.sleep(0.05)
        process.send_signal(signal.SIGKILL)
        process.wait()
        (left,) = output.parent.iterdir()
        assert left.name.startswith(".out.partial-")
    assert run(f"--source={source}", f"--output={output}").returncode == 0
    assert {path.name for path in output.parent.iterdir()} == {left.name, "out"}


def test_script_help_teaches():
    done = run("--help")
    assert "python data_prep/fer2013.py --source=fer2013.csv.xz" in done.stdout
    for flag in ("source", "output", "ferplus", "drop_leaked", "overwrite"):
        assert f"--{flag}" in done.stdout or f"--[no]{flag}" in done.stdout


PEAK = """
import resource, subprocess, sys
subprocess.run(sys.argv[1:], check=True, stdout=subprocess.DEVNULL)
print(resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss)
"""


@pytest.mark.slow
def test_a_csv_as_large_as_the_whole_data_set_is_read_in_bounded_memory(tmp_path):
    """35,887 rows of noise; the process's peak, TensorFlow included, stays below 1 GiB."""
    rng, texts = np.random.default_rng(0), np.array([str(value) for value in range(256)])
    with open(tmp_path / "fer2013.csv", "w") as stream:
        stream.write("emotion,pixels,Usage\n")
        for row in range(35_887):
            split = "Training" if row < 28_709 else "PublicTest" if row < 32_298 else "PrivateTest"
            stream.write(f"{row % 7},{' '.join(texts[rng.integers(0, 256, 48 * 48)])},{split}\n")
    command = [sys.executable, SCRIPT, f"--source={tmp_path / 'fer2013.csv'}", f"--output={tmp_path / 'out'}"]
    done = subprocess.run([sys.executable, "-c", PEAK, *command], capture_output=True, text=True, check=True)
    assert int(done.stdout) < 1 << 20  # kilobytes
    assert read_info(tmp_path / "out")["splits"]["Training"]["examples"] == 28_709


@pytest.mark.slow
@pytest.mark.skipif("DATA_ROOT" not in os.environ, reason="DATA_ROOT does not name the folder of the real data")
def test_the_real_data_set(tmp_path):
    """The counts that the data's own description gives."""
    root = Path(os.environ["DATA_ROOT"])
    done = run(
        f"--source={root / 'fer2013.csv.xz'}", f"--ferplus={root / 'fer2013new.csv'}", f"--output={tmp_path / 'out'}"
    )
    assert done.returncode == 0, done.stderr
    info = read_info(tmp_path / "out")
    assert {split: list(content["classes"].values()) for split, content in info["splits"].items()} == {
        "Training": [3995, 436, 4097, 7215, 4830, 3171, 4965],
        "PublicTest": [467, 56, 496, 895, 653, 415, 607],
        "PrivateTest": [491, 55, 528, 879, 594, 416, 626],
    }
    audit = json.loads((tmp_path / "out" / "audit.json").read_text())
    assert audit["constant"]["count"] == 13
    assert audit["conflicts"]["groups"] == 57
    assert audit["duplicates"]["across"]["PublicTest in Training"] == 280
    assert audit["duplicates"]["across"]["PrivateTest in Training"] == 288
    training = load_split(tmp_path / "out", "Training")
    assert training.images.shape == (28709, 48, 48) and training.votes.shape == (28709, 10)
