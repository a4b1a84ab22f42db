"""The priors that trained networks hold, as their runs state them."""

import dataclasses
from types import SimpleNamespace

import numpy as np
import pytest

import finetune
import joint

INFOS = [
    {"name": "a", "expressions": ["joy", "fear"], "splits": {"Training": {"classes": {"joy": 16, "fear": 4}}}},
    {"name": "b", "expressions": ["joy", "fear"], "splits": {"Training": {"classes": {"joy": 1, "fear": 9}}}},
]


def joint_priors(**changes):
    settings = joint.Settings(data=("a", "b"), run_dir="run", **changes)
    return [pytest.approx(prior) for prior in joint.priors_of(settings, INFOS)]


def test_joint_networks_hold_the_prior_of_their_data_set():
    for statistics in ("own", "shared"):
        assert joint_priors(statistics=statistics) == [{"joy": 0.8, "fear": 0.2}, {"joy": 0.1, "fear": 0.9}]


def test_without_logit_adjustment_they_hold_the_prior_of_the_faces_drawn():
    # roots: 4 and 2 of joy and fear, 1 and 3
    assert joint_priors(logit_adjustment=False) == [{"joy": 2 / 3, "fear": 1 / 3}, {"joy": 0.25, "fear": 0.75}]


def test_merged_data_sets_have_one_prior_mixed_as_the_loss_weights_them():
    merged = {"logit_adjustment": False, "statistics": "shared", "sampling": (1.0, 1.0)}
    assert joint_priors(**merged, shares=(3.0, 1.0)) == [{"joy": 0.45, "fear": 0.55}]
    assert joint_priors(**merged, dataset_weights=(3.0, 1.0)) == [{"joy": 0.625, "fear": 0.375}]


def test_an_exchanged_component_holds_the_prior_of_what_it_learns():
    settings = finetune.Settings(components=("1", "2"), data=("a", "b"), run_dir="run")
    weights = [1.0, 3.0]
    assert finetune.prior_of(0, INFOS, settings, weights) == {"joy": 0.1, "fear": 0.9}
    replayed = dataclasses.replace(settings, replay=1.0)
    assert finetune.prior_of(0, INFOS, replayed, weights) == pytest.approx({"joy": 0.275, "fear": 0.725})


def test_a_part_of_the_prior_is_what_the_component_says(monkeypatch):
    """Half of the targets are its own: 0.5 (0.1, 0.9) + 0.5 (0.7, 0.3)."""
    monkeypatch.setattr(finetune, "load_split", lambda directory, split: SimpleNamespace(images=directory))
    monkeypatch.setattr(finetune, "load_model", lambda run: run)
    said = {("1", "b"): np.array([[0.6, 0.4], [0.8, 0.2]])}
    monkeypatch.setattr(finetune, "predict_probabilities", lambda model, images: said[model, images])
    settings = finetune.Settings(components=("1", "2"), data=("a", "b"), run_dir="run", distill=0.5)
    assert finetune.prior_of(0, INFOS, settings, [1.0, 1.0]) == pytest.approx({"joy": 0.4, "fear": 0.6})
