"""A trained network as a SavedModel for TensorFlow Serving, which contains the preprocessing and the label names."""

import re
from collections.abc import Sequence
from pathlib import Path

import keras
import numpy as np
import tensorflow as tf

from fer_md.errors import FerMdError
from fer_md.files import atomic_directory
from fer_md.media.pictures import MAX_PIXELS, PNG_SIGNATURE


class ServedComponent(tf.Module):
    """A network with its two signatures: one for faces, one for encoded images.

    Args:
        model: a network with the outputs of ``build_component``.
        expressions: their names, in label order.
        shift: (K,) what is added to the logits, see `fer_md.evaluation.prior`; None for nothing.
    """

    def __init__(self, model: keras.Model, expressions: Sequence[str], shift: np.ndarray | None = None):
        super().__init__()
        self.model = model
        self.tracked = [variable.value for variable in model.variables]  # converters drop the values of others
        self.size = model.input_shape[1]
        self.expressions = tf.constant(list(expressions))
        self.shift = tf.constant(np.zeros(len(expressions)) if shift is None else shift, tf.float32)
        shape = (None, self.size, self.size, 1)
        self.from_faces = tf.function(self._answer, input_signature=[tf.TensorSpec(shape, tf.uint8, "faces")])
        self.from_bytes = tf.function(
            self._answer_bytes, input_signature=[tf.TensorSpec((None,), tf.string, "image_bytes")]
        )

    def _answer(self, faces):
        probabilities = tf.nn.softmax(self.model(faces, training=False)["logits"] + self.shift)
        best = tf.argmax(probabilities, axis=1)
        # A row of names for each face: TensorFlow Serving wants the same first dimension on every output.
        names = tf.repeat(self.expressions[None], tf.shape(faces)[0], axis=0)
        return {
            "probabilities": probabilities,
            "expressions": names,
            "label": tf.gather(self.expressions, best),
        }

    def _answer_bytes(self, image_bytes):
        faces = tf.map_fn(self._decode, image_bytes, fn_output_signature=tf.uint8)
        return self._answer(tf.ensure_shape(faces, (None, self.size, self.size, 1)))

    def _decode(self, data):
        is_png = tf.strings.substr(data, 0, 8) == PNG_SIGNATURE
        size = tf.cond(is_png, lambda: _png_size(data), lambda: tf.image.extract_jpeg_shape(data)[:2])
        pixels = tf.reduce_prod(tf.cast(size, tf.int64))
        with tf.control_dependencies(
            [
                tf.debugging.assert_less_equal(
                    pixels, tf.constant(MAX_PIXELS, tf.int64), f"an image has more than {MAX_PIXELS:,} pixels"
                )
            ]
        ):
            image = tf.image.decode_image(tf.identity(data), channels=3, expand_animations=False)
        gray = tf.image.rgb_to_grayscale(image)
        resized = tf.image.resize(gray, (self.size, self.size), antialias=True)
        return tf.cast(tf.clip_by_value(tf.round(resized), 0, 255), tf.uint8)


def _png_size(data):
    """Height and width, (2,) int32, from the header of a PNG."""
    bytes_of_sides = tf.reshape(tf.io.decode_raw(tf.strings.substr(data, 16, 8), tf.uint8), (2, 4))
    width_and_height = tf.reduce_sum(tf.cast(bytes_of_sides, tf.int64) * [1 << 24, 1 << 16, 1 << 8, 1], axis=1)
    return tf.cast(width_and_height[::-1], tf.int32)


def export_component(
    model: keras.Model,
    expressions: Sequence[str],
    output: Path | str,
    version: int | None = None,
    shift: np.ndarray | None = None,
) -> Path:
    """Writes ``output/<version>/``, whole or not at all.

    The signature ``serving_default`` takes ``image_bytes`` (B,) string: faces that are cut out, as JPEG or PNG, of up
    to ``MAX_PIXELS`` pixels; their size is read before they are decoded. The signature ``faces`` takes ``faces`` (B,
    48, 48, 1) uint8. Both return ``probabilities`` (B, K) float32; ``expressions`` (B, K) string, the names of the
    columns; and ``label`` (B,) string, the most probable expression.

    Args:
        model: a network with the outputs of ``build_component``.
        expressions: K names in label order.
        output: base folder of the served model.
        version: a positive number; None for one more than the highest that is there.
        shift: see ``ServedComponent``.

    Returns:
        the folder of the version.

    Raises:
        FerMdError: the version exists, or is not positive.
    """
    output = Path(output)
    versions = [int(p.name) for p in output.glob("*") if re.fullmatch(r"\d+", p.name)]
    version = max(versions, default=0) + 1 if version is None else version
    if version < 1:
        raise FerMdError(f"version must be at least 1, not {version}")
    if version in versions:
        raise FerMdError(f"{output / str(version)}: exists already; name another version, or none for the next")
    module = ServedComponent(model, expressions, shift)
    with atomic_directory(output / str(version)) as partial:
        signatures = {"serving_default": module.from_bytes, "faces": module.from_faces}
        tf.saved_model.save(module, str(partial), signatures=signatures)
    return output / str(version)
