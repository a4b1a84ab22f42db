"""Drawn faces: seven expressions, many people and two domains. Each face can be drawn again exactly.

A face is a 3-D model of points that action units move (``face_units``, ``face_model``). It is posed, painted
(``drawing``) and photographed (``domains``), so its 68 landmarks are known exactly. A person looks the same in every
picture. Everything else follows from the arguments of ``draw_face`` alone.
"""

import dataclasses
import functools
import hashlib
from collections.abc import Iterator, Mapping

import numpy as np

from fer_md.data.face import Face
from fer_md.drawn.domains import DOMAINS, develop, paint_background, paint_occlusion, shine
from fer_md.drawn.drawing import paint_head, sample_identity
from fer_md.drawn.face_model import face_points, turn
from fer_md.drawn.face_units import sample_units
from fer_md.errors import FerMdError
from fer_md.expressions import EXPRESSIONS

SPLITS = {"Training": 0.8, "PublicTest": 0.1, "PrivateTest": 0.1}
"""Share of the faces in each split."""

_FACES_PER_SUBJECT = 2 * len(EXPRESSIONS)
_SUPERSAMPLING = 2
_MARGIN = 1.0


def draw_face(seed: int | str, subject: str, expression: str, domain: str, size: int = 48) -> Face:
    """Draws one face. The same arguments give the same pixels.

    Args:
        seed: chooses everything but the person: strength, pose, light and background.
        subject: name of the person. The same name is the same person, whatever the seed.
        expression: one of ``EXPRESSIONS``.
        domain: ``"lab"`` or ``"wild"``.
        size: side of the image in pixels, 16 to 512.

    Returns:
        the face, with an image (size, size) uint8. All 68 landmarks lie in the image.

    Raises:
        FerMdError: the expression or domain is unknown, or the size is out of range.
    """
    _check_choice("expression", expression, EXPRESSIONS)
    _check_choice("domain", domain, DOMAINS)
    if not 16 <= size <= 512:
        raise FerMdError(f"size must be 16 to 512 pixels, got {size}")
    rng = _generator("face", seed, subject, expression, domain)
    person, capture = _identity(subject), DOMAINS[domain]
    units = sample_units(rng, expression, capture.weakest, capture.blend, capture.stray)
    points, unit = _place(rng, face_points(person.shape, units), capture, size)

    canvas = np.empty((size * _SUPERSAMPLING,) * 2, np.uint8)
    on_canvas, canvas_unit = (points + 0.5) * _SUPERSAMPLING - 0.5, unit * _SUPERSAMPLING
    paint_background(canvas, rng, capture)
    paint_head(canvas, on_canvas, canvas_unit, units, person)
    if rng.random() < capture.occlusion:
        paint_occlusion(canvas, rng, on_canvas, canvas_unit, person.skin)
    shine(canvas, rng, on_canvas, capture)
    return Face(
        key=f"synthetic-{domain}/{subject}/{expression}/{seed}",
        image=develop(canvas, rng, capture, size),
        label=EXPRESSIONS.index(expression),
        subject=subject,
        source=f"drawn with seed {seed}",
        landmarks=points[:68].astype(np.float32),
    )


def draw_faces(domain: str, count: int, seed: int, splits: Mapping[str, float] | None = None) -> Iterator[Face]:
    """Draws a data set with equal numbers of all expressions. No person is in two splits.

    Args:
        domain: ``"lab"`` or ``"wild"``.
        count: number of faces over all splits.
        seed: another seed draws other people.
        splits: the share of each split, by name, with sum 1; None for ``SPLITS``.

    Returns:
        the faces, split by split, with keys such as ``"synthetic-lab/Training/000017"``.

    Raises:
        FerMdError: the domain is unknown, the count is negative, or the shares are negative or have another sum.
    """
    splits = SPLITS if splits is None else splits
    _check_choice("domain", domain, DOMAINS)
    if count < 0:
        raise FerMdError(f"count must be 0 or more faces, got {count}")
    if min(splits.values(), default=-1) < 0 or abs(sum(splits.values()) - 1) > 1e-6:
        raise FerMdError(f"the shares of the splits must be 0 or more and sum to 1, got {splits}")
    return _draw_splits(domain, count, seed, splits)


def _draw_splits(domain, count, seed, splits):
    ends = np.rint(np.cumsum([0.0, *splits.values()]) * count).astype(int)
    for split, length in zip(splits, np.diff(ends), strict=True):
        people = max(1, length // _FACES_PER_SUBJECT)
        for index in range(length):
            subject = f"{domain}-{seed}-{split}-{index // len(EXPRESSIONS) % people:05d}"
            face = draw_face(f"{seed}/{index}", subject, EXPRESSIONS[index % len(EXPRESSIONS)], domain)
            key = f"synthetic-{domain}/{split}/{index:06d}"
            yield dataclasses.replace(face, key=key, split=split, source=f"drawn with seed {seed}")


def _check_choice(name, value, choices):
    if value not in choices:
        raise FerMdError(f"unknown {name} {value!r}; choose from {', '.join(choices)}")


def _generator(*names):
    """A random generator that depends on the printed form of ``names`` alone, whatever the process."""
    digest = hashlib.blake2b("\0".join(map(str, names)).encode(), digest_size=16).digest()
    return np.random.Generator(np.random.PCG64(int.from_bytes(digest, "little")))


@functools.lru_cache(maxsize=4096)
def _identity(subject):
    return sample_identity(_generator("person", subject))


def _place(rng, points, capture, size):
    """Poses the face and puts it into the image. Returns (101, 2) points and half the face's width, both in pixels."""
    most = np.array((capture.yaw, capture.pitch, capture.roll))
    posed = turn(points, *(most * np.clip(0.5 * rng.standard_normal(3), -1, 1)))[:, :2]
    low, high = posed[:68].min(0), posed[:68].max(0)
    unit = rng.uniform(*capture.extent) * size / (high - low).max()
    room = size - 1 - 2 * _MARGIN - unit * (high - low)
    usual, wanted = np.array((0.5, 0.8)), rng.uniform(0, 1, 2)
    corner = _MARGIN + room * (usual + capture.shift * (wanted - usual))
    return corner + unit * (posed - low), unit
