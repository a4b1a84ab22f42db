"""Training of the alignment cascade by Par-CLR (Asthana et al. 2014, Sec. 3.2)."""

import dataclasses
from collections.abc import Sequence

import numpy as np

from fer_md.faces.cascade import Cascade, draw_examples
from fer_md.faces.face_frame import box_of, jitter_boxes, reduce_images, steps_left
from fer_md.faces.landmarks import MIRRORED
from fer_md.faces.ridge import RidgeRegression
from fer_md.faces.shape_model import ShapeModel
from fer_md.progress import Progress

_BATCH = 512


@dataclasses.dataclass(frozen=True)
class CascadeRecipe:
    """How a cascade is trained.

    Attributes:
        cells: side of the descriptor's cells at each level, in pixels of the frame, odd.
        components: shape components besides similarity; 132 regresses the points themselves.
        frame: side of the frame in pixels.
        face: mean edge of the face's box in the frame, in pixels.
        perturbations: starts drawn for each face and level.
        penalty: l of the ridge regressions (`fer_md.faces.ridge.RidgeRegression`).
        recorded: share of the people on whose faces the steps that are left before each level are recorded.
        seed: of everything that is drawn at random.
    """

    cells: tuple[int, ...] = (17, 13, 11, 9, 9)
    components: int = 20
    frame: int = 112
    face: float = 72.0
    perturbations: int = 6
    penalty: float = 100.0
    recorded: float = 0.2
    seed: int = 0


def train_cascade(
    images: Sequence[np.ndarray], landmarks: np.ndarray, people: Sequence[str], recipe: CascadeRecipe | None = None
) -> Cascade:
    """Trains a cascade on annotated faces and their mirror images.

    The steps that are left before a level are recorded on people whom the earlier levels have not seen: on training
    faces the steps come out too small. These people are then learned by the incremental update.

    Args:
        images: N grayscale images (H, W) uint8.
        landmarks: (N, 68, 2) points x, y in iBUG order.
        people: the names of the N people.
        recipe: how to train; None for the default.

    Returns:
        the cascade, with inverses.
    """
    recipe = recipe or CascadeRecipe()
    rng = np.random.default_rng(recipe.seed)
    names = sorted(set(people))
    recorded = set(rng.permutation(names)[: round(recipe.recorded * len(names))])
    aside = np.array([person in recorded for person in people])
    model = ShapeModel.fit(np.asarray(landmarks, np.float64)[~aside], recipe.frame, recipe.face, recipe.components)
    seen, unseen = (_with_mirrors(images, landmarks, rows, model.face) for rows in (~aside, aside))
    cascade = _train_levels(model, seen, unseen, recipe, rng)
    cascade.update(*unseen, recipe.perturbations, recipe.seed)
    return cascade


def mirror(image: np.ndarray, landmarks: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """A face in a mirror: its image (H, W) and its points (68, 2), which keep their iBUG order."""
    return image[:, ::-1], np.array((image.shape[1] - 1, 0)) + landmarks[MIRRORED] * (-1, 1)


def _with_mirrors(images, landmarks, rows, face):
    """The faces of ``rows`` and their mirror images, reduced to about the frame's scale."""
    images, landmarks = [images[row] for row in np.flatnonzero(rows)], landmarks[rows]
    images, factors, corners = reduce_images(images, box_of(landmarks), face)
    landmarks = (landmarks - corners) / factors
    mirrored = [mirror(*pair) for pair in zip(images, landmarks, strict=True)]
    images = images + [np.ascontiguousarray(image) for image, _ in mirrored]
    return images, np.concatenate([landmarks, [points for _, points in mirrored]])


def _train_levels(model, seen, unseen, recipe, rng):
    images, landmarks = unseen
    shapes = model.in_boxes(jitter_boxes(box_of(landmarks), rng))
    levels: tuple[list, list, list, list] = ([], [], [], [])
    cascade = Cascade(model, recipe.cells, *levels)
    total = len(recipe.cells) * recipe.perturbations * len(seen[0])
    with Progress("training the cascade", total, "starts") as progress:
        for level, cell in enumerate(recipe.cells):
            steps = steps_left(model, landmarks, shapes)
            gauss = steps.mean(0), np.cov(steps, rowvar=False)
            batches = _batches(seen, model, cell, gauss, recipe.perturbations, rng, progress)
            regression = RidgeRegression.fit(batches, recipe.penalty)
            for stored, value in zip(levels, (*gauss, regression.weights, regression.inverse), strict=True):
                stored.append(value)
            shapes = cascade.step(images, shapes, level)
    return cascade


def _batches(faces, model, cell, gauss, perturbations, rng, progress):
    images, landmarks = faces
    for _ in range(perturbations):
        for start in range(0, len(images), _BATCH):
            part = slice(start, start + _BATCH)
            yield draw_examples(images[part], landmarks[part], model, cell, gauss, rng)
            progress.advance(len(images[part]))
