"""What clients may rely on, of the local server and of TensorFlow Serving itself (make serve-check)."""

import base64
import http.client
import http.server
import json
import os
import threading
import urllib.error
import urllib.request
from concurrent.futures import ThreadPoolExecutor

import cv2
import numpy as np
import pytest
import tensorflow as tf
from tensorflow.core.protobuf.saved_model_pb2 import SavedModel

from fer_md.environment import quiet_stderr
from fer_md.expressions import EXPRESSIONS
from fer_md.models import TINY, build_component
from fer_md.prediction import saved_model_trust
from fer_md.serving.local_server import LocalServer
from fer_md.serving.protos import (
    GetModelMetadataRequest,
    GetModelStatusRequest,
    ModelServiceStub,
    PredictionServiceStub,
    PredictRequest,
    SignatureDefMap,
    grpc,
)
from fer_md.serving.rest_service import LONGEST, RestHandler
from fer_md.serving.saved_model import OK, OUTSIDE, UNREADABLE, export_saved_model
from fer_md.serving.served_network import ServedNetwork
from fer_md.serving.warmup import example_inputs, read_warmup
from serving_container import Container

IMAGE = os.environ.get("TENSORFLOW_SERVING_IMAGE")
INPUTS = example_inputs(48)
LABELS = {"stable": 1, "canary": 2}


@pytest.fixture(scope="module")
def base(tmp_path_factory):
    """Two versions, which answer differently; the first is warmed up."""
    base = tmp_path_factory.mktemp("served")
    with quiet_stderr():
        for version, warmup in ((1, True), (2, False)):
            export_saved_model(ServedNetwork(build_component(TINY, version), EXPRESSIONS), base, version, warmup)
    return base


@pytest.fixture(scope="module")
def server(base):
    with Container(IMAGE, base, LABELS) if IMAGE else LocalServer(base, labels=LABELS) as server:
        yield server


@pytest.fixture(scope="module")
def channel(server):
    with grpc.insecure_channel(f"127.0.0.1:{server.port}") as channel:
        yield channel


@pytest.fixture(scope="module")
def expected(base):
    """Function from a version, a signature and inputs to the outputs of the SavedModel."""
    loaded = {version: tf.saved_model.load(str(base / str(version))) for version in LABELS.values()}

    def answer(version, signature, inputs):
        outputs = loaded[version].signatures[signature](**{name: tf.constant(value) for name, value in inputs.items()})
        return {name: value.numpy() for name, value in outputs.items()}

    return answer


def request(signature="serving_default", inputs=None, **spec):
    asked = PredictRequest(model_spec={"name": "fer", "signature_name": signature, **spec})
    for name, value in (INPUTS[signature] if inputs is None else inputs).items():
        asked.inputs[name].CopyFrom(tf.make_tensor_proto(value))
    return asked


def ask(channel, *arguments, **spec):
    response = PredictionServiceStub(channel).Predict(request(*arguments, **spec), timeout=30)
    return {name: tf.make_ndarray(value) for name, value in response.outputs.items()}, response.model_spec.version.value


def assert_alike(found, wanted):
    assert set(found) == set(wanted)
    for name, value in wanted.items():
        if value.dtype == object:
            assert found[name].tolist() == value.tolist(), name
        else:
            np.testing.assert_allclose(found[name], value, atol=1e-5, err_msg=name)


def rest(server, path, content=None):
    """Status and JSON of a request."""
    data = None if content is None else json.dumps(content).encode()
    try:
        with urllib.request.urlopen(f"http://127.0.0.1:{server.rest_port}/v1/models/{path}", data, 30) as answer:
            return answer.status, json.load(answer)
    except urllib.error.HTTPError as error:
        return error.code, json.load(error)


def in_json(inputs):
    """The same rows as instances."""
    columns = {
        name: [{"b64": base64.b64encode(item).decode()} for item in value] if value.dtype == object else value.tolist()
        for name, value in inputs.items()
    }
    return [dict(zip(columns, row, strict=True)) for row in zip(*columns.values(), strict=True)]


@pytest.mark.parametrize("signature", INPUTS)
def test_every_signature_answers_over_both(signature, server, channel, expected):
    wanted = expected(2, signature, INPUTS[signature])
    assert wanted["status"].tolist() == [OK.encode()]
    found, version = ask(channel, signature)
    assert version == 2
    assert_alike(found, wanted)
    content = {"signature_name": signature, "instances": in_json(INPUTS[signature])}
    status, answer = rest(server, "fer:predict", content)
    assert status == 200 and len(answer["predictions"]) == 1
    assert_alike({name: as_bytes(value) for name, value in answer["predictions"][0].items()}, first_of(wanted))
    columns = {name: [row[name] for row in content["instances"]] for name in INPUTS[signature]}
    status, answer = rest(server, "fer:predict", {"signature_name": signature, "inputs": columns})
    assert status == 200
    assert_alike({name: as_bytes(value[0]) for name, value in answer["outputs"].items()}, first_of(wanted))


