"""The client of a server: the same answers as here, and what happens where a server is not as it should be."""

import contextlib
import gc
import json
import pickle
import shutil
import socket
import threading

import numpy as np
import pytest
import tensorflow as tf
import trustme
from google.protobuf.json_format import ParseDict

from fer_md import cli
from fer_md.environment import quiet_stderr
from fer_md.errors import FerMdError
from fer_md.expressions import EXPRESSIONS
from fer_md.media.pictures import save_picture
from fer_md.models import TINY, build_component
from fer_md.prediction.predictor import Predictor
from fer_md.serving import client as client_module
from fer_md.serving import local_server
from fer_md.serving.client import Client
from fer_md.serving.grpc_transport import GrpcTransport
from fer_md.serving.local_server import LocalServer
from fer_md.serving.protos import GetModelMetadataResponse, PredictRequest, PredictResponse, SignatureDefMap
from fer_md.serving.rest_transport import RestTransport
from fer_md.serving.saved_model import export_saved_model
from fer_md.serving.served_network import ServedNetwork
from fer_md.serving.transport import Unavailable
from ports import free_ports
from random_faces import random_split
from scripts import run_script

FACES = random_split(5).images
SCHEMES = ("grpc", "http")


@pytest.fixture(scope="module")
def base(tmp_path_factory):
    base = tmp_path_factory.mktemp("served")
    with quiet_stderr():
        export_saved_model(ServedNetwork(build_component(TINY), EXPRESSIONS), base)
    return base


@pytest.fixture(scope="module")
def server(base):
    with LocalServer(base, labels={"stable": 1}) as server:
        yield server


@pytest.fixture(scope="module")
def expected(base):
    return probabilities(Predictor(base, None))


def probabilities(predictor):
    return np.array([list(face.probabilities.values()) for (face,) in predictor.predict(list(FACES))])


def url(server, scheme="grpc", rest=""):
    return f"{scheme}://127.0.0.1:{server.port if scheme.startswith('grpc') else server.rest_port}/fer{rest}"


@pytest.mark.parametrize("scheme", SCHEMES)
@pytest.mark.parametrize("rest", ["", "/labels/stable", "/versions/1"])
def test_a_server_answers_as_the_saved_model_does(scheme, rest, server, expected):
    client = Client(url(server, scheme, rest), batch=2)
    assert (client.expressions, client.image_size) == (EXPRESSIONS, 48)
    np.testing.assert_allclose(probabilities(Predictor(client, None)), expected, atol=1e-5)
    assert client.classify(FACES[:0]).shape == (0, 7)
    again = pickle.loads(pickle.dumps(client))
    np.testing.assert_allclose(again.classify(FACES), expected, atol=1e-5)


def test_the_command_asks_a_server(server, expected, tmp_path, capsys, monkeypatch):
    monkeypatch.setattr(cli, "_quieten_decoders", lambda: None)  # it would silence this process for good
    save_picture(tmp_path / "face.png", np.repeat(FACES[0][..., None], 3, 2))
    assert cli.main(["predict", str(tmp_path / "face.png"), "--detector=none", f"--model={url(server)}"]) == 0
    (line,) = capsys.readouterr().out.splitlines()
    np.testing.assert_allclose(list(json.loads(line)["probabilities"].values()), expected[0], atol=1e-5)
    assert cli.main(["info", f"--model={url(server, 'http')}"]) == 0
    assert url(server, "http") in capsys.readouterr().out
    assert cli.main(["predict", str(tmp_path / "face.png"), f"--model={url(server)}", "--data=fer2013"]) == 1
    assert "data=fer2013 is for run directories" in capsys.readouterr().err


@pytest.mark.parametrize(
    "wrong", ["localhost:8500", "grpc://localhost/fer", "ftp://localhost:1/fer", "grpc://h:1/fer/x"]
)
def test_a_url_that_is_none(wrong):
    with pytest.raises(FerMdError, match="a server is written grpc://HOST:PORT/MODEL"):
        Client(wrong)


def test_numbers_that_are_none():
    for wrong in ({"batch": 0}, {"timeout": 0}, {"retries": -1}):
        with pytest.raises(FerMdError, match="batch must be at least 1"):
            Client("grpc://localhost:8500/fer", **wrong)


@pytest.mark.parametrize("scheme", SCHEMES)
def test_a_refusal_is_final_and_names_the_server(scheme, server, monkeypatch):
    monkeypatch.setattr("time.sleep", None)  # no second try
    for rest, reason in (
        ("/versions/9", "Servable not found"),
        ("/labels/gone", "Unrecognized servable version label"),
    ):
        with pytest.raises(FerMdError, match=f"{url(server, scheme, rest)}: .*{reason}"):
            Client(url(server, scheme, rest))


