"""Every exported format answers as the Keras model does, in its own runtime, and says what it is."""

import json
import os
import subprocess
import sys
import zipfile

import numpy as np
import pytest
import tensorflow as tf
from ai_edge_litert.interpreter import Interpreter

from fer_md.environment import quiet_stderr
from fer_md.errors import FerMdError
from fer_md.evaluation.predict import predict_probabilities
from fer_md.evaluation.prior import apply_shift, prior_shift
from fer_md.expressions import EXPRESSIONS
from fer_md.litert.attached import read_metadata
from fer_md.models import TINY, build_component, build_fused
from fer_md.prediction import classifier as classifier_module
from fer_md.prediction.classifier import load_classifier
from fer_md.serving.checks import MOST, check_answers, example_faces
from fer_md.serving.litert_file import export_litert
from fer_md.serving.onnx_file import export_onnx
from fer_md.serving.openvino_files import export_openvino
from fer_md.serving.saved_model import export_saved_model
from fer_md.serving.served_network import ServedNetwork
from random_faces import random_split

FACES = random_split(5).images
LEARNED = np.array([0.2, 0.02, 0.08, 0.3, 0.1, 0.1, 0.2])


@pytest.fixture(scope="module")
def network():
    """Two networks fused, under a prior."""
    model = build_fused([build_component(TINY, seed) for seed in (0, 1)])
    shift = prior_shift("uniform", 0.5, LEARNED, EXPRESSIONS)
    return ServedNetwork(model, EXPRESSIONS, shift, LEARNED, {"network": "two", "license": "Apache-2.0"})


def saved_model(path):
    signature = tf.saved_model.load(str(path)).signatures["faces"]
    texts = {file.name: file.read_text(encoding="utf-8") for file in (path / "assets.extra").iterdir()}
    return lambda faces: signature(faces=faces)["probabilities"].numpy(), texts


def litert(path):
    """Without anything of ours, as in a telephone: the input is resized, then the network is run."""
    runtime = Interpreter(str(path))
    assert runtime.get_signature_list()["serving_default"] == {"inputs": ["faces"], "outputs": ["probabilities"]}
    source, target = (details()[0]["index"] for details in (runtime.get_input_details, runtime.get_output_details))

    def answer(faces):
        runtime.resize_tensor_input(source, faces.shape)
        runtime.allocate_tensors()
        runtime.set_tensor(source, faces)
        runtime.invoke()
        return runtime.get_tensor(target)

    with zipfile.ZipFile(path) as archive:
        return answer, {name: archive.read(name).decode() for name in archive.namelist()}


def onnx(path):
    session = pytest.importorskip("onnxruntime").InferenceSession(str(path), providers=["CPUExecutionProvider"])
    return lambda faces: session.run(None, {"faces": faces})[0], session.get_modelmeta().custom_metadata_map


def openvino(path):
    runtime = pytest.importorskip("openvino")
    model = runtime.Core().read_model(path / "network.xml")
    information = model.get_rt_info("model_info")
    texts = {name: information[name] for name in ("metadata.json", "labels")}
    texts["labels.txt"] = texts.pop("labels").replace(" ", "\n") + "\n"
    compiled = runtime.compile_model(model, "CPU", {"INFERENCE_PRECISION_HINT": "f32"})
    return lambda faces: compiled({"faces": faces})[0], texts


FORMATS = {
    "SavedModel": (export_saved_model, "served", "none", saved_model),
    "LiteRT": (export_litert, "a.tflite", "none", litert),
    "LiteRT, float16": (export_litert, "b.tflite", "float16", litert),
    "LiteRT, int8": (export_litert, "c.tflite", "int8", litert),
    "ONNX": (export_onnx, "a.onnx", "none", onnx),
    "ONNX, float16": (export_onnx, "b.onnx", "float16", onnx),
    "ONNX, int8": (export_onnx, "c.onnx", "int8", onnx),
    "OpenVINO": (export_openvino, "a", "none", openvino),
    "OpenVINO, float16": (export_openvino, "b", "float16", openvino),
    "OpenVINO, int8": (export_openvino, "c", "int8", openvino),
}


EXPORT_WITHOUT_REPORTS = """
import os, sys
from openvino_telemetry.main import TelemetrySender
TelemetrySender.send = lambda *report: print("a report")
from fer_md.models import TINY, build_component
from fer_md.serving.openvino_files import export_openvino
from fer_md.serving.served_network import ServedNetwork
export_openvino(ServedNetwork(build_component(TINY), [str(i) for i in range(7)]), sys.argv[1])
print("CI" in os.environ)
"""


@pytest.mark.integration
def test_openvino_reports_to_nobody(tmp_path):
    pytest.importorskip("openvino_telemetry")
    own = {name: value for name, value in os.environ.items() if name not in ("CI", "TF_BUILD", "JENKINS_URL")}
    command = [sys.executable, "-c", EXPORT_WITHOUT_REPORTS, str(tmp_path / "network")]
    answer = subprocess.run(command, env=own, capture_output=True, text=True)
    assert answer.returncode == 0, answer.stderr
    assert answer.stdout.split("\n") == ["False", ""]


PACKAGES = {export_onnx: "tf2onnx", export_openvino: "openvino"}


