"""What embeddings and labels must look like, as far as shapes and dtypes tell before anything is computed."""

import tensorflow as tf


def check_samples(embeddings, labels, width):
    """ValueError unless the embeddings are (B, D) and the labels the numbers of their classes.

    A one-hot row read as several labels, or a probability cut off to 0, would be a loss without an error. What a static
    shape leaves open is not checked.

    Args:
        embeddings: tensor or ``KerasTensor``.
        labels: tensor or ``KerasTensor``, should be (B,) or (B, 1) of an integer dtype.
        width: D.
    """
    shape, label_shape = tf.TensorShape(embeddings.shape), tf.TensorShape(labels.shape)
    if not shape.is_compatible_with([None, width]):
        raise ValueError(f"embeddings must be (B, {width}), not {shape}")
    rows = shape[0]
    if not (label_shape.is_compatible_with([rows]) or label_shape.is_compatible_with([rows, 1])):
        batch = "B" if rows is None else f"B = {rows}"
        raise ValueError(
            f"labels must be class numbers of shape ({batch},) or ({batch}, 1), not {label_shape}; "
            "take the argmax of one-hot labels"
        )
    dtype = tf.as_dtype(labels.dtype)
    if not dtype.is_integer:
        raise ValueError(
            f"labels must be class numbers of an integer dtype, not {dtype.name}; "
            'cast them, and give their Input dtype="int32"'
        )
