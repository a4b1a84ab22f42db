"""A face as a linear 3-D point model: neutral points, identities and action units that move them.

Coordinates are in half face widths: x points to the right of the image, y down, z towards the viewer. The origin is
between the eyes. Points 0-67 are the iBUG landmarks; the others serve the drawing. The tables list the left side of the
image, which is mirrored. A point on the midline takes half of its motion from either side.

Reference: P. Ekman, W. Friesen, J. Hager, Facial Action Coding System (2002); C. Sagonas et al., 300 Faces
In-the-Wild (2013) for the order of the landmarks. The numbers are ours, set by eye.
"""

import numpy as np

from fer_md.faces.landmarks import MIRRORED

FOREHEAD = slice(68, 77)
"""Outline above the jaw line, from the left temple over the top to the right temple."""
CHEEKS, PUPILS, APPLES = slice(77, 83), (83, 84), (85, 86)
FOLDS = ((87, 88, 89), (90, 91, 92))
"""Nasolabial folds, from the wing of the nose down."""
EARS = ((93, 94, 95, 96), (97, 98, 99, 100))

_LEFT = {
    # jaw
    0: (-1.00, 0.00, -0.55),
    1: (-0.98, 0.25, -0.53),
    2: (-0.94, 0.50, -0.48),
    3: (-0.87, 0.75, -0.40),
    4: (-0.76, 0.98, -0.28),
    5: (-0.61, 1.18, -0.12),
    6: (-0.43, 1.35, 0.03),
    7: (-0.22, 1.47, 0.13),
    8: (0.00, 1.51, 0.17),
    # brow
    17: (-0.80, -0.24, -0.10),
    18: (-0.67, -0.35, 0.05),
    19: (-0.51, -0.40, 0.15),
    20: (-0.36, -0.39, 0.22),
    21: (-0.20, -0.35, 0.26),
    # nose
    27: (0.00, -0.04, 0.26),
    28: (0.00, 0.14, 0.38),
    29: (0.00, 0.31, 0.50),
    30: (0.00, 0.47, 0.60),
    31: (-0.21, 0.56, 0.26),
    32: (-0.11, 0.60, 0.34),
    33: (0.00, 0.62, 0.38),
    # eye
    36: (-0.61, 0.01, -0.04),
    37: (-0.51, -0.08, 0.06),
    38: (-0.38, -0.08, 0.09),
    39: (-0.27, 0.02, 0.06),
    40: (-0.38, 0.07, 0.08),
    41: (-0.51, 0.07, 0.05),
    # lips: outer, then inner
    48: (-0.37, 0.95, 0.10),
    49: (-0.23, 0.87, 0.25),
    50: (-0.08, 0.83, 0.33),
    51: (0.00, 0.845, 0.34),
    59: (-0.24, 1.05, 0.24),
    58: (-0.11, 1.10, 0.30),
    57: (0.00, 1.115, 0.32),
    60: (-0.32, 0.95, 0.13),
    61: (-0.13, 0.945, 0.29),
    62: (0.00, 0.95, 0.32),
    67: (-0.13, 0.955, 0.29),
    66: (0.00, 0.96, 0.31),
    # for the drawing
    68: (-1.03, -0.36, -0.55),
    69: (-0.97, -0.78, -0.48),
    70: (-0.76, -1.13, -0.38),
    71: (-0.42, -1.34, -0.28),
    72: (0.00, -1.41, -0.25),
    77: (-0.86, 0.20, -0.15),
    78: (-0.76, 0.70, -0.05),
    79: (-0.86, -0.45, -0.18),
    83: (-0.44, 0.00, 0.09),
    85: (-0.57, 0.45, 0.12),
    87: (-0.27, 0.48, 0.22),
    88: (-0.43, 0.68, 0.17),
    89: (-0.50, 0.93, 0.08),
    93: (-1.00, -0.12, -0.62),
    94: (-1.13, -0.10, -0.72),
    95: (-1.12, 0.30, -0.72),
    96: (-0.98, 0.46, -0.60),
}

