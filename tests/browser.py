"""A page in headless Chromium, with its workers, driven by its DevTools protocol."""

import base64
import contextlib
import itertools
import json
import shutil
import subprocess
import time
import urllib.request
from pathlib import Path

import websocket

PROGRAM = next(filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))), None)
_FLAGS = (
    *("--headless", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-sync"),
    *("--disable-background-networking", "--disable-component-update", "--remote-debugging-port=0"),
    *("--use-fake-device-for-media-stream", "--use-fake-ui-for-media-stream", "--remote-allow-origins=*"),
)
_SECONDS = 60


class Page:
    """What a user would do with a page, and what it has done: ``errors`` of its scripts, and ``requests``, URLs."""

    def __init__(self, socket):
        self._socket, self._numbers = socket, itertools.count(1)
        self.errors, self.requests = [], []
        for domain in ("Page", "Runtime", "Log", "Network", "DOM"):
            self.send(f"{domain}.enable")
        self.send("Target.setAutoAttach", autoAttach=True, waitForDebuggerOnStart=True, flatten=True)

    def send(self, method, **parameters):
        """Result of a command of the protocol; events that come before it are kept."""
        number = self._start(method, parameters)
        while True:
            message = json.loads(self._socket.recv())
            if message.get("id") == number:
                assert "error" not in message, message
                return message["result"]
            self._keep(message)

    def evaluate(self, script):
        """Value of an expression of JavaScript."""
        found = self.send(
            "Runtime.evaluate", expression=script, awaitPromise=True, returnByValue=True, userGesture=True
        )
        assert "exceptionDetails" not in found, found
        return found["result"].get("value")

    def wait_for(self, script):
        """The value of an expression as soon as it is true."""
        end = time.monotonic() + _SECONDS
        while time.monotonic() < end:
            if value := self.evaluate(script):
                return value
            time.sleep(0.1)
        raise TimeoutError(f"{script}: not true within {_SECONDS} s")

    def choose_file(self, selector, path):
        root = self.send("DOM.getDocument")["root"]["nodeId"]
        node = self.send("DOM.querySelector", nodeId=root, selector=selector)["nodeId"]
        self.send("DOM.setFileInputFiles", files=[str(path)], nodeId=node)

    def screenshot(self):
        """PNG."""
        return base64.b64decode(self.send("Page.captureScreenshot")["data"])

    def _start(self, method, parameters, **place):
        number = next(self._numbers)
        self._socket.send(json.dumps({"id": number, "method": method, "params": parameters, **place}))
        return number

    def _keep(self, message):
        values = message.get("params", {})
        match message.get("method"):
            case "Target.attachedToTarget":  # a worker, which waits until all that it does is seen
                for method in ("Runtime.enable", "Log.enable", "Network.enable", "Runtime.runIfWaitingForDebugger"):
                    self._start(method, {}, sessionId=values["sessionId"])
            case "Runtime.exceptionThrown":
                self.errors.append(values["exceptionDetails"]["text"])
            case "Runtime.consoleAPICalled" if values["type"] == "error":
                self.errors.append(str(values["args"]))
            case "Log.entryAdded" if values["entry"]["level"] == "error":
                self.errors.append(values["entry"]["text"])
            case "Network.requestWillBeSent":
                self.requests.append(values["request"]["url"])


@contextlib.contextmanager
def browser(folder: Path, *flags: str):
    """Yields an empty `Page`; ``folder`` is for the browser's files."""
    assert PROGRAM, "no browser: install Chromium (apt-get install chromium)"
    command = [PROGRAM, *_FLAGS, *flags, f"--user-data-dir={folder}", "about:blank"]
    process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    try:
        with contextlib.closing(_connected(folder)) as socket:
            yield Page(socket)
    finally:
        process.terminate()
        process.wait()


def _connected(folder):
    """A connection to the first tab."""
    port = folder / "DevToolsActivePort"
    end = time.monotonic() + _SECONDS
    while not (port.is_file() and port.read_text().count("\n")):
        assert time.monotonic() < end, "the browser did not start"
        time.sleep(0.1)
    with urllib.request.urlopen(f"http://127.0.0.1:{port.read_text().split()[0]}/json/list") as answer:
        (tab,) = (tab for tab in json.load(answer) if tab["type"] == "page")
    return websocket.create_connection(tab["webSocketDebuggerUrl"], timeout=_SECONDS)
