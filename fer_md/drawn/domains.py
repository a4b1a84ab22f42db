"""The two ways in which drawn faces are photographed: in a laboratory, and in the wild."""

import dataclasses
import functools
import math

import cv2
import numpy as np


@dataclasses.dataclass(frozen=True)
class Domain:
    """Ranges of everything that differs between two pictures of the same face.

    Attributes:
        yaw, pitch, roll: greatest turn of the head in degrees, either way.
        extent: range of the longer side of the landmarks' box, as a share of the image's side.
        shift: how far the face may leave its usual place, as a share of the room that there is.
        weakest, blend, stray: those of ``face_units.sample_units``: the weakest expression, how much of another one is
            mixed in, and how much moves by chance.
        shadow: greatest share of the light that comes from one side.
        contrast: range of the factor on the gray levels.
        brightness: greatest offset in gray levels.
        blur: greatest Gaussian blur, in pixels of the picture.
        noise: greatest standard deviation of the noise, in gray levels.
        jpeg: range of the JPEG quality; () for no compression.
        clutter: greatest number of shapes in the background.
        occlusion: chance that something is in front of the face.
    """

    yaw: float
    pitch: float
    roll: float
    extent: tuple[float, float]
    shift: float
    weakest: float
    blend: float
    stray: float
    shadow: float
    contrast: tuple[float, float]
    brightness: float
    blur: float
    noise: float
    jpeg: tuple[int, int] | tuple[()]
    clutter: int
    occlusion: float


DOMAINS = {
    "lab": Domain(
        yaw=10,
        pitch=7,
        roll=7,
        extent=(0.66, 0.80),
        shift=0.7,
        weakest=0.45,
        blend=0.25,
        stray=0.06,
        shadow=0.25,
        contrast=(0.8, 1.1),
        brightness=15,
        blur=0.4,
        noise=3,
        jpeg=(),
        clutter=0,
        occlusion=0.0,
    ),
    "wild": Domain(
        yaw=25,
        pitch=12,
        roll=14,
        extent=(0.60, 0.80),
        shift=0.7,
        weakest=0.45,
        blend=0.20,
        stray=0.06,
        shadow=0.55,
        contrast=(0.6, 1.15),
        brightness=20,
        blur=0.7,
        noise=5,
        jpeg=(40, 90),
        clutter=6,
        occlusion=0.3,
    ),
}

_LIGHT_GRID = 24
"""Points along a side at which the light is computed."""

_GRAIN_LENGTH = 1 << 20


@functools.cache
def _grain():
    """Normal noise. Every picture takes a random part of it: drawing it anew would cost as much as the head."""
    return np.random.Generator(np.random.PCG64(0)).standard_normal(_GRAIN_LENGTH, dtype=np.float32)