_PAIRS = (
    [(68 + i, 76 - i) for i in range(4)]
    + [(77 + i, 80 + i) for i in range(3)]
    + [(83, 84), (85, 86)]
    + [(87 + i, 90 + i) for i in range(3)]
    + [(93 + i, 97 + i) for i in range(4)]
)
_NUM_POINTS = 101

MIRROR = np.concatenate([MIRRORED, np.arange(len(MIRRORED), _NUM_POINTS)])
for _left, _right in _PAIRS:
    MIRROR[_left], MIRROR[_right] = _right, _left

ACTION_UNITS = {
    # inner brow raiser, outer brow raiser, brow lowerer
    1: {19: (0, -0.05), 20: (0, -0.13), 21: (0, -0.19)},
    2: {17: (0, -0.12), 18: (0, -0.18), 19: (0, -0.14), 20: (0, -0.05)},
    4: {18: (0.02, 0.04), 19: (0.03, 0.09), 20: (0.05, 0.14), 21: (0.06, 0.15), 37: (0, 0.01), 38: (0, 0.02)},
    # upper lid raiser, cheek raiser, lid tightener
    5: {37: (0, -0.07), 38: (0, -0.07)},
    6: {36: (0, 0.02), 40: (0, -0.03), 41: (0, -0.04), 85: (0, -0.09), 17: (0, 0.03), 18: (0, 0.02)},
    7: {37: (0, 0.03), 38: (0, 0.03), 40: (0, -0.035), 41: (0, -0.035)},
    # nose wrinkler, upper lip raiser
    9: {
        20: (0.02, 0.06),
        21: (0.03, 0.09),
        31: (-0.03, -0.07),
        32: (0, -0.05),
        33: (0, -0.04),
        30: (0, -0.04),
        49: (0, -0.05),
        50: (0, -0.07),
        51: (0, -0.06),
        61: (0, -0.03),
        62: (0, -0.03),
        87: (-0.04, -0.06),
        88: (-0.04, -0.05),
        40: (0, -0.02),
        41: (0, -0.02),
    },
    10: {
        31: (-0.02, -0.02),
        49: (-0.01, -0.09),
        50: (0, -0.11),
        51: (0, -0.10),
        61: (0, -0.10),
        62: (0, -0.10),
        48: (0, -0.02),
        60: (0, -0.02),
        88: (-0.04, -0.03),
    },
    # lip corner puller, lip corner depressor, chin raiser
    12: {
        48: (-0.15, -0.15),
        60: (-0.14, -0.15),
        49: (-0.09, -0.07),
        59: (-0.11, -0.07),
        50: (-0.02, 0.01),
        51: (0, 0.02),
        61: (-0.05, -0.01),
        67: (-0.05, -0.01),
        58: (-0.04, 0),
        88: (-0.09, -0.02),
        89: (-0.12, -0.04),
        85: (-0.03, -0.05),
        3: (-0.03, 0),
        4: (-0.03, 0),
    },
    15: {48: (-0.01, 0.14), 60: (0, 0.12), 49: (0, 0.04), 59: (0, 0.08), 89: (0, 0.03)},
    17: {
        57: (0, -0.07),
        58: (0, -0.07),
        59: (0, -0.03),
        66: (0, -0.05),
        67: (0, -0.05),
        62: (0, -0.04),
        61: (0, -0.04),
        51: (0, -0.03),
        50: (0, -0.03),
        8: (0, -0.06),
        7: (0, -0.05),
    },
    # lip stretcher, lip tightener, lip pressor
    20: {
        48: (-0.16, 0.04),
        60: (-0.15, 0.03),
        49: (-0.08, 0.02),
        59: (-0.09, 0.01),
        61: (-0.04, 0),
        67: (-0.04, 0),
        89: (-0.08, 0.02),
    },
    23: {
        48: (0.07, 0),
        60: (0.07, 0),
        49: (0.03, 0.03),
        50: (0, 0.03),
        51: (0, 0.03),
        59: (0.03, -0.03),
        58: (0, -0.04),
        57: (0, -0.04),
    },
    24: {
        48: (0.02, 0.01),
        60: (0.02, 0.01),
        49: (0, 0.05),
        50: (0, 0.07),
        51: (0, 0.06),
        59: (0, -0.05),
        58: (0, -0.07),
        57: (0, -0.07),
    },
    # lips part, jaw drop, mouth stretch
    25: {
        50: (0, -0.02),
        51: (0, -0.02),
        61: (0, -0.04),
        62: (0, -0.04),
        67: (0, 0.06),
        66: (0, 0.06),
        58: (0, 0.05),
        57: (0, 0.05),
        59: (0, 0.03),
    },
    26: {
        48: (0.02, 0.06),
        60: (0.02, 0.06),
        59: (0.01, 0.17),
        58: (0, 0.22),
        57: (0, 0.22),
        67: (0, 0.22),
        66: (0, 0.22),
        8: (0, 0.22),
        7: (0, 0.22),
        6: (0, 0.20),
        5: (0, 0.13),
        4: (0, 0.06),
        89: (0, 0.05),
    },
    27: {
        48: (0.05, 0.09),
        60: (0.05, 0.09),
        59: (0.04, 0.28),
        58: (0, 0.34),
        57: (0, 0.34),
        67: (0, 0.34),
        66: (0, 0.34),
        8: (0, 0.30),
        7: (0, 0.30),
        6: (0, 0.26),
        5: (0, 0.16),
        4: (0, 0.07),
        89: (0, 0.08),
    },
    # eyes closed
    43: {37: (0, 0.15), 38: (0, 0.15), 36: (0, 0.02)},
}
"""Motion (dx, dy) of each point at full intensity, by the number of the action unit."""

