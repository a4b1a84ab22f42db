"""The page of fer-md demo: what its server answers, and what a user sees in a browser."""

import json
import socket
import threading
import urllib.error
import urllib.request
from pathlib import Path

import cv2
import numpy as np
import pytest

from browser import PROGRAM, browser
from fer_md import demo
from fer_md.demo.in_browser import InBrowser, not_in_browser
from fer_md.demo.server import DemoServer
from fer_md.errors import FerMdError
from fer_md.media.limits import MAX_BYTES
from fer_md.media.pictures import save_picture
from fer_md.prediction.predictor import Predictor
from stub_predictor import StubDetector, brightness_classifier

PICTURE = np.random.default_rng(0).integers(0, 256, (60, 80, 3), np.uint8)


@pytest.fixture(scope="module")
def predictor():
    return Predictor(brightness_classifier(), StubDetector())


@pytest.fixture(scope="module")
def server(predictor):
    with DemoServer(predictor, not_in_browser("a rule"), port=0) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        yield server
        server.shutdown()
        thread.join()


def ask(server, path="", data=None, **headers):
    """Status, headers and content of an answer."""
    request = urllib.request.Request(server.url + path, data, headers)
    try:
        with urllib.request.urlopen(request, timeout=30) as answer:
            return answer.status, answer.headers, answer.read()
    except urllib.error.HTTPError as error:
        return error.code, error.headers, error.read()


def png(image):
    return cv2.imencode(".png", image[..., ::-1])[1].tobytes()


def test_a_picture_is_answered_as_by_the_predictor(server, predictor):
    status, _, content = ask(server, "predict", png(PICTURE))
    (picture,) = predictor.predict([PICTURE])
    wanted = {"height": 60, "width": 80, "faces": json.loads(json.dumps(picture.as_dict()["faces"]))}
    assert status == 200 and json.loads(content) == wanted and len(wanted["faces"]) == 1


def test_pages_load_nothing_from_elsewhere(server):
    names = {path.name for path in (Path(demo.__file__).parent / "page").iterdir()}
    kinds = {"": "text/html", ".html": "text/html", ".css": "text/css", ".js": "text/javascript"}
    for path in ({"", *names}) - {"page.html"}:
        status, headers, content = ask(server, path)
        assert status == 200 and headers["Content-Type"].startswith(kinds[Path(path).suffix])
        assert b"//" not in content.replace(b"// ", b"")
        assert headers["Content-Security-Policy"].startswith("default-src 'self'; script-src 'self' 'wasm-unsafe-eval'")
        assert headers["Cache-Control"] == "no-store" and headers["X-Content-Type-Options"] == "nosniff"


def test_files_for_the_browser_may_be_kept(tmp_path, predictor):
    (tmp_path / "network.tflite").write_bytes(b"a network")
    given = InBrowser({"find": {"url": "files/1.tflite"}}, {"files/1.tflite": tmp_path / "network.tflite"})
    with DemoServer(predictor, given, port=0) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        try:
            assert json.loads(ask(server, "in_browser.json")[2]) == given.about
            status, headers, content = ask(server, "files/1.tflite")
            assert (status, content) == (200, b"a network") and "immutable" in headers["Cache-Control"]
            assert ask(server, "files/2.tflite")[0] == 404
        finally:
            server.shutdown()
            thread.join()


def test_the_page_learns_why_it_cannot_look_itself(server):
    assert json.loads(ask(server, "in_browser.json")[2]) == {"reason": "a rule"}


def test_what_is_wrong_is_said(server):
    for path, data, wanted, reason in (
        ("predict", b"no picture", 400, "not a PNG"),
        ("page.py", None, 404, "there is no such page"),
        ("../server.py", None, 404, "there is no such page"),
    ):
        status, _, content = ask(server, path, data)
        assert status == wanted and reason in json.loads(content)["error"]


@pytest.mark.parametrize("length", [str(MAX_BYTES + 1), "-1", "many", "9" * 5000])
def test_a_length_that_no_picture_has(server, length):
    with socket.create_connection(server.server_address, timeout=10) as asking:
        host = server.url.split("/")[2]
        asking.sendall(f"POST /predict HTTP/1.1\r\nHost: {host}\r\nContent-Length: {length}\r\n\r\n".encode())
        with asking.makefile("rb") as answer:
            assert answer.readline().startswith(b"HTTP/1.1 413 ") and answer.read().endswith(b'bytes"}')


