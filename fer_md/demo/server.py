"""The server of the page: it gives the page, and answers pictures with their faces."""

import json
import sys
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

from fer_md.errors import FerMdError
from fer_md.media.limits import MAX_BYTES
from fer_md.prediction.images import as_image
from fer_md.prediction.predictor import Predictor

_FILES = {
    "/": ("page.html", "text/html; charset=utf-8"),
    "/page.css": ("page.css", "text/css; charset=utf-8"),
    "/page.js": ("page.js", "text/javascript; charset=utf-8"),
}
_HEADERS = {
    # The page may talk to this server alone.
    "Content-Security-Policy": "default-src 'self'; img-src blob: data:; frame-ancestors 'none'; base-uri 'none'",
    "X-Content-Type-Options": "nosniff",
    "Cache-Control": "no-store",
}


class DemoServer(ThreadingHTTPServer):
    """Listens until `shutdown`.

    Args:
        predictor: what answers, one picture at a time.
        host: address to listen on. On one of this machine alone, only pages of its own are answered.
        port: 0 for a free one, which ``server_address`` then holds.

    Raises:
        FerMdError: the port cannot be had.
    """

    daemon_threads = True

    def __init__(self, predictor: Predictor, host: str = "127.0.0.1", port: int = 8000):
        self.predictor, self.one_at_a_time = predictor, threading.Lock()
        try:
            super().__init__((host, port), _Handler)
        except OSError as error:
            raise FerMdError(f"{host}:{port}: cannot be listened on ({error.strerror}); name another port") from None

    def handle_error(self, request, client_address):
        """A browser that goes away before its answer is there is not worth a line."""
        if not isinstance(sys.exc_info()[1], ConnectionError):
            super().handle_error(request, client_address)

    @property
    def url(self) -> str:
        """Where the page is."""
        return f"http://{self.server_address[0]!s}:{self.server_address[1]}/"


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    server: DemoServer

    def do_GET(self):
        if not self._is_own():
            return
        if self.path not in _FILES:
            self._send(404, json.dumps({"error": f"{self.path}: there is no such page"}).encode())
            return
        name, kind = _FILES[self.path]
        self._send(200, (Path(__file__).parent / name).read_bytes(), kind)

    def do_POST(self):
        length = self.headers.get("Content-Length", "")
        if not length.isdecimal() or int(length) > MAX_BYTES:
            self.close_connection = True  # what is not read would be taken for the next request
            self._send(413, json.dumps({"error": f"a picture may have {MAX_BYTES} bytes"}).encode())
            return
        data = self.rfile.read(int(length))
        if not self._is_own():
            return
        try:
            status, content = 200, self._faces(data)
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
        """Whether the request comes from the page and not from one of another host that the browser has open."""
        host, origin = self.headers.get("Host", ""), self.headers.get("Origin")
        name = host.rpartition(":")[0] or host
        local = self.server.server_address[0] == "127.0.0.1"
        if (local and name not in ("127.0.0.1", "localhost")) or origin not in (None, f"http://{host}"):
            self._send(403, json.dumps({"error": "only the page of this server may ask it"}).encode())
            return False
        return True

    def _send(self, status, content, kind="application/json"):
        self.send_response(status)
        for name, value in {**_HEADERS, "Content-Type": kind, "Content-Length": str(len(content))}.items():
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(content)