UNIT_INDEX = {unit: row for row, unit in enumerate(ACTION_UNITS)}
"""Row of an action unit in an array of intensities."""

_BROW, _EYE, _MOUTH, _NOSE = range(17, 22), (*range(36, 42), 83), (*range(48, 52), *range(57, 63), 66, 67), (31, 32, 33)
IDENTITY_SHAPES = {
    "face width": dict.fromkeys((*range(8), 68, 69, 70, 71, 77, 78, 79, 93, 94, 95, 96), (-0.06, 0)),
    "jaw width": {2: (-0.03, 0), 3: (-0.06, 0), 4: (-0.08, 0), 5: (-0.08, 0.01), 6: (-0.05, 0.02), 78: (-0.04, 0)},
    "chin length": {5: (0, 0.04), 6: (0, 0.07), 7: (0, 0.09), 8: (0, 0.10)},
    "forehead height": {69: (0, -0.05), 70: (0, -0.08), 71: (0, -0.10), 72: (0, -0.10)},
    "eye spacing": dict.fromkeys((*_EYE, *_BROW), (-0.03, 0)),
    "eye width": {36: (-0.035, 0), 37: (-0.01, 0), 41: (-0.01, 0), 39: (0.02, 0)},
    "eye opening": {37: (0, -0.018), 38: (0, -0.018), 40: (0, 0.01), 41: (0, 0.01)},
    "eye tilt": {36: (0, -0.025), 37: (0, -0.01), 41: (0, -0.01), 39: (0, 0.015)},
    "brow height": dict.fromkeys(_BROW, (0, -0.05)),
    "brow slope": {17: (0, -0.03), 18: (0, -0.015), 20: (0, 0.02), 21: (0, 0.035)},
    "brow arch": {18: (0, -0.03), 19: (0, -0.035), 20: (0, -0.02)},
    "nose length": dict.fromkeys((29, 30, *_NOSE, 87), (0, 0.045)),
    "nose width": {31: (-0.04, 0), 32: (-0.02, 0), 87: (-0.03, 0)},
    "mouth height": dict.fromkeys(_MOUTH, (0, 0.04)),
    "mouth width": {48: (-0.055, 0), 49: (-0.03, 0), 59: (-0.03, 0), 60: (-0.05, 0), 61: (-0.02, 0), 67: (-0.02, 0)},
    "mouth corners": {48: (0, -0.03), 60: (0, -0.025), 49: (0, -0.012), 59: (0, -0.012)},
    "upper lip": {49: (0, -0.02), 50: (0, -0.03), 51: (0, -0.03)},
    "lower lip": {59: (0, 0.02), 58: (0, 0.035), 57: (0, 0.035)},
    "cheek fold": {88: (-0.03, 0), 89: (-0.04, 0.02)},
}
"""Motion of each point at one standard deviation of the trait; both sides move alike."""


