"""Scenes in colour with drawn faces, for detectors: each can be drawn again exactly, and every box is known."""

import dataclasses

import cv2
import numpy as np

from fer_md.drawn.domains import DOMAINS, develop, paint_background, paint_occlusion, shine
from fer_md.drawn.drawing import Identity, paint_head, sample_identity
from fer_md.drawn.face_model import face_points, turn
from fer_md.drawn.face_units import sample_units
from fer_md.errors import FerMdError
from fer_md.expressions import EXPRESSIONS

MOST_FACES = 8
"""Greatest number of faces in a scene."""

_SUPERSAMPLING = 2
_EXTENT = (0.12, 0.5)
"""Least and greatest longer side of a face's landmarks, as a share of the scene's side."""

_TRIES = 40
_SKIN = np.array((1.18, 0.96, 0.82), np.float32)
"""Tint of skin: factors on red, green and blue."""


@dataclasses.dataclass(frozen=True)
class Scene:
    """One picture with any number of faces.

    Attributes:
        key: unique name, for example ``"scene/0/17"``.
        image: (size, size, 3) uint8, red first.
        landmarks: (N, 68, 2) float32 pixel coordinates x, y in iBUG order, all inside the picture.
    """

    key: str
    image: np.ndarray
    landmarks: np.ndarray


def draw_scene(seed: int, index: int, faces: int | None = None, size: int = 256) -> Scene:
    """Draws one scene of the domain ``"wild"``. The same arguments give the same pixels.

    Args:
        seed: another seed draws other people and places.
        index: number of the scene.
        faces: number of faces, 0 to `MOST_FACES`; None for ``index % 9``.
        size: side of the picture in pixels, 128 to 1000.

    Returns:
        the scene. Its faces do not overlap. In the background there are shapes that are no faces.

    Raises:
        FerMdError: ``faces`` or ``size`` is out of range.
    """
    faces = index % (MOST_FACES + 1) if faces is None else faces
    if not 0 <= faces <= MOST_FACES:
        raise FerMdError(f"faces must be 0 to {MOST_FACES}, got {faces}")
    if not 128 <= size <= 1000:
        raise FerMdError(f"size must be 128 to 1000 pixels, got {size}")
    rng, capture = np.random.default_rng((seed, index)), DOMAINS["wild"]
    heads = _place_heads(rng, faces, capture, size)
    canvas = np.empty((size * _SUPERSAMPLING,) * 2, np.uint8)
    tint = _sample_tint(rng, size)
    paint_background(canvas, rng, capture)
    for _ in range(rng.integers(5)):
        _paint_distractor(canvas, rng, tint)
    for head in heads:
        _paint(canvas, rng, tint, head, capture)
    gray = develop(canvas, rng, capture, size).astype(np.float32)
    image = np.rint(np.clip(gray[..., None] * tint, 0, 255)).astype(np.uint8)
    landmarks = np.array([head.points[:68] for head in heads], np.float32).reshape(-1, 68, 2)
    return Scene(f"scene/{seed}/{index}", image, landmarks)


@dataclasses.dataclass(frozen=True)
class _Head:
    """A person, the action units, all points in pixels of the scene, and half the face's width."""

    person: Identity
    units: np.ndarray
    points: np.ndarray
    unit: float


def _place_heads(rng, count, capture, size):
    """Poses heads and puts them where none covers another. The lowest ones, which are painted last, come last."""
    heads: list[_Head] = []
    taken: list[np.ndarray] = []
    most = min(_EXTENT[1], 0.9 / np.sqrt(max(count, 1)))
    while len(heads) < count:
        person = sample_identity(rng)
        expression = EXPRESSIONS[rng.integers(len(EXPRESSIONS))]
        units = sample_units(rng, expression, capture.weakest, capture.blend, capture.stray)
        angles = np.array((capture.yaw, capture.pitch, capture.roll)) * np.clip(0.5 * rng.standard_normal(3), -1, 1)
        points = turn(face_points(person.shape, units), *angles)[:, :2]
        for _ in range(_TRIES):
            extent = np.exp(rng.uniform(np.log(_EXTENT[0]), np.log(most))) * size
            unit = extent / np.ptp(points[:68], axis=0).max()
            placed = (points - points.min(0)) * unit
            placed = placed + rng.uniform(0, 1, 2) * (size - 3 - np.ptp(placed, axis=0)) + 1
            edge = np.concatenate([placed.min(0) - (0.15, 0.35) * np.full(2, unit), placed.max(0) + 0.15 * unit])
            if all(_apart(edge, other) for other in taken):
                heads.append(_Head(person, units, placed, unit))
                taken.append(edge)
                break
        else:
            most = max(_EXTENT[0], 0.85 * most)
    return sorted(heads, key=lambda head: head.points[:, 1].max())


def _apart(first, second):
    """Whether two boxes (left, top, right, bottom) have no point in common."""
    return (first[:2] > second[2:]).any() or (second[:2] > first[2:]).any()


def _sample_tint(rng, size):
    """(size, size, 3) float32 factors on red, green and blue: a soft gradient of light colours."""
    corners = (1 + rng.uniform(-0.25, 0.25, (1, 1, 3)) + rng.uniform(-0.1, 0.1, (2, 2, 3))).astype(np.float32)
    return cv2.resize(corners, (size, size))


def _paint_distractor(canvas, rng, tint):
    """Paints a round shape that is no face, in the colour of skin or another one, with a few dark spots."""
    side = len(canvas)
    center, axes = rng.uniform(0, side, 2), rng.uniform(0.04, 0.16, 2) * side
    before = canvas.copy()
    cv2.ellipse(canvas, _whole(center), _whole(axes), rng.uniform(0, 180), 0, 360, int(rng.integers(60, 220)), -1, 16)
    for _ in range(rng.integers(4)):
        spot = center + rng.uniform(-0.6, 0.6, 2) * axes
        cv2.circle(canvas, _whole(spot), int(rng.uniform(0.05, 0.2) * axes.min()) + 1, int(rng.integers(255)), -1, 16)
    color = _SKIN if rng.random() < 0.5 else rng.uniform(0.6, 1.4, 3).astype(np.float32)
    _dye(tint, canvas != before, color)


def _paint(canvas, rng, tint, head, capture):
    """Paints, lights and colours one head and what is in front of it."""
    before = canvas.copy()
    points, unit = (head.points + 0.5) * _SUPERSAMPLING - 0.5, head.unit * _SUPERSAMPLING
    paint_head(canvas, points, unit, head.units, head.person)
    lit = canvas.copy()
    shine(lit, rng, points, capture)
    changed = canvas != before
    canvas[changed] = lit[changed]
    _dye(tint, changed, rng.uniform(0.7, 1.3, 3).astype(np.float32))
    skin = np.zeros(canvas.shape, np.uint8)
    cv2.fillConvexPoly(skin, cv2.convexHull(np.rint(points[:77]).astype(np.int32)), 1)
    _dye(tint, skin > 0, _SKIN * rng.uniform(0.93, 1.07, 3).astype(np.float32))
    if rng.random() < capture.occlusion / 2:
        before = canvas.copy()
        paint_occlusion(canvas, rng, points, unit, head.person.skin)
        _dye(tint, canvas != before, rng.uniform(0.7, 1.3, 3).astype(np.float32))


def _dye(tint, mask, color):
    """Gives ``tint``, in place, the ``color`` where the canvas's boolean ``mask`` is set."""
    share = cv2.resize(mask.astype(np.float32), tint.shape[:2], interpolation=cv2.INTER_AREA)[..., None]
    tint += share * (color - tint)


def _whole(values):
    return [int(value) for value in values]
