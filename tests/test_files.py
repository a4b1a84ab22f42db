"""Files that appear whole or not at all, and what is left where a process was killed."""

import os
import subprocess
import sys

import pytest

from fer_md.files import atomic_file


def killed_process():
    """The number of a process that has ended."""
    process = subprocess.Popen([sys.executable, "-c", ""])
    process.wait()
    return process.pid


def test_what_a_killed_process_left_is_removed_and_a_running_one_s_is_not(tmp_path):
    dead, alive, own = killed_process(), os.getppid(), os.getpid()
    kept = {f".checkpoint.partial-{alive}.npz", f".other.partial-{own}.npz", ".notes.partial-x", "a.partial-1.npz"}
    for name in (f".checkpoint.partial-{dead}.npz", f".DONE.partial-{dead}", *kept):
        (tmp_path / name).write_text("half")
    with atomic_file(tmp_path / "checkpoint.npz") as partial:
        partial.write_text("whole")
    assert {path.name for path in tmp_path.iterdir()} == {*kept, "checkpoint.npz"}
    assert (tmp_path / "checkpoint.npz").read_text() == "whole"


def test_a_failed_write_leaves_the_old_file(tmp_path):
    path = tmp_path / "a.txt"
    path.write_text("old")
    with pytest.raises(ZeroDivisionError), atomic_file(path) as partial:
        partial.write_text("half")
        1 / 0
    assert [file.name for file in tmp_path.iterdir()] == ["a.txt"] and path.read_text() == "old"
