"""The samples of a loss: what their labels and embeddings must look like, and how their losses become one number."""

import tensorflow as tf


def check_samples(labels: tf.Tensor, embeddings: tf.Tensor, width: int) -> None:
    """Refuses embeddings that are not (B, D), and labels that are not the numbers of their classes.

    Without the check, a one-hot row would count as several labels, and a probability would be cut off to class 0.
    Dimensions that a static shape leaves open are not checked.

    Args:
        labels: tensor or ``KerasTensor``, should be (B,) or (B, 1) of an integer dtype.
        embeddings: tensor or ``KerasTensor``, should be (B, D).
        width: D.

    Raises:
        ValueError: another shape or dtype.
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


def mask_samples(labels: tf.Tensor, embeddings: tf.Tensor, num_classes: int) -> tuple[tf.Tensor, tf.Tensor]:
    """Takes out the samples that count for nothing: without a label, or with an embedding that is not finite.

    An embedding overflows in float16, or comes from a broken image. It counts as not finite too where its squared
    length is not. ``tf.where`` keeps it out of the backward pass, where zero times infinity would not be a number.

    Args:
        labels: (B,) integers in [0, K), or negative where a sample has no label.
        embeddings: (B, D) float.
        num_classes: K.

    Returns:
        (B,) int32 labels with -1, and (B, D) embeddings with zeros, for the samples that do not count.

    Raises:
        tf.errors.InvalidArgumentError: a label of K or more. XLA compiles no checks of values: there such a sample is
            masked like one without a label.
    """
    labels = tf.cast(labels, tf.int64)  # a cast to int32 would wrap
    rule = f"labels must be less than the number of classes, {num_classes}"
    tf.debugging.assert_less(labels, tf.constant(num_classes, tf.int64), rule)
    finite = tf.math.is_finite(tf.reduce_sum(tf.square(embeddings), axis=1))
    counts = (labels >= 0) & (labels < num_classes) & finite
    labels = tf.where(counts, tf.cast(labels, tf.int32), -1)
    return labels, tf.where(counts[:, None], embeddings, tf.zeros((), embeddings.dtype))


def as_floats(
    labels: tf.Tensor, embeddings: tf.Tensor, centers: tf.Tensor
) -> tuple[tf.Tensor, tf.Tensor, tf.Tensor, tf.Tensor]:
    """Brings the arguments of a loss to the centers' precision, float32 at least.

    Args:
        labels: (B,) integers in [0, K), or negative where a sample has no label.
        embeddings: (B, D) of any float dtype.
        centers: (K, D) float.

    Returns:
        (B,) int32 labels, embeddings, centers, and (B,) float weights: 1, or 0 for a sample that ``mask_samples`` takes
        out. Its label and embedding are 0.

    Raises:
        ValueError: labels of another rank, which would spread over the batch unnoticed; see also ``check_samples``.
        tf.errors.InvalidArgumentError: see ``mask_samples``.
    """
    centers = tf.convert_to_tensor(centers)
    if centers.dtype not in (tf.float32, tf.float64):
        centers = tf.cast(centers, tf.float32)
    labels, embeddings = tf.convert_to_tensor(labels), tf.convert_to_tensor(embeddings)
    check_samples(labels, embeddings, centers.shape[-1])
    if labels.shape.rank != 1:
        raise ValueError(f"labels must be (B,), not {labels.shape}")
    labels, embeddings = mask_samples(labels, tf.cast(embeddings, centers.dtype), centers.shape[0])
    return tf.maximum(labels, 0), embeddings, centers, tf.cast(labels >= 0, centers.dtype)


def reduce(losses: tf.Tensor, weights: tf.Tensor, reduction: str) -> tf.Tensor:
    """Reduces (B,) losses whose samples count with (B,) ``weights`` of 0 or 1.

    Args:
        losses: (B,) float.
        weights: (B,) of the same dtype.
        reduction: ``"mean"`` over the samples that count (0 where there is none), ``"sum"``, or ``"none"``.

    Returns:
        a scalar, or (B,) for ``"none"``.

    Raises:
        ValueError: unknown ``reduction``.
    """
    losses = losses * weights
    if reduction == "none":
        return losses
    if reduction == "sum":
        return tf.reduce_sum(losses)
    if reduction == "mean":
        return tf.reduce_sum(losses) / tf.maximum(tf.reduce_sum(weights), 1)
    raise ValueError(f"reduction must be 'mean', 'sum' or 'none', not {reduction!r}")