@pytest.mark.parametrize("name", FORMATS)
def test_a_file_answers_as_keras_does_and_says_what_it_is(name, network, tmp_path):
    export, file, quantize, load = FORMATS[name]
    pytest.importorskip(PACKAGES.get(export, "tensorflow"))
    with quiet_stderr():
        path = export(network, tmp_path / file, *([] if quantize == "none" else [quantize]))
        answer, texts = load(path)
    expected = apply_shift(predict_probabilities(network.outputs.func, FACES), network.shift)
    for count in (5, 1, 0, 2):
        np.testing.assert_allclose(answer(FACES[:count, ..., None]), expected[:count], atol=MOST[quantize])
    metadata = json.loads(texts["metadata.json"])
    assert texts["labels.txt"].split() == metadata["expressions"] == list(EXPRESSIONS)
    assert (metadata["network"], metadata["license"], metadata["quantize"]) == ("two", "Apache-2.0", quantize)
    assert metadata["input"]["shape"] == [None, 48, 48, 1]
    held = np.sqrt(LEARNED / 7)  # half of the way, of the logarithms, from what was learned to the uniform prior
    np.testing.assert_allclose(list(metadata["prior"].values()), held / held.sum(), rtol=1e-5)


def test_a_network_that_would_answer_otherwise_is_not_written(network, tmp_path):
    wrong = ServedNetwork(build_component(TINY), EXPRESSIONS)
    wrong.outputs.func.get_layer("logits").bias.assign(np.full(7, np.nan, np.float32))
    for export, file in ((export_litert, "a.tflite"), (export_saved_model, "served")):
        with quiet_stderr(), pytest.raises(FerMdError, match="by up to nan for a batch of 42 faces; at most 0.0001"):
            export(wrong, tmp_path / file)
    assert not [file for file in tmp_path.rglob("*") if file.is_file()]
    once = network.from_faces(example_faces(48))["probabilities"].numpy()
    with pytest.raises(FerMdError, match="for a batch of 0 faces"):
        check_answers(lambda faces: once[: max(1, len(faces))], network)


def test_examples_are_faces_of_the_size_that_is_asked_for():
    faces = example_faces(32)
    assert faces.shape == (42, 32, 32, 1) and faces.dtype == np.uint8
    assert len(np.unique(faces.reshape(42, -1), axis=0)) == 42


def test_a_file_of_litert_is_a_classifier(network, tmp_path):
    """It runs without TensorFlow, and its prior is known."""
    path = export_litert(network, tmp_path / "a.tflite")
    classifier = load_classifier(path)
    expected = apply_shift(predict_probabilities(network.outputs.func, FACES), network.shift)
    np.testing.assert_allclose(classifier.classify(FACES), expected, atol=MOST["none"])
    assert classifier.classify(FACES[:0]).shape == (0, 7)
    assert (classifier.expressions, classifier.image_size, classifier.networks) == (EXPRESSIONS, 48, ("a.tflite",))
    assert classifier.prior.sum() == pytest.approx(1)
    with pytest.raises(FerMdError, match="data=ck is for run directories"):
        load_classifier(path, "ck")
    with pytest.raises(FerMdError, match="b.tflite: cannot be read"):
        load_classifier(tmp_path / "b.tflite")
    path.write_bytes(path.read_bytes()[:2000])
    with pytest.raises(FerMdError, match="a.tflite: holds no metadata.json"):
        read_metadata(path)


WRONG = [
    {"expressions": "anger"},
    {"expressions": list(EXPRESSIONS[:6])},
    {"expressions": [*EXPRESSIONS[:6], 3]},
    {"expressions": ["anger"] * 7},
    *({"input": {"shape": [None, side]}} for side in ("48", -48, 0, 10**6, 4.5, None, 40)),
    {"input": {"shape": 48}},
    *({"prior": prior} for prior in ("uniform", {}, [1.0] * 7, dict.fromkeys(EXPRESSIONS, "many"))),
    *({"prior": dict.fromkeys(EXPRESSIONS, share)} for share in (-1.0, [0.5])),
]


def test_metadata_that_do_not_fit_the_network_are_refused(network, tmp_path, monkeypatch):
    path = export_litert(network, tmp_path / "a.tflite")
    sound = read_metadata(path)
    for wrong in WRONG:
        monkeypatch.setattr(classifier_module, "read_metadata", lambda _, wrong=wrong: sound | wrong)
        with pytest.raises(FerMdError, match="a.tflite: damaged, or no file of fer-md export"):
            load_classifier(path)
    monkeypatch.setattr(classifier_module, "read_metadata", lambda _: list(sound))
    with pytest.raises(FerMdError, match="a.tflite: damaged, or no file of fer-md export"):
        load_classifier(path)


def test_metadata_are_unpacked_up_to_a_size(tmp_path):
    with zipfile.ZipFile(tmp_path / "a.tflite", "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("metadata.json", " " * 2**21 + "{}")
    with pytest.raises(FerMdError, match="a.tflite: its metadata.json has 2097154 bytes; at most 1048576 are read"):
        read_metadata(tmp_path / "a.tflite")


def test_a_saved_model_holds_each_weight_once(network, tmp_path):
    variables = export_saved_model(network, tmp_path) / "variables" / "variables.data-00000-of-00001"
    assert variables.stat().st_size < 1.5 * 4 * network.outputs.func.count_params()


def test_a_converted_saved_model_keeps_its_weights(network, tmp_path):
    """TensorFlow's own converter leaves out variables that the served module does not track, without a word."""
    folder = export_saved_model(network, tmp_path)
    with quiet_stderr():
        content = tf.lite.TFLiteConverter.from_saved_model(str(folder), signature_keys=["faces"]).convert()
        answer = Interpreter(model_content=content).get_signature_runner("faces")(faces=FACES[..., None])
    expected = apply_shift(predict_probabilities(network.outputs.func, FACES), network.shift)
    np.testing.assert_allclose(answer["probabilities"], expected, atol=1e-4)
    assert [name.decode() for name in answer["label"]] == [EXPRESSIONS[best] for best in expected.argmax(1)]
