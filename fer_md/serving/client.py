"""Asks a server about faces: TensorFlow Serving, or the local one, over gRPC or REST."""

import re
import time
from pathlib import Path

import numpy as np

from fer_md.errors import FerMdError
from fer_md.prediction.classifier import Classifier, are_names, is_side
from fer_md.serving.transport import Transport, Unavailable

_URL = re.compile(
    r"(?P<scheme>grpcs?|https?)://(?P<host>[^/\s]+:\d+)/(?P<name>[^/\s]+)"
    r"(/versions/(?P<version>[1-9]\d*)|/labels/(?P<label>[^/\s]+))?"
)
_FIRST_PAUSE = 0.1
"""Seconds before the first retry; each further pause is twice as long."""


class Client(Classifier):
    """A network on a server, as the classifier of a `fer_md.Predictor`: faces are found and cut out here.

    It can be pickled, and then connects again.

    Args:
        url: ``grpc://HOST:PORT/MODEL`` or ``http://HOST:PORT/MODEL``, or ``grpcs`` and ``https`` for TLS. Behind it may
            stand ``/versions/NUMBER`` or ``/labels/LABEL``; otherwise the server chooses the version. gRPC needs
            ``pip install "fer_md[serving]"``.
        batch: most faces of a request.
        timeout: seconds that one attempt may take.
        retries: how often a server that is unavailable is asked again, after 0.1 s, 0.2 s, 0.4 s and so on. After any
            other error it is not.
        authority: file with the certificates, PEM, that the server's must be signed by; None for those of the system.

    Raises:
        FerMdError: the URL is none, a package is missing, or the server does not answer; the message names the server.

    Examples:
        >>> predictor = fer_md.Predictor(Client("grpc://localhost:8500/fer/labels/stable"))
        >>> predictor.predict(["holiday.jpg"])
    """

    def __init__(
        self, url: str, batch: int = 32, timeout: float = 10.0, retries: int = 5, authority: Path | str | None = None
    ):
        found = _URL.fullmatch(url)
        if not found:
            raise FerMdError(
                f"{url}: a server is written grpc://HOST:PORT/MODEL or http://HOST:PORT/MODEL; /versions/NUMBER or "
                "/labels/LABEL may stand behind it"
            )
        if batch < 1 or timeout <= 0 or retries < 0:
            raise FerMdError(
                f"batch must be at least 1, timeout more than 0, retries at least 0; got {batch}, {timeout}, {retries}"
            )
        self._arguments = url, batch, timeout, retries, authority
        self.url, self.batch, self.retries = url, batch, retries
        self._transport = _transport(found, timeout, authority)
        size = self._ask(self._transport.image_size)
        if not is_side(size):
            raise FerMdError(f"{url}: takes faces of {size} pixels; serve what fer-md export wrote")
        _, expressions = self._ask(lambda: self._transport.predict(np.zeros((1, size, size, 1), np.uint8)))
        if not are_names(expressions):
            raise FerMdError(f"{url}: answers no names of expressions; serve what fer-md export wrote")
        super().__init__(self._forward_faces, expressions, size, [url])

    def __reduce__(self):
        return Client, self._arguments

    def _forward_faces(self, faces):
        parts = [faces[start : start + self.batch, ..., None] for start in range(0, len(faces), self.batch)]
        answers = [self._checked(part, *self._ask(lambda part=part: self._transport.predict(part))) for part in parts]
        return np.concatenate(answers)

    def _checked(self, faces, probabilities, expressions):
        """The answer, if it is one: a server may have changed its version since the client was made."""
        if tuple(expressions) != self.expressions:
            raise FerMdError(f"{self.url}: answers with other expressions than before; make a new client")
        if probabilities.shape != (len(faces), len(expressions)):
            raise FerMdError(f"{self.url}: answers {probabilities.shape} probabilities to {len(faces)} faces")
        return probabilities

    def _ask(self, request):
        """What ``request`` returns, asked again as long as the server is unavailable."""
        for attempt in range(self.retries + 1):
            try:
                return request()
            except Unavailable as error:
                reason = error
            except FerMdError as error:
                raise FerMdError(f"{self.url}: {error}") from None
            if attempt < self.retries:
                time.sleep(_FIRST_PAUSE * 2**attempt)
        raise FerMdError(f"{self.url}: not available, asked {self.retries + 1} times ({reason})")


def _transport(found: re.Match[str], timeout: float, authority: Path | str | None) -> Transport:
    if found["scheme"].startswith("http"):
        from fer_md.serving.rest_transport import RestTransport

        version = f"/versions/{found['version']}" if found["version"] else ""
        label = f"/labels/{found['label']}" if found["label"] else ""
        base = f"{found['scheme']}://{found['host']}/v1/models/{found['name']}"
        return RestTransport(base + version + label, timeout, authority)
    from fer_md.serving.grpc_transport import GrpcTransport

    number, secure = int(found["version"]) if found["version"] else None, found["scheme"] == "grpcs"
    return GrpcTransport(found["host"], found["name"], number, found["label"], timeout, secure, authority)
