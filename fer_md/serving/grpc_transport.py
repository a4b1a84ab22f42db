"""Requests to TensorFlow Serving over gRPC. They need ``pip install "fer_md[serving]"``."""

from pathlib import Path

import numpy as np
import tensorflow as tf
from google.protobuf.message import DecodeError

from fer_md.errors import FerMdError
from fer_md.serving.protos import (
    GetModelMetadataRequest,
    PredictionServiceStub,
    PredictRequest,
    SignatureDefMap,
    grpc,
)
from fer_md.serving.transport import Unavailable


class GrpcTransport:
    """See `fer_md.serving.transport.Transport`.

    Args:
        host: name and port.
        name: of the model.
        version, label: which version; None for the server's choice.
        timeout: seconds that a request may take.
        secure: speak TLS.
        authority: file of certificates; None for those of the system.

    Raises:
        FerMdError: the file cannot be read.
    """

    def __init__(
        self,
        host: str,
        name: str,
        version: int | None,
        label: str | None,
        timeout: float,
        secure: bool,
        authority: Path | str | None,
    ):
        self.name, self.version, self.label, self.timeout = name, version, label, timeout
        # A server that comes back is found at once; the pauses are the client's.
        options = [("grpc.initial_reconnect_backoff_ms", 100), ("grpc.max_reconnect_backoff_ms", 500)]
        if secure:
            try:
                roots = None if authority is None else Path(authority).read_bytes()
            except OSError as error:
                raise FerMdError(f"{authority}: cannot be read ({error.strerror})") from None
            channel = grpc.secure_channel(host, grpc.ssl_channel_credentials(roots), options)
        else:
            channel = grpc.insecure_channel(host, options)
        self._stub = PredictionServiceStub(channel)

    def image_size(self) -> int:
        request = self._asked(GetModelMetadataRequest(metadata_field=["signature_def"]))
        answer, found = self._call(self._stub.GetModelMetadata, request), SignatureDefMap()
        try:
            answer.metadata["signature_def"].Unpack(found)
            return found.signature_def["faces"].inputs["faces"].tensor_shape.dim[1].size
        except (DecodeError, IndexError):  # what is missing in a message is an empty one, here a shape without sides
            raise FerMdError("has no signature for faces; serve what fer-md export wrote") from None

    def predict(self, faces: np.ndarray) -> tuple[np.ndarray, list[str]]:
        request = self._asked(PredictRequest(output_filter=["probabilities", "expressions"]))
        request.model_spec.signature_name = "faces"
        request.inputs["faces"].CopyFrom(tf.make_tensor_proto(faces))
        outputs = self._call(self._stub.Predict, request).outputs
        try:
            names = [name.decode() for name in tf.make_ndarray(outputs["expressions"])[0]]
            return np.asarray(tf.make_ndarray(outputs["probabilities"]), np.float32), names
        except (AttributeError, TypeError, IndexError, ValueError):
            raise FerMdError("answers no probabilities; serve what fer-md export wrote") from None

    def _asked(self, request):
        """The request, for this model and version."""
        request.model_spec.name = self.name
        if self.version is not None:
            request.model_spec.version.value = self.version
        if self.label is not None:
            request.model_spec.version_label = self.label
        return request

    def _call(self, method, request):
        try:
            return method(request, timeout=self.timeout)
        except grpc.RpcError as error:
            match error.code():
                case grpc.StatusCode.UNAVAILABLE:
                    raise Unavailable(error.details()) from None
                case grpc.StatusCode.DEADLINE_EXCEEDED:
                    raise FerMdError(f"no answer within {self.timeout:g} s") from None
                case code:
                    raise FerMdError(f"{code.name}, {error.details()}") from None
