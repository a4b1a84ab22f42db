"""The choice of the precision: by the GPUs, by the processor, by a run that is resumed, or by name."""

import keras
import pytest
import tensorflow as tf

from fer_md.files import write_json
from fer_md.training import precision


@pytest.fixture(autouse=True)
def restored_policy():
    before = keras.config.dtype_policy()
    yield
    keras.config.set_dtype_policy(before)


def with_gpus(monkeypatch, *details):
    """As if there were a GPU for each of ``details``."""
    monkeypatch.setattr(tf.config, "get_visible_devices", lambda kind: list(range(len(details))))
    monkeypatch.setattr(tf.config.experimental, "get_device_details", lambda gpu: details[gpu])


@pytest.mark.parametrize(
    ("capabilities", "expected"),
    [
        ([(9, 0)], "bfloat16"),
        ([(8, 0)], "bfloat16"),
        ([(7, 5)], "float16"),
        ([(7, 0)], "float16"),
        ([(6, 1)], "float32"),
        ([None], "float32"),
        ([(8, 9), (7, 5)], "float16"),
        ([(10, 0), (8, 6)], "bfloat16"),
    ],
)
def test_auto_follows_the_least_gpu(monkeypatch, capabilities, expected):
    """Whatever the processor can; a GPU that is not NVIDIA's has no compute capability."""
    with_gpus(monkeypatch, *({"compute_capability": found} if found else {} for found in capabilities))
    monkeypatch.setattr(precision, "_processor_flags", lambda: {"amx_bf16"})
    assert precision.set_precision() == expected
    assert keras.config.dtype_policy().compute_dtype == expected


@pytest.mark.parametrize(
    ("flags", "expected"),
    [({"avx2"}, "float32"), ({"avx2", "avx512_bf16"}, "bfloat16"), ({"amx_bf16"}, "bfloat16"), (set(), "float32")],
)
def test_auto_follows_the_processor(monkeypatch, flags, expected):
    with_gpus(monkeypatch)
    monkeypatch.setattr(precision, "_processor_flags", lambda: flags)
    assert precision.set_precision() == expected
    assert keras.config.dtype_policy().compute_dtype == expected


def test_a_run_keeps_its_precision_on_another_processor(monkeypatch, tmp_path):
    with_gpus(monkeypatch)
    monkeypatch.setattr(precision, "_processor_flags", set)
    write_json(tmp_path / "config.json", {"settings": {"precision": "bfloat16"}})
    assert precision.set_precision("auto", tmp_path) == "bfloat16"
    assert precision.set_precision("auto", tmp_path / "new") == "float32"


def test_runs_of_several_machines_state_each_precision_once(tmp_path):
    folders = [tmp_path / name for name in "abc"]
    for folder, name in zip(folders, ("float32", "bfloat16", "float32"), strict=True):
        write_json(folder / "config.json", {"settings": {"precision": name}})
    assert precision.precision_of_runs(folders) == "bfloat16, float32"
    assert precision.precision_of_runs(folders[:1]) == "float32"


def test_unknown_name():
    with pytest.raises(ValueError, match="half"):
        precision.set_precision("half")
