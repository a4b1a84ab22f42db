"""A network with a head for other classes: on small networks and random faces."""

import numpy as np
import pytest

from fer_md.data.records import Split
from fer_md.evaluation.metrics import negative_log_likelihood
from fer_md.evaluation.predict import logits_function, predict_probabilities, validate
from fer_md.models import TINY, build_component
from fer_md.training.transfer import calibrated, fit_head, with_classes

KNOWN = ("anger", "disgust", "fear", "happiness", "sadness", "surprise", "neutral")
CLASSES = ("happiness", "anger", "bored")
FACES = np.random.default_rng(0).integers(0, 256, (60, 48, 48)).astype(np.uint8)
LABELS = np.arange(60, dtype=np.int32) % 3


def split(start, stop):
    """Faces of which those of a class are brighter in another corner."""
    images, labels = FACES[start:stop].copy(), LABELS[start:stop]
    for image, label in zip(images, labels, strict=True):
        image[16 * label : 16 * label + 16] |= 192
    return Split(images, labels, [str(i) for i in range(start, stop)], None, None, [""] * len(labels))


@pytest.fixture(scope="module")
def start():
    """A network of seven classes, and its copy for three."""
    model = build_component(TINY, seed=1)
    model.get_layer("logits").bias.assign(np.arange(7.0))
    return model, with_classes(model, TINY, KNOWN, CLASSES)


def test_known_classes_keep_their_scores_and_new_ones_score_zero(start):
    model, copy = start
    theirs = logits_function(model)(FACES[:4])
    expected = np.stack([theirs[:, 3], theirs[:, 0], np.zeros(4)], 1)
    np.testing.assert_allclose(logits_function(copy)(FACES[:4]), expected, rtol=0, atol=1e-5)


def test_a_fitted_head_learns_and_leaves_the_trunk(start):
    _, copy = start
    training, held_out = split(0, 30), split(30, 60)
    before = copy.get_weights()
    fit_head(copy, training, held_out)
    changed = [bool((one != other).any()) for one, other in zip(before, copy.get_weights(), strict=True)]
    assert sum(changed) == 2  # kernel and bias of the head
    assert validate(logits_function(copy), held_out)["accuracy"] > 0.8


def test_features_that_hardly_move_get_no_large_weights(start):
    """Two training faces differ in one gray level: to tell them apart by it would take weights of thousands."""
    model, _ = start
    copy = with_classes(model, TINY, KNOWN, CLASSES)
    images = np.repeat(FACES[:1], 6, axis=0)
    images[::2, 0, 0] ^= 1
    labels = np.array([0, 1, 0, 1, 0, 1], np.int32)
    same = Split(images, labels, list("abcdef"), None, None, [""] * 6)
    kernel = copy.get_layer("logits").get_weights()[0]
    fit_head(copy, same, same)
    assert np.isfinite(copy.get_layer("logits").get_weights()[0]).all()
    assert np.abs(copy.get_layer("logits").get_weights()[0] - kernel).max() < 1e4


def test_the_better_is_kept_and_calibrated(start):
    """A network that was trained to nonsense gives way to the start; too sure answers get a temperature above 1."""
    copy, held_out = with_classes(start[0], TINY, KNOWN, CLASSES), split(30, 60)
    fit_head(copy, split(0, 30), held_out)
    first = copy.get_weights()
    first[-2:] = [2 * values for values in first[-2:]]  # of the head: twice as sure
    copy.set_weights([np.zeros_like(values) for values in first])
    note = calibrated({"own": held_out}, first)(copy, "own")
    assert note["kept"] == "head" and note["validation"]["head"]["temperature"] > 1
    said = predict_probabilities(copy, held_out.images)
    assert negative_log_likelihood(held_out.labels, said) == pytest.approx(note["validation"]["head"]["loss"], abs=1e-3)
    copy.set_weights(first)
    assert calibrated({"own": held_out})(copy, "own")["kept"] == "trained"
