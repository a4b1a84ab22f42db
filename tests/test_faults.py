"""Whatever operation on files fails, a file or folder is afterwards the old one or the new one, whole."""

import errno
import shutil

import numpy as np
import pytest

from faults import every_fault
from fer_md.console import guard
from fer_md.data.face import Face
from fer_md.data.records import write_dataset
from fer_md.expressions import EXPRESSIONS
from fer_md.files import write_json
from fer_md.media.pictures import save_picture
from fer_md.media.sources import Frame, Medium
from fer_md.prediction.records import open_records
from fer_md.runs.checkpoint import save_checkpoint
from fer_md.runs.done import write_done
from fer_md.serving import litert_file
from pages.report import write as report
from stub_predictor import stub_predictor

GRAY = np.full((30, 40, 3), 128, np.uint8)


def write_faces(folder, gray):
    faces = [Face(f"{gray}/{i}", np.full((8, 8), gray + i, np.uint8), i, split="Training") for i in range(3)]
    write_dataset(faces, folder / "data", "toy", image_size=8, overwrite=True)


def write_predictions(folder, gray, name):
    medium = Medium("picture", "a.png", "a.png")
    with open_records(folder / name, EXPRESSIONS) as write:
        write(Frame(medium, GRAY), stub_predictor().predict([np.full_like(GRAY, gray)])[0])


def export(folder, gray, monkeypatch):
    """What is converted does not matter here."""
    for name, stub in (
        ("convert_function", lambda *_: bytes([gray]) * 99),
        ("check_answers", lambda *_: None),
        ("LiteNetwork", lambda content: content.index(bytes([gray]) * 99)),
    ):
        monkeypatch.setattr(litert_file, name, stub)

    class Network:
        class from_faces:
            get_concrete_function = staticmethod(lambda: None)

        texts = staticmethod(lambda quantize: {"metadata.json": "{}"})

    litert_file.export_litert(Network, folder / "a.tflite")


def write_report(folder, gray, monkeypatch):
    monkeypatch.setattr(report, "SECTIONS", [("a", lambda sources: f"<p>{gray}</p>")])
    monkeypatch.setattr(report, "lead", lambda sources: "")

    class Sources:
        runs = ()

    report.write_report(Sources, folder / "report")


WRITERS = {
    "checkpoint": lambda folder, gray, _: save_checkpoint(folder / "a.npz", {"a": np.full(500, gray)}),
    "settings": lambda folder, gray, _: write_json(folder / "config.json", {"gray": gray}),
    "end of a run": lambda folder, gray, _: write_done(folder, ["config.json"] * gray),
    "data set": lambda folder, gray, _: write_faces(folder, gray),
    "JSON lines": lambda folder, gray, _: write_predictions(folder, gray, "out.jsonl"),
    "CSV": lambda folder, gray, _: write_predictions(folder, gray, "out.csv"),
    "picture": lambda folder, gray, _: save_picture(folder / "a.png", np.full_like(GRAY, gray)),
    "export": export,
    "report": write_report,
}
"""Functions that write what depends on a gray level into a folder."""


ERRORS = {"full disk": lambda: OSError(errno.ENOSPC, "No space left on device"), "no memory": MemoryError}
OLD, NEW = 1, 2


def state(folder):
    """What stands in a folder, by path, without what is hidden."""
    files = {str(path.relative_to(folder)): path for path in folder.rglob("*") if path.is_file()}
    return {name: path.read_bytes() for name, path in files.items() if "/." not in f"/{name}"}


def one_line(error, capsys):
    """What a script would say."""

    def fail():
        raise error

    assert guard(fail) == 1
    (line,) = capsys.readouterr().err.splitlines()
    return line


def begin(folder):
    folder.mkdir()
    (folder / "config.json").write_text("{}")


@pytest.mark.parametrize(
    "name, error",
    [
        pytest.param(name, error, marks=[pytest.mark.slow] if (name, error) == ("data set", "no memory") else [])
        for name in WRITERS
        for error in ERRORS
    ],
)
def test_after_a_fault_all_is_old_or_all_is_new(tmp_path, monkeypatch, capsys, name, error):
    """And what is said is one line. Only where a folder can neither be replaced nor moved back, it is beside its place,
    and the line says where."""
    out, kept, contents = tmp_path / "out", tmp_path / "kept", []
    for gray in (NEW, OLD):
        shutil.rmtree(out, ignore_errors=True)
        begin(out)
        WRITERS[name](out, gray, monkeypatch)
        contents.append(state(out))
    new, old = contents
    shutil.copytree(out, kept)

    def write():
        WRITERS[name](out, NEW, monkeypatch)

    def prepare():
        shutil.rmtree(out)
        shutil.copytree(kept, out)

    faults = 0
    for what, raised in every_fault(prepare, write, ERRORS[error]):
        faults += 1
        line = raised and one_line(raised, capsys)
        if left := list(out.rglob(".*.partial-*")):
            (replaced,) = (path / "replaced" for path in left)
            assert state(out) | {f"data/{path}": content for path, content in state(replaced).items()} == old, what
            assert error == "no memory" or f"it is in {replaced}" in line
        else:
            assert state(out) in ((old, new) if raised else (new,)), what
    assert faults > 10
