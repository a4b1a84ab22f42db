"""MD loss in one's own Keras model, by the very code that docs/METHOD.md shows, and the file of such a model."""

import re
import subprocess
import sys
from pathlib import Path

import keras
import numpy as np
import pytest

from fer_md.losses import MDLoss
from fer_md.models import TINY, build_component

METHOD = Path(__file__).parents[2] / "docs" / "METHOD.md"


@pytest.fixture(scope="module")
def own():
    """What the example leaves behind, run on faces of noise with a backbone of one layer."""
    section = METHOD.read_text().split("## MD loss in your own model")[1]
    example = re.search("```python\n(.*?)```", section, re.DOTALL)[1]
    rng = np.random.default_rng(0)
    faces, labels = rng.random((48, 48, 48, 1), np.float32), rng.integers(0, 7, 48)
    keras.utils.set_random_seed(0)
    names = {"x": faces[:32], "y": labels[:32], "held_x": faces[32:], "held_y": labels[32:]}
    names["backbone"] = keras.Sequential([keras.layers.Flatten(), keras.layers.Dense(64, "relu")])
    exec(compile(example, METHOD, "exec"), names)
    return names


def test_example_shows_softmax_loss_and_accuracy_of_both_splits(own):
    """Loss is softmax + 0.1 MD loss, which holds lambda: after a step behind the ReLU above 0, at most 7 x 6."""
    history = own["model"].history.history
    names = {"loss", "logits_accuracy", "logits_softmax_loss"}
    assert set(history) == names | {f"val_{name}" for name in names}
    assert 0 < history["val_loss"][0] - history["val_logits_softmax_loss"][0] < 0.1 * (7 * 6 + 5)
    assert own["classifier"](own["held_x"]).shape == (16, 7)


def test_loss_that_is_no_output_is_dropped(own):
    """As the text says; the classifier without labels rests on it."""
    assert any(isinstance(layer, MDLoss) for layer in own["model"].layers)
    assert not any(isinstance(layer, MDLoss) for layer in own["classifier"].layers)


def test_files_open_with_the_imports_that_the_text_names(own, tmp_path):
    own["model"].save(tmp_path / "losses.keras")
    build_component(TINY).save(tmp_path / "layers.keras")
    code = (
        "import sys, keras\n"
        "for part in ('losses', 'layers'):\n"
        "    __import__(f'fer_md.{part}')\n"
        "    keras.models.load_model(f'{sys.argv[1]}/{part}.keras')\n"
    )
    answer = subprocess.run([sys.executable, "-c", code, str(tmp_path)], capture_output=True, text=True)
    assert answer.returncode == 0, answer.stderr
