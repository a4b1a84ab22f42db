"""What networks say of faces that they have not learned, and targets that heed it."""

import dataclasses
import json

import keras
import numpy as np
import pytest

from fer_md.errors import FerMdError
from fer_md.evaluation.softmax import softmax
from fer_md.expressions import EXPRESSIONS
from fer_md.training import unseen
from fer_md.training.soft_targets import label_probabilities, mix_votes, with_votes
from fer_md.training.task import Task
from fer_md.training.unseen import fold_of, unseen_probabilities, without_fold
from random_faces import random_split


def test_a_fold_depends_on_the_pixels_alone():
    images = random_split(300).images
    assert fold_of(np.zeros((1, 2, 2), np.uint8), 1000).tolist() == [19]  # of SHA-256 of four zero bytes
    folds = fold_of(images, 3)
    assert fold_of(images[::-1], 3).tolist() == folds[::-1].tolist()
    assert fold_of(np.vstack([images, images]), 3)[300:].tolist() == folds.tolist()
    assert np.bincount(folds).min() > 70


def test_each_face_is_left_out_once():
    split = random_split(50)
    left_out = [set(split.keys) - set(without_fold(split, f"{fold}/3").keys) for fold in (1, 2, 3)]
    assert sorted(key for keys in left_out for key in keys) == sorted(split.keys)


def test_a_fold_of_no_face_is_refused():
    with pytest.raises(FerMdError, match="fold 1/999 has 0 of 5 faces"):
        without_fold(random_split(5), "1/999")


@pytest.mark.parametrize("text", ["", "1", "0/3", "4/3", "1/1", "a/b", "-1/3"])
def test_a_fold_that_is_none_is_refused(text):
    with pytest.raises(FerMdError, match="fold must be such as 2/3"):
        without_fold(random_split(5), text)


SETTINGS = {"manifest_sha256": "abc", "protocol": None, "expressions": list(EXPRESSIONS)}


def scores(faces, run):
    """(N, 7) logits of (N, 48, 48) faces: run n is for class n, and for class 6 the more, the brighter a corner."""
    found = np.zeros((len(faces), 7))
    found[:, run] += 2
    found[:, 6] += faces[:, 0, 0] / 64
    return found


@pytest.fixture
def runs(tmp_path, monkeypatch):
    """Function that makes runs from their settings, whose networks answer with ``scores``."""
    made = []

    def make(*settings):
        for each in settings:
            made.append(tmp_path / str(len(made)))
            made[-1].mkdir()
            (made[-1] / "config.json").write_text(json.dumps({"settings": {**SETTINGS, **each}}))
        return made

    def network(run):
        faces = keras.Input((48, 48, 1))
        corner = keras.ops.cast(faces[:, 0, 0], "float32") / 64
        own = np.eye(7, dtype="float32")[made.index(run)]
        return keras.Model(faces, {"logits": corner * np.eye(7, dtype="float32")[6] + 2 * own})

    monkeypatch.setattr(unseen, "load_model", network)
    return make


def test_a_face_is_answered_by_the_network_that_did_not_learn_it(runs):
    split = random_split(40)
    found = unseen_probabilities(runs({"fold": "2/2"}, {"fold": "1/2"}), split, SETTINGS, None)
    own = fold_of(split.images, 2)
    for fold, run in ((1, 0), (0, 1)):
        faces = split.images[own == fold]
        views = [softmax(scores(view, run)) for view in (faces, faces[:, :, ::-1])]
        assert found[own == fold] == pytest.approx(np.mean(views, axis=0), abs=1e-5)


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ([{"fold": "1/2"}, {"fold": "1/2"}], "must have left out the folds 1/2, 2/2, not 1/2"),
        ([{"fold": "1/2"}, {"fold": "2/3"}], "must have left out the folds 1/2, 2/2, not 1/2, 2/3"),
        ([{"fold": "1/2"}], "1 runs must have left out the folds 1/1, not 1/2"),
        ([{"fold": "1/2"}, {}], "train it with --fold, and without"),
        ([{"fold": "1/2", "start": "abc"}, {"fold": "2/2"}], "without --start"),
        ([{"fold": "1/2"}, {"fold": "2/2", "protocol": "b"}], "protocol='b', not None"),
        ([{"fold": "1/2", "manifest_sha256": "b"}, {"fold": "2/2"}], "manifest_sha256='b'"),
    ],
)
def test_runs_that_cannot_answer_are_refused(runs, settings, message):
    with pytest.raises(FerMdError, match=message):
        unseen_probabilities(runs(*settings), random_split(40), SETTINGS, None)


def test_what_networks_say_is_evidence_beside_the_votes():
    """Votes that say nothing, and networks that are right: the target follows the networks."""
    rng = np.random.default_rng(0)
    labels, votes = rng.integers(0, 7, 400), np.tile([1, *[0] * 9], (400, 1))
    said = 0.9 * np.eye(7)[labels] + 0.1 / 7
    shares = mix_votes(labels, votes, 0.4, said)
    evidence = np.hstack([votes, np.log(said)])
    assert shares == pytest.approx(0.6 * np.eye(7)[labels] + 0.4 * label_probabilities(labels, evidence), abs=1e-6)
    assert shares.max(1).min() > 0.95 > mix_votes(labels, votes, 0.4).max(1).max()
    votes[0], said[1] = 0, np.eye(7)[(labels[1] + 1) % 7]  # nobody voted; sure, and wrong
    shares = mix_votes(labels, votes, 0.4, said)
    assert shares[0].tolist() == np.eye(7)[labels[0]].tolist()
    assert 0.6 <= shares[1, labels[1]] < 0.7 and np.isfinite(shares).all()


def test_what_networks_say_counts_to_the_last_epoch():
    split = random_split(64)
    split = dataclasses.replace(split, votes=np.tile([1, *[0] * 9], (64, 1)))
    task = Task("faces", split)
    assert with_votes(task, 0.4).finish_batches is not None
    assert with_votes(task, 0.4, np.full((64, 7), 1 / 7)).finish_batches is None
    assert with_votes(task, 0.4, raw=True).finish_batches is None
