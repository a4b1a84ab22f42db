"""Paints a posed face model in shades of gray, with OpenCV's polygons and lines of sub-pixel precision."""

import dataclasses
import math

import cv2
import numpy as np

from fer_md.drawn.face_model import APPLES, CHEEKS, EARS, FOLDS, FOREHEAD, IDENTITY_SHAPES, PUPILS, UNIT_INDEX

_SHIFT = 4
_SIDES = ((0, 36, range(17, 22)), (1, 42, range(26, 21, -1)))
"""Side, first landmark of the eye, landmarks of the brow from its outer to its inner end."""

_HEAD = np.r_[0:17, FOREHEAD, CHEEKS]


@dataclasses.dataclass(frozen=True)
class Identity:
    """What stays the same in every picture of one person.

    Attributes:
        shape: (len(IDENTITY_SHAPES),) traits, in standard deviations; see ``face_model.face_points``.
        skin, hair, brow, lips, iris, clothes: shades of gray, 0..255.
        brow_width: thickness of the brows in half face widths.
        hairline: how far the hair comes down the forehead, 0..0.4; a number below 0 makes the head bald.
        volume: size of the hair relative to the skull.
        long_hair, glasses: whether there are any.
        beard, moustache: how dark it is; 0 for none.
        age: depth of folds and wrinkles, 0..1.
    """

    shape: np.ndarray
    skin: float
    hair: float
    brow: float
    lips: float
    iris: float
    clothes: float
    brow_width: float
    hairline: float
    volume: float
    long_hair: bool
    glasses: bool
    beard: float
    moustache: float
    age: float


def sample_identity(rng: np.random.Generator) -> Identity:
    """Draws a person at random."""
    skin = rng.uniform(85, 215)
    hair = rng.uniform(15, 110) if rng.random() < 0.75 else rng.uniform(110, 220)
    bearded = rng.random() < 0.25
    return Identity(
        shape=np.clip(rng.standard_normal(len(IDENTITY_SHAPES)), -2, 2),
        skin=skin,
        hair=hair,
        brow=min(hair + rng.uniform(-25, 25), skin - 12),
        lips=skin * rng.uniform(0.55, 1.02),
        iris=rng.uniform(15, 100),
        clothes=rng.uniform(10, 240),
        brow_width=rng.uniform(0.035, 0.11),
        hairline=rng.uniform(0.0, 0.35) if rng.random() < 0.88 else -1.0,
        volume=rng.uniform(1.05, 1.25),
        long_hair=rng.random() < 0.4,
        glasses=rng.random() < 0.15,
        beard=rng.uniform(0.15, 0.7) if bearded else 0.0,
        moustache=rng.uniform(0.2, 0.7) if bearded or rng.random() < 0.08 else 0.0,
        age=rng.random(),
    )


class _Pen:
    """Draws on a canvas with points in pixels and widths in half face widths."""

    def __init__(self, canvas, unit):
        self.canvas, self.unit = canvas, float(unit)

    def fill(self, points, tone):
        cv2.fillPoly(self.canvas, [_fixed(points)], _shade(tone), cv2.LINE_AA, _SHIFT)

    def fill_convex(self, points, tone):
        """``fill`` for a convex polygon, three times as fast."""
        cv2.fillConvexPoly(self.canvas, _fixed(points), _shade(tone), cv2.LINE_AA, _SHIFT)

    def line(self, points, tone, width, closed=False):
        thickness = max(1, round(width * self.unit))
        cv2.polylines(self.canvas, [_fixed(points)], closed, _shade(tone), thickness, cv2.LINE_AA, _SHIFT)

    def dot(self, center, radius, tone):
        x, y = _fixed(center)
        cv2.circle(
            self.canvas, (int(x), int(y)), int(radius * self.unit * 2**_SHIFT), _shade(tone), -1, cv2.LINE_AA, _SHIFT
        )


def _fixed(points):
    return (np.asarray(points) * 2**_SHIFT + 0.5).astype(np.int32)


def _shade(tone):
    return int(min(max(tone, 0), 255))


def paint_head(canvas: np.ndarray, points: np.ndarray, unit: float, units: np.ndarray, identity: Identity) -> None:
    """Paints one head over what the canvas holds.

    Args:
        canvas: (H, W) uint8, changed in place.
        points: (101, 2) float, the posed points of ``face_model`` in pixels of the canvas.
        unit: half a face width in pixels.
        units: (len(ACTION_UNITS), 2) intensities; besides moving points they make folds and furrows.
        identity: the person.
    """
    pen, strength = _Pen(canvas, unit), dict(zip(UNIT_INDEX, units.mean(1).tolist(), strict=True))
    _paint_body(pen, points, identity)
    pen.fill_convex(cv2.convexHull(points[_HEAD].astype(np.float32))[:, 0], identity.skin)
    _paint_beard(pen, points, identity)
    _paint_relief(pen, points, strength, identity)
    _paint_furrows(pen, points, strength, identity)
    _paint_nose(pen, points, identity)
    for side, eye, brow in _SIDES:
        _paint_eye(pen, points[eye : eye + 6], points[PUPILS[side]], identity)
        _paint_brow(pen, points[brow], identity)
    _paint_mouth(pen, points, identity)
    _paint_hair(pen, points, identity)
    if identity.glasses:
        _paint_glasses(pen, points)


