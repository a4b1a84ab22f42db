"""The small network that looks at one region: is it a face, and where is the face's box?"""

import keras
import numpy as np
import tensorflow as tf

CROP = 32
"""Side of a warped region in pixels."""

_CONTEXT = 0.15
"""What is shown around a region, as a share of its side, on each side."""

_FILTERS = (16, 32, 64, 64)
_UNITS = 96


def apply_conv_stage(x: keras.KerasTensor, filters: int, pool: int, name: str) -> keras.KerasTensor:
    """Convolution, batch normalisation, ReLU and max-pooling: (B, H, W, C) -> (B, H/pool, W/pool, filters)."""
    x = keras.layers.Conv2D(filters, 3, padding="same", use_bias=False, name=f"{name}_conv")(x)
    x = keras.layers.BatchNormalization(momentum=0.95, name=f"{name}_norm")(x)
    x = keras.layers.MaxPooling2D(pool, name=f"{name}_pool")(x) if pool > 1 else x
    return keras.layers.ReLU(name=f"{name}_relu")(x)


def build_region_network(seed: int = 0) -> keras.Model:
    """Builds the classifier with box regression of Sec. 3.1 of the paper, in small.

    Args:
        seed: of the initial weights, of dropout and of the order of training. It sets the random numbers of the whole
            process (``keras.utils.set_random_seed``), because Keras's training takes its order from them.

    Returns:
        ``keras.Model`` from crops (B, CROP, CROP, 3) in [0, 255], red first, to a dict: ``face`` (B, 1) logits, and
        ``step`` (B, 4), the step from the region to the face's box (`fer_md.faces.regions.steps_between`).
    """
    keras.utils.set_random_seed(seed)
    crops = keras.Input((CROP, CROP, 3), name="crops")
    x = keras.layers.Rescaling(1 / 64, -2, name="rescale")(crops)
    for index, (filters, pool) in enumerate(zip(_FILTERS, (2, 2, 2, 1), strict=True), 1):
        x = apply_conv_stage(x, filters, pool, f"stage{index}")
    x = keras.layers.Flatten(name="flatten")(x)
    x = keras.layers.Dense(_UNITS, activation="relu", name="hidden")(x)
    x = keras.layers.Dropout(0.3, name="dropout")(x)
    outputs = {"face": keras.layers.Dense(1, name="face")(x), "step": keras.layers.Dense(4, name="step")(x)}
    return keras.Model(crops, outputs, name="regions")


def warp_regions(square: np.ndarray, regions: np.ndarray) -> np.ndarray:
    """Warps regions of any shape, with some of their surroundings, to the network's input.

    Args:
        square: (side, side, 3) uint8.
        regions: (N, 4) x, y, width, height in pixels of ``square``; they may reach outside it.

    Returns:
        (N, CROP, CROP, 3) uint8.
    """
    low = regions[:, :2] - _CONTEXT * regions[:, 2:]
    high = regions[:, :2] + (1 + _CONTEXT) * regions[:, 2:] - 1  # the centers of the first and last pixels
    corners = np.concatenate([low[:, ::-1], high[:, ::-1]], 1) / (len(square) - 1)
    crops = tf.image.crop_and_resize(
        square[None],
        corners.astype(np.float32),
        np.zeros(len(regions), np.int32),
        (CROP, CROP),
        extrapolation_value=128,
    )
    return tf.cast(tf.round(crops), tf.uint8).numpy()
