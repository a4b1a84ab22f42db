"""What fuzzing found (benchmarks/fuzz.py), and how the scripts around it count."""

import contextlib
import io
import sys
import types
import zipfile

import numpy as np
import pytest

from fer_md.errors import FerMdError
from fer_md.litert.attached import read_metadata
from fer_md.readers.csv_files import open_csv
from fer_md.readers.file_tree import FileTree
from fer_md.runs.checkpoint import load_checkpoint
from scripts import benchmark

fuzz, kills, soak = map(benchmark, ("fuzz", "kills", "soak"))


def zipped(name, content=b"1"):
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w") as archive:
        archive.writestr(name, content)
    return stream.getvalue()


def beyond_its_start(archive):
    """A zip whose list of members begins two bytes early: the first of them would stand before the file."""
    return archive[2:]


def of_version(version, archive):
    """A zip one of whose members needs a reader of that version."""
    return archive.replace(b"PK\1\2\x14\3\x14", b"PK\1\2\x14\3" + bytes([10 * version]))


def read_table(path):
    with open_csv(path) as stream:
        stream.read()


@pytest.mark.parametrize(
    "read, content",
    [
        (FileTree, zipped("ab").replace(b"ab", b"\0b")),  # a name that ends before it begins
        (load_checkpoint, zipped("a.npy", b"\x93NUMPY\1\0\x0f\0{'descr':'<i8',(")),
        (load_checkpoint, beyond_its_start(zipped("a.npy"))),
        (read_table, beyond_its_start(zipped("a.csv"))),
        (read_metadata, of_version(23, zipped("metadata.json"))),
        (read_table, of_version(23, zipped("a.csv"))),
    ],
)
def test_what_was_found_is_one_line_now(tmp_path, read, content):
    (tmp_path / "a.zip").write_bytes(content)
    with pytest.raises(FerMdError, match="a.zip: "):
        read(tmp_path / "a.zip")


def test_fuzzing_of_dataset_json_starts_from_a_valid_one(monkeypatch):
    atheris = types.SimpleNamespace(instrument_imports=lambda include: contextlib.nullcontext())
    monkeypatch.setitem(sys.modules, "atheris", atheris)
    read, seeds = benchmark("fuzz_targets").TARGETS["dataset.json"]
    read(seeds[0])


def test_what_libfuzzer_said():
    """Nothing, a finding, and a process that ended without a word."""
    counted = "stat::number_of_executed_units: 4559\n"
    assert fuzz.outcome("a", 0, counted) == {"reader": "a", "inputs": 4559, "finding": None}
    found = fuzz.outcome("a", 77, f"=== Uncaught ===\nIndexError: out of range\nTraceback\n{counted}")
    assert found["finding"] == "IndexError: out of range" and found["inputs"] == 4559
    both = "==1== ERROR: libFuzzer: fuzz target exited\nUnicodeDecodeError: no text\n"
    assert fuzz.outcome("a", 77, both)["finding"] == "UnicodeDecodeError: no text"
    assert fuzz.outcome("a", 0, "")["finding"] == "ended with status 0"
    assert fuzz.outcome("a", -14, "")["finding"] == "ended with status -14"
    assert "out-of-memory" in fuzz.outcome("a", 71, "==1== ERROR: libFuzzer: out-of-memory (used: 2049Mb)\n")["finding"]


def test_growth_counts_from_the_first_tenth(monkeypatch):
    held = iter([100.0, 101.0, 107.0, *[103.0] * 7])
    monkeypatch.setattr(soak, "resident", lambda: next(held))
    calls = []
    found = soak.grow("a", 200, 10, lambda: calls.append(1))
    assert len(calls) == 20 and len(found["megabytes"]) == 10 and found["grown"] == 7
    assert found["repeats"] == 200


def test_a_result_is_missing_or_whole(tmp_path):
    """A checkpoint of the way is whole without being that of the end; its clocks do not count."""
    stage = kills.Stage("a", "", ("a.csv", "a.npz"))
    np.savez(tmp_path / "a.npz", a=np.arange(3), seconds=1.0)
    (tmp_path / "a.csv").write_text("1,2")
    expected = kills.contents(stage, tmp_path)
    np.savez(tmp_path / "a.npz", a=np.arange(3), seconds=2.0)
    assert kills.contents(stage, tmp_path) == expected and kills.whole(stage, tmp_path, expected)
    np.savez(tmp_path / "a.npz", a=np.arange(2), seconds=2.0)
    assert kills.contents(stage, tmp_path) != expected and kills.whole(stage, tmp_path, expected)
    (tmp_path / "a.csv").write_text("1,")
    assert not kills.whole(stage, tmp_path, expected)
    (tmp_path / "a.csv").unlink()
    assert kills.whole(stage, tmp_path, expected)
    (tmp_path / "a.npz").write_bytes((tmp_path / "a.npz").read_bytes()[:-30])
    assert not kills.whole(stage, tmp_path, expected)