def paint_background(canvas: np.ndarray, rng: np.random.Generator, domain: Domain) -> None:
    """Fills (H, W) uint8 ``canvas`` with a soft gradient and up to ``domain.clutter`` shapes out of focus."""
    size = len(canvas)
    corners = (rng.uniform(10, 245) + rng.uniform(-25, 25, (2, 2))).clip(0, 255).astype(np.float32)
    canvas[:] = cv2.resize(corners, (size, size)).astype(np.uint8)
    if not domain.clutter:
        return
    for _ in range(rng.integers(domain.clutter + 1)):
        x, y, w, h = (int(v) for v in rng.integers((-size // 4, -size // 4, 4, 4), (size, size, size, size)))
        tone = int(rng.integers(256))
        if rng.random() < 0.5:
            cv2.rectangle(canvas, (x, y), (x + w, y + h), tone, -1)
        else:
            cv2.ellipse(canvas, (x, y), (w // 2, h // 2), float(rng.uniform(0, 180)), 0, 360, tone, -1)
    kernel = 2 * int(1 + rng.uniform(0, 0.04) * size) + 1
    for _ in range(2):
        cv2.blur(canvas, (kernel, kernel), dst=canvas)


def paint_occlusion(canvas: np.ndarray, rng: np.random.Generator, points: np.ndarray, unit: float, skin: float) -> None:
    """Puts a hand, a scarf, strands of hair or an object in front of a part of the face that has these ``points``."""
    kind = rng.integers(4)
    right = (points[16] - points[0]) / 2
    down = np.array([-right[1], right[0]])
    side = 1.0 if rng.random() < 0.5 else -1.0
    if kind == 0:
        _hand(
            canvas,
            rng,
            points[8] + side * rng.uniform(0.3, 1.0) * right - down * rng.uniform(0, 0.5),
            right * side,
            down,
            unit,
            skin,
        )
    elif kind == 1:
        top = points[8] - down * rng.uniform(-0.05, 0.5)
        edge = np.linspace(-1.6, 1.6, 9)[:, None]
        wave = top + edge * right - 0.2 * edge**2 * down + rng.uniform(-0.06, 0.06, (9, 1)) * down
        _fill(canvas, np.concatenate([wave, (wave + 2.5 * down)[::-1]]), rng.integers(256))
    elif kind == 2:
        tone = int(rng.integers(10, 200))
        root = points[72] + side * rng.uniform(0, 0.5) * right
        for _ in range(rng.integers(2, 7)):
            tip = root + side * rng.uniform(0.1, 1.1) * right + rng.uniform(0.8, 2.0) * down
            bend = (root + tip) / 2 + side * rng.uniform(0.0, 0.4) * right
            strand = np.array([root, bend, tip])
            cv2.polylines(canvas, [_fixed(strand)], False, tone, max(1, int(rng.uniform(0.03, 0.16) * unit)), 16, 4)
    else:
        center = points[30] + side * rng.uniform(0.5, 0.95) * right + rng.uniform(-0.9, 0.9) * down
        turned = np.radians(rng.uniform(0, 90) + np.array([0, 90, 180, 270]))
        corners = np.stack([np.cos(turned), np.sin(turned)], 1) * unit * rng.uniform(0.2, 0.5)
        _fill(canvas, center + corners, rng.integers(256))


def _hand(canvas, rng, palm, away, down, unit, skin):
    """``palm`` is the middle of the hand, ``away`` the direction away from the face."""
    shade = int(np.clip(skin * rng.uniform(0.7, 1.0), 0, 255))
    forearm = palm + rng.uniform(0.2, 1.0) * away + 3 * down
    cv2.polylines(canvas, [_fixed([palm, forearm])], False, shade, max(2, int(0.5 * unit)), 16, 4)
    for finger in range(4):
        base = palm + (finger - 1.5) * 0.16 * away
        tip = base - (0.55 + 0.08 * (finger in (1, 2))) * down - (0.25 - 0.05 * finger) * away
        cv2.polylines(canvas, [_fixed([base, tip])], False, max(0, shade - 6 * finger), max(1, int(0.15 * unit)), 16, 4)
    cv2.circle(canvas, [int(v) for v in palm], max(1, int(0.3 * unit)), shade, -1, 16)


def _fixed(points):
    return np.rint(np.multiply(points, 16)).astype(np.int32)


def _fill(canvas, points, tone):
    cv2.fillPoly(canvas, [_fixed(points)], int(tone), cv2.LINE_AA, 4)


def shine(canvas: np.ndarray, rng: np.random.Generator, points: np.ndarray, domain: Domain) -> None:
    """Multiplies ``canvas``, in place, by the light that falls on an ellipsoid of the head's size."""
    center, right = (points[27] + points[33]) / 2, (points[16] - points[0]) / 2
    axes = math.hypot(*right) * 1.15 + 1e-6, math.hypot(*(points[8] - points[72])) * 0.62 + 1e-6
    pixels = np.arange(_LIGHT_GRID, dtype=np.float32) * (len(canvas) / _LIGHT_GRID)
    u, v = ((pixels - float(middle)) / axis for middle, axis in zip(center, axes, strict=True))
    angle, low = rng.uniform(0, 2 * math.pi), rng.uniform(0.3, 1.0)
    along, down = math.cos(angle) / low, (0.8 * math.sin(angle) - 0.3) / low  # of the light, its depth being 1
    radius2 = u * u + (v * v)[:, None]
    scale = 0.95 / np.sqrt(np.maximum(radius2, 0.9))  # what lies beside the head is lit as its rim is
    depth = np.sqrt(1 - radius2 * scale * scale)
    facing = np.clip((u * along + (v * down)[:, None]) * scale + depth, 0, 1.6)
    share = domain.shadow * rng.random()
    shade = (1 - share) * (0.85 + 0.15 * depth) + share * facing
    cv2.multiply(canvas, cv2.resize(shade, canvas.shape[::-1]), dst=canvas, dtype=cv2.CV_8U)


def develop(canvas: np.ndarray, rng: np.random.Generator, domain: Domain, size: int) -> np.ndarray:
    """Turns the painted canvas into the final picture: lens, exposure, sensor, compression.

    Args:
        canvas: (H, W) uint8, where H = W is a multiple of ``size``.
        rng: draws how the picture is taken.
        domain: the ranges that are drawn from.
        size: side of the picture in pixels.

    Returns:
        (size, size) uint8.
    """
    image: np.ndarray = cv2.resize(canvas, (size, size), interpolation=cv2.INTER_AREA).astype(np.float32)
    image = cv2.GaussianBlur(image, (7, 7), rng.uniform(0.05, domain.blur))
    gain, offset = rng.uniform(*domain.contrast), rng.uniform(-1, 1) * domain.brightness
    start, grain = int(rng.integers(_GRAIN_LENGTH - size * size)), rng.uniform(0.3, 1.0) * domain.noise
    noise = _grain()[start : start + size * size].reshape(size, size)
    image = cv2.addWeighted(image, gain, noise, grain, 128 - 128 * gain + offset, dtype=cv2.CV_8U)
    if domain.jpeg:
        _, encoded = cv2.imencode(".jpg", image, (cv2.IMWRITE_JPEG_QUALITY, int(rng.integers(*domain.jpeg))))
        return np.asarray(cv2.imdecode(encoded, cv2.IMREAD_GRAYSCALE))
    return image
