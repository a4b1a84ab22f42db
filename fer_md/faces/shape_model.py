"""Shapes of faces: similarity transforms in closed form, and the principal ways in which faces differ."""

import numpy as np

Similarity = tuple[np.ndarray, np.ndarray]
"""(scale, shift), complex arrays of one shape: the similarities z -> scale z + shift of the plane. ``abs(scale)`` is a
ratio of sizes, and the angle of ``scale`` a rotation."""


def as_complex(points: np.ndarray) -> np.ndarray:
    """(..., P, 2) real points as (..., P) complex x + iy, in which a similarity is a z + b."""
    return points[..., 0] + 1j * points[..., 1]


def as_points(values: np.ndarray) -> np.ndarray:
    """(..., P) complex values as (..., P, 2) real points."""
    return np.stack([values.real, values.imag], -1)


def fit_similarity(source: np.ndarray, target: np.ndarray) -> Similarity:
    """The similarity that takes ``source`` nearest to ``target``, by least squares over the points.

    With z, w the points as complex numbers less their means, a = sum(conj(z) w) / sum(|z|^2), b = mean(w) - a mean(z).

    Args:
        source, target: (..., P, 2) points; either may be a single shape.

    Returns:
        `Similarity` of shape (...,).

    Reference: Umeyama, Least-squares estimation of transformation parameters between two point patterns, PAMI 1991.
    """
    z, w = as_complex(source), as_complex(target)
    z_mean, w_mean = z.mean(-1), w.mean(-1)
    z, w = z - z_mean[..., None], w - w_mean[..., None]
    scale = (z.conj() * w).sum(-1) / (np.abs(z) ** 2).sum(-1)
    return scale, w_mean - scale * z_mean


def transform(similarity: Similarity, points: np.ndarray) -> np.ndarray:
    """Applies a similarity of `fit_similarity` to (..., P, 2) points."""
    scale, shift = (np.asarray(part)[..., None] for part in similarity)
    return as_points(scale * as_complex(points) + shift)


def inverse(similarity: Similarity) -> Similarity:
    """The similarity that undoes another."""
    scale, shift = similarity
    return 1 / scale, -shift / scale


class ShapeModel:
    """The mean face in a square frame, and an orthonormal basis of the ways in which faces differ from it.

    The first four rows of ``basis`` are the tangent of the similarities (size, rotation, x, y). The others are the
    principal components of what no similarity explains, the largest first (Asthana et al. 2014, eq. 1:
    s = similarity(mean + basis p)).

    Args:
        mean: (68, 2) float64, pixels of the frame.
        basis: (4 + K, 136) float64, orthonormal rows.
        deviations: (K,) standard deviations of the K components over the training faces.
        frame: side of the frame in pixels.
    """

    def __init__(self, mean: np.ndarray, basis: np.ndarray, deviations: np.ndarray, frame: int):
        self.mean, self.basis, self.deviations, self.frame = mean, basis, deviations, int(frame)

    @property
    def face(self) -> float:
        """Mean edge of the mean face's box in the frame, in pixels."""
        return np.ptp(self.mean, axis=0).mean()

    @classmethod
    def fit(cls, shapes: np.ndarray, frame: int, face: float, components: int) -> "ShapeModel":
        """Learns the model from annotated faces by generalised Procrustes analysis.

        Args:
            shapes: (N, 68, 2) points in any images.
            frame: side of the frame in pixels.
            face: mean edge of the mean face's box in the frame, in pixels.
            components: K.

        Returns:
            `ShapeModel`.
        """
        sizes = np.ptp(shapes, axis=1).mean(1)[:, None, None]
        mean = ((shapes - shapes.mean(1, keepdims=True)) / sizes).mean(0)  # upright, as faces are on average
        for _ in range(5):
            mean = transform(fit_similarity(shapes, mean), shapes).mean(0)
            mean = (mean - (mean.min(0) + mean.max(0)) / 2) * face / np.ptp(mean, axis=0).mean() + (frame - 1) / 2
        around = mean - mean.mean(0)
        turned = around @ np.array([[0.0, 1.0], [-1.0, 0.0]])
        across, down = np.zeros_like(mean) + (1, 0), np.zeros_like(mean) + (0, 1)
        rigid = np.stack([around, turned, across, down]).reshape(4, -1)
        rigid /= np.linalg.norm(rigid, axis=1, keepdims=True)
        residual = (transform(fit_similarity(shapes, mean), shapes) - mean).reshape(len(shapes), -1)
        residual -= residual @ rigid.T @ rigid
        # similarities last, so that even 132 components are orthogonal to them
        variances, axes = np.linalg.eigh(residual.T @ residual / len(shapes) - rigid.T @ rigid)
        flexible = axes.T[::-1][:components]
        deviations = np.sqrt(np.maximum(variances[::-1][:components], 0))
        return cls(mean, np.concatenate([rigid, flexible]), deviations, frame)

    def normalise(self, shapes: np.ndarray) -> tuple[np.ndarray, Similarity]:
        """Brings shapes (N, 68, 2) into the frame.

        Returns:
            (normalised, similarity): (N, 68, 2) in the frame, and the similarity that leads back.
        """
        similarity = fit_similarity(self.mean, shapes)
        return transform(inverse(similarity), shapes), similarity

    def coefficients(self, offsets: np.ndarray) -> np.ndarray:
        """Coefficients (N, 4 + K) of offsets (N, 68, 2) between two shapes in the frame."""
        return offsets.reshape(len(offsets), self.basis.shape[1]) @ self.basis.T

    def offsets(self, coefficients: np.ndarray) -> np.ndarray:
        """Offsets (N, 68, 2) in the frame that coefficients (N, 4 + K) stand for."""
        return (coefficients @ self.basis).reshape(len(coefficients), *self.mean.shape)

    def project(self, normalised: np.ndarray) -> np.ndarray:
        """Replaces normalised shapes (N, 68, 2) by the nearest of the model, within 3 deviations on each component."""
        coefficients = self.coefficients(normalised - self.mean)
        limits = 3 * self.deviations
        coefficients[:, 4:] = np.clip(coefficients[:, 4:], -limits, limits)
        return self.mean + self.offsets(coefficients)

    def in_boxes(self, boxes: np.ndarray) -> np.ndarray:
        """The mean face in each box, its own box on the same center with the same mean edge.

        Args:
            boxes: (N, 4) x, y, width, height in pixels.

        Returns:
            (N, 68, 2) pixels.
        """
        boxes = np.asarray(boxes, np.float64)
        low, high = self.mean.min(0), self.mean.max(0)
        sizes = boxes[:, 2:].mean(1) / (high - low).mean()
        centers = boxes[:, :2] + boxes[:, 2:] / 2
        return (self.mean - (low + high) / 2) * sizes[:, None, None] + centers[:, None]
