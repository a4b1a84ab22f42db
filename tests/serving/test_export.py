"""What converters make of an exported network."""

import numpy as np
import tensorflow as tf
from ai_edge_litert.interpreter import Interpreter

from fer_md.environment import quiet_stderr
from fer_md.evaluation.predict import predict_probabilities
from fer_md.expressions import EXPRESSIONS
from fer_md.models import TINY, build_component
from fer_md.serving.export import export_component
from random_faces import random_split


def test_a_converted_saved_model_keeps_its_weights(tmp_path):
    """TensorFlow's own converter leaves out variables that the served module does not track, without a word."""
    model, faces = build_component(TINY), random_split(3).images
    folder = export_component(model, EXPRESSIONS, tmp_path)
    with quiet_stderr():
        content = tf.lite.TFLiteConverter.from_saved_model(str(folder), signature_keys=["faces"]).convert()
        answer = Interpreter(model_content=content).get_signature_runner("faces")(faces=faces[..., None])
    expected = predict_probabilities(model, faces)
    np.testing.assert_allclose(answer["probabilities"], expected, atol=1e-4)
    assert [name.decode() for name in answer["label"]] == [EXPRESSIONS[best] for best in expected.argmax(1)]
