"""The networks that ship as Keras models of their own, by the very code that docs/KERAS.md shows."""

import re
from pathlib import Path

import keras
import numpy as np
import pytest

import fer_md
from fer_md.errors import FerMdError
from fer_md.evaluation.softmax import softmax
from fer_md.expressions import EXPRESSIONS
from fer_md.files import working_directory
from fer_md.models import TINY, build_component
from fer_md.pretrained.expression_classifier import ExpressionClassifier

PAGE = Path(__file__).parents[2] / "docs" / "KERAS.md"
RNG = np.random.default_rng(0)
FACES = RNG.integers(0, 256, (12, 48, 48, 1)).astype(np.uint8)
LOSS = keras.losses.SparseCategoricalCrossentropy(from_logits=True)


def classifier():
    return ExpressionClassifier(build_component(TINY), EXPRESSIONS)


def run_example(number, folder):
    """What an example of the page leaves behind that is run in a folder."""
    examples = re.findall("```python\n(.*?)```", PAGE.read_text(encoding="utf-8"), re.DOTALL)
    labels = np.arange(12) % 3
    names = {"x": FACES[:8], "y": labels[:8], "held_out_x": FACES[8:], "held_out_y": labels[8:], "weights": np.ones(8)}
    names["faces"] = FACES
    with working_directory(folder):
        exec(compile(examples[number], PAGE, "exec"), names)
    return names


def test_the_network_answers_as_load_pretrained_does(tmp_path):
    found = run_example(0, tmp_path)
    expected = fer_md.load_pretrained("fer2013").predict(FACES, verbose=0)["logits"]
    np.testing.assert_allclose(found["logits"], expected, atol=1e-4)
    assert found["names"] == [EXPRESSIONS[index] for index in expected.argmax(1)]


@pytest.mark.slow
def test_a_head_of_ones_own_is_trained_saved_and_opened_again(tmp_path):
    trained, opened = (run_example(number, tmp_path)["classifier"] for number in (1, 2))
    assert opened.labels == ("bored", "awake", "asleep") and opened.backbone.trainable
    np.testing.assert_array_equal(opened.predict(FACES, verbose=0), trained.predict(FACES, verbose=0))
    assert set(trained.history.history) == {"loss", "accuracy", "val_loss", "val_accuracy"}


def test_photographs_are_answered_by_a_network_made_in_keras(tmp_path):
    own = ExpressionClassifier(build_component(TINY), ["bored", "awake", "asleep", "a", "b", "c", "d"])
    own.save(tmp_path / "own.keras")
    expected = softmax(own.predict(FACES, verbose=0))
    for model in (own, tmp_path / "own.keras"):
        predictor = fer_md.Predictor(model, detector=None)
        found = predictor.predict([face[..., 0] for face in FACES])
        assert predictor.expressions == own.labels
        probabilities = [list(faces[0].probabilities.values()) for faces in found]
        np.testing.assert_allclose(probabilities, expected, atol=1e-5)
    build_component(TINY).save(tmp_path / "component.keras")
    with pytest.raises(FerMdError, match="component.keras: holds no fer_md.ExpressionClassifier; of a run, name"):
        fer_md.Predictor(tmp_path / "component.keras")
    with pytest.raises(FerMdError, match="a Classifier or an ExpressionClassifier; got Functional"):
        fer_md.Predictor(build_component(TINY))


@pytest.mark.slow
def test_md_loss_on_a_network_that_ships(tmp_path):
    found = run_example(3, tmp_path)
    history = found["model"].history.history
    difference = history["val_loss"][0] - history["val_softmax_loss"][0]
    assert difference == pytest.approx(0.1 * history["val_metric_loss"][0], rel=1e-4)
    assert found["classifier"].labels == ("0", "1", "2")
    assert found["classifier"].predict(FACES, verbose=0).shape == (12, 3)


@pytest.mark.parametrize("jit_compile", [False, pytest.param(True, marks=pytest.mark.slow)])
def test_weights_of_classes_and_of_samples_are_those_of_keras(jit_compile):
    """Class weights 2 and 0 are sample weights 2 and 0, and the loss of two faces is that of NumPy."""
    logits = classifier().predict(FACES[:2], verbose=0).astype(np.float64)
    own = np.log(np.exp(logits).sum(1)) - logits[[0, 1], [3, 5]]
    losses = []
    for weights in ({"class_weight": {3: 2.0, 5: 0.0}}, {"sample_weight": np.array([2.0, 0.0])}):
        model = classifier()
        model.network.get_layer("dropout1").rate = model.network.get_layer("dropout2").rate = 0.0
        for layer in model.network.layers:
            layer.trainable = "logits" in layer.name  # normalised as in prediction
        model.compile(keras.optimizers.SGD(0.0), LOSS, jit_compile=jit_compile)
        history = model.fit(FACES[:2], np.array([3, 5]), verbose=0, **weights).history
        losses.append(history["loss"][0])
    assert losses == pytest.approx([own[0] * 2 / 2] * 2, rel=1e-4)


def test_a_frozen_network_keeps_its_weights_and_statistics():
    model = classifier()
    for layer in model.network.layers:
        layer.trainable = layer.name == "logits"
    before = {weight.path: keras.ops.convert_to_numpy(weight) for weight in model.weights}
    model.compile(keras.optimizers.SGD(0.1), LOSS)
    model.fit(FACES, np.arange(12) % 7, verbose=0)
    moved = {
        weight.path
        for weight in model.weights
        if (keras.ops.convert_to_numpy(weight) != before[weight.path]).any() and "dropout" not in weight.path
    }
    assert moved == {"logits/kernel", "logits/bias"}


@pytest.mark.parametrize(
    "arguments, message",
    [
        ({"preset": "fer2014"}, "name must be one of fer2013, photographs, not 'fer2014'"),
        ({"num_classes": 1}, "num_classes must be at least 2, not 1"),
        ({"num_classes": 2.5}, "num_classes must be a whole number, not 2.5"),
        ({"labels": ["one"]}, "num_classes must be at least 2, not 1"),
    ],
)
def test_bad_arguments_are_named_before_anything_is_loaded(arguments, message, monkeypatch):
    monkeypatch.setattr("fer_md.pretrained.new_head.load_components", None)
    with pytest.raises(ValueError, match=re.escape(message)):
        ExpressionClassifier.from_preset(**arguments)


def test_a_network_and_its_labels_must_fit():
    with pytest.raises(ValueError, match="labels must be 7 different names, not .'a', 'b'"):
        ExpressionClassifier(build_component(TINY), ["a", "b"])
    with pytest.raises(ValueError, match="labels must be 7 different names"):
        ExpressionClassifier(build_component(TINY), ["a"] * 7)
    with pytest.raises(ValueError, match="labels must be 7 different names, not 'abcdefg'"):
        ExpressionClassifier(build_component(TINY), "abcdefg")
    with pytest.raises(ValueError, match="network must have a dict of outputs with logits"):
        ExpressionClassifier(keras.Sequential([keras.layers.Dense(7)]), EXPRESSIONS)
    with pytest.raises(ValueError, match="only a network with a new head has a backbone"):
        _ = classifier().backbone
