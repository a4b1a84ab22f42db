"""Random changes of a batch of faces. Each depends on seed, epoch and example, and on nothing else."""

import dataclasses
import math

import tensorflow as tf


@dataclasses.dataclass(frozen=True)
class Augmentation:
    """How much faces are changed. Zeros change nothing.

    Attributes:
        flip: mirror half of the faces.
        rotation: largest rotation in degrees, either way.
        scale: largest relative change of size, either way.
        shift: largest shift in pixels, along both axes and either way.
        contrast: largest relative change of contrast, either way.
        erase: share of the faces in which a random rectangle is filled with gray.
        blur: in half of the faces, largest share of a copy that a Gaussian of ``BLUR`` pixels has blurred, in [0, 1].
        noise: in half of the faces, largest standard deviation of noise, in gray levels.
    """

    flip: bool = False
    rotation: float = 0.0
    scale: float = 0.0
    shift: float = 0.0
    contrast: float = 0.0
    erase: float = 0.0
    blur: float = 0.0
    noise: float = 0.0


BLUR = 1.5
"""Standard deviation of the strongest blur, in pixels."""


def uniforms(seed: int, epochs: tf.Tensor, examples: tf.Tensor, count: int) -> tf.Tensor:
    """``count`` uniform numbers for each example, from a counter-based hash (murmur3's finalizer).

    It does for all examples at once what ``tf.random.stateless_uniform`` could do in a loop over the examples.

    Args:
        seed: names the sequence.
        epochs, examples: (B,) int64.
        count: numbers for each example.

    Returns:
        (B, count) float32 in [0, 1). Equal arguments give equal numbers, whatever the rest of the batch.
    """
    state = tf.fill(tf.shape(examples), tf.constant(seed % 2**32, tf.uint32))
    for value in (epochs, examples):
        state = _mix(state ^ _mix(tf.cast(value, tf.uint32) + tf.constant(0x9E3779B9, tf.uint32)))
    draws = tf.range(count, dtype=tf.int32)
    bits = _mix(state[:, None] ^ _mix(tf.cast(draws, tf.uint32) + tf.constant(0x85EBCA6B, tf.uint32))[None, :])
    return tf.cast(tf.bitwise.right_shift(bits, tf.constant(8, tf.uint32)), tf.float32) / 2**24


def _mix(x):
    for multiplier, shift in ((0x85EBCA6B, 16), (0xC2B2AE35, 13), (1, 16)):
        x = tf.bitwise.bitwise_xor(x, tf.bitwise.right_shift(x, tf.constant(shift, tf.uint32)))
        x *= tf.constant(multiplier, tf.uint32)
    return x


def augment(images: tf.Tensor, config: Augmentation, seed: int, epochs: tf.Tensor, examples: tf.Tensor) -> tf.Tensor:
    """Changes a batch of faces at random.

    Args:
        images: (B, H, W, 1) uint8 or float32, gray levels in [0, 255].
        config: how much to change them.
        seed: of the changes.
        epochs, examples: (B,) int64; with the seed they decide how each image is changed.

    Returns:
        (B, H, W, 1) float32. Outside an image its edge is repeated.
    """
    images = tf.cast(images, tf.float32)
    size = images.shape[1]
    draws = tf.unstack(uniforms(seed, epochs, examples, 13), axis=1)
    signed = [2 * draw - 1 for draw in draws[:5]]
    images = _warp(images, config, signed, mirror=draws[5] < 0.5 if config.flip else None)
    if config.contrast:
        mean = tf.reduce_mean(images, [1, 2, 3], keepdims=True)
        images = mean + (images - mean) * (1 + config.contrast * signed[4])[:, None, None, None]
    if config.erase:
        images = _erase(images, size, config.erase, draws[6:11])
    if config.blur:
        images += (_blurred(images) - images) * _upper_half(draws[11], config.blur)
    if config.noise:
        pixels = uniforms(seed + 1, epochs, examples, size * size)  # variance 1/12
        images += (tf.reshape(pixels, tf.shape(images)) - 0.5) * 12**0.5 * _upper_half(draws[12], config.noise)
    return images


def _upper_half(draw, most):
    """0 where a draw is below 0.5, and from there on up to ``most``; (B, 1, 1, 1)."""
    return tf.maximum(2 * draw - 1, 0)[:, None, None, None] * most


def _blurred(images):
    """Gaussian blur with repeated edges, by sums of shifted images: pixels do not depend on the size of the batch."""
    reach = math.ceil(2 * BLUR)
    weights = [math.exp(-(offset**2) / (2 * BLUR**2)) for offset in range(-reach, reach + 1)]
    for axis in (1, 2):
        length = images.shape[axis]
        first, last = tf.gather(images, [0], axis=axis), tf.gather(images, [length - 1], axis=axis)
        padded = tf.concat([first] * reach + [images] + [last] * reach, axis)
        parts = [tf.gather(padded, tf.range(start, start + length), axis=axis) for start in range(len(weights))]
        images = tf.add_n([part * (weight / sum(weights)) for part, weight in zip(parts, weights, strict=True)])
    return images


def _warp(images, config, signed, mirror):
    """Rotates, scales, shifts and mirrors in one bilinear resampling about the center.

    The matrices are computed in float64. In float32 the last digit of a cosine depends on the size of the batch, and so
    would the pixels of a replica.
    """
    signed = [tf.cast(draw, tf.float64) for draw in signed]
    angle = signed[0] * (config.rotation * 3.141592653589793 / 180)
    zoom = 1 / (1 + config.scale * signed[1])
    cos, sin = zoom * tf.cos(angle), zoom * tf.sin(angle)
    side = tf.ones_like(cos) if mirror is None else tf.where(mirror, tf.constant(-1, tf.float64), 1)
    middle = (images.shape[1] - 1) / 2
    a, b, c, d = cos * side, -sin, sin * side, cos
    dx = middle - (a + b) * middle + config.shift * signed[2]
    dy = middle - (c + d) * middle + config.shift * signed[3]
    zero = tf.zeros_like(cos)
    return tf.raw_ops.ImageProjectiveTransformV3(
        images=images,
        transforms=tf.cast(tf.stack([a, b, dx, c, d, dy, zero, zero], 1), tf.float32),
        output_shape=images.shape[1:3],
        fill_value=0.0,
        interpolation="BILINEAR",
        fill_mode="NEAREST",
    )


def _erase(images, size, share, draws):
    """Fills a rectangle of 1/6 to 1/2 of each edge with the image's mean, in a ``share`` of the images."""
    chosen, height, width, top, left = draws
    height, width = size * (1 / 6 + height / 3), size * (1 / 6 + width / 3)
    top, left = top * (size - height), left * (size - width)
    line = tf.range(size, dtype=tf.float32)[None, :]
    rows = (line >= top[:, None]) & (line < (top + height)[:, None])
    columns = (line >= left[:, None]) & (line < (left + width)[:, None])
    inside = (rows[:, :, None] & columns[:, None, :] & (chosen < share)[:, None, None])[..., None]
    return tf.where(inside, tf.reduce_mean(images, [1, 2, 3], keepdims=True), images)
