"""HyperFace's losses of detection, landmarks, visibility and pose (Ranjan, Patel and Chellappa, TPAMI 2018)."""

import functools
from collections.abc import Mapping

import numpy as np
import tensorflow as tf

from fer_md.models.heads import LANDMARKS
from fer_md.training.objective import Objective, all_count

WEIGHTS = {"face": 1.0, "landmarks": 5.0, "visibility": 0.5, "pose": 5.0, "expression": 2.0}
"""lambda of each task (the paper's Sec. 3.2); expression takes the gender's."""

REIMPLEMENTED = {"face": 1.0, "landmarks": 100.0, "visibility": 20.0, "pose": 5.0, "expression": 0.3}
"""The same in an independent reimplementation (takiyu/hyperface at 0ae8006)."""

_WIDTHS = (1, 2 * LANDMARKS, LANDMARKS, 3)


def face_targets(faces: np.ndarray, shares: np.ndarray, visible: np.ndarray, angles: np.ndarray) -> np.ndarray:
    """What ``face_tasks`` of `fer_md.models.baselines.hyperface.build_whole_hyperface` is compared with.

    Args:
        faces: (N,) bool, whether each crop is of a face; where it is none, the other targets do not count.
        shares: (N, 68, 2) landmarks as shares of the crop's edge from its middle.
        visible: (N, 68) bool.
        angles: (N, 3) yaw, pitch and roll in degrees.

    Returns:
        (N, 208) float32.
    """
    count = len(faces)
    parts = (faces[:, None], shares.reshape(count, -1), visible, np.radians(angles))
    return np.concatenate([np.asarray(part, np.float32) for part in parts], 1)


def split_tasks(rows: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]:
    """Answers or targets (N, 208) apart: faces (N,), landmarks (N, 68, 2), visibility (N, 68) and pose (N, 3)."""
    faces, points, visible, pose = np.split(rows, np.cumsum(_WIDTHS)[:-1], 1)
    return faces[:, 0], points.reshape(-1, LANDMARKS, 2), visible, pose


def face_task_loss(
    answers: tf.Tensor, targets: tf.Tensor, _: float, weights: Mapping[str, float] = WEIGHTS
) -> tuple[tf.Tensor, tf.Tensor]:
    """The weighted sum of four losses, of which all but the first count for faces alone.

    L_D = -log of the probability of what is right (eq. 1); L_L = 1 / (2 P) sum v |p' - p|^2 over the P landmarks with
    their visibility v (eq. 2); L_V = 1 / P sum (v' - v)^2 (eq. 3); L_P = 1 / 3 sum (angle' - angle)^2 (eq. 4).

    Args:
        answers, targets: (B, 208) float32, see `face_targets`.
        weights: of the tasks, as `WEIGHTS`.

    Returns:
        (B,) losses, and (B,) 1 where face or no face is right.
    """
    logits, points, visibility, pose = tf.split(answers, _WIDTHS, 1)
    faces, true_points, visible, true_pose = tf.split(targets, _WIDTHS, 1)
    detection = tf.nn.sigmoid_cross_entropy_with_logits(faces, logits)[:, 0]
    squares = tf.reduce_sum(tf.reshape(tf.square(points - true_points), (-1, LANDMARKS, 2)), -1)
    landmarks = tf.reduce_mean(visible * squares, 1) / 2
    seen = tf.reduce_mean(tf.square(visibility - visible), 1)
    turned = tf.reduce_mean(tf.square(pose - true_pose), 1)
    of_faces = weights["landmarks"] * landmarks + weights["visibility"] * seen + weights["pose"] * turned
    right = tf.cast(tf.equal(logits[:, 0] > 0, faces[:, 0] > 0.5), tf.float32)
    return weights["face"] * detection + faces[:, 0] * of_faces, right


def face_tasks(weights: Mapping[str, float] = WEIGHTS) -> Objective:
    """The objective of the output ``face_tasks`` with these weights of the tasks."""
    compare = functools.partial(face_task_loss, weights=weights)
    return Objective(compare, all_count, "face or not")
