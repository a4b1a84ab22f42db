"""A face as a tf.train.Example, and a file of such examples, which is checked as it is read."""

from collections.abc import Iterator
from pathlib import Path

import cv2
import numpy as np
import tensorflow as tf

from fer_md.data.face import Face
from fer_md.data.untuned import untuned
from fer_md.errors import FerMdError
from fer_md.media.pictures import PNG_SIGNATURE

_BATCH = 1024

_FEATURES = {
    "key": tf.io.FixedLenFeature([], tf.string),
    "subject": tf.io.FixedLenFeature([], tf.string),
    "image": tf.io.FixedLenFeature([], tf.string),
    "label": tf.io.FixedLenFeature([], tf.int64),
    "votes": tf.io.FixedLenSequenceFeature([], tf.int64, allow_missing=True, default_value=0),
    "landmarks": tf.io.FixedLenSequenceFeature([], tf.float32, allow_missing=True, default_value=float("nan")),
}


def serialize(face: Face) -> bytes:
    """The bytes of a face as a tf.train.Example, with the image as PNG. The same face gives the same bytes."""
    png = cv2.imencode(".png", face.image)[1].tobytes()
    landmarks = () if face.landmarks is None else np.asarray(face.landmarks, np.float32).ravel()
    return tf.train.Example(
        features=tf.train.Features(
            feature={
                "key": _bytes(face.key.encode()),
                "subject": _bytes(face.subject.encode()),
                "image": _bytes(png),
                "label": tf.train.Feature(int64_list=tf.train.Int64List(value=[face.label])),
                "votes": tf.train.Feature(int64_list=tf.train.Int64List(value=face.votes)),
                "landmarks": tf.train.Feature(float_list=tf.train.FloatList(value=landmarks)),
            }
        )
    ).SerializeToString(deterministic=True)


def _bytes(value):
    return tf.train.Feature(bytes_list=tf.train.BytesList(value=[value]))


def read_examples(path: Path, image_size: int, classes: int) -> Iterator[dict[str, np.ndarray]]:
    """Reads a record file, about a thousand examples at a time.

    Args:
        path: the TFRecord file.
        image_size: height and width that every image must have.
        classes: number of labels; 0 where every label must be -1.

    Yields:
        a dict with ``image`` (B, image_size, image_size) uint8, ``label`` (B,) int64, ``key`` and ``subject`` (B,)
        bytes, ``votes`` (B, V) int64 and ``landmarks`` (B, L) float32. V and L are the greatest lengths in the batch;
        shorter rows are filled up with 0 or NaN.

    Raises:
        FerMdError: the file is missing, truncated or damaged; a label is outside the label space; an image has another
            size or is no PNG. The message names the file and the record, counted from 1.
    """
    first = 1
    for part in _parsed(path):
        for number, label in enumerate(part["label"], first):
            if not (0 <= label < classes or (classes == 0 and label == -1)):
                raise FerMdError(
                    f"{path}: record {number}: label {label} is outside the {classes} expressions of dataset.json"
                )
        images = [_decode(png, image_size, path, number) for number, png in enumerate(part["image"], first)]
        first += len(images)
        yield {**part, "image": np.stack(images)}


def _parsed(path):
    """Yields dicts of arrays, `_BATCH` examples at a time."""
    if not path.is_file():
        raise FerMdError(f"{path}: missing; prepare the data set again")
    read = 0
    try:
        for records in untuned(tf.data.TFRecordDataset(str(path)).batch(_BATCH)).as_numpy_iterator():
            part = tf.io.parse_example(records, _FEATURES)
            yield {feature: value.numpy() for feature, value in part.items()}
            read += len(records)
    except tf.errors.OpError:
        record = _first_damaged(path)
        raise FerMdError(f"{path}: record {record}: truncated or damaged; prepare the data set again") from None


def _first_damaged(path):
    """Number of the first record that cannot be read or parsed, counted from 1."""
    number = 1
    try:
        for record in untuned(tf.data.TFRecordDataset(str(path))).as_numpy_iterator():
            tf.io.parse_single_example(record, _FEATURES)
            number += 1
    except tf.errors.OpError:
        pass
    return number


def _decode(png, size, path, number):
    """Decodes a grayscale PNG after a look at its header, faster than ``decode_gray`` of `fer_md.media.pictures`."""
    if png[:8] != PNG_SIGNATURE:
        raise FerMdError(f"{path}: record {number}: the image is not a PNG")
    width, height = int.from_bytes(png[16:20], "big"), int.from_bytes(png[20:24], "big")
    if (height, width) != (size, size):
        raise FerMdError(f"{path}: record {number}: the image is {width}x{height}, not {size}x{size}")
    image = cv2.imdecode(np.frombuffer(png, np.uint8), cv2.IMREAD_GRAYSCALE)
    if image is None or image.shape != (size, size):
        raise FerMdError(f"{path}: record {number}: the image is not a PNG that can be decoded")
    return image
