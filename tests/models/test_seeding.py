"""Whose random numbers building and loading a network touches."""

import random

import numpy as np
import pytest
import tensorflow as tf

from fer_md.expressions import EXPRESSIONS
from fer_md.models import TINY, build_component
from fer_md.pretrained.store import load_fused, save_pretrained


def draws():
    return random.random(), np.random.random(), float(tf.random.uniform([]))


def seed_all():
    random.seed(5)
    np.random.seed(5)
    tf.random.set_seed(5)


def expected():
    seed_all()
    draws()
    return draws()


def test_loading_leaves_all_random_states_and_building_those_of_numpy_and_tensorflow(tmp_path):
    description = {"expressions": list(EXPRESSIONS), "score_weights": [0.5, 0.5], "temperature": 1.0, "prior": None}
    save_pretrained(tmp_path, [(build_component(TINY, seed), TINY) for seed in (0, 1)], description)
    following = expected()
    seed_all()
    draws()
    load_fused(tmp_path)
    assert draws() == following
    seed_all()
    draws()
    build_component(TINY)
    after = draws()
    assert after[1:] == following[1:] and after[0] != following[0]


def test_seed_must_be_whole():
    with pytest.raises(ValueError, match=r"seed must be an int, not 0\.5"):
        build_component(TINY, 0.5)