@pytest.mark.parametrize("scheme", SCHEMES)
def test_where_nobody_serves(scheme):
    address = f"{scheme}://127.0.0.1:{free_ports(1)[0]}/fer"
    with pytest.raises(FerMdError, match=f"{address}: not available, asked 2 times"):
        Client(address, retries=1)


@pytest.mark.parametrize("scheme", SCHEMES)
def test_a_server_that_says_nothing(scheme):
    with socket.create_server(("127.0.0.1", 0)) as silent:
        address = f"{scheme}://127.0.0.1:{silent.getsockname()[1]}/fer"
        with pytest.raises(FerMdError, match=f"{address}: no answer within 0.2 s"):
            Client(address, timeout=0.2)


class Unsteady:
    """A transport that is unavailable some times, and then answers."""

    def __init__(self, times, size=48):
        self.left, self.size = times, size

    def image_size(self):
        self.left -= 1
        if self.left >= 0:
            raise Unavailable("busy")
        return self.size

    def predict(self, faces):
        return np.full((len(faces), 7), 1 / 7), list(EXPRESSIONS)


def test_pauses_double(monkeypatch):
    pauses = []
    monkeypatch.setattr("time.sleep", pauses.append)
    monkeypatch.setattr(client_module, "_transport", lambda *_: Unsteady(3))
    assert Client("grpc://localhost:8500/fer", retries=3).image_size == 48
    assert pauses == [0.1, 0.2, 0.4]
    with pytest.raises(FerMdError, match=r"asked 3 times \(busy\)"):
        monkeypatch.setattr(client_module, "_transport", lambda *_: Unsteady(3))
        Client("grpc://localhost:8500/fer", retries=2)


@pytest.fixture
def asking(server):
    """Context in which four threads ask all the time; it fails if one request is lost or answered otherwise."""

    @contextlib.contextmanager
    def ask(address, expected):
        stop, counts, errors = threading.Event(), [0] * 4, []

        def work(number):
            try:
                client = Client(address, timeout=60, retries=12)  # a busy machine loads for long
                while not stop.wait(0.02):
                    np.testing.assert_allclose(client.classify(FACES), expected, atol=1e-5)
                    counts[number] += 1
            except Exception as error:
                errors.append(error)

        threads = [threading.Thread(target=work, args=(number,)) for number in range(4)]
        for thread in threads:
            thread.start()
        try:
            yield lambda: sum(counts)
        finally:
            stop.set()
            for thread in threads:
                thread.join()
        assert not errors
        assert min(counts) > 0

    return ask


@pytest.mark.slow
@pytest.mark.parametrize("scheme", SCHEMES)
def test_no_request_is_lost_while_versions_change_and_the_server_restarts(scheme, base, expected, asking, tmp_path):
    folder = tmp_path / "served"
    shutil.copytree(base, folder)
    ports = dict(zip(("port", "rest_port"), free_ports(2), strict=True))
    with contextlib.ExitStack() as servers:
        server = servers.enter_context(LocalServer(folder, **ports))
        with asking(url(server, scheme), expected) as answered:
            wait_for(lambda: answered() > 8)
            shutil.copytree(folder / "1", tmp_path / "2")
            (tmp_path / "2").rename(folder / "2")
            server.refresh()
            shutil.rmtree(folder / "1")
            server.refresh()
            assert list(server.versions.loaded) == [2]
            before = answered()
            wait_for(lambda: answered() > before + 8)
            servers.close()
            servers.enter_context(LocalServer(folder, **ports))
            before = answered()
            wait_for(lambda: answered() > before + 8)


def wait_for(condition):
    pause = threading.Event()
    for _ in range(1200):
        if condition():
            return
        pause.wait(0.1)
    raise AssertionError("nothing happened for two minutes")


@pytest.fixture(scope="module")
def certificates(tmp_path_factory):
    """Files: an authority, another one, and the key and the certificate of a server that the first has signed."""
    folder, authority, other = tmp_path_factory.mktemp("tls"), trustme.CA(), trustme.CA()
    issued = authority.issue_cert("127.0.0.1")
    files = {name: folder / f"{name}.pem" for name in ("authority", "other", "key", "chain")}
    authority.cert_pem.write_to_path(files["authority"])
    other.cert_pem.write_to_path(files["other"])
    issued.private_key_pem.write_to_path(files["key"])
    issued.cert_chain_pems[0].write_to_path(files["chain"])
    return files


