"""Faces cut out inside a TensorFlow graph, as `fer_md.faces.alignment` cuts them out."""

import tensorflow as tf

from fer_md.faces.alignment import EYE_DISTANCE, EYE_HEIGHT, MIN_EYE_DISTANCE


def fit_face(image: tf.Tensor, size: int) -> tf.Tensor:
    """See `fer_md.faces.alignment.fit_face`: (H, W) uint8 to (size, size) uint8."""
    sides = tf.shape(image)
    scale = size / tf.cast(tf.reduce_max(sides), tf.float64)
    fitted = _resize(image, _scaled(sides, scale), scale < 1)
    return tf.ensure_shape(_mirrored(_mirrored(fitted, 0, size), 1, size), (size, size))


def cut_face(image: tf.Tensor, box: tf.Tensor, landmarks: tf.Tensor | None, size: int) -> tf.Tensor:
    """See `fer_md.faces.alignment.cut_face`, with ``align="eyes"``.

    Args:
        image: (H, W) uint8.
        box: (4,) float, clipped to the image, of which it must have a pixel, see `has_pixel`.
        landmarks: (P, 2) float, of which the first two are the eyes; None to cut by the box.
        size: side of the result in pixels.

    Returns:
        (size, size) uint8.
    """
    box = _clipped(box, image)
    middle, side = box[:2] + box[2:] / 2 - 0.5, tf.reduce_max(box[2:])
    level = tf.constant([1.0, 0.0], tf.float64)
    if landmarks is None:
        whole = tf.reduce_all(box[2:] == tf.cast(tf.shape(image)[::-1], tf.float64))
        return tf.cond(whole, lambda: fit_face(image, size), lambda: _cut_square(image, middle, side, level, size))
    eyes = tf.cast(landmarks[:2], tf.float64)
    distance = tf.norm(eyes[1] - eyes[0])

    def by_eyes():
        across = (eyes[1] - eyes[0]) / distance
        down = tf.stack([-across[1], across[0]])
        square = distance / EYE_DISTANCE
        return _cut_square(image, tf.reduce_mean(eyes, 0) + (0.5 - EYE_HEIGHT) * square * down, square, across, size)

    apart = distance >= tf.maximum(tf.constant(1.0, tf.float64), MIN_EYE_DISTANCE * side)
    return tf.cond(apart, by_eyes, lambda: _cut_square(image, middle, side, level, size))


def has_pixel(image: tf.Tensor, box: tf.Tensor) -> tf.Tensor:
    """Whether a box, (4,) float, is a part of an (H, W) image: scalar bool. One that is not finite is not."""
    return tf.reduce_all(tf.math.is_finite(box)) & (tf.reduce_min(_clipped(box, image)[2:]) >= 1)


def _clipped(box, image):
    """The part of a box that is inside an image, (4,) float64."""
    box, limits = tf.cast(box, tf.float64), tf.cast(tf.shape(image)[::-1], tf.float64)
    low = tf.maximum(box[:2], 0)
    return tf.concat([low, tf.minimum(box[:2] + box[2:], limits) - low], 0)


def _cut_square(image, center, side, across, size):
    """Samples a turned square; the arguments are those of ``fer_md.faces.alignment._cut_square``."""
    last = tf.shape(image)[::-1] - 1
    low = tf.clip_by_value(tf.cast(tf.floor(center - 0.75 * side - 2), tf.int32), 0, last)
    high = tf.clip_by_value(tf.cast(tf.math.ceil(center + 0.75 * side + 2), tf.int32), 0, last)
    window = image[low[1] : high[1] + 1, low[0] : high[0] + 1]
    sides = tf.shape(window)
    scale = tf.minimum(size / side, 1)
    window = _resize(window, _scaled(sides, scale), scale < 1)
    shrink = tf.cast(tf.shape(window), tf.float64) / tf.cast(sides, tf.float64)  # down, across
    grid = (tf.range(size, dtype=tf.float64) - (size - 1) / 2) * side / size
    x = center[0] - tf.cast(low[0], tf.float64) + across[0] * grid[None] - across[1] * grid[:, None]
    y = center[1] - tf.cast(low[1], tf.float64) + across[1] * grid[None] + across[0] * grid[:, None]
    return _sample(window, (y + 0.5) * shrink[0] - 0.5, (x + 0.5) * shrink[1] - 0.5)


def _sample(image, y, x):
    """Bilinear samples of an (H, W) uint8 image at (S, S) rows and columns; outside of it its edge is repeated."""
    values, last = tf.cast(image, tf.float64), tf.shape(image) - 1
    top, left = tf.floor(y), tf.floor(x)
    rows = [tf.clip_by_value(tf.cast(top, tf.int32) + more, 0, last[0]) for more in (0, 1)]
    columns = [tf.clip_by_value(tf.cast(left, tf.int32) + more, 0, last[1]) for more in (0, 1)]
    upper, lower = (
        (1 - (x - left)) * tf.gather_nd(values, tf.stack([row, columns[0]], -1))
        + (x - left) * tf.gather_nd(values, tf.stack([row, columns[1]], -1))
        for row in rows
    )
    return _rounded((1 - (y - top)) * upper + (y - top) * lower)


def _scaled(sides, scale):
    """Whole sides, at least 1."""
    return tf.maximum(1, tf.cast(tf.round(tf.cast(sides, tf.float64) * scale), tf.int32))


def _resize(image, sides, smaller):
    """An (H, W) uint8 image in another size: means over areas where it gets smaller, else bilinear."""
    return tf.cond(
        smaller,
        lambda: _rounded(tf.image.resize(image[..., None], sides, "area")[..., 0]),
        lambda: _rounded(tf.image.resize(image[..., None], sides, "bilinear")[..., 0]),
    )


def _mirrored(image, axis, size):
    """An image continued along an axis to ``size``, on both sides, by its mirror image without the edge itself."""
    length = tf.shape(image)[axis]
    period = tf.maximum(2 * (length - 1), 1)  # one row is its own mirror image
    places = tf.math.floormod(tf.range(size) - (size - length) // 2, period)
    return tf.gather(image, tf.minimum(places, period - places) * tf.cast(length > 1, tf.int32), axis=axis)


def _rounded(values):
    return tf.cast(tf.clip_by_value(tf.round(values), 0, 255), tf.uint8)
