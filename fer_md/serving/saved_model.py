"""A trained network as a SavedModel for TensorFlow Serving, which contains the preprocessing and the label names."""

import re
from pathlib import Path

import tensorflow as tf

from fer_md.errors import FerMdError
from fer_md.files import atomic_directory
from fer_md.serving.checks import check_answers
from fer_md.serving.graph_faces import cut_face, fit_face
from fer_md.serving.graph_pictures import decode_gray
from fer_md.serving.served_network import ServedNetwork


class Signatures(tf.Module):
    """The signatures of a network: for faces, for pictures of one face, and for whole photographs.

    Args:
        network: what answers.
    """

    def __init__(self, network: ServedNetwork):
        super().__init__()
        self.network, self.size = network, network.size
        self.expressions = tf.constant(network.expressions)
        pictures = tf.TensorSpec((None,), tf.string, "image_bytes")
        box, landmarks = tf.TensorSpec((None, 4), name="box"), tf.TensorSpec((None, 5, 2), name="landmarks")
        self.by_name = {
            "serving_default": tf.function(self._of_crops, [pictures]),
            "faces": tf.function(self._of_faces, network.from_faces.input_signature),
            "photographs": tf.function(self._of_photographs, [pictures, box]),
            "photographs_landmarks": tf.function(self._of_photographs, [pictures, box, landmarks]),
        }

    def _of_faces(self, faces):
        probabilities = self.network.from_faces(faces)["probabilities"]
        best = tf.argmax(probabilities, axis=1)
        # A row of names for each face: TensorFlow Serving wants the same first dimension on every output.
        names = tf.repeat(self.expressions[None], tf.shape(faces)[0], axis=0)
        return {
            "probabilities": probabilities,
            "expressions": names,
            "label": tf.gather(self.expressions, best),
        }

    def _of_crops(self, image_bytes):
        return self._cut(lambda picture: fit_face(decode_gray(picture), self.size), image_bytes)

    def _of_photographs(self, image_bytes, box, landmarks=None):
        if landmarks is None:
            return self._cut(lambda row: cut_face(decode_gray(row[0]), row[1], None, self.size), (image_bytes, box))
        return self._cut(
            lambda row: cut_face(decode_gray(row[0]), row[1], row[2], self.size), (image_bytes, box, landmarks)
        )

    def _cut(self, cut, rows):
        faces = tf.map_fn(cut, rows, fn_output_signature=tf.TensorSpec((self.size, self.size), tf.uint8))
        return self._of_faces(faces[..., None])


def export_saved_model(network: ServedNetwork, output: Path | str, version: int | None = None) -> Path:
    """Writes ``output/<version>/``, whole or not at all.

    There are four signatures. ``serving_default`` takes ``image_bytes`` (B,) string: pictures that are faces already,
    which `fer_md.faces.alignment.fit_face` makes square. ``photographs`` takes ``image_bytes`` and the ``box`` (B, 4)
    float32 of a face in each, x, y, width and height; ``photographs_landmarks`` takes its ``landmarks`` (B, 5, 2)
    float32 too: these cut faces out as `fer_md.cut_face` does. ``faces`` takes ``faces`` (B, 48, 48, 1) uint8. Pictures
    are JPEG or PNG of up to ``MAX_PIXELS`` pixels; their size is read before they are decoded. EXIF orientation is
    applied, so box and landmarks are those of the upright picture.

    All return ``probabilities`` (B, K) float32; ``expressions`` (B, K) string, the names of the columns; and ``label``
    (B,) string, the most probable expression. B may be 0. The folder ``assets.extra`` holds ``metadata.json`` and
    ``labels.txt``.

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
        tf.saved_model.save(module, str(partial), signatures=module.by_name)
        loaded = tf.saved_model.load(str(partial)).signatures["faces"]
        check_answers(lambda faces: loaded(faces=faces)["probabilities"].numpy(), network)
        (partial / "assets.extra").mkdir()
        for name, text in network.texts().items():
            (partial / "assets.extra" / name).write_text(text, encoding="utf-8")
    return output / str(version)
