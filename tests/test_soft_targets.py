"""Targets of labels and FER+ votes, and the loss that compares them."""

import numpy as np
import pytest
import tensorflow as tf

from fer_md.expressions import EXPRESSIONS
from fer_md.training.objective import SHARES, share_cross_entropy, softmax_cross_entropy
from fer_md.training.soft_targets import mix_votes


def test_votes_and_label_are_mixed_by_hand():
    # columns: neutral, happiness, surprise, sadness, anger, disgust, fear, contempt, unknown, not a face
    votes = [[2, 0, 0, 6, 0, 0, 0, 2, 0, 0], [0, 0, 0, 0, 0, 0, 0, 1, 8, 1], [10, 0, 0, 0, 0, 0, 0, 0, 0, 0]]
    labels = [EXPRESSIONS.index("fear"), EXPRESSIONS.index("happiness"), -1]
    shares = mix_votes(labels, votes, 0.4)
    expected = np.zeros((3, 7))
    expected[0, EXPRESSIONS.index("fear")] = 0.6
    expected[0, EXPRESSIONS.index("sadness")] = 0.4 * 6 / 8  # contempt does not count
    expected[0, EXPRESSIONS.index("neutral")] = 0.4 * 2 / 8
    expected[1, EXPRESSIONS.index("happiness")] = 1  # nothing that counts: the label alone
    assert shares == pytest.approx(expected)
    assert np.asarray(SHARES.counted(tf.constant(shares))).tolist() == [True, True, False]
    assert np.asarray(SHARES.labels(tf.constant(shares))).tolist() == labels


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
