"""HyperFace's four losses of a face: by hand, against NumPy, and their gradients."""

import numpy as np
import pytest
import tensorflow as tf

from fer_md.models.baselines import TINY_CONFIGS
from fer_md.models.baselines.hyperface import build_hyperface, build_whole_hyperface
from fer_md.training.face_tasks import WEIGHTS, face_targets, face_task_loss, face_tasks


def targets(faces, rng=None):
    count = len(faces)
    rng = rng or np.random.default_rng(0)
    points, visible = rng.uniform(-0.5, 0.5, (count, 68, 2)), rng.random((count, 68)) < 0.7
    return face_targets(np.array(faces), points, visible, rng.uniform(-90, 90, (count, 3)))


def test_the_loss_by_hand():
    """A face with logit 0 costs log 2. All 68 landmarks off by (0.3, 0.4), half of them visible: 5 * 0.25 / 2 * 1/2 =
    0.3125. Visibility 0.5 everywhere: 0.5 * 0.25 = 0.125. Yaw off by 0.6 rad: 5 * 0.36 / 3 = 0.6. No face costs log 2
    alone, and a right answer nothing."""
    visible = np.arange(68) % 2 == 0
    true = face_targets(np.array([True, False, True]), np.zeros((3, 68, 2)), np.tile(visible, (3, 1)), np.zeros((3, 3)))
    answers = np.zeros((3, 208), np.float32)
    answers[:2, 1:137] = np.tile([0.3, 0.4], 68)
    answers[:2, 137:205] = 0.5
    answers[:2, 205] = 0.6
    answers[2] = true[2]
    answers[2, 0] = 50
    loss, right = face_task_loss(tf.constant(answers), tf.constant(true), 0.0)
    np.testing.assert_allclose(loss, [np.log(2) + 0.3125 + 0.125 + 0.6, np.log(2), 0], atol=1e-5)
    assert right.numpy().tolist() == [0, 1, 1] and face_tasks().counted(true).numpy().all()


def test_each_task_has_its_weight():
    """All landmarks off by (0.3, 0.4) cost 0.25 / 2 of their weight; a task with weight 0 costs nothing."""
    true = face_targets(np.array([True]), np.zeros((1, 68, 2)), np.ones((1, 68), bool), np.zeros((1, 3)))
    answers = np.zeros((1, 208), np.float32)
    answers[:, 1:137] = np.tile([0.3, 0.4], 68)
    alone = face_tasks({**dict.fromkeys(WEIGHTS, 0.0), "landmarks": 2.0})
    loss, _ = alone.compare(tf.constant(answers), tf.constant(true), 0.0)
    np.testing.assert_allclose(loss, [0.25], rtol=1e-6)
    assert alone.counted(true).numpy().tolist() == [True]


def slow(answers, true):
    losses = []
    for own, wanted in zip(np.float64(answers), np.float64(true), strict=True):
        probability = 1 / (1 + np.exp(-own[0]))
        loss = -np.log(probability if wanted[0] else 1 - probability)
        if wanted[0]:
            points = sum(
                wanted[137 + i]
                * ((own[1 + 2 * i] - wanted[1 + 2 * i]) ** 2 + (own[2 + 2 * i] - wanted[2 + 2 * i]) ** 2)
                for i in range(68)
            )
            loss += WEIGHTS["landmarks"] * points / 136
            loss += WEIGHTS["visibility"] * sum((own[137 + i] - wanted[137 + i]) ** 2 for i in range(68)) / 68
            loss += WEIGHTS["pose"] * sum((own[205 + i] - wanted[205 + i]) ** 2 for i in range(3)) / 3
        losses.append(loss)
    return np.array(losses)


@pytest.mark.parametrize("seed", range(3))
def test_the_loss_equals_a_slow_loop_and_so_does_its_gradient(seed):
    """In float64, with central differences along random directions; of what is no face only the logit counts."""
    rng = np.random.default_rng(seed)
    true, answers = targets([True, False, True, True], rng), rng.standard_normal((4, 208))
    true = tf.constant(true, tf.float64)
    with tf.GradientTape() as tape:
        tape.watch(given := tf.constant(answers))
        loss = tf.reduce_sum(tf.cast(losses := face_task_loss(given, true, 0.0)[0], tf.float64))
    np.testing.assert_allclose(losses, slow(answers, true), atol=1e-10)
    gradient = tape.gradient(loss, given).numpy()
    assert not gradient[1, 1:].any() and gradient[1, 0] > 0
    for _ in range(5):
        step = 1e-5 * rng.standard_normal(answers.shape)
        change = slow(answers + step, true).sum() - slow(answers - step, true).sum()
        np.testing.assert_allclose(2 * (gradient * step).sum(), change, rtol=1e-5, atol=1e-12)


def test_the_whole_network_answers_all_tasks():
    """It begins as the network without the other tasks does; its tasks lie one behind the other."""
    config = TINY_CONFIGS["hyperface"]
    model, part = build_whole_hyperface(config, 1), build_hyperface(config, 1)
    faces = np.random.default_rng(0).uniform(0, 255, (3, 48, 48, 1)).astype(np.float32)
    answers, others = model(faces), part(faces)
    np.testing.assert_allclose(answers["logits"], others["logits"], atol=1e-5)
    assert answers["face_tasks"].shape == (3, 208)
    np.testing.assert_allclose(answers["face_tasks"][:, :1], answers["face"])
    np.testing.assert_allclose(answers["face_tasks"][:, 1:137], np.reshape(answers["landmarks"], (3, 136)))
    kernel = model.get_layer("fc_pose").kernel
    assert kernel.shape == (config.fc_units, config.task_units)
