"""Targets of labels and FER+ votes, and the loss that compares them."""

import numpy as np
import pytest
import tensorflow as tf

from fer_md.expressions import EXPRESSIONS
from fer_md.training.objective import SHARES, share_cross_entropy, softmax_cross_entropy
from fer_md.training.soft_targets import label_probabilities, mix_votes


def votes_for(**counts):
    """A row of FER+'s ten columns."""
    columns = ("neutral", "happiness", "surprise", "sadness", "anger", "disgust", "fear", "contempt", "unknown", "none")
    return [counts.get(name, 0) for name in columns]


def test_probabilities_are_how_often_each_label_has_such_votes():
    """Of faces that all taggers call neutral, 60 are neutral and 40 sad; those called happy are all happy.

    With two kinds of votes and nearly no ridge the logistic model can take the frequencies exactly.
    """
    votes = np.array([votes_for(neutral=10)] * 100 + [votes_for(happiness=10)] * 50)
    labels = np.array([6] * 60 + [4] * 40 + [3] * 50)
    probabilities = label_probabilities(labels, votes / 10, ridge=1e-6, steps=60)
    assert probabilities[0, [6, 4]] == pytest.approx([0.6, 0.4], abs=1e-4)
    assert probabilities[-1, EXPRESSIONS.index("happiness")] == pytest.approx(1, abs=1e-4)


def test_the_fit_is_where_the_penalised_likelihood_has_no_slope():
    """At the maximum, X^T (Y - P) = ridge W; W is then recovered from P's logits on the unit votes."""
    rng = np.random.default_rng(0)
    votes, labels = rng.dirichlet(np.ones(10), 200), rng.integers(0, 7, 200)
    p = label_probabilities(labels, votes, ridge=1.0)
    weights = np.log(label_probabilities(np.append(labels, [-1] * 10), np.vstack([votes, np.eye(10)]), 1.0)[200:]).T
    slope = (np.eye(7)[labels] - p).T @ votes
    assert slope.sum(0) == pytest.approx(np.zeros(10), abs=1e-6)
    assert slope == pytest.approx(weights - weights.mean(0), abs=1e-6)


def test_votes_and_label_are_mixed():
    votes = np.array([votes_for(neutral=10)] * 5 + [votes_for()] + [votes_for(neutral=10)])
    labels = np.array([6, 6, 6, 4, 4, 2, -1])
    shares = mix_votes(labels, votes, 0.4)
    given = label_probabilities(labels[[0, 1, 2, 3, 4, 6]], votes[[0, 1, 2, 3, 4, 6]] / 10)
    assert shares[0] == pytest.approx(0.6 * np.eye(7)[6] + 0.4 * given[0], abs=1e-6)
    assert shares[3] == pytest.approx(0.6 * np.eye(7)[4] + 0.4 * given[0], abs=1e-6)
    assert shares[5].tolist() == np.eye(7)[2].tolist()  # nobody voted: the label alone
    assert not shares[6].any()
    assert mix_votes(labels, votes, 0).tolist() == [*np.eye(7)[labels[:6]].tolist(), [0.0] * 7]
    assert np.asarray(SHARES.counted(tf.constant(shares))).tolist() == [True] * 6 + [False]
    assert np.asarray(SHARES.labels(tf.constant(shares))).tolist() == labels.tolist()


def test_raw_votes_are_taken_as_they_are():
    """By hand; votes for contempt and for no expression do not count, and without others the label is all."""
    votes = np.array([[5, 1, 0, 0, 2, 0, 0, 1, 1, 0], [0, 0, 0, 0, 0, 0, 0, 4, 3, 3], [10] + [0] * 9])
    shares = mix_votes(np.array([0, 3, -1]), votes, 0.4, raw=True)
    assert shares[0] == pytest.approx([0.6 + 0.4 * 2 / 8, 0, 0, 0.4 * 1 / 8, 0, 0, 0.4 * 5 / 8], abs=1e-6)
    assert shares[1].tolist() == np.eye(7)[3].tolist() and not shares[2].any()
    assert mix_votes(np.array([0, 3, -1]), votes, 0, raw=True)[:2].tolist() == np.eye(7)[[0, 3]].tolist()


def test_certain_shares_are_labels():
    logits = tf.random.stateless_normal((5, 7), (1, 2))
    labels = tf.constant([0, 6, 3, 3, 2])
    for smoothing in (0.0, 0.1):
        ours = share_cross_entropy(logits, tf.one_hot(labels, 7), smoothing)
        for one, other in zip(ours, softmax_cross_entropy(logits, labels, smoothing), strict=True):
            assert np.asarray(one).tolist() == np.asarray(other).tolist()


def test_loss_against_numpy_and_its_gradient():
    rng = np.random.default_rng(0)
    logits, shares = rng.normal(size=(4, 7)), rng.dirichlet(np.ones(7), 4)
    targets = 0.9 * shares + 0.1 / 7
    log_probabilities = logits - np.log(np.exp(logits).sum(1, keepdims=True))
    variable = tf.Variable(logits)
    with tf.GradientTape() as tape:
        losses, scores = share_cross_entropy(variable, tf.constant(shares), 0.1)
    assert losses.numpy() == pytest.approx(-(targets * log_probabilities).sum(1))
    assert scores.numpy().tolist() == (logits.argmax(1) == shares.argmax(1)).tolist()
    assert tape.gradient(losses, variable).numpy() == pytest.approx(np.exp(log_probabilities) - targets)
