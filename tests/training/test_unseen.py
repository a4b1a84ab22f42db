"""What networks say of faces that they have not learned, and targets that heed it."""

import json

import keras
import numpy as np
import pytest

from fer_md.errors import FerMdError
from fer_md.training import unseen
from fer_md.training.soft_targets import label_probabilities, mix_votes
from fer_md.training.unseen import fold_of, unseen_probabilities, without_fold
from random_faces import random_split


def test_a_fold_depends_on_the_pixels_alone():
    images = random_split(300).images
    folds = fold_of(images, 3)
    assert fold_of(images[::-1], 3).tolist() == folds[::-1].tolist()
    assert fold_of(np.vstack([images, images]), 3)[300:].tolist() == folds.tolist()
    assert np.bincount(folds).min() > 70


def test_each_face_is_left_out_once():
    split = random_split(50)
    left_out = [set(split.keys) - set(without_fold(split, f"{fold}/3").keys) for fold in (1, 2, 3)]
    assert sorted(key for keys in left_out for key in keys) == sorted(split.keys)


@pytest.mark.parametrize("text", ["", "1", "0/3", "4/3", "1/1", "a/b", "-1/3"])
def test_a_fold_that_is_none_is_refused(text):
    with pytest.raises(FerMdError, match="fold must be such as 2/3"):
        without_fold(random_split(5), text)


@pytest.fixture
def runs(tmp_path, monkeypatch):
    """Function that makes runs by the folds which they left out; the network of the n-th is sure of class n."""
    made = []

    def make(*folds, manifest="abc"):
        for fold in folds:
            made.append(tmp_path / str(len(made)))
            made[-1].mkdir()
            (made[-1] / "config.json").write_text(json.dumps({"settings": {"manifest_sha256": manifest, "fold": fold}}))
        return made

    def network(run):
        faces = keras.Input((48, 48, 1))
        logits = 20 * keras.ops.one_hot(keras.ops.zeros_like(faces[:, 0, 0, 0], "int32") + made.index(run), 7)
        return keras.Model(faces, {"logits": logits})

    monkeypatch.setattr(unseen, "load_model", network)
    return make


def test_a_face_is_answered_by_those_that_did_not_learn_it(runs):
    split = random_split(40)
    found = unseen_probabilities(runs("1/2", "2/2", "2/2"), split, "abc")
    second = fold_of(split.images, 2) == 1
    assert found[~second] == pytest.approx(np.tile(np.eye(7)[0], (sum(~second), 1)), abs=1e-6)
    assert found[second] == pytest.approx(np.tile([0, 0.5, 0.5, 0, 0, 0, 0], (sum(second), 1)), abs=1e-6)


@pytest.mark.parametrize(
    ("folds", "manifest", "message"),
    [
        (["1/2", "1/2"], "abc", "faces were learned by all"),
        (["1/2", None], "abc", "has learned all faces"),
        (["1/2", "2/2"], "other", "learned another data set"),
    ],
)
def test_runs_that_cannot_answer_are_refused(runs, folds, manifest, message):
    with pytest.raises(FerMdError, match=message):
        unseen_probabilities(runs(*folds, manifest=manifest), random_split(40), "abc")


def test_what_networks_say_is_evidence_beside_the_votes():
    """Votes that say nothing, and networks that are right: the target follows the networks."""
    rng = np.random.default_rng(0)
    labels, votes = rng.integers(0, 7, 400), np.tile([1, *[0] * 9], (400, 1))
    said = 0.9 * np.eye(7)[labels] + 0.1 / 7
    shares = mix_votes(labels, votes, 0.4, said)
    evidence = np.hstack([votes, np.log(said)])
    assert shares == pytest.approx(0.6 * np.eye(7)[labels] + 0.4 * label_probabilities(labels, evidence), abs=1e-6)
    assert shares.max(1).min() > 0.95 > mix_votes(labels, votes, 0.4).max(1).max()
