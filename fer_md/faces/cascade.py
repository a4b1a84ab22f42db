"""Incremental face alignment: 68 landmarks by a parallel cascade of linear regressions (Asthana et al. 2014)."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np

from fer_md.array_files import Numbers, check_arrays, check_format, read_arrays
from fer_md.errors import FerMdError
from fer_md.faces.face_frame import box_of, describe, perturb, reduce_images, steps_left
from fer_md.faces.ridge import RidgeRegression
from fer_md.faces.shape_model import ShapeModel, transform
from fer_md.files import atomic_file

FORMAT = 1
"""Version of the model file."""

_ARRAYS = ("mean", "basis", "deviations", "frame", "cells", "step_means", "step_covariances", "weights")

Levels = np.ndarray | list[np.ndarray]
"""One array for each level."""


class Cascade:
    """Places 68 landmarks in iBUG order, starting from a box.

    Each level brings the image into the shape model's frame by the similarity of the current shape, and describes the
    gradients around its points (`fer_md.faces.hog.hog_at`). A linear regression answers with the next step, in the
    coordinates of the shape model's basis: p <- p + W_k [phi(I, p), 1] (Asthana et al. 2014, eq. 3).

    ``update`` learns new faces without the old ones. Each level learns on its own, from starts drawn from the Gaussian
    that was recorded for it (Par-CLR, Sec. 3.2, and iPar-CLR, Sec. 3.3), so no level waits for another.

    Args:
        model: the shapes that faces can have.
        cells: side of the descriptor's cells at each level, in pixels of the frame.
        step_means: (levels, 4 + K) mean of the steps that are left before each level.
        step_covariances: (levels, 4 + K, 4 + K) covariance of these steps.
        weights: (levels, D + 1, 4 + K) float, W_k.
        inverses: (levels, D + 1, D + 1) float64, V_k of `RidgeRegression`; None for a cascade that only predicts.

    Reference: Asthana, Zafeiriou, Cheng and Pantic, Incremental face alignment in the wild, CVPR 2014.
    """

    def __init__(
        self,
        model: ShapeModel,
        cells: Sequence[int],
        step_means: Levels,
        step_covariances: Levels,
        weights: Levels,
        inverses: Levels | None = None,
    ):
        self.model, self.cells = model, tuple(int(cell) for cell in cells)
        self.step_means, self.step_covariances = step_means, step_covariances
        self.weights, self.inverses = weights, inverses

    def align(self, images: Sequence[np.ndarray], boxes: np.ndarray, levels: int | None = None) -> np.ndarray:
        """Finds the landmarks.

        Args:
            images: N grayscale images (H, W) uint8, of any sizes.
            boxes: (N, 4) x, y, width, height in pixels of the rough boxes around the landmarks.
            levels: how many levels to run; None for all. With 0 the mean face is placed in the box.

        Returns:
            (N, 68, 2) float32 pixel coordinates x, y.
        """
        shapes = self.model.in_boxes(boxes)
        images, factors, corners = reduce_images(images, boxes, self.model.face)
        shapes = (shapes - corners) / factors
        for level in range(len(self.cells) if levels is None else levels):
            shapes = self.step(images, shapes, level)
        return (shapes * factors + corners).astype(np.float32)

    def step(self, images: Sequence[np.ndarray], shapes: np.ndarray, level: int) -> np.ndarray:
        """Improves (N, 68, 2) shapes, in images of about the frame's scale, by one level."""
        features, normalised, similarity = describe(images, shapes, self.model, self.cells[level])
        moved = normalised + self.model.offsets(features @ self.weights[level])
        return transform(similarity, self.model.project(moved))

    def update(
        self, images: Sequence[np.ndarray], landmarks: np.ndarray, perturbations: int = 10, seed: int = 0
    ) -> None:
        """Learns new faces exactly as if they had been among the training faces, which are not needed.

        Args:
            images: N grayscale images (H, W) uint8.
            landmarks: (N, 68, 2) their true points.
            perturbations: starts drawn for each face and level.
            seed: of the starts.

        Raises:
            FerMdError: the cascade has no inverses: it can only predict.
        """
        if self.inverses is None:
            raise FerMdError("this cascade can only predict; keep what an update needs: save(path, updatable=True)")
        images, factors, corners = reduce_images(images, box_of(landmarks), self.model.face)
        landmarks, rng = (landmarks - corners) / factors, np.random.default_rng(seed)
        for level in range(len(self.cells)):
            regression = RidgeRegression(self.weights[level], self.inverses[level])
            for _ in range(perturbations):
                gauss = self.step_means[level], self.step_covariances[level]
                regression.update(*draw_examples(images, landmarks, self.model, self.cells[level], gauss, rng))
            self.weights[level], self.inverses[level] = regression.weights, regression.inverse

    def save(self, path: Path | str, updatable: bool = False) -> None:
        """Writes the cascade as .npz.

        Args:
            path: the file.
            updatable: keep full precision and the inverses (levels x D^2 float64), which `update` needs.
        """
        model = self.model
        precision = np.float64 if updatable else np.float32
        values = (
            model.mean,
            model.basis,
            model.deviations,
            model.frame,
            self.cells,
            self.step_means,
            self.step_covariances,
            np.asarray(self.weights, precision),
        )
        arrays: dict[str, Any] = dict(zip(_ARRAYS, map(np.asarray, values), strict=True))
        if updatable:
            arrays["inverses"] = np.asarray(self.inverses)
        with atomic_file(path) as partial, open(partial, "wb") as stream:
            np.savez(stream, format=FORMAT, **arrays)

    @classmethod
    def load(cls, path: Path | str) -> "Cascade":
        """Reads a cascade.

        Raises:
            FerMdError: the file is missing, damaged, or no cascade of this format. Nothing in it is ever unpickled.
        """
        arrays = read_arrays(path, "make it with experiments/train_alignment.py")
        _check(arrays, path)
        mean, basis, deviations, frame, cells, step_means, step_covariances, weights = (arrays[n] for n in _ARRAYS)
        model = ShapeModel(mean, basis, deviations, int(frame))
        return cls(model, cells.tolist(), step_means, step_covariances, weights, arrays.get("inverses"))


