"""The choice of the precision: by the processor, by a run that is resumed, or by name."""

import keras
import pytest

from fer_md.files import write_json
from fer_md.training import precision


@pytest.fixture(autouse=True)
def restored_policy():
    before = keras.config.dtype_policy()
    yield
    keras.config.set_dtype_policy(before)


@pytest.mark.parametrize(
    ("flags", "expected"),
    [({"avx2"}, "float32"), ({"avx2", "avx512_bf16"}, "bfloat16"), ({"amx_bf16"}, "bfloat16"), (set(), "float32")],
)
def test_auto_follows_the_processor(monkeypatch, flags, expected):
    monkeypatch.setattr(precision, "_processor_flags", lambda: flags)
    assert precision.set_precision() == expected
    assert keras.config.dtype_policy().compute_dtype == expected


def test_a_run_keeps_its_precision_on_another_processor(monkeypatch, tmp_path):
    monkeypatch.setattr(precision, "_processor_flags", set)
    write_json(tmp_path / "config.json", {"settings": {"precision": "bfloat16"}})
    assert precision.set_precision("auto", tmp_path) == "bfloat16"
    assert precision.set_precision("auto", tmp_path / "new") == "float32"


def test_unknown_name():
    with pytest.raises(ValueError, match="half"):
        precision.set_precision("half")
