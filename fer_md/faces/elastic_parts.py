"""The probabilistic elastic part model of faces (Li, Hua, Lin, Brandt and Yang 2013)."""

import dataclasses
from collections.abc import Sequence

import numpy as np

from fer_md.faces.hog import BINS, hog_at
from fer_md.progress import Progress

CROP = 64
"""Side in pixels of the crops of faces."""

_STEP = 4
"""Pixels between patches."""

_CELLS = (5, 9)
"""Sides in pixels of the descriptors' cells, of which a patch has two times two: the scales of the patches."""

APPEARANCE = 4 * BINS
"""Numbers that describe what a patch looks like."""

_AT_ONCE = 64
"""Crops that are described together."""


def describe_patches(crops: Sequence[np.ndarray] | np.ndarray) -> np.ndarray:
    """Describes the patches of crops, which lie on a grid and have two sizes, by their appearance and place.

    Args:
        crops: (N, CROP, CROP) uint8.

    Returns:
        (N, M, APPEARANCE + 2) float32: `fer_md.faces.hog.hog_at`, then x and y as shares of the crop from its middle.
    """
    places = np.arange(_CELLS[0], CROP - _CELLS[0] + 1, _STEP)
    grid = np.stack(np.meshgrid(places, places), -1).reshape(1, -1, 2)
    points = np.repeat(grid, len(crops), 0)
    looks = [hog_at(crops, points, cell).reshape(len(crops), -1, APPEARANCE) for cell in _CELLS]
    shares = np.tile((points + 0.5) / CROP - 0.5, (1, len(_CELLS), 1)).astype(np.float32)
    return np.concatenate([np.concatenate(looks, 1), shares], 2)


@dataclasses.dataclass(frozen=True)
class Parts:
    """What the parts look like in one face.

    Attributes:
        appearance: (..., K * APPEARANCE) float32, the PEP representation: the parts' appearances in a fixed order.
        places: (..., K, 2) float32, x and y of the parts as shares of the crop from its middle.
    """

    appearance: np.ndarray
    places: np.ndarray


class ElasticParts:
    """A mixture of K spherical Gaussians over the appearance and the place of the patches of faces.

    Each Gaussian is a part. In a face, part k is the patch that it explains best, argmax_i w_k N(f_i; mu_k, s_k^2 I),
    which for one Gaussian is the nearest one. So a part is found in spite of pose and expression, and two faces are
    compared part by part.

    Public, in the paper: the above; training by expectation and maximisation on the patches of face images; that the
    place is part of a patch's features; the representation as the parts' appearances, one behind the other.

    Inferred: the descriptor (the paper's are SIFT and local binary patterns), the grid, two sizes of patches, the
    number of parts, and the weight of the place, with which its variance is that of the
    appearance.

    Args:
        means: (K, APPEARANCE + 2) float32; the place times its weight.
        variances: (K,) float32, s_k^2.
        shares: (K,) float32, w_k, which add up to 1.
        weight: of the place.

    Reference: Li et al., Probabilistic elastic part model for unsupervised face detector adaptation, ICCV 2013.
    """

    def __init__(self, means: np.ndarray, variances: np.ndarray, shares: np.ndarray, weight: float):
        self.means, self.variances, self.shares, self.weight = means, variances, shares, weight

    @classmethod
    def fit(
        cls, crops: np.ndarray, parts: int = 128, patches: int = 40_000, rounds: int = 12, seed: int = 0
    ) -> "ElasticParts":
        """Learns the parts.

        Args:
            crops: (N, CROP, CROP) uint8 of faces.
            parts: K.
            patches: how many patches are drawn to learn from.
            rounds: of expectation and maximisation.
            seed: of the patches and of the first means.
        """
        rng = np.random.default_rng(seed)
        found = []
        with Progress("describing patches", len(crops), "faces") as progress:
            for start in range(0, len(crops), _AT_ONCE):
                own = describe_patches(crops[start : start + _AT_ONCE]).reshape(-1, APPEARANCE + 2)
                found.append(own[rng.permutation(len(own))[: -(-patches * _AT_ONCE // len(crops))]])
                progress.advance(min(_AT_ONCE, len(crops) - start))
        samples = np.concatenate(found)
        variances = samples.var(0)
        weight = float(np.sqrt(variances[:APPEARANCE].sum() / variances[APPEARANCE:].sum()))
        samples[:, APPEARANCE:] *= weight
        means = samples[rng.permutation(len(samples))[:parts]]
        variances, shares = np.full(parts, samples.var()), np.full(parts, 1 / parts)
        with Progress("learning the parts", rounds, "rounds") as progress:
            for _ in range(rounds):
                means, variances, shares = maximise(samples, responsibilities(samples, means, variances, shares))
                progress.advance()
        return cls(means.astype(np.float32), variances.astype(np.float32), shares.astype(np.float32), weight)

    def find(self, crops: Sequence[np.ndarray] | np.ndarray) -> Parts:
        """Finds the parts in each of N crops (N, CROP, CROP) uint8.

        Returns:
            `Parts` of N faces.
        """
        looks, places = [], []
        for start in range(0, len(crops), _AT_ONCE):
            features = describe_patches(crops[start : start + _AT_ONCE])
            weighed = features * np.append(np.ones(APPEARANCE, np.float32), np.full(2, self.weight, np.float32))
            nearest = np.stack([squared_distances(own, self.means).argmin(0) for own in weighed])  # (n, K)
            chosen = np.take_along_axis(features, nearest[..., None], 1)
            looks.append(chosen[..., :APPEARANCE].reshape(len(chosen), -1))
            places.append(chosen[..., APPEARANCE:])
        count = len(self.means)
        empty = np.zeros((0, count * APPEARANCE), np.float32), np.zeros((0, count, 2), np.float32)
        return Parts(np.concatenate([empty[0], *looks]), np.concatenate([empty[1], *places]))


def squared_distances(samples: np.ndarray, means: np.ndarray) -> np.ndarray:
    """(N, K) squared distances of (N, D) samples from (K, D) means."""
    squares = (samples**2).sum(1)[:, None] + (means**2).sum(1) - 2 * samples @ means.T
    return np.maximum(squares, 0)


def responsibilities(samples: np.ndarray, means: np.ndarray, variances: np.ndarray, shares: np.ndarray) -> np.ndarray:
    """The share of each Gaussian in each sample: w_k N(f; mu_k, s_k^2 I) over their sum.

    Args:
        samples: (N, D).
        means, variances, shares: (K, D), (K,), (K,).

    Returns:
        (N, K), rows that add up to 1.
    """
    logs = np.log(shares) - samples.shape[1] / 2 * np.log(variances)
    logs = logs - squared_distances(samples, means) / (2 * variances)
    logs -= logs.max(1, keepdims=True)
    values = np.exp(logs)
    return values / values.sum(1, keepdims=True)


def maximise(samples: np.ndarray, weights: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """The spherical Gaussians that explain samples (N, D) best, given the responsibilities (N, K).

    mu_k = sum r f / sum r, s_k^2 = sum r |f - mu_k|^2 / (D sum r), w_k = sum r / N; the variances have a floor, so that
    no Gaussian shrinks to one patch.

    Returns:
        (means, variances, shares): (K, D), (K,), (K,).
    """
    sums = weights.sum(0) + 1e-9
    means = weights.T @ samples / sums[:, None]
    squares = weights.T @ (samples**2).sum(1) / sums - (means**2).sum(1)
    variances = np.maximum(squares / samples.shape[1], 1e-5)
    return means, variances, sums / sums.sum()
