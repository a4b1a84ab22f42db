"""Square regions of an image, judged by one of MTCNN's small networks (Zhang et al., 2016; the paper's ref. [18])."""

from collections.abc import Sequence
from pathlib import Path

import cv2
import numpy as np

from fer_md.files import read_json
from fer_md.litert.network import LiteNetwork, load_network

NETWORKS = Path(__file__).parent / "mtcnn_networks"
"""Folder of MTCNN's three networks. experiments/ship_mtcnn.py made their files from those of the package ``mtcnn``;
they have its licence, MIT, which lies beside them."""


def load_judge(name: str) -> LiteNetwork:
    """One of MTCNN's networks: ``"propose"``, ``"refine"`` or ``"confirm"``."""
    return load_network(NETWORKS / f"{name}.tflite", read_json(NETWORKS / "sha256.json")[name])


def judge(
    network: LiteNetwork,
    shape: tuple[int, ...],
    pictures: Sequence[np.ndarray],
    boxes: np.ndarray,
    side: int,
    threshold: float,
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Looks at square regions of an image.

    Args:
        network: answers (N, side, side, 3) crops with four steps of the edges, with landmarks if it has them (five x,
            then five y, as shares of the region), and with two scores, the last of which says "face".
        shape: of the image.
        pictures: the image at several sizes, (H, W, 3) uint8 RGB each, the largest first.
        boxes: (N, 4) square regions in pixels of the image.
        side: of a crop.
        threshold: lowest score, in (0, 1).

    Returns:
        (boxes, landmarks, scores) of those that are faces: (K, 4), (K, P, 2) in pixels, (K,).
    """
    boxes = boxes[
        (boxes[:, 2] >= 1)
        & (boxes[:, 0] + boxes[:, 2] > 0)
        & (boxes[:, 1] + boxes[:, 3] > 0)
        & (boxes[:, 0] < shape[1])
        & (boxes[:, 1] < shape[0])
    ]
    if not len(boxes):
        return boxes, np.zeros((0, 0, 2)), np.zeros(0)
    scales = np.array([(picture.shape[1] / shape[1], picture.shape[0] / shape[0]) for picture in pictures])
    used = np.maximum((boxes[:, 2:3] * scales[:, 0] >= side).sum(1) - 1, 0)  # the smallest that need not be enlarged
    scales = np.tile(scales[used], 2)
    whole = np.rint(boxes * scales).astype(int)
    whole[:, 2:] = np.maximum(whole[:, 2:3], 1)
    answer = network(
        normalise(np.stack([_cut(pictures[row], box, side) for row, box in zip(used, whole, strict=True)]))
    )
    boxes = whole / scales
    faces = answer[:, -1] > threshold
    boxes, answer = boxes[faces], answer[faces]
    shares = answer[:, 4:-2].reshape(len(boxes), 2, answer.shape[1] // 2 - 3).swapaxes(1, 2)
    return move(boxes, answer[:, :4]), boxes[:, None, :2] + shares * boxes[:, None, 2:], answer[:, -1]


def _cut(image, box, side):
    """A square region as (side, side, 3) uint8, gray where it reaches beyond the image."""
    x, y, width, height = box
    inner = image[max(y, 0) : max(y + height, 0), max(x, 0) : max(x + width, 0)]
    if inner.shape[:2] != (height, width):
        canvas = np.full((height, width, 3), 127, np.uint8)
        canvas[max(-y, 0) :, max(-x, 0) :][: inner.shape[0], : inner.shape[1]] = inner
        inner = canvas
    return resize(inner, (side, side))


def normalise(image: np.ndarray) -> np.ndarray:
    """Gray values as MTCNN's networks take them: uint8 becomes float32 in [-1, 1]."""
    return (image.astype(np.float32) - 127.5) / 128


def move(boxes: np.ndarray, steps: np.ndarray) -> np.ndarray:
    """Moves the left, upper, right and lower edges of (N, 4) boxes by shares (N, 4) of their width and height."""
    steps = steps * np.tile(boxes[:, 2:], 2)
    return np.concatenate([boxes[:, :2] + steps[:, :2], boxes[:, 2:] + steps[:, 2:] - steps[:, :2]], 1)


def square(boxes: np.ndarray, share: float = 1.0) -> np.ndarray:
    """Makes (N, 4) boxes square about their middles, as large as a share of their longer side."""
    sides = share * boxes[:, 2:].max(1, keepdims=True)
    return np.concatenate([boxes[:, :2] + (boxes[:, 2:] - sides) / 2, np.repeat(sides, 2, 1)], 1)


def resize(image: np.ndarray, size: tuple[int, int]) -> np.ndarray:
    """The image with another width and height; means of areas where it shrinks to less than half."""
    if size == image.shape[1::-1]:
        return image
    shrinks = 2 * size[0] < image.shape[1]
    return cv2.resize(image, size, interpolation=cv2.INTER_AREA if shrinks else cv2.INTER_LINEAR)
