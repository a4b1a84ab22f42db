"""Pictures decoded inside a TensorFlow graph, to the same gray levels as `fer_md.media.pictures` gives.

A served graph cannot call Python: what is done to a photograph is done here a second time, in TensorFlow's operations.
"""

import tensorflow as tf

from fer_md.media.limits import MAX_PIXELS
from fer_md.media.pictures import PNG_SIGNATURE

_HEADER = 2**20
"""Bytes at the beginning of a file, in which EXIF data are looked for."""

_ENTRIES = 512
"""Entries of an EXIF directory that are looked at."""

_ORIENTATION = 0x0112
_START_OF_SCAN, _APP1 = 0xDA, 0xE1


def decode_gray(data: tf.Tensor) -> tf.Tensor:
    """The picture of a PNG or JPEG, turned as its EXIF orientation says.

    Args:
        data: scalar string, the content of the file.

    Returns:
        (H, W) uint8. A picture of more than ``MAX_PIXELS`` pixels, and one that cannot be decoded, is an error of
        TensorFlow (``InvalidArgumentError``).
    """
    is_png = tf.strings.substr(data, 0, 8) == PNG_SIGNATURE
    size = tf.cond(is_png, lambda: _png_size(data), lambda: tf.image.extract_jpeg_shape(data)[:2])
    pixels = tf.reduce_prod(tf.cast(size, tf.int64))
    small = tf.debugging.assert_less_equal(
        pixels, tf.constant(MAX_PIXELS, tf.int64), f"an image has more than {MAX_PIXELS:,} pixels"
    )
    with tf.control_dependencies([small]):
        image = tf.cond(
            is_png,
            lambda: tf.io.decode_png(data, 3),
            lambda: tf.io.decode_jpeg(data, 3, dct_method="INTEGER_ACCURATE"),
        )
    # The weights of OpenCV, in its whole numbers.
    weighted = tf.reduce_sum(tf.cast(image, tf.int32) * [9798, 19235, 3735], axis=2)
    return _turned(tf.cast((weighted + 2**14) // 2**15, tf.uint8), _orientation(data, is_png))


def _png_size(data):
    """Height and width, (2,) int32, from the header of a PNG."""
    bytes_of_sides = tf.reshape(tf.io.decode_raw(tf.strings.substr(data, 16, 8), tf.uint8), (2, 4))
    width_and_height = tf.reduce_sum(tf.cast(bytes_of_sides, tf.int64) * [1 << 24, 1 << 16, 1 << 8, 1], axis=1)
    return tf.cast(width_and_height[::-1], tf.int32)


def _turned(image, orientation):
    """The picture as it is looked at: of the eight orientations, 5 to 8 lie on their side."""

    def holds(*orientations):
        return tf.reduce_any(orientation == tf.constant(orientations))

    image = tf.cond(holds(5, 6, 7, 8), lambda: tf.transpose(image), lambda: image)
    image = tf.cond(holds(2, 3, 6, 7), lambda: tf.reverse(image, [1]), lambda: image)
    return tf.cond(holds(3, 4, 7, 8), lambda: tf.reverse(image, [0]), lambda: image)


def _orientation(data, is_png):
    """The EXIF orientation, 1 to 8; 1 where the file states none."""
    header = tf.cast(tf.io.decode_raw(tf.strings.substr(data, 0, _HEADER), tf.uint8), tf.int32)
    length = tf.size(header)
    padded = tf.concat([header, [0]], 0)  # what lies beyond the end is 0

    def number(place, count, little):
        """The whole number in ``count`` bytes from ``place`` on."""
        places = tf.expand_dims(place, -1) + tf.range(count)
        found = tf.gather(padded, tf.where((places >= 0) & (places < length), places, length))
        found = tf.cond(little, lambda: found, lambda: found[..., ::-1])
        return tf.reduce_sum(found * [1, 1 << 8, 1 << 16, 1 << 24][:count], axis=-1)

    def big(place, count):
        return number(place, count, tf.constant(False))

    def next_segment(place, _):
        """One segment of a JPEG: the place after it, and that of its EXIF data or -1."""
        marker, size = big(place + 1, 1), big(place + 2, 2)
        exif = (marker == _APP1) & (big(place + 4, 4) == int.from_bytes(b"Exif", "big"))
        following = tf.where(marker == _START_OF_SCAN, length, place + 2 + size)
        return tf.where(big(place, 1) == 0xFF, following, length), tf.where(exif, place + 10, -1)

    def next_chunk(place, _):
        """The same of a PNG."""
        exif = big(place + 4, 4) == int.from_bytes(b"eXIf", "big")
        return place + 12 + tf.clip_by_value(big(place, 4), 0, length), tf.where(exif, place + 8, -1)

    _, start = tf.while_loop(
        lambda place, found: (place < length) & (found < 0),
        lambda place, found: tf.cond(is_png, lambda: next_chunk(place, found), lambda: next_segment(place, found)),
        (tf.where(is_png, 8, 2), tf.constant(-1)),
    )
    little = big(start, 1) == ord("I")
    directory = start + tf.clip_by_value(number(start + 4, 4, little), 0, length)
    entries = directory + 2 + 12 * tf.range(tf.minimum(number(directory, 2, little), _ENTRIES))
    values = number(entries + 8, 2, little)[number(entries, 2, little) == _ORIENTATION]
    value = tf.concat([values, [1]], 0)[0]
    return tf.where((start >= 0) & (value >= 1) & (value <= 8), value, 1)
