"""A server over HTTP, of Python's own library."""

import sys
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

from fer_md.errors import FerMdError


def body_length(text: str, most: int) -> int | None:
    """The number of bytes that a header Content-Length announces; None for no number, or one above ``most``."""
    return int(text) if text.isdecimal() and len(text) < 10 and int(text) <= most else None


class HttpServer(ThreadingHTTPServer):
    """Answers each request in a thread of its own, until `shutdown`.

    Args:
        host: address to listen on.
        port: 0 for a free one, which ``server_address`` then holds.
        handler: answers the requests.

    Raises:
        FerMdError: the port cannot be had.
    """

    daemon_threads = True
    request_queue_size = 128

    def __init__(self, host: str, port: int, handler: type[BaseHTTPRequestHandler]):
        try:
            super().__init__((host, port), handler)
        except (OSError, OverflowError) as error:
            reason = getattr(error, "strerror", None) or error
            raise FerMdError(f"{host}:{port}: cannot be listened on ({reason}); name another port") from None

    def handle_error(self, request, client_address):
        """A client that goes away before its answer is there is not worth a line."""
        if not isinstance(sys.exc_info()[1], ConnectionError):
            super().handle_error(request, client_address)
