"""Batch-norm statistics estimated again: what moves, and to where."""

import dataclasses

import numpy as np
import pytest

from fer_md.layers import BatchNorm
from fer_md.models import TINY, build_component
from fer_md.training.batch_statistics import estimate_batch_statistics
from random_faces import random_split

NETWORK = dataclasses.replace(TINY, dropout=0.0)
FACES = random_split(40).images


def norms(model):
    return [layer for layer in model.layers if isinstance(layer, BatchNorm)]


def test_statistics_are_the_mean_over_the_batches():
    """Of batches of 16, 16 and 8 faces, by the first layer, whose input no other statistics change."""
    model = build_component(NETWORK)
    first = norms(model)[0]
    estimate_batch_statistics(model, FACES, 16)
    found = np.array(first.moving_mean), np.array(first.moving_variance)
    expected, first.momentum = np.zeros((2, *found[0].shape)), 0.0
    for start, count in ((0, 16), (16, 16), (32, 8)):
        model(FACES[start : start + count, ..., None], training=True)
        expected += np.array([first.moving_mean, first.moving_variance]) * count / 40
    np.testing.assert_allclose(found, expected, rtol=1e-5, atol=1e-5)


def test_the_answer_is_that_of_one_batch_in_training_mode():
    model = build_component(NETWORK)
    expected = np.array(model(FACES[..., None], training=True)["logits"])
    before = np.array(model(FACES[..., None])["logits"])
    estimate_batch_statistics(model, FACES)
    found = np.array(model(FACES[..., None])["logits"])
    assert np.abs(found - expected).max() < 0.02 * np.abs(before - expected).max()


def test_nothing_else_changes():
    model = build_component(TINY)
    moving = {id(weight) for layer in norms(model) for weight in (layer.moving_mean, layer.moving_variance)}
    before = [np.array(weight) for weight in model.trainable_variables]
    estimate_batch_statistics(model, FACES, 16)
    for old, weight in zip(before, model.trainable_variables, strict=True):
        assert id(weight) not in moving
        np.testing.assert_array_equal(old, weight)
    assert [layer.momentum for layer in norms(model)] == pytest.approx([0.9] * len(norms(model)))
