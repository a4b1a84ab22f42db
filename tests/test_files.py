"""Files that appear whole or not at all, and what is left where a process was killed."""

import errno
import os
import subprocess
import sys

import pytest

from fer_md.console import guard
from fer_md.files import _HOST, atomic_directory, atomic_file


def killed_process():
    """The number of a process that has ended."""
    process = subprocess.Popen([sys.executable, "-c", ""])
    process.wait()
    return process.pid


def test_what_a_killed_process_left_is_removed_and_a_running_one_s_is_not(tmp_path):
    dead, alive, own = killed_process(), os.getppid(), os.getpid()
    kept = {
        f".checkpoint.partial-{_HOST}-{alive}.npz",
        f".other.partial-{_HOST}-{own}.npz",
        ".notes.partial-x",
        f"a.partial-{_HOST}-1.npz",
        f".elsewhere.partial-other{_HOST}-{dead}.npz",
    }
    for name in (f".checkpoint.partial-{_HOST}-{dead}.npz", f".DONE.partial-{_HOST}-{dead}", *kept):
        (tmp_path / name).write_text("half")
    with atomic_file(tmp_path / "checkpoint.npz") as partial:
        partial.write_text("whole")
    assert {path.name for path in tmp_path.iterdir()} == {*kept, "checkpoint.npz"}
    assert (tmp_path / "checkpoint.npz").read_text() == "whole"


def test_a_folder_whose_replacement_was_killed_between_two_renames_comes_back(tmp_path):
    dead = killed_process()
    for name, text in ((f".data.replaced-{_HOST}-{dead}", "old"), (f".data.partial-{_HOST}-{dead}", "new")):
        (tmp_path / name).mkdir()
        (tmp_path / name / "a.txt").write_text(text)
    with pytest.raises(ZeroDivisionError), atomic_directory(tmp_path / "data", overwrite=True):
        raise ZeroDivisionError
    assert [path.name for path in tmp_path.iterdir()] == ["data"]
    assert (tmp_path / "data" / "a.txt").read_text() == "old"


def test_a_failed_write_leaves_the_old_file(tmp_path):
    path = tmp_path / "a.txt"
    path.write_text("old")
    with pytest.raises(ZeroDivisionError), atomic_file(path) as partial:
        partial.write_text("half")
        raise ZeroDivisionError
    assert [file.name for file in tmp_path.iterdir()] == ["a.txt"] and path.read_text() == "old"


def full(path):
    with atomic_file(path), open(os.devnull) as stream:
        raise OSError(errno.ENOSPC, "No space left on device", *([stream.name] if path.suffix == ".json" else []))


@pytest.mark.parametrize("name", ["checkpoint.npz", "config.json"])
def test_a_full_disk_names_the_file(tmp_path, capsys, name):
    assert guard(lambda: full(tmp_path / name)) == 1
    message = f"error: {tmp_path / name}: no space left to write it; free some and run again\n"
    assert capsys.readouterr().err == message


def test_a_file_that_cannot_be_used_is_one_line(tmp_path, capsys):
    (tmp_path / "file").write_text("")
    for name, reason in (("none", "No such file or directory"), ("file/a", "Not a directory")):
        path = tmp_path / name
        assert guard(path.read_text) == 1
        (line,) = capsys.readouterr().err.splitlines()
        assert line.startswith(f"error: {path}: cannot be used ({reason})")
    assert guard((tmp_path / "none").read_text, debug=True) == 1
    assert "Traceback" in capsys.readouterr().err
    with pytest.raises(OSError, match="nameless"):
        guard(lambda: (_ for _ in ()).throw(OSError(errno.EIO, "nameless")))
