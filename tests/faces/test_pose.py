"""Poses of heads that were turned by known angles."""

import numpy as np
import pytest

from fer_md.drawn.face_model import NEUTRAL, turn
from fer_md.faces.pose import head_angles, head_rotations, visible_landmarks

HEAD = NEUTRAL[:68]


@pytest.mark.parametrize("angles", [(0, 0, 0), (40, 0, 0), (0, -25, 0), (0, 0, 30), (-35, 15, -20), (70, -10, 5)])
def test_known_angles_come_back(angles):
    """The neutral head, turned, enlarged by 37 and moved, is explained exactly."""
    points = 37 * turn(HEAD, *angles)[:, :2] + (100, 60)
    rotations = head_rotations(points[None], HEAD)
    np.testing.assert_allclose(head_angles(rotations), [angles], atol=1e-6)
    np.testing.assert_allclose(rotations[0] @ rotations[0].T, np.eye(3), atol=1e-9)
    np.testing.assert_allclose((HEAD - (0, 0.3, -0.5)) @ rotations[0].T, turn(HEAD, *angles), atol=1e-9)


def test_an_expression_changes_the_pose_little():
    """Random displacements of 0.02 half face widths change an angle by less than a degree in most cases."""
    rng = np.random.default_rng(0)
    points = turn(HEAD, 20, 5, -10)[:, :2] + 0.02 * rng.standard_normal((50, 68, 2))
    errors = np.abs(head_angles(head_rotations(points, HEAD)) - (20, 5, -10))
    assert np.median(errors) < 1


def test_a_frontal_face_is_visible_and_one_side_of_a_profile_is_not():
    """Turned to the image's right by 60 degrees, the right end of the jaw (16) is hidden, the left end (0) is not."""
    rotations = head_rotations(np.stack([turn(HEAD, yaw, 0, 0)[:, :2] for yaw in (0, 60, -60)]), HEAD)
    visible = visible_landmarks(rotations, HEAD)
    assert visible[0].all()
    assert visible[1, 0] and not visible[1, 16] and visible[1, 30]
    assert visible[2, 16] and not visible[2, 0] and visible[2, 30]
