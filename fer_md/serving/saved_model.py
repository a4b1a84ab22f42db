"""A trained network as a SavedModel for TensorFlow Serving, which contains the preprocessing and the label names."""

import re
from pathlib import Path

import tensorflow as tf

from fer_md.errors import FerMdError
from fer_md.files import atomic_directory
from fer_md.media.limits import MAX_PIXELS, MAX_SCANS
from fer_md.serving.checks import check_answers
from fer_md.serving.graph_faces import cut_face, fit_face, has_pixel
from fer_md.serving.graph_pictures import count_pixels, decode_pictures, upright
from fer_md.serving.served_network import ServedNetwork
from fer_md.tensorflow_files import write_errors

MOST_TOGETHER = 2**24
"""Pixels of a batch of pictures up to which they are decoded together; beyond, one after the other, in less memory."""

OK = "ok"
UNREADABLE = f"the picture cannot be decoded, or has more than {MAX_PIXELS:,} pixels or {MAX_SCANS} scans"
OUTSIDE = "the box has no pixel in the picture, or it or a landmark is not finite"
"""What the output ``status`` says of a face: that it was answered, or why not."""


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
        count = tf.shape(faces)[0]
        return self._answer(faces, tf.fill([count], OK), tf.fill([count], True))

    def _of_crops(self, image_bytes):
        return self._of_pictures({"data": image_bytes})

    def _of_photographs(self, image_bytes, box, landmarks=None):
        rows = {"data": image_bytes, "box": box}
        return self._of_pictures(rows if landmarks is None else rows | {"landmarks": landmarks})

    def _answer(self, faces, status, answered):
        """The outputs; those of a face that is not answered are 0 and empty."""
        probabilities = self.network.from_faces(faces)["probabilities"]
        best = tf.where(answered, tf.argmax(probabilities, axis=1), len(self.network.expressions))
        # A row of names for each face: TensorFlow Serving wants the same first dimension on every output.
        names = tf.repeat(self.expressions[None], tf.shape(faces)[0], axis=0)
        return {
            "probabilities": tf.where(answered[:, None], probabilities, 0),
            "expressions": names,
            "label": tf.gather(tf.concat([self.expressions, [""]], 0), best),
            "status": status,
        }

    def _of_pictures(self, rows):
        outputs = tf.TensorSpec((self.size, self.size), tf.uint8), tf.TensorSpec((), tf.string)
        data, pixels = rows["data"], count_pixels(rows["data"])
        together = tf.reduce_sum(pixels) <= MOST_TOGETHER
        decoded = tf.cond(together, lambda: decode_pictures(data, pixels), lambda: tf.fill([tf.shape(data)[0]], ""))

        def alone(row):
            return decode_pictures(row["data"][None], row["pixels"][None])[0]

        def face(row):
            return self._face(row | {"decoded": tf.cond(together, lambda: row["decoded"], lambda: alone(row))})

        rows = rows | {"pixels": pixels, "decoded": decoded}
        faces, status = tf.map_fn(face, rows, parallel_iterations=1, fn_output_signature=outputs)
        return self._answer(faces[..., None], status, status == OK)

    def _face(self, row):
        nothing = tf.zeros((self.size, self.size), tf.uint8)

        def look():
            picture = upright(row["decoded"], row["data"])
            if "box" not in row:
                return fit_face(picture, self.size), OK
            landmarks = row.get("landmarks")
            usable = has_pixel(picture, row["box"])
            if landmarks is not None:
                usable &= tf.reduce_all(tf.math.is_finite(landmarks))
            return tf.cond(
                usable, lambda: (cut_face(picture, row["box"], landmarks, self.size), OK), lambda: (nothing, OUTSIDE)
            )

        return tf.cond(row["decoded"] == "", lambda: (nothing, UNREADABLE), look)


def export_saved_model(
    network: ServedNetwork, output: Path | str, version: int | None = None, warmup: bool = False
) -> Path:
    """Writes ``output/<version>/``, whole or not at all.

    There are four signatures. ``serving_default`` takes ``image_bytes`` (B,) string: pictures that are faces already,
    which `fer_md.faces.alignment.fit_face` makes square. ``photographs`` takes ``image_bytes`` and the ``box`` (B, 4)
    float32 of a face in each, x, y, width and height; ``photographs_landmarks`` takes its ``landmarks`` (B, 5, 2)
    float32 too: these cut faces out as `fer_md.cut_face` does. ``faces`` takes ``faces`` (B, 48, 48, 1) uint8. Pictures
    are JPEG or PNG of up to ``MAX_PIXELS`` pixels and ``MAX_SCANS`` scans, which is read before they are decoded. EXIF
    orientation is applied, so box and landmarks are those of the upright picture.

    All return ``probabilities`` (B, K) float32; ``expressions`` (B, K) string, the names of the columns; ``label`` (B,)
    string, the most probable expression; and ``status`` (B,) string, `OK` or why there is no answer. A picture that
    cannot be decoded harms no other: its probabilities are 0 and its label is empty. B may be 0. The folder
    ``assets.extra`` holds ``metadata.json`` and ``labels.txt``.

    Args:
        network: what is exported.
        output: base folder of the served model.
        version: a positive number; None for one more than the highest that is there.
        warmup: write requests that the server plays when it loads the model, see `fer_md.serving.warmup`.

    Returns:
        the folder of the version.

    Raises:
        FerMdError: the version exists or is not positive, the disk is full, the SavedModel would answer differently
            from the Keras model, or the package for ``warmup`` is missing.
    """
    output = Path(output)
    versions = [int(p.name) for p in output.glob("*") if re.fullmatch(r"\d+", p.name)]
    version = max(versions, default=0) + 1 if version is None else version
    if version < 1:
        raise FerMdError(f"version must be at least 1, not {version}")
    if version in versions:
        raise FerMdError(f"{output / str(version)}: exists already; name another version, or none for the next")
    if warmup:
        from fer_md.serving.warmup import write_warmup
    module = Signatures(network)
    with write_errors(output), atomic_directory(output / str(version)) as partial:
        tf.saved_model.save(module, str(partial), signatures=module.by_name)
        loaded = tf.saved_model.load(str(partial)).signatures["faces"]
        check_answers(lambda faces: loaded(faces=faces)["probabilities"].numpy(), network)
        (partial / "assets.extra").mkdir()
        for name, text in network.texts().items():
            (partial / "assets.extra" / name).write_text(text, encoding="utf-8")
        if warmup:
            write_warmup(partial, network.size)
    return output / str(version)