def as_bytes(value):
    """A value of JSON as TensorFlow has it."""
    array = np.array(value)
    return np.char.encode(array, "utf-8").astype(object) if array.dtype.kind == "U" else array


def first_of(outputs):
    return {name: np.array(value[0], value.dtype) for name, value in outputs.items()}


@pytest.mark.parametrize(
    ("spec", "path", "version"),
    [
        ({}, "", 2),
        ({"version_label": "stable"}, "/labels/stable", 1),
        ({"version_label": "canary"}, "/labels/canary", 2),
        ({"version": {"value": 1}}, "/versions/1", 1),
    ],
)
def test_a_request_chooses_its_version(spec, path, version, server, channel, expected):
    found, used = ask(channel, "faces", **spec)
    assert used == version
    assert_alike(found, expected(version, "faces", INPUTS["faces"]))
    _, answer = rest(server, f"fer{path}:predict", {"signature_name": "faces", "instances": in_json(INPUTS["faces"])})
    np.testing.assert_allclose(answer["predictions"][0]["probabilities"], found["probabilities"][0], atol=1e-5)


def test_what_is_broken_harms_no_neighbour(server, channel, expected):
    """Neither in its request nor in a batch of several."""
    sound, box = INPUTS["photographs"]["image_bytes"][0], INPUTS["photographs"]["box"][0]
    outside = np.array([5000, 0, 10, 10], np.float32)
    inputs = {"image_bytes": np.array([sound, b"broken", sound], object), "box": np.stack([box, box, outside])}
    found, _ = ask(channel, "photographs", inputs)
    assert [status.decode() for status in found["status"]] == [OK, UNREADABLE, OUTSIDE]
    wanted = expected(2, "photographs", INPUTS["photographs"])["probabilities"][0]
    np.testing.assert_allclose(found["probabilities"], [wanted, np.zeros(7), np.zeros(7)], atol=1e-5)
    assert found["label"].tolist()[1:] == [b"", b""]
    with ThreadPoolExecutor(16) as threads:
        pictures = [b"broken" if number % 3 == 0 else sound for number in range(32)]
        answers = list(threads.map(lambda data: ask(channel, "serving_default", one(data))[0], pictures))
    wanted = expected(2, "serving_default", INPUTS["serving_default"])["probabilities"][0]
    for data, answer in zip(pictures, answers, strict=True):
        np.testing.assert_allclose(answer["probabilities"][0], wanted if data == sound else np.zeros(7), atol=1e-5)


def test_many_pixels_are_answered_like_few(server, channel, expected):
    """Beyond a sum of pixels the graph decodes one picture after the other."""
    sound = INPUTS["serving_default"]["image_bytes"][0]
    large = cv2.imencode(".png", np.full((3000, 3000), 90, np.uint8))[1].tobytes()
    found, _ = ask(channel, "serving_default", {"image_bytes": np.array([sound, large, b"broken", large], object)})
    assert [status.decode() for status in found["status"]] == [OK, OK, UNREADABLE, OK]
    wanted = expected(2, "serving_default", INPUTS["serving_default"])["probabilities"][0]
    np.testing.assert_allclose(found["probabilities"][0], wanted, atol=1e-5)
    np.testing.assert_allclose(found["probabilities"][1], found["probabilities"][3], atol=1e-5)


def one(data):
    return {"image_bytes": np.array([data], object)}


@pytest.mark.parametrize(
    ("arguments", "spec", "codes"),
    [
        (("faces", {"faces": np.zeros((1, 48, 48), np.uint8)}), {}, ["INVALID_ARGUMENT"]),
        (("faces", {"faces": np.zeros((1, 48, 48, 1), np.float32)}), {}, ["INVALID_ARGUMENT"]),
        (("faces", {}), {}, ["INVALID_ARGUMENT"]),
        (("faces", {"face": np.zeros((1, 48, 48, 1), np.uint8)}), {}, ["INVALID_ARGUMENT"]),
        (("photographs", INPUTS["serving_default"]), {}, ["INVALID_ARGUMENT"]),
        (("nothing", {}), {}, ["FAILED_PRECONDITION", "INVALID_ARGUMENT"]),
        (("faces",), {"version": {"value": 9}}, ["NOT_FOUND"]),
        (("faces",), {"version_label": "gone"}, ["INVALID_ARGUMENT"]),
        (("faces",), {"name": "other"}, ["NOT_FOUND"]),
    ],
)
def test_a_wrong_request_is_refused(arguments, spec, codes, channel):
    with pytest.raises(grpc.RpcError) as caught:
        ask(channel, *arguments, **spec)
    assert caught.value.code().name in codes and caught.value.details()


FACE = np.zeros((48, 48, 1)).tolist()


