"""Files that appear whole or not at all, also where a process was killed."""

import errno
import os
import signal
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from fer_md import array_files
from fer_md.array_files import read_arrays
from fer_md.console import guard
from fer_md.errors import FerMdError
from fer_md.files import atomic_directory, atomic_file, parse_json, read_json, unreadable, walk


def run_and_kill(path, body):
    """A process that writes ``path`` and kills itself on the way."""
    code = f"""
import os, signal
from pathlib import Path
from fer_md import files
path = Path({str(path)!r})
kill = lambda *_: os.kill(os.getpid(), signal.SIGKILL)
{body}
"""
    assert subprocess.run([sys.executable, "-c", code]).returncode == -signal.SIGKILL


def visible(folder):
    return {path.name for path in folder.iterdir() if not path.name.startswith(".")}


@pytest.mark.integration
def test_a_process_killed_while_it_writes_leaves_the_old_file(tmp_path):
    """Half a file is hidden, and the next writer does not mind it."""
    path = tmp_path / "a.txt"
    path.write_text("old")
    run_and_kill(path, "with files.atomic_file(path) as partial:\n    partial.write_text('half')\n    kill()")
    assert visible(tmp_path) == {"a.txt"} and path.read_text() == "old"
    assert not list(tmp_path.rglob("a.txt"))[1:], "nothing of its name below"
    with atomic_file(path) as partial:
        partial.write_text("new")
    assert visible(tmp_path) == {"a.txt"} and path.read_text() == "new"


@pytest.mark.integration
def test_a_process_killed_between_two_renames_loses_no_folder(tmp_path):
    """The old folder and the new one are both beside their place."""
    path = tmp_path / "data"
    path.mkdir()
    (path / "a.txt").write_text("old")
    body = """
rename = os.replace
os.replace = lambda old, new: kill() if Path(new) == path else rename(old, new)
with files.atomic_directory(path, overwrite=True) as partial:
    (partial / "a.txt").write_text("new")
"""
    run_and_kill(path, body)
    assert visible(tmp_path) == set()
    assert sorted(file.read_text() for file in tmp_path.rglob("a.txt")) == ["new", "old"]
    with atomic_directory(path) as partial:
        (partial / "a.txt").write_text("newer")
    assert visible(tmp_path) == {"data"} and (path / "a.txt").read_text() == "newer"


@pytest.mark.parametrize("fails", ["while it is written", "when it is renamed"])
def test_a_folder_that_cannot_be_replaced_stays(tmp_path, monkeypatch, fails):
    path = tmp_path / "data"
    path.mkdir()
    (path / "a.txt").write_text("old")
    rename = os.replace

    def refuse(old, new):
        if new == path and Path(old).name == "partial":
            raise OSError(errno.EACCES, "Permission denied", str(old))
        rename(old, new)

    problem = "Permission denied" if fails == "when it is renamed" else "broken"
    with pytest.raises(OSError, match=problem), atomic_directory(path, overwrite=True):
        if fails == "while it is written":
            raise OSError("broken")
        monkeypatch.setattr(os, "replace", refuse)
    assert [found.name for found in tmp_path.iterdir()] == ["data"]
    assert (path / "a.txt").read_text() == "old"


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


@pytest.mark.parametrize(
    "text", ["[" * 100_000, "1" * 5000, '{"a": NaN}', "-Infinity", "[1e999]", "-1e999", "", "\xff"]
)
def test_json_that_cannot_be_read_is_one_line(tmp_path, text):
    with pytest.raises(FerMdError, match="a.jsonl: line 3: not valid JSON"):
        parse_json(text, "a.jsonl: line 3")
    (tmp_path / "a.json").write_bytes(text.encode(errors="surrogateescape"))
    with pytest.raises(FerMdError, match="a.json: not valid JSON"):
        read_json(tmp_path / "a.json")


def test_too_little_memory_is_one_line(capsys):
    def greedy():
        raise MemoryError("Unable to allocate 4.00 TiB")

    assert guard(greedy) == 1
    assert capsys.readouterr().err.startswith("error: not enough memory (Unable to allocate 4.00 TiB)")


def test_a_folder_deeper_than_python_calls_functions(tmp_path):
    deep = tmp_path
    for _ in range(1500):
        deep = deep / "d"
        deep.mkdir()
    (deep / "x.png").touch()
    assert list(walk(tmp_path, pytest.fail)) == [deep / "x.png"]
    for folder in [deep, *deep.parents][:1500]:  # pytest's own removal calls itself
        (folder / "x.png").unlink(missing_ok=True)
        folder.rmdir()


def test_what_is_in_a_folder(tmp_path):
    for name in ("b/two", "b/a/three", "c", ".hidden/x", "b/.y"):
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).touch()
    (tmp_path / "b/a/link").symlink_to(tmp_path, target_is_directory=True)
    os.mkfifo(tmp_path / "pipe")
    found = [path.relative_to(tmp_path).as_posix() for path in walk(tmp_path, pytest.fail)]
    assert found == ["c", "pipe", "b/two", "b/a/link", "b/a/three"]


def test_a_folder_that_cannot_be_read_is_named(tmp_path):
    errors = []
    assert list(walk(tmp_path / "none", errors.append)) == []
    assert str(unreadable(errors[0])) == f"{tmp_path / 'none'}: cannot be read (No such file or directory)"


def test_arrays_are_unpacked_up_to_a_size(tmp_path, monkeypatch):
    np.savez_compressed(tmp_path / "a.npz", zeros=np.zeros(10_000), ones=np.ones(10_000))
    assert len(read_arrays(tmp_path / "a.npz", "make it again")) == 2
    monkeypatch.setattr(array_files, "MAX_UNPACKED", 100_000)
    with pytest.raises(FerMdError, match="a.npz: 160[0-9]{3} bytes once unpacked; at most 100000 are read; make it"):
        read_arrays(tmp_path / "a.npz", "make it again")
    np.save(tmp_path / "b.npy", np.ones(3))
    with pytest.raises(FerMdError, match="b.npy: truncated or damaged"):
        read_arrays(tmp_path / "b.npy", "make it again")
