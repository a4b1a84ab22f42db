"""A server that speaks like TensorFlow Serving, for tests and development. It needs ``pip install "fer_md[serving]"``.

It has what clients of an exported network use: ``Predict``, ``GetModelMetadata`` and ``GetModelStatus`` over gRPC and
REST, versions with labels, batching and warm-up. It is Python: use TensorFlow Serving for users.
"""

import ssl
import threading
from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from fer_md.errors import FerMdError
from fer_md.serving.grpc_service import ModelService, PredictionService
from fer_md.serving.http_server import HttpServer
from fer_md.serving.protos import (
    add_ModelServiceServicer_to_server,
    add_PredictionServiceServicer_to_server,
    grpc,
)
from fer_md.serving.rest_service import LONGEST, RestHandler
from fer_md.serving.served_versions import ServedVersions

_THREADS = 32
"""Requests of gRPC that are answered at a time."""


class LocalServer:
    """Serves all versions of an exported network while its context lasts.

    Args:
        base: folder whose numbered folders are the versions; those that appear later are loaded by `refresh`.
        name: of the model, which requests state.
        labels: number of a version by its label, such as ``{"stable": 1, "canary": 2}``.
        host: address to listen on.
        port, rest_port: for gRPC and REST; 0 for free ones, which the attributes of these names then hold.
        max_batch_size, wait: see `fer_md.serving.batcher.Batcher`.
        certificate: files of the private key and of the certificate, PEM; with them only TLS is spoken.

    Raises:
        FerMdError: a version cannot be loaded, a label names none, the certificate is none, or a port cannot be had.

    Examples:
        >>> with LocalServer("runs/served/fer", labels={"stable": 1}) as server:
        ...     print(server.port, server.rest_port)
    """

    def __init__(
        self,
        base: Path | str,
        name: str = "fer",
        labels: Mapping[str, int] | None = None,
        host: str = "127.0.0.1",
        port: int = 0,
        rest_port: int = 0,
        max_batch_size: int = 32,
        wait: float = 0.002,
        certificate: tuple[Path, Path] | None = None,
    ):
        keys = _Keys(*certificate) if certificate else None
        self.versions = ServedVersions(name, base, labels or {}, max_batch_size, wait)
        options = [("grpc.max_receive_message_length", LONGEST), ("grpc.so_reuseport", 0)]
        self._grpc = grpc.server(ThreadPoolExecutor(_THREADS), options=options)
        add_PredictionServiceServicer_to_server(PredictionService(self.versions), self._grpc)
        add_ModelServiceServicer_to_server(ModelService(self.versions), self._grpc)
        handler = type("Handler", (RestHandler,), {"versions": self.versions})
        self._rest = HttpServer(host, rest_port, handler)
        self.rest_port = self._rest.server_address[1]
        try:
            self.port = _listen(self._grpc, host, port, keys)
        except FerMdError:
            self._rest.server_close()
            raise
        if keys:
            self._rest.socket = keys.context.wrap_socket(
                self._rest.socket,
                server_side=True,
                do_handshake_on_connect=False,  # by the thread of the request
            )

    def refresh(self) -> None:
        """Loads versions that have appeared and lets go of those that are gone; no request is lost."""
        self.versions.refresh()

    def __enter__(self) -> "LocalServer":
        self._grpc.start()
        threading.Thread(target=self._rest.serve_forever, daemon=True).start()
        return self

    def __exit__(self, *_: object) -> None:
        self._rest.shutdown()
        self._rest.server_close()
        self._grpc.stop(grace=5).wait()


class _Keys:
    """A private key and its certificate, as REST and gRPC take them; `FerMdError` where the files hold none."""

    def __init__(self, key: Path, chain: Path):
        self.context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        try:
            self.context.load_cert_chain(chain, key)
            self.credentials = grpc.ssl_server_credentials([(Path(key).read_bytes(), Path(chain).read_bytes())])
        except OSError as error:  # ssl's is one too
            raise FerMdError(f"{key} and {chain}: no private key with its certificate ({error.strerror})") from None


def _listen(server: grpc.Server, host: str, port: int, keys: _Keys | None) -> int:
    address = f"{host}:{port}"
    try:
        if not 0 <= port < 2**16:
            raise RuntimeError("gRPC would take the port of which it has the lower 16 bits")
        return server.add_secure_port(address, keys.credentials) if keys else server.add_insecure_port(address)
    except RuntimeError:
        raise FerMdError(f"{address}: cannot be listened on; name another port") from None