def test_a_connection_is_secure_or_is_not_made(certificates, base, expected):
    with LocalServer(base, certificate=(certificates["key"], certificates["chain"])) as server:
        for scheme in ("grpcs", "https"):
            client = Client(url(server, scheme), authority=certificates["authority"])
            np.testing.assert_allclose(client.classify(FACES), expected, atol=1e-5)
            with pytest.raises(FerMdError, match=url(server, scheme)):
                Client(url(server, scheme), authority=certificates["other"], retries=0)
            with pytest.raises(FerMdError, match="nowhere.pem"):
                Client(url(server, scheme), authority="nowhere.pem")


def test_what_cannot_be_served_holds_no_port(certificates, tmp_path, monkeypatch):
    """The message names what is wrong, and both ports are free again."""
    monkeypatch.setattr(local_server, "ServedVersions", lambda *_: None)
    ports = dict(zip(("port", "rest_port"), free_ports(2), strict=True))
    key, chain = certificates["key"], certificates["chain"]
    (tmp_path / "text.pem").write_text("no certificate")
    with socket.create_server(("127.0.0.1", 0)) as taken:
        number = taken.getsockname()[1]
        for wrong, reason in (
            ({"rest_port": number}, f"127.0.0.1:{number}: cannot be listened on"),
            ({"port": number}, f"127.0.0.1:{number}: cannot be listened on"),
            ({"rest_port": 70000}, "127.0.0.1:70000: cannot be listened on"),
            ({"port": 70000}, "127.0.0.1:70000: cannot be listened on"),
            ({"certificate": (key, tmp_path / "text.pem")}, "text.pem: no private key with its certificate"),
            ({"certificate": (key, tmp_path / "none.pem")}, "none.pem: no private key with its certificate"),
            ({"certificate": (certificates["other"], chain)}, "other.pem and .*: no private key with its certificate"),
        ):
            with pytest.raises(FerMdError, match=reason):
                LocalServer("a folder", **ports | wrong)
            for port in ports.values():
                socket.create_server(("127.0.0.1", port), reuse_port=False).close()


def test_the_script_serves_until_it_is_stopped(base, monkeypatch):
    def stop(_):
        raise KeyboardInterrupt

    monkeypatch.setattr("time.sleep", stop)
    done = run_script("experiments/serve.py", f"--model={base}", "--port=0", "--rest_port=0", "--labels=stable:1")
    gc.unfreeze()  # this process goes on, the script's own does not
    assert done.returncode == 130 and done.stdout.startswith("versions 1: grpc://127.0.0.1:")
    for flags, reason in (
        ([f"--model={base}", "--labels=stable"], "--labels must be LABEL:VERSION"),
        ([f"--model={base}", "--labels=stable:2"], "has no version 2, which the label stable names"),
        ([f"--model={base / 'none'}"], "has no version"),
    ):
        done = run_script("experiments/serve.py", *flags)
        assert done.returncode == 1 and reason in done.stderr and done.stderr.count("\n") == 1


def test_load_is_measured_on_this_machine_alone(server, tmp_path):
    flags = ["--clients=1,4", "--seconds=0.5", f"--output={tmp_path / 'load.json'}"]
    done = run_script("benchmarks/serving_load.py", f"--urls={url(server)}", *flags)
    gc.unfreeze()  # this process goes on, the script's own does not
    assert done.returncode == 0, done.stderr
    rows = json.loads((tmp_path / "load.json").read_text())["rows"]
    assert [(row["clients"], row["failed"]) for row in rows] == [(1, 0), (4, 0)]
    for row in rows:
        assert row["answered"] > 0 and 0 < row["median_milliseconds"] <= row["milliseconds_of_99_percent"]
    done = run_script("benchmarks/serving_load.py", "--urls=grpc://example.org:8500/fer")
    assert done.returncode == 1 and "only a server of this machine" in done.stderr


@pytest.mark.parametrize("wrong", [EXPRESSIONS[::-1], EXPRESSIONS[:6]])
def test_a_version_with_other_expressions_is_noticed(wrong, monkeypatch):
    transport = Unsteady(0)
    monkeypatch.setattr(client_module, "_transport", lambda *_: transport)
    client = Client("grpc://localhost:8500/fer")
    transport.predict = lambda faces: (np.zeros((len(faces), len(wrong))), list(wrong))
    with pytest.raises(FerMdError, match="grpc://localhost:8500/fer: answers with other expressions than before"):
        client.classify(FACES)


def signatures(shape):
    return {"signature_def": {"faces": {"inputs": {"faces": {"tensor_shape": shape}}}}}


def sized(*sides):
    return signatures({"dim": [{"size": side} for side in sides]})


