"""The server of the page: it gives the page, and answers pictures with their faces."""

import ipaddress
import json
import threading
from http.server import BaseHTTPRequestHandler
from pathlib import Path

from fer_md.demo.in_browser import InBrowser
from fer_md.errors import FerMdError
from fer_md.media.limits import MAX_BYTES
from fer_md.prediction.images import as_image
from fer_md.prediction.predictor import Predictor
from fer_md.serving.http_server import HttpServer, body_length

_PAGE = Path(__file__).parent / "page"
_KINDS = {
    ".html": "text/html; charset=utf-8",
    ".css": "text/css; charset=utf-8",
    ".js": "text/javascript; charset=utf-8",
    ".wasm": "application/wasm",
    ".tflite": "application/octet-stream",
}
_HEADERS = {
    # The page may talk to this server alone, and may run programs of WebAssembly, which are the runtime's.
    "Content-Security-Policy": (
        "default-src 'self'; script-src 'self' 'wasm-unsafe-eval'; img-src blob: data:; "
        "frame-ancestors 'none'; base-uri 'none'; form-action 'none'"
    ),
    "Referrer-Policy": "no-referrer",
    "X-Content-Type-Options": "nosniff",
}
_FOR_EVER = "public, max-age=31536000, immutable"
"""How long a browser may keep a file whose address has the hash of its content."""


class DemoServer(HttpServer):
    """Listens until `shutdown`.

    Args:
        predictor: what answers on the server, one picture at a time.
        in_browser: what the page needs to answer by itself.
        host: address to listen on. On one of this machine alone, only pages of its own are answered.
        port: 0 for a free one, which ``server_address`` then holds.

    Raises:
        FerMdError: the port cannot be had.
    """

    def __init__(self, predictor: Predictor, in_browser: InBrowser, host: str = "127.0.0.1", port: int = 8000):
        self.predictor, self.one_at_a_time = predictor, threading.Lock()
        self.about = json.dumps(in_browser.about).encode()
        self.files = {f"/{url}": path for url, path in in_browser.files.items()}
        super().__init__(host, port, _Handler)

    @property
    def url(self) -> str:
        """Where the page is."""
        return f"http://{self.server_address[0]!s}:{self.server_address[1]}/"


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    timeout = 60  # seconds that a browser may say nothing
    server: DemoServer

    def do_GET(self):
        if not self._is_own():
            return
        if self.path == "/in_browser.json":
            self._send(200, self.server.about)
        elif self.path in self.server.files:
            path = self.server.files[self.path]
            self._send(200, path.read_bytes(), _KINDS[path.suffix], _FOR_EVER)
        elif self.path in _page():
            path = _page()[self.path]
            self._send(200, path.read_bytes(), _KINDS[path.suffix])
        else:
            self._send(404, json.dumps({"error": f"{self.path}: there is no such page"}).encode())

    def do_POST(self):
        if not self._is_own():
            return
        if (length := body_length(self.headers.get("Content-Length", ""), MAX_BYTES)) is None:
            self.close_connection = True  # what is not read would be taken for the next request
            self._send(413, json.dumps({"error": f"a picture may have {MAX_BYTES} bytes"}).encode())
            return
        try:
            status, content = 200, self._faces(self.rfile.read(length))
        except FerMdError as error:
            status, content = 400, {"error": str(error)}
        self._send(status, json.dumps(content).encode())

    def log_message(self, format, *values):
        """Nothing: a picture is not worth a line."""

    def _faces(self, data):
        image = as_image(data, "the picture")
        with self.server.one_at_a_time:
            (picture,) = self.server.predictor.predict([image])
        return {"height": image.shape[0], "width": image.shape[1], "faces": picture.as_dict()["faces"]}

    def _is_own(self):
        """Whether the request comes from the page and not from one of another host that the browser has open.

        It is asked before the body is read; of one that is refused nothing more is.
        """
        host, origin = self.headers.get("Host", ""), self.headers.get("Origin")
        name = host.rpartition(":")[0] or host
        local = _is_loopback(str(self.server.server_address[0]))
        if (local and not _is_loopback(name)) or origin not in (None, f"http://{host}"):
            self.close_connection = True
            self._send(403, json.dumps({"error": "only the page of this server may ask it"}).encode())
            return False
        return True

    def _send(self, status, content, kind="application/json", kept="no-store"):
        self.send_response(status)
        own = {"Content-Type": kind, "Content-Length": str(len(content)), "Cache-Control": kept}
        for name, value in {**_HEADERS, **own}.items():
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(content)


def _is_loopback(name):
    """Whether a name in an address is one of this machine alone, which no other host can take on."""
    try:
        return ipaddress.ip_address(name).is_loopback
    except ValueError:
        return name == "localhost"


def _page():
    """The page's own files by their addresses."""
    files = {f"/{path.name}": path for path in _PAGE.iterdir() if path.suffix in _KINDS}
    return {"/": files.pop("/page.html"), **files}
