"""Requests that TensorFlow Serving plays while it loads a SavedModel, so that the first user does not wait.

It needs ``pip install "fer_md[serving]"``.
"""

from pathlib import Path

import cv2
import numpy as np
import tensorflow as tf

from fer_md.drawn.scenes import draw_scene
from fer_md.faces.face_frame import face_box
from fer_md.faces.landmarks import five_points
from fer_md.serving.protos import PredictionLog, PredictRequest

FILE = "assets.extra/tf_serving_warmup_requests"
"""Where the server looks, below the folder of a version."""


def example_inputs(size: int) -> dict[str, dict[str, np.ndarray]]:
    """Inputs of each signature of `fer_md.serving.saved_model`: one drawn face.

    Args:
        size: side of the network's faces in pixels.
    """
    scene = draw_scene(0, 1, faces=1, size=256)
    photograph = np.array([cv2.imencode(".jpg", scene.image[..., ::-1])[1].tobytes()], object)
    box = np.array([face_box(scene.landmarks[0])], np.float32)
    landmarks = np.array(five_points(scene.landmarks), np.float32)
    return {
        "serving_default": {"image_bytes": photograph},
        "photographs": {"image_bytes": photograph, "box": box},
        "photographs_landmarks": {"image_bytes": photograph, "box": box, "landmarks": landmarks},
        "faces": {"faces": np.zeros((1, size, size, 1), np.uint8)},
    }


def write_warmup(folder: Path | str, size: int) -> None:
    """Writes a request for each signature, records of ``PredictionLog``.

    Args:
        folder: of a version, with ``assets.extra``.
        size: side of the network's faces in pixels.

    Reference:
        https://www.tensorflow.org/tfx/serving/saved_model_warmup
    """
    with tf.io.TFRecordWriter(str(Path(folder) / FILE)) as records:
        for signature, inputs in example_inputs(size).items():
            log = PredictionLog()
            request = log.predict_log.request
            request.model_spec.signature_name = signature
            for name, value in inputs.items():
                request.inputs[name].CopyFrom(tf.make_tensor_proto(value))
            records.write(log.SerializeToString())


def read_warmup(folder: Path | str) -> list[PredictRequest]:
    """The requests, ``PredictRequest``, that a version is to be warmed up with; none where it has no such file."""
    path = Path(folder) / FILE
    records = tf.data.TFRecordDataset(str(path)).as_numpy_iterator() if path.is_file() else ()
    return [PredictionLog.FromString(record).predict_log.request for record in records]
