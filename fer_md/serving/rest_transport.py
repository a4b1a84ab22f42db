"""Requests to TensorFlow Serving over REST; they need nothing but Python."""

import http.client
import json
import ssl
import urllib.error
import urllib.request
from pathlib import Path

import numpy as np

from fer_md.errors import FerMdError
from fer_md.serving.transport import Unavailable


class RestTransport:
    """See `fer_md.serving.transport.Transport`.

    Args:
        url: of the model or of a version of it.
        timeout: seconds that a request may take.
        authority: file of certificates; None for those of the system.

    Raises:
        FerMdError: the file cannot be read.
    """

    def __init__(self, url: str, timeout: float, authority: Path | str | None):
        self.url, self.timeout = url, timeout
        self._context = None
        if url.startswith("https:"):
            try:
                self._context = ssl.create_default_context(cafile=authority)
            except (OSError, ssl.SSLError) as error:
                raise FerMdError(f"{authority}: holds no certificate ({error})") from None

    def image_size(self) -> int:
        answer = self._request("/metadata")
        try:
            faces = answer["metadata"]["signature_def"]["signature_def"]["faces"]["inputs"]["faces"]
            return int(faces["tensor_shape"]["dim"][1]["size"])
        except (KeyError, TypeError, IndexError, ValueError):
            raise FerMdError("has no signature for faces; serve what fer-md export wrote") from None

    def predict(self, faces: np.ndarray) -> tuple[np.ndarray, list[str]]:
        content = {"signature_name": "faces", "inputs": {"faces": faces.tolist()}}
        answer = self._request(":predict", json.dumps(content).encode())
        try:
            outputs = answer["outputs"]
            return np.array(outputs["probabilities"], np.float32), outputs["expressions"][0]
        except (KeyError, TypeError, IndexError, ValueError):
            raise FerMdError("answers no probabilities; serve what fer-md export wrote") from None

    def _request(self, what, data=None):
        try:
            with urllib.request.urlopen(self.url + what, data, self.timeout, context=self._context) as answer:
                return json.load(answer)
        except urllib.error.HTTPError as error:
            if error.code == 503:
                raise Unavailable("503") from None
            raise FerMdError(f"{error.code}, {_message(error)}") from None
        except TimeoutError:
            raise FerMdError(f"no answer within {self.timeout:g} s") from None
        except (urllib.error.URLError, http.client.HTTPException, ConnectionError) as error:
            reason = getattr(error, "reason", error)
            if isinstance(reason, TimeoutError):
                raise FerMdError(f"no answer within {self.timeout:g} s") from None
            if isinstance(reason, ssl.SSLError):
                raise FerMdError(f"no secure connection ({reason})") from None
            raise Unavailable(str(reason) or type(reason).__name__) from None
        except OSError as error:
            raise Unavailable(str(error)) from None
        except (ValueError, RecursionError):
            raise FerMdError("answers something else than JSON") from None


def _message(error):
    try:
        content = error.read()
        return json.loads(content)["error"]
    except (OSError, http.client.HTTPException):  # it went away before it had said why
        return error.reason
    except (ValueError, KeyError, TypeError):
        return content[:200].decode(errors="replace")