def _paint_body(pen, points, identity):
    middle, chin = points[27], points[8]
    up = (middle - chin) / math.hypot(*(middle - chin))
    if identity.long_hair and identity.hairline >= 0:
        outline = np.concatenate([points[FOREHEAD], points[[16, 13, 11, 5, 3, 0]]])
        spread = middle + (outline - middle) * (identity.volume + 0.08)
        spread[10:14] -= up * pen.unit * 0.5
        pen.fill(spread, identity.hair)
    down = np.array([0.0, pen.unit * 2.2])
    neck = np.array([points[4], points[12], points[12] + down, points[4] + down])
    neck[:, 0] = chin[0] + (neck[:, 0] - chin[0]) * 0.85
    pen.fill(neck, identity.skin * 0.72)
    top = np.array([chin[0], chin[1] + pen.unit * 0.45])
    sides = np.array([[-0.6, 0.0], [0.6, 0.0], [3.0, 0.9], [3.0, 3.0], [-3.0, 3.0], [-3.0, 0.9]])
    pen.fill(top + sides * pen.unit, identity.clothes)
    for ear in EARS:
        pen.fill(points[list(ear)], identity.skin * 0.85)


def _paint_beard(pen, points, identity):
    if identity.beard:
        tone = identity.skin + identity.beard * (identity.hair - identity.skin)
        inner = [54, 35, 33, 31, 48] if identity.moustache > 0.4 else [54, 53, 51, 49, 48]
        pen.fill(points[[*range(1, 16), *inner]], tone)
    if identity.moustache:
        tone = identity.skin + identity.moustache * (identity.hair - identity.skin)
        pen.fill(points[[48, 31, 33, 35, 54, 52, 51, 50]], tone)


def _paint_relief(pen, points, strength, identity):
    """Soft light and shadow: sockets, nose, cheeks, folds, under the lip."""
    relief = _Pen(np.full(pen.canvas.shape, 128, np.uint8), pen.unit)
    fold = 10 + 22 * identity.age + 45 * max(strength[12], strength[9], strength[10])
    for side, eye, brow in _SIDES:
        inner_brow, inner_eye = points[(21, 22)[side]], points[(39, 42)[side]]
        relief.fill(points[[*brow, *((39, 40, 41, 36), (42, 47, 46, 45))[side]]], 116)
        relief.line([inner_brow, inner_eye, points[28]], 112, 0.09)
        relief.line([points[28], points[(31, 35)[side]]], 112, 0.07)
        relief.dot(points[APPLES[side]], 0.2, 134 + 14 * strength[6] + 8 * strength[12])
        relief.line(points[list(FOLDS[side])], 128 - fold, 0.07)
        relief.line(points[[eye, eye + 5, eye + 4, eye + 3]] + (0, 0.07 * pen.unit), 120 - 12 * identity.age, 0.06)
    relief.line(points[27:31], 146, 0.1)
    below = points[[58, 57, 56]] + (points[57] - points[51]) * 0.25
    relief.line(below, 104 - 15 * strength[17], 0.1)
    relief.dot(points[8] + (points[57] - points[8]) * 0.35, 0.14, 136)
    kernel = 2 * round(0.07 * pen.unit) + 1
    soft = cv2.blur(cv2.blur(relief.canvas, (kernel, kernel)), (kernel, kernel))
    cv2.addWeighted(pen.canvas, 1, soft, 1, -128, dst=pen.canvas)


def _paint_furrows(pen, points, strength, identity):
    """Lines that only a contracted muscle, or age, makes."""
    tone, depth = identity.skin, 0.3 + 0.7 * identity.age
    between, up = (points[21] + points[22]) / 2, (points[27] - points[33]) * 0.3
    if (frown := max(strength[4], strength[9])) > 0.2:
        for across in (0.3, 0.7):
            foot = points[21] + (points[22] - points[21]) * across
            pen.line([foot - up * 0.3, foot + up * 0.8], tone * (1 - 0.3 * frown * depth), 0.025)
    if (raised := max(strength[1], strength[2])) * depth > 0.2:
        for height in (1.2, 1.9):
            pen.line(points[[19, 20, 21, 22, 23, 24]] + up * height, tone * (1 - 0.2 * raised * depth), 0.025)
    if strength[9] > 0.2:
        for height in (0.3, 0.75):
            middle = between - up * height
            reach = (points[39] - points[42]) * 0.28
            pen.line([middle + reach, middle - up * 0.15, middle - reach], tone * (1 - 0.35 * strength[9]), 0.03)
    if strength[6] * depth > 0.25:
        for eye, away in ((36, points[36] - points[39]), (45, points[45] - points[42])):
            start = points[eye] + away * 0.2
            for tilt in (-0.3, 0.3):
                pen.line([start, start + away * 0.4 + up * tilt], tone * (1 - 0.25 * strength[6] * depth), 0.02)