def draw_examples(
    images: Sequence[np.ndarray],
    landmarks: np.ndarray,
    model: ShapeModel,
    cell: int,
    gauss: tuple[np.ndarray, np.ndarray],
    rng: np.random.Generator,
) -> tuple[np.ndarray, np.ndarray]:
    """Draws one start for each face from a level's Gaussian.

    Args:
        images: N grayscale images (H, W) uint8, of about the frame's scale.
        landmarks: (N, 68, 2) true points.
        model: the shapes that faces can have.
        cell: side of the descriptor's cells, in pixels of the frame.
        gauss: (mean, covariance) of the steps.
        rng: draws the starts.

    Returns:
        (features, steps): (N, D + 1) float32 and (N, 4 + K), the rows of the level's regression.
    """
    starts = perturb(model, landmarks, *gauss, rng)
    features, _, similarity = describe(images, starts, model, cell)
    return features, steps_left(model, landmarks, starts, similarity)


def _check(arrays, path):
    """Checks that all arrays are there, finite, and of shapes that belong together."""
    check_format(path, arrays, "cascade", FORMAT, _ARRAYS)
    levels, width, outputs = arrays["weights"].shape if arrays["weights"].ndim == 3 else (0, 0, 4)
    check_arrays(path, arrays, {"frame": Numbers((), "iu", 16, 1024)})
    expected = {
        "mean": Numbers((68, 2)),
        "basis": Numbers((outputs, 136)),
        "deviations": Numbers((outputs - 4,)),
        "cells": Numbers((levels,), "iu", 1, int(arrays["frame"])),
        "step_means": Numbers((levels, outputs)),
        "step_covariances": Numbers((levels, outputs, outputs)),
        "weights": Numbers((levels, width, outputs)),
    }
    if "inverses" in arrays:
        expected["inverses"] = Numbers((levels, width, width))
    check_arrays(path, arrays, expected)
    if not (arrays["cells"] % 2).all():
        raise FerMdError(f"{path}: cells must be odd; found {arrays['cells']}")