def _neutral():
    points = np.zeros((_NUM_POINTS, 3))
    for index, position in _LEFT.items():
        points[index] = position
        points[MIRROR[index]] = np.multiply(position, (-1, 1, 1))
    return points


def _basis(table):
    """(rows, 2 sides, points, 2) displacements for a table of left-side motions."""
    basis = np.zeros((len(table), 2, _NUM_POINTS, 2))
    for row, motions in enumerate(table.values()):
        for index, (dx, dy) in motions.items():
            share = 0.5 if MIRROR[index] == index else 1.0
            basis[row, 0, index] = share * dx, share * dy
            basis[row, 1, MIRROR[index]] = -share * dx, share * dy
    return basis


NEUTRAL = _neutral()
_UNIT_BASIS = _basis(ACTION_UNITS).reshape(2 * len(ACTION_UNITS), -1)
_SHAPE_BASIS = _basis(IDENTITY_SHAPES).sum(1).reshape(len(IDENTITY_SHAPES), -1)
_UPPER = np.array([37, 38, 43, 44, 61, 62, 63, 49, 50, 51, 52, 53, 67, 66, 65])
_LOWER = np.array([41, 40, 47, 46, 67, 66, 65, 60, 61, 62, 63, 64, 58, 57, 56])
_GAP = np.array([0.0] * 7 + [0.02] * 8)


def face_points(shape: np.ndarray, units: np.ndarray) -> np.ndarray:
    """The points of one face before its pose.

    Args:
        shape: (len(IDENTITY_SHAPES),) traits in standard deviations.
        units: (len(ACTION_UNITS), 2) intensities in 0..1, of the image's left and right side.

    Returns:
        (101, 3) float64. Eyelids and lips may touch, but never cross.
    """
    points = NEUTRAL.copy()
    points[:, :2] += (shape @ _SHAPE_BASIS + units.ravel() @ _UNIT_BASIS).reshape(-1, 2)
    y = points[:, 1]
    y[_UPPER[:4]] = np.minimum(y[_UPPER[:4]], y[_LOWER[:4]])
    y[_LOWER[4:7]] = np.maximum(y[_UPPER[4:7]], y[_LOWER[4:7]])
    y[_UPPER[7:12]] = np.minimum(y[_UPPER[7:12]], y[_LOWER[7:12]] - _GAP[7:12])
    y[_LOWER[12:]] = np.maximum(y[_LOWER[12:]], y[_UPPER[12:]] + _GAP[12:])
    return points


def turn(points: np.ndarray, yaw: float, pitch: float, roll: float) -> np.ndarray:
    """Rotates (N, 3) points about the middle of the head, by angles in degrees.

    A positive yaw turns the head to the image's right, a positive pitch lets it look down, and a positive roll leans it
    clockwise.

    Returns:
        (N, 3), with the origin at the middle of the head.
    """
    (cy, cp, cr), (sy, sp, sr) = np.cos(angles := np.radians((yaw, pitch, roll))), np.sin(angles)
    about_y = np.array([[cy, 0, sy], [0, 1, 0], [-sy, 0, cy]])
    about_x = np.array([[1, 0, 0], [0, cp, sp], [0, -sp, cp]])
    about_z = np.array([[cr, -sr, 0], [sr, cr, 0], [0, 0, 1]])
    return (points - (0.0, 0.3, -0.5)) @ (about_z @ about_x @ about_y).T