def _paint_nose(pen, points, identity):
    pen.line(points[31:36], identity.skin * 0.72, 0.04)
    for wing, inner in ((31, 32), (35, 34)):
        pen.dot((points[wing] * 0.4 + points[inner] * 0.6), 0.045, identity.skin * 0.4)


def _paint_eye(pen, eye, pupil, identity):
    """``eye``: (6, 2) lid landmarks in iBUG order, the first three from corner to corner along the upper lid."""
    upper, height = eye[:4], math.hypot(*(eye[1] + eye[2] - eye[4] - eye[5])) / 2
    if height > 0.02 * pen.unit:
        outline = eye.astype(np.float32)
        pen.fill(outline, 0.45 * identity.skin + 120)
        for radius, tone in ((0.085, identity.iris), (0.04, identity.iris * 0.3)):
            circle = pupil + radius * pen.unit * _CIRCLE
            area, common = cv2.intersectConvexConvex(cv2.convexHull(outline), circle.astype(np.float32))
            if area > 0.5:
                pen.fill_convex(common[:, 0], tone)
    else:
        upper = (eye[[0, 5, 4, 3]] + upper) / 2
    pen.line(upper, identity.skin * 0.25, 0.045)
    pen.line(eye[[3, 4, 5, 0]], identity.skin * 0.7, 0.02)
    crease = upper.copy()
    crease[1:3, 1] -= 0.07 * pen.unit
    pen.line(crease, identity.skin * 0.75, 0.02)


_CIRCLE = np.stack([np.cos(np.arange(12) * np.pi / 6), np.sin(np.arange(12) * np.pi / 6)], axis=1)
_TAPER = np.array([0.35, 0.8, 1.0, 1.1, 0.9])[:, None]


def _paint_brow(pen, brow, identity):
    along = brow[4] - brow[0]
    across = np.array([-along[1], along[0]]) / (math.hypot(*along) + 1e-9) * identity.brow_width * pen.unit / 2
    pen.fill(np.concatenate([brow - across * _TAPER, (brow + across * _TAPER)[::-1]]), identity.brow)


def _paint_mouth(pen, points, identity):
    upper, lower = points[60:65], points[[64, 65, 66, 67, 60]]
    pen.fill(points[[48, 49, 50, 51, 52, 53, 54, 64, 63, 62, 61, 60]], identity.lips * 0.9)
    pen.fill(points[[48, 60, 67, 66, 65, 64, 54, 55, 56, 57, 58, 59]], identity.lips)
    opening = math.hypot(*(points[66] - points[62])) / pen.unit
    if opening > 0.045:
        pen.fill(np.concatenate([upper, lower[1:4]]), 28)
        bite = min(1.0, 0.13 / opening)
        teeth = upper[1:4] + (lower[[3, 2, 1]] - upper[1:4]) * bite
        pen.fill(np.concatenate([upper, teeth[::-1]]), 110 + 0.5 * identity.skin)
    else:
        pen.line((upper + lower[::-1]) / 2, identity.lips * 0.45, 0.035)


def _paint_hair(pen, points, identity):
    if identity.hairline < 0:
        return
    outline = np.concatenate([points[[0]], points[FOREHEAD], points[[16]]])
    middle = (points[0] + points[16]) / 2
    outer = middle + (outline - middle) * identity.volume
    comb = np.array([0.0, 0.3, 0.7, 1.0, 1.15, 1.1, 0.9, 0.75, 0.5, 0.3, 0.0])[:, None]
    inner = outline + (middle - outline) * identity.hairline * comb
    pen.fill(np.concatenate([outer, inner[::-1]]), identity.hair)


def _paint_glasses(pen, points):
    rims = []
    for _, eye, _ in _SIDES:
        center = points[eye : eye + 6].mean(0)
        rims.append(center)
        pen.line(center + 0.24 * pen.unit * _CIRCLE * (1.1, 0.9), 30, 0.03, closed=True)
    bridge = (rims[1] - rims[0]) * 0.27
    pen.line([rims[0] + bridge, rims[1] - bridge], 30, 0.03)
    pen.line([rims[0] - bridge, points[0]], 30, 0.03)
    pen.line([rims[1] + bridge, points[16]], 30, 0.03)
