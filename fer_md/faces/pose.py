"""The pose of a head from its 68 landmarks, by a rigid head and a camera that sees it in scaled orthography."""

import numpy as np

_CENTER = np.array((0.0, 0.3, -0.5))
"""Middle of the head, in the units of `fer_md.drawn.face_model`: half face widths, the origin between the eyes."""

_HIDDEN = -0.25
"""A point of the outline is hidden if its direction from the middle of the head turns away from the camera by more."""


def head_rotations(landmarks: np.ndarray, head: np.ndarray) -> np.ndarray:
    """The rotations that explain landmarks best.

    With X (P, 3) and x (P, 2) less their means, the affine camera M = x' X (X' X)^-1 is the least-squares one, and the
    nearest scaled rotation has the rows U V' of its singular value decomposition M = U S V'.

    Args:
        landmarks: (N, P, 2) in pixels, x to the right and y down.
        head: (P, 3) the rigid head, z towards the camera.

    Returns:
        (N, 3, 3) float64: a point p of the head is seen at s (R p)_xy + t.

    Reference: DeMenthon and Davis, Model-based object pose in 25 lines of code, IJCV 1995 (scaled orthography).
    """
    around = head - head.mean(0)
    points = np.asarray(landmarks, np.float64)
    points = points - points.mean(1, keepdims=True)
    cameras = np.swapaxes(points, 1, 2) @ around @ np.linalg.inv(around.T @ around)  # (N, 2, 3)
    left, _, right = np.linalg.svd(cameras, full_matrices=False)
    rows = left @ right
    return np.concatenate([rows, np.cross(rows[:, 0], rows[:, 1])[:, None]], 1)


def head_angles(rotations: np.ndarray) -> np.ndarray:
    """Yaw, pitch and roll in degrees, (N, 3), as `fer_md.drawn.face_model.turn` takes them, of rotations (N, 3, 3).

    A rotation is about_z(roll) about_x(pitch) about_y(yaw); pitch is within 90 degrees.
    """
    pitch = np.arcsin(np.clip(-rotations[:, 2, 1], -1, 1))
    yaw = np.arctan2(-rotations[:, 2, 0], rotations[:, 2, 2])
    roll = np.arctan2(-rotations[:, 0, 1], rotations[:, 1, 1])
    return np.degrees(np.stack([yaw, pitch, roll], 1))


def visible_landmarks(rotations: np.ndarray, head: np.ndarray) -> np.ndarray:
    """Which points of a head the camera sees, if the head is about as convex as an ellipsoid.

    A point is hidden if the direction from the middle of the head to it, turned as the head is, leads away from the
    camera. Inferred: the middle and the limit, with which all points of a frontal face are visible.

    Args:
        rotations: (N, 3, 3), see `head_rotations`.
        head: (P, 3).

    Returns:
        (N, P) bool.
    """
    directions = head - _CENTER
    directions = directions / np.linalg.norm(directions, axis=1, keepdims=True)
    return np.einsum("nj,pj->np", rotations[:, 2], directions) > _HIDDEN