def test_another_site_in_the_browser_may_not_ask(server):
    for headers in ({"Origin": "http://example.org"}, {"Host": "example.org"}, {"Origin": "null"}):
        for path, data in (("predict", png(PICTURE)), ("", None)):
            assert ask(server, path, data, **headers)[0] == 403
    assert ask(server, "predict", png(PICTURE), Origin=server.url.rstrip("/"))[0] == 200


def refusal(address, host):
    """The status line that a large picture for ``host`` is answered with before it is sent."""
    with socket.create_connection(address, timeout=10) as asking:
        asking.sendall(f"POST /predict HTTP/1.1\r\nHost: {host}\r\nContent-Length: {MAX_BYTES}\r\n\r\n".encode())
        with asking.makefile("rb") as answer:
            return answer.readline(), answer.read()


def test_who_asks_is_looked_at_before_the_picture_is_read(server):
    """And the connection is closed: what would follow is no request."""
    status, rest = refusal(server.server_address, "example.org")
    assert status.startswith(b"HTTP/1.1 403 ") and rest.endswith(b'may ask it"}')


def test_every_address_of_this_machine_alone_is_one(predictor):
    with DemoServer(predictor, not_in_browser("a rule"), "127.0.0.2", port=0) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        try:
            assert ask(server, "in_browser.json")[0] == 200
            assert ask(server, "in_browser.json", Host="localhost")[0] == 200
            assert ask(server, "in_browser.json", Host="example.org")[0] == 403
        finally:
            server.shutdown()
            thread.join()


def test_a_browser_that_says_nothing_is_let_go(server, monkeypatch):
    monkeypatch.setattr(server.RequestHandlerClass, "timeout", 0.2)
    with socket.create_connection(server.server_address, timeout=10) as silent:
        assert silent.recv(1) == b""


@pytest.mark.parametrize("length", [str(MAX_BYTES + 1), "-1", "many"])
def test_a_length_that_is_none_is_refused_unread(length, server):
    assert ask(server, "predict", b"x", **{"Content-Length": length})[0] == 413


def test_a_port_in_use_is_named(server):
    port = server.server_address[1]
    with pytest.raises(FerMdError, match=f"127.0.0.1:{port}: cannot be listened on"):
        DemoServer(None, not_in_browser("a rule"), port=port)
    with pytest.raises(FerMdError, match="127.0.0.1:99999: cannot be listened on .*name another port"):
        DemoServer(None, not_in_browser("a rule"), port=99999)


STATUS, SPEED = (f"document.getElementById('{name}').textContent" for name in ("status", "speed"))


@pytest.mark.integration
@pytest.mark.skipif(PROGRAM is None, reason="no browser: install chromium (apt-get install chromium)")
def test_a_user_sees_faces_of_a_picture_and_of_the_camera(server, predictor, tmp_path):
    save_picture(tmp_path / "picture.png", PICTURE)
    (tmp_path / "broken.png").write_bytes(b"no picture")
    (faces,) = predictor.predict([PICTURE])
    with browser(tmp_path / "browser") as page:
        page.send("Page.navigate", url=server.url)
        page.wait_for("document.getElementById('loading-text')?.textContent.endsWith('itself: a rule.')")
        page.choose_file("#file", tmp_path / "picture.png")
        page.wait_for(f"{STATUS}.startsWith('1 face: ')")
        assert page.evaluate("document.querySelector('#faces h2').textContent") == f"Face 1: {faces[0].label}"
        bars = page.evaluate("[...document.querySelectorAll('meter')].map(bar => [bar.ariaLabel, bar.value])")
        assert dict(bars) == pytest.approx(faces[0].probabilities)
        assert page.evaluate("document.getElementById('picture').ariaLabel") == page.evaluate(STATUS)
        assert page.errors == []
        page.evaluate("document.getElementById('camera').click()")
        page.wait_for(f"{STATUS}.startsWith('1 face: ') && {SPEED}.endsWith(' frames a second')")
        page.evaluate("document.getElementById('camera').click()")
        page.wait_for(f"{STATUS} == 'The camera is off.'")
        assert page.errors == []
        page.choose_file("#file", tmp_path / "broken.png")
        page.wait_for(f"{STATUS}.startsWith('This picture cannot be shown: the browser cannot read it. It is damaged')")
        assert all(url.startswith((server.url, "data:", "blob:")) for url in page.requests)