NAMES, ROW = [list(EXPRESSIONS)], [[1 / 7] * 7]
MALFORMED = [
    (signatures({"unknown_rank": True}), {}, "has no signature for faces"),
    ({}, {}, "has no signature for faces"),
    (sized(-1, -1, -1, 1), {}, "takes faces of -1 pixels"),
    (sized(-1, 10**6, 10**6, 1), {}, "takes faces of 1000000 pixels"),
    (sized(-1, 48, 48, 1), {}, "answers no probabilities"),
    (sized(-1, 48, 48, 1), {"expressions": NAMES}, "answers no probabilities"),
    (sized(-1, 48, 48, 1), {"probabilities": ROW}, "answers no probabilities"),
    (sized(-1, 48, 48, 1), {"expressions": NAMES, "probabilities": [["many"]]}, "answers no probabilities"),
    (sized(-1, 48, 48, 1), {"expressions": [["a", "a"]], "probabilities": ROW}, "answers no names of expressions"),
]
MALFORMED_REST = [
    (sized(-1, 48, 48, 1), {"expressions": names, "probabilities": ROW}, "answers no names of expressions")
    for names in ([3], list(EXPRESSIONS))
]
MALFORMED_GRPC = [(sized(-1, 48, 48, 1), {"expressions": ROW, "probabilities": ROW}, "answers no probabilities")]


def fake_call(metadata, outputs):
    """What the server answers over gRPC, in place of `GrpcTransport._call`."""

    def call(self, method, request):
        if isinstance(request, PredictRequest):
            return PredictResponse(outputs={name: tf.make_tensor_proto(value) for name, value in outputs.items()})
        answer = GetModelMetadataResponse()
        answer.metadata["signature_def"].Pack(ParseDict(metadata, SignatureDefMap()))
        return answer

    return call


@pytest.mark.parametrize("scheme", SCHEMES)
def test_an_answer_that_is_none_is_said(scheme, monkeypatch):
    """Of unknown rank, without an output, or with one that holds something else."""
    for metadata, outputs, reason in (*MALFORMED, *(MALFORMED_REST if scheme == "http" else MALFORMED_GRPC)):
        if scheme == "http":
            answers = {"/metadata": {"metadata": {"signature_def": metadata}}, ":predict": {"outputs": outputs}}
            monkeypatch.setattr(RestTransport, "_request", lambda _, what, data=None, answers=answers: answers[what])
        else:
            monkeypatch.setattr(GrpcTransport, "_call", fake_call(metadata, outputs))
        with pytest.raises(FerMdError, match=f"{scheme}://localhost:1/fer: {reason}"):
            Client(f"{scheme}://localhost:1/fer")


def test_an_answer_to_fewer_faces_is_noticed(monkeypatch):
    transport = Unsteady(0)
    monkeypatch.setattr(client_module, "_transport", lambda *_: transport)
    client = Client("grpc://localhost:8500/fer")
    transport.predict = lambda faces: (np.zeros((1, 7)), list(EXPRESSIONS))
    with pytest.raises(FerMdError, match=r"answers \(1, 7\) probabilities to 5 faces"):
        client.classify(FACES)


def test_a_version_that_cannot_be_loaded_harms_no_other(base, expected, tmp_path):
    """It is said in one line, and it is loaded once it is whole."""
    folder = tmp_path / "served"
    shutil.copytree(base, folder)
    with LocalServer(folder) as server:
        shutil.copytree(base / "1", folder / "2")
        (folder / "2" / "variables" / "variables.data-00000-of-00001").unlink()
        (folder / "3").mkdir()
        for _ in range(2):
            with pytest.raises(FerMdError, match="2: cannot be loaded") as error:
                server.refresh()
            assert "\n" not in str(error.value) and list(server.versions.loaded) == [1]
        np.testing.assert_allclose(Client(url(server)).classify(FACES), expected, atol=1e-5)
        shutil.rmtree(folder / "3")
        shutil.copytree(base / "1", folder / "2", dirs_exist_ok=True)
        server.refresh()
        assert list(server.versions.loaded) == [1, 2]


def test_a_client_that_says_nothing_does_not_hold_up_the_others(certificates, base, expected):
    keys = certificates["key"], certificates["chain"]
    with LocalServer(base, certificate=keys) as server, socket.create_connection(("127.0.0.1", server.rest_port)):
        client = Client(url(server, "https"), authority=certificates["authority"], timeout=30)
        np.testing.assert_allclose(client.classify(FACES), expected, atol=1e-5)


def test_a_large_request_is_answered_in_parts(base, expected):
    with LocalServer(base, max_batch_size=2) as server:
        np.testing.assert_allclose(Client(url(server)).classify(FACES), expected, atol=1e-5)
