"""The REST interface of TensorFlow Serving, for the versions of an exported network.

Reference:
    https://www.tensorflow.org/tfx/serving/api_rest
"""

import base64
import binascii
import json
import re
from http.server import BaseHTTPRequestHandler
from typing import Any

import numpy as np
import tensorflow as tf
from google.protobuf.json_format import MessageToDict

from fer_md.serving.grpc_service import DEFAULT, signature_map
from fer_md.serving.http_server import body_length
from fer_md.serving.refused import Refused
from fer_md.serving.served_versions import ServedVersion, ServedVersions

_PATH = re.compile(
    r"/v1/models/(?P<name>[^/:]+)(/versions/(?P<number>\d{1,18})|/labels/(?P<label>[^/:]+))?(?P<what>:predict|/metadata)?"
)
_HTTP = {"INVALID_ARGUMENT": 400, "FAILED_PRECONDITION": 400, "NOT_FOUND": 404}
LONGEST = 2**28
"""Bytes of a request beyond which it is not read."""


class RestHandler(BaseHTTPRequestHandler):
    """Answers ``:predict``, ``/metadata`` and the status of a model; ``versions`` is set by a subclass."""

    protocol_version = "HTTP/1.1"
    timeout = 60  # seconds that a client may say nothing
    versions: ServedVersions

    def do_GET(self):
        self._answer({None: self._status, "/metadata": self._metadata})

    def do_POST(self):
        self._answer({":predict": self._predict})

    def log_message(self, format, *values):
        """Nothing: a request is not worth a line."""

    def _answer(self, actions):
        try:
            body = self._body()
            found = _PATH.fullmatch(self.path)
            action = actions.get(found["what"]) if found else None
            if not found or action is None:
                raise Refused("NOT_FOUND", f"Malformed request: {self.command} {self.path}")
            number = None if found["number"] is None else int(found["number"])
            code, content = 200, action(self.versions.version(found["name"], number, found["label"]), body)
        except Refused as error:
            code, content = _HTTP[error.code], {"error": str(error)}
        except tf.errors.OpError as error:
            code, content = 500, {"error": error.message}
        data = json.dumps(content).encode()
        self.send_response(code)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(data)))
        self.end_headers()
        self.wfile.write(data)

    def _body(self):
        text = self.headers.get("Content-Length", "0")
        if (length := body_length(text, LONGEST)) is None:
            self.close_connection = True
            raise Refused("INVALID_ARGUMENT", f"Content-Length must be at most {LONGEST}; got {text[:20]}")
        return self.rfile.read(length)

    def _status(self, version, body):
        chosen = sorted(self.versions.loaded) if self.path.count("/") == 3 else [version.number]
        good = {"error_code": "OK", "error_message": ""}
        return {"model_version_status": [{"version": str(n), "state": "AVAILABLE", "status": good} for n in chosen]}

    def _metadata(self, version, body):
        spec = {"name": self.versions.name, "signature_name": "", "version": str(version.number)}
        signatures = MessageToDict(signature_map(version), preserving_proto_field_name=True)
        return {"model_spec": spec, "metadata": {"signature_def": signatures}}

    def _predict(self, version, body):
        try:
            asked = json.loads(body)
        except (ValueError, RecursionError) as error:
            raise Refused("INVALID_ARGUMENT", f"JSON Parse error: {error}") from None
        if not isinstance(asked, dict) or ("instances" in asked) == ("inputs" in asked):
            raise Refused("INVALID_ARGUMENT", "Missing 'inputs' or 'instances' key: one of both must be there")
        return answer_json(version, asked)


def answer_json(version: ServedVersion, asked: dict[str, Any]) -> dict[str, Any]:
    """What the server answers to ``:predict``.

    Args:
        version: what answers.
        asked: the request, with ``instances`` (rows) or ``inputs`` (columns), and ``signature_name``.

    Raises:
        Refused: it does not fit the signature.
    """
    signature = asked.get("signature_name", DEFAULT)
    if not isinstance(signature, str):
        raise Refused("INVALID_ARGUMENT", "'signature_name' must be a string")
    specs = version.specs(signature)
    columns = _columns(asked["instances"], specs) if "instances" in asked else asked["inputs"]
    if not isinstance(columns, dict) or set(columns) == {"b64"}:
        columns = {next(iter(specs)): columns} if len(specs) == 1 else {}
    if set(columns) != set(specs):
        raise Refused("INVALID_ARGUMENT", f"inputs must be {', '.join(specs)}; got {', '.join(columns) or 'none'}")
    outputs = {
        name: np.char.decode(value.astype(bytes), "utf-8").tolist() if value.dtype == object else value.tolist()
        for name, value in version.predict(signature, _arrays(columns, specs)).items()
    }
    if "inputs" in asked:
        return {"outputs": outputs}
    return {"predictions": [dict(zip(outputs, row, strict=True)) for row in zip(*outputs.values(), strict=True)]}


def _columns(instances, specs):
    """Rows as columns; a row of one input may be its value alone."""
    if not isinstance(instances, list) or not instances:
        raise Refused("INVALID_ARGUMENT", "'instances' must be a list that is not empty")
    names = list(specs)
    if len(names) == 1:
        alone = [row if isinstance(row, dict) and set(row) != {"b64"} else {names[0]: row} for row in instances]
        instances = alone
    if not all(isinstance(row, dict) and set(row) == set(names) for row in instances):
        raise Refused("INVALID_ARGUMENT", f"each instance must have {', '.join(names)}, and nothing else")
    return {name: [row[name] for row in instances] for name in names}


def _arrays(columns, specs):
    try:
        return {name: _array(columns[name], spec) for name, spec in specs.items()}
    except (TypeError, ValueError, OverflowError, binascii.Error) as error:
        raise Refused("INVALID_ARGUMENT", f"a value does not fit its input ({error})") from None


def _array(value, spec):
    if spec.dtype == tf.string:
        return np.array([_bytes(item) for item in value] if isinstance(value, list) else [_bytes(value)], object)
    found = np.array(value)
    if found.size and found.dtype.kind not in ("iu" if spec.dtype.is_integer else "iuf"):
        raise ValueError(f"{spec.name} takes {spec.dtype.name}")
    if spec.dtype.is_integer and found.size and not spec.dtype.min <= found.min() <= found.max() <= spec.dtype.max:
        raise ValueError(f"{spec.name} takes {spec.dtype.name}, from {spec.dtype.min} to {spec.dtype.max}")
    return found.astype(spec.dtype.as_numpy_dtype)


def _bytes(item):
    if isinstance(item, dict) and set(item) == {"b64"}:
        return base64.b64decode(item["b64"], validate=True)
    if isinstance(item, str):
        return item.encode()
    raise ValueError('a string is written as text, or as {"b64": ...}')
