"""68 landmarks of a face by the network that ships with the package."""

from collections.abc import Sequence
from pathlib import Path

import numpy as np

from fer_md.faces.crops import cut_crops, from_shares
from fer_md.faces.shape_model import as_complex, as_points
from fer_md.files import read_json
from fer_md.litert.network import load_network
from fer_md.litert.spread import spread

NETWORK = Path(__file__).parent / "landmark_network"
"""Folder of the network's file. experiments/train_landmarks.py trained it, experiments/ship_landmarks.py made the
file; NOTICE beside it says what the network learned from, and what follows for its use."""

SIZE = 96
"""Edge in pixels of the crops that the network sees."""


class LandmarkFinder:
    """Places 68 landmarks in iBUG order, in two looks.

    The first look is at the box. The second is at an upright crop about the points that the first one found, so that a
    misplaced box or a turned head matters little.

    Raises:
        FerMdError: the network's file is missing or damaged.
    """

    def __init__(self, folder: Path | str = NETWORK) -> None:
        path = Path(folder) / "points.tflite"
        self._answer = spread(load_network(path, read_json(path.parent / "sha256.json")["points"]))

    def align(self, images: Sequence[np.ndarray], boxes: np.ndarray) -> np.ndarray:
        """Finds the landmarks.

        Args:
            images: N grayscale images (H, W) uint8, of any sizes.
            boxes: (N, 4) x, y, width, height in pixels of the rough boxes around the landmarks; for a detector's boxes,
                which have the forehead, see `fer_md.faces.face_frame.landmarks_box`.

        Returns:
            (N, 68, 2) float32 pixel coordinates x, y.
        """
        points = self.first_look(images, boxes)
        angles = turned_by(points)
        return self._look(images, upright_boxes(points, angles), angles).astype(np.float32)

    def first_look(self, images: Sequence[np.ndarray], boxes: np.ndarray) -> np.ndarray:
        """What the first look finds, (N, 68, 2) float64; arguments as for `align`."""
        return self._look(images, boxes, np.zeros(len(images)))

    def _look(self, images, boxes, angles):
        crops = cut_crops(images, boxes, SIZE, angles)
        return from_shares(self._answer(crops), boxes, SIZE, angles)


def turned_by(points: np.ndarray) -> np.ndarray:
    """Angles (N,) in radians by which faces are turned in their images, clockwise above 0, from 68 points (N, 68, 2).

    It is the mean direction of two lines, each counted by its length: from eye to eye, and, turned back by a right
    angle, from between the eyes to the chin. In profile the first is short and the second is not.
    """
    z = as_complex(np.asarray(points, np.float64))
    left, right = z[:, 36:42].mean(1), z[:, 42:48].mean(1)
    return np.angle((right - left) - 1j * (z[:, 8] - (left + right) / 2))


def upright_boxes(points: np.ndarray, angles: np.ndarray) -> np.ndarray:
    """Boxes (N, 4) around points (N, P, 2), which fit once they are turned by ``angles`` (N,) about their middles."""
    turn = np.exp(1j * np.asarray(angles))
    upright = as_points(as_complex(np.asarray(points, np.float64)) / turn[:, None])
    low, high = upright.min(1), upright.max(1)
    middles = as_points(as_complex((low + high) / 2) * turn)
    return np.concatenate([middles - (high - low) / 2, high - low], 1)
