"""A full disk during an export: one line, and nothing that is half written."""

import contextlib
import resource

import pytest
import tensorflow as tf

from fer_md.console import guard
from fer_md.expressions import EXPRESSIONS
from fer_md.models import TINY, build_component
from fer_md.serving.litert_file import export_litert
from fer_md.serving.onnx_file import export_onnx
from fer_md.serving.openvino_files import export_openvino
from fer_md.serving.saved_model import export_saved_model
from fer_md.serving.served_network import ServedNetwork


@pytest.fixture(scope="module")
def network():
    return ServedNetwork(build_component(TINY, seed=0), EXPRESSIONS)


@contextlib.contextmanager
def largest_file(size):
    """Lets no file of this process become larger than so many bytes; what writes it, also in C, is told so."""
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (size, hard))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))


def files(folder):
    return [path for path in folder.rglob("*") if not path.is_dir()]


def test_what_tensorflow_says_is_one_line(network, tmp_path, monkeypatch, capsys):
    def save(module, folder, signatures):
        raise tf.errors.ResourceExhaustedError(
            None, None, f"{folder}/variables: No space left on device\nfunction node"
        )

    monkeypatch.setattr(tf.saved_model, "save", save)
    assert guard(lambda: export_saved_model(network, tmp_path / "served")) == 1
    (line,) = capsys.readouterr().err.splitlines()
    assert line.startswith(f"error: {tmp_path / 'served'}: cannot be written, is the disk full? (")
    assert not files(tmp_path)


@pytest.mark.slow
@pytest.mark.parametrize("size", [0, 100, 20_000, 60_000])
@pytest.mark.parametrize(
    "export, name, package",
    [
        (export_saved_model, "served", "tensorflow"),
        (export_litert, "a.tflite", "tensorflow"),
        (export_onnx, "a.onnx", "onnxruntime"),
        (export_openvino, "openvino", "openvino"),
    ],
)
def test_any_size_of_the_disk(network, tmp_path, capsys, export, name, package, size):
    """The files have 25 kB, 821 kB (the graph of a SavedModel), 31 kB and less."""
    pytest.importorskip(package)
    with largest_file(size):
        status = guard(lambda: export(network, tmp_path / name) and None)
    lines = [line for line in capsys.readouterr().err.splitlines() if line.startswith("error: ")]
    if status == 1:
        (line,) = lines
        assert f"{tmp_path / name}: " in line and not files(tmp_path)
    else:
        assert not lines and files(tmp_path), "it was large enough"