@pytest.mark.parametrize(
    ("path", "content", "status"),
    [
        ("fer:predict", {}, 400),
        ("fer:predict", [], 400),
        ("fer:predict", {"signature_name": ["faces"], "instances": [5]}, 400),
        ("fer:predict", {"instances": []}, 400),
        ("fer:predict", {"instances": [{"b64": "no base64!"}]}, 400),
        ("fer:predict", {"instances": [5]}, 400),
        ("fer:predict", {"signature_name": "faces", "instances": [{"faces": FACE[:9]}]}, 400),
        ("fer:predict", {"signature_name": "faces", "instances": [{"faces": FACE}, {"faces": FACE[:9]}]}, 400),
        ("fer:predict", {"signature_name": "photographs", "instances": in_json(INPUTS["serving_default"])}, 400),
        ("fer:predict", {"signature_name": "nothing", "instances": [FACE]}, 400),
        ("other:predict", {"instances": [FACE]}, 404),
        ("fer/versions/9:predict", {"instances": [FACE]}, 404),
        ("fer/labels/gone:predict", {"instances": [FACE]}, 400),
    ],
)
def test_a_wrong_request_over_rest_is_refused(path, content, status, server):
    found, answer = rest(server, path, content)
    assert found == status and list(answer) == ["error"] and answer["error"]


@pytest.mark.parametrize("length", [str(LONGEST + 1), "-1", "many", "9" * 5000])
def test_a_length_that_is_none_is_refused_unread(length):
    """By the handler of the local server alone, of which no version is asked; Python reads at most 4,300 digits."""
    with http.server.HTTPServer(("127.0.0.1", 0), RestHandler) as server:
        threading.Thread(target=server.handle_request, daemon=True).start()
        connection = http.client.HTTPConnection("127.0.0.1", server.server_port, timeout=30)
        connection.request("POST", "/v1/models/fer:predict", b"", {"Content-Length": length})
        answer = connection.getresponse()
        assert answer.status == 400 and "Content-Length must be at most" in json.load(answer)["error"]
        connection.close()


def test_a_row_of_one_input_may_be_its_value_alone(server, expected):
    (row,) = in_json(INPUTS["serving_default"])
    _, answer = rest(server, "fer:predict", {"instances": [row["image_bytes"]]})
    wanted = expected(2, "serving_default", INPUTS["serving_default"])
    np.testing.assert_allclose(answer["predictions"][0]["probabilities"], wanted["probabilities"][0], atol=1e-5)


def test_a_server_says_what_it_serves(server, channel):
    asked = GetModelMetadataRequest(model_spec={"name": "fer"}, metadata_field=["signature_def"])
    found = SignatureDefMap()
    PredictionServiceStub(channel).GetModelMetadata(asked).metadata["signature_def"].Unpack(found)
    assert set(INPUTS) <= set(found.signature_def)
    inputs = found.signature_def["photographs_landmarks"].inputs
    assert [dim.size for dim in inputs["landmarks"].tensor_shape.dim] == [-1, 5, 2]
    _, answer = rest(server, "fer/metadata")
    assert answer["model_spec"]["version"] == "2"
    faces = answer["metadata"]["signature_def"]["signature_def"]["faces"]["inputs"]["faces"]
    assert [dim["size"] for dim in faces["tensor_shape"]["dim"]] == ["-1", "48", "48", "1"]
    assert faces["dtype"] == "DT_UINT8"


def test_a_server_says_that_it_is_ready(server, channel):
    statuses = ModelServiceStub(channel).GetModelStatus(GetModelStatusRequest(model_spec={"name": "fer"}))
    found = {status.version: status.State.Name(status.state) for status in statuses.model_version_status}
    assert found == {1: "AVAILABLE", 2: "AVAILABLE"}
    _, answer = rest(server, "fer")
    assert {one["version"]: one["state"] for one in answer["model_version_status"]} == {
        "1": "AVAILABLE",
        "2": "AVAILABLE",
    }
    _, answer = rest(server, "fer/versions/1")
    assert [one["version"] for one in answer["model_version_status"]] == ["1"]


def test_a_version_is_warmed_up_with_every_signature(base, expected):
    requests = read_warmup(base / "1")
    assert [request.model_spec.signature_name for request in requests] == list(INPUTS)
    for asked in requests:
        inputs = {name: tf.make_ndarray(value) for name, value in asked.inputs.items()}
        assert expected(1, asked.model_spec.signature_name, inputs)["status"].tolist() == [OK.encode()]
    assert read_warmup(base / "2") == []


def test_a_saved_model_has_only_operations_of_tensorflow(base):
    """The server has those of TensorFlow's registry; none that it would have to compile is called."""
    graph = SavedModel.FromString((base / "2" / "saved_model.pb").read_bytes()).meta_graphs[0].graph_def
    functions = {function.signature.name: function.node_def for function in graph.library.function}
    nodes, called = list(graph.node), set()
    for node in nodes:  # which become more with each function that is called
        for name in saved_model_trust._named([node]) - called:
            called.add(name)
            nodes += functions[name]
    names = {node.op for node in nodes} - functions.keys()
    assert len(names) > 50
    for name in names:
        assert getattr(tf.raw_ops, name) and not name.startswith("Xla") and "PyFunc" not in name
    assert not any(node.attr["_XlaMustCompile"].b for node in nodes)
