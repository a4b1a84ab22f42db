"""Pictures decoded inside a TensorFlow graph, to the same gray levels as `fer_md.media.pictures` gives.

A served graph cannot call Python: what is done to a photograph is done here a second time, in TensorFlow's operations.
"""

import tensorflow as tf

from fer_md.media.limits import MAX_PIXELS, MAX_SCANS
from fer_md.media.pictures import PNG_SIGNATURE

_HEADER = 2**20
"""Bytes at the beginning of a file, in which EXIF data are looked for."""

_SEGMENTS = 512
"""Segments of a JPEG, or chunks of a PNG, among which they are looked for."""

_ENTRIES = 512
"""Entries of an EXIF directory that are looked at."""

_ORIENTATION = 0x0112
_START_OF_SCAN, _APP1 = 0xDA, 0xE1


def count_pixels(data: tf.Tensor) -> tf.Tensor:
    """The pixels that the headers of PNG and JPEG files state, (B,) int64; 0 where a file has no such header.

    Args:
        data: (B,) string, the contents of the files.
    """
    most = tf.constant(MAX_PIXELS + 1, tf.int64)  # a PNG may state more than int64 holds
    png = _png_pixels(data)
    png = tf.where((png < 0) | (png > most), most, png)
    return tf.where(_is_png(data), png, _of_each(data, _jpeg_pixels, tf.constant(0, tf.int64)))


def decode_pictures(data: tf.Tensor, pixels: tf.Tensor) -> tf.Tensor:
    """Decodes PNG and JPEG files. One that cannot be decoded does not harm the others.

    Args:
        data: (B,) string, the contents of the files.
        pixels: (B,) int64, their `count_pixels`.

    Returns:
        (B,) string, for `upright`; empty where a file cannot be decoded, or the picture has more than ``MAX_PIXELS``
        pixels or ``MAX_SCANS`` scans.
    """
    usable = (pixels > 0) & (pixels <= MAX_PIXELS)
    jpeg = tf.where(usable & ~_is_png(data), data, "")
    scans = tf.map_fn(_scans, jpeg, parallel_iterations=1, fn_output_signature=tf.int32)
    return _of_each(tf.where(usable & (scans <= MAX_SCANS), data, ""), _decode, tf.constant(""))


def _of_each(data, function, otherwise):
    """``function`` of each file, a scalar, and ``otherwise`` where it fails.

    An error inside a graph ends the whole request. Only a data set of TensorFlow can drop an element instead.
    TensorFlow builds and optimises it anew in each request, which takes longer than running it. So the function is
    small, and optional optimisations are off.
    """
    count = tf.shape(data)[0]
    files = tf.data.Dataset.from_tensor_slices((tf.range(count), data))
    options = tf.data.Options()
    options.autotune.enabled = options.experimental_optimization.apply_default_optimizations = False
    results = files.map(lambda place, file: (place, function(file)), num_parallel_calls=4)
    results = results.ignore_errors().with_options(options)
    none = tf.zeros((0,), tf.int32), tf.zeros((0,), otherwise.dtype)
    places, found = results.batch(tf.cast(tf.maximum(count, 1), tf.int64)).reduce(none, lambda _, batch: batch)
    return tf.tensor_scatter_nd_update(tf.fill([count], otherwise), places[:, None], found)


def _jpeg_pixels(data):
    return tf.reduce_prod(tf.cast(tf.image.extract_jpeg_shape(data)[:2], tf.int64))


def _decode(data):
    """The picture as a string, since pictures differ in size; PNG is decoded too."""
    return tf.io.serialize_tensor(tf.io.decode_jpeg(data, 3, dct_method="INTEGER_ACCURATE"))


def upright(decoded: tf.Tensor, data: tf.Tensor) -> tf.Tensor:
    """The gray levels of a picture, turned as its EXIF orientation says.

    Args:
        decoded: scalar string, one of `decode_pictures` that is not empty.
        data: scalar string, the content of its file.

    Returns:
        (H, W) uint8.
    """
    image = tf.cast(tf.ensure_shape(tf.io.parse_tensor(decoded, tf.uint8), (None, None, 3)), tf.int32)
    # The weights of OpenCV, in its whole numbers.
    gray = tf.cast((tf.reduce_sum(image * [9798, 19235, 3735], axis=2) + 2**14) // 2**15, tf.uint8)
    return _turned(gray, _orientation(data, _is_png(data)))


def _is_png(data):
    return tf.strings.substr(data, 0, 8) == PNG_SIGNATURE


def _png_pixels(data):
    """Pixels of each PNG, (B,) int64, from the headers."""
    padded = tf.strings.join([tf.strings.substr(data, 0, 24), tf.constant(bytes(24))])
    sides = tf.reshape(tf.io.decode_raw(tf.strings.substr(padded, 16, 8), tf.uint8), (-1, 2, 4))
    return tf.reduce_prod(tf.reduce_sum(tf.cast(sides, tf.int64) * [1 << 24, 1 << 16, 1 << 8, 1], axis=2), axis=1)


def _scans(jpeg):
    """Scans of a JPEG: all that the file has, also in a thumbnail and behind the end.

    A scan's marker is followed by a length that fits its one to four components, or libjpeg refuses it. Five such bytes
    are not there by chance.
    """
    padded = tf.io.decode_raw(tf.strings.join([jpeg, tf.constant(bytes(4))]), tf.uint8)
    count = tf.strings.length(jpeg)
    first, marker, high, length, components = (padded[place : place + count] for place in range(5))
    found = (first == 0xFF) & (marker == _START_OF_SCAN) & (high == 0)
    found &= (length == 6 + 2 * components) & (components >= 1) & (components <= 4)
    return tf.shape(tf.where(found))[0]


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
        maximum_iterations=_SEGMENTS,
    )
    little = big(start, 1) == ord("I")
    directory = start + tf.clip_by_value(number(start + 4, 4, little), 0, length)
    entries = directory + 2 + 12 * tf.range(tf.minimum(number(directory, 2, little), _ENTRIES))
    values = number(entries + 8, 2, little)[number(entries, 2, little) == _ORIENTATION]
    value = tf.concat([values, [1]], 0)[0]
    return tf.where((start >= 0) & (value >= 1) & (value <= 8), value, 1)
