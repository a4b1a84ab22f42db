"""A trained network as a SavedModel for TensorFlow Serving, which contains the preprocessing and the label names."""

import re
from pathlib import Path

import tensorflow as tf

from fer_md.errors import FerMdError
from fer_md.files import atomic_directory
from fer_md.media.pictures import MAX_PIXELS, PNG_SIGNATURE
from fer_md.serving.checks import check_answers
from fer_md.serving.served_network import ServedNetwork


class Signatures(tf.Module):
    """The two signatures of a network: one for faces, one for encoded images.

    Args:
        network: what answers.
    """

    def __init__(self, network: ServedNetwork):
        super().__init__()
        self.network, self.size = network, network.size
        self.expressions = tf.constant(network.expressions)
        self.from_faces = tf.function(self._answer, input_signature=network.from_faces.input_signature)
        self.from_bytes = tf.function(
            self._answer_bytes, input_signature=[tf.TensorSpec((None,), tf.string, "image_bytes")]
        )

    def _answer(self, faces):
        probabilities = self.network.from_faces(faces)["probabilities"]
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


def export_saved_model(network: ServedNetwork, output: Path | str, version: int | None = None) -> Path:
    """Writes ``output/<version>/``, whole or not at all.

    The signature ``serving_default`` takes ``image_bytes`` (B,) string: faces that are cut out, as JPEG or PNG, of up
    to ``MAX_PIXELS`` pixels; their size is read before they are decoded. The signature ``faces`` takes ``faces`` (B,
    48, 48, 1) uint8. Both return ``probabilities`` (B, K) float32; ``expressions`` (B, K) string, the names of the
    columns; and ``label`` (B,) string, the most probable expression. B may be 0. The folder ``assets.extra`` holds
    ``metadata.json`` and ``labels.txt``.

    Args:
        network: what is exported.
        output: base folder of the served model.
        version: a positive number; None for one more than the highest that is there.

    Returns:
        the folder of the version.

    Raises:
        FerMdError: the version exists or is not positive, or the SavedModel would answer differently from the Keras
            model.
    """
    output = Path(output)
    versions = [int(p.name) for p in output.glob("*") if re.fullmatch(r"\d+", p.name)]
    version = max(versions, default=0) + 1 if version is None else version
    if version < 1:
        raise FerMdError(f"version must be at least 1, not {version}")
    if version in versions:
        raise FerMdError(f"{output / str(version)}: exists already; name another version, or none for the next")
    module = Signatures(network)
    with atomic_directory(output / str(version)) as partial:
        signatures = {"serving_default": module.from_bytes, "faces": module.from_faces}
        tf.saved_model.save(module, str(partial), signatures=signatures)
        loaded = tf.saved_model.load(str(partial)).signatures["faces"]
        check_answers(lambda faces: loaded(faces=faces)["probabilities"].numpy(), network)
        (partial / "assets.extra").mkdir()
        for name, text in network.texts().items():
            (partial / "assets.extra" / name).write_text(text, encoding="utf-8")
    return output / str(version)
