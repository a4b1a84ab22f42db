"""MD loss in one's own Keras model, by the very code that docs/MD_LOSS.md shows."""

import re
from pathlib import Path

import keras
import numpy as np
import pytest

PAGE = Path(__file__).parents[2] / "docs" / "MD_LOSS.md"


@pytest.fixture(scope="module")
def own():
    """What the example leaves behind, run on faces of noise with a backbone without weights."""
    example = re.search("```python\n(.*?)```", PAGE.read_text(encoding="utf-8"), re.DOTALL)[1]
    rng = np.random.default_rng(0)
    faces, labels = rng.random((48, 48, 48, 1), np.float32), rng.integers(0, 7, 48)
    keras.utils.set_random_seed(0)
    names = {"x": faces[:32], "y": labels[:32], "held_out_x": faces[32:], "held_out_y": labels[32:]}
    names["backbone"] = keras.Sequential([keras.layers.Flatten()])
    exec(compile(example, PAGE, "exec"), names)
    return names


def test_example_shows_every_term_of_both_splits(own):
    """Loss is softmax + 0.1 MD loss, which is above 0."""
    history = own["model"].history.history
    names = {"loss", "accuracy", "softmax_loss", "metric_loss"}
    assert set(history) == names | {f"val_{name}" for name in names}
    difference = history["val_loss"][0] - history["val_softmax_loss"][0]
    assert difference == pytest.approx(0.1 * history["val_metric_loss"][0], rel=1e-4) and difference > 0
    assert own["model"].predict(own["held_out_x"], verbose=0).shape == (16, 7)
    assert own["model"].network(own["held_out_x"])["embeddings"].shape == (16, 64)
