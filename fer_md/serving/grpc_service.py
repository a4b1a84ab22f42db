"""The services of TensorFlow Serving over gRPC, for the versions of an exported network."""

import tensorflow as tf

from fer_md.serving.protos import (
    GetModelMetadataResponse,
    GetModelStatusResponse,
    ModelServiceServicer,
    ModelVersionStatus,
    PredictionServiceServicer,
    PredictResponse,
    SignatureDefMap,
    grpc,
)
from fer_md.serving.refused import Refused
from fer_md.serving.served_versions import ServedVersion, ServedVersions

DEFAULT = "serving_default"
"""The signature of a request that names none."""


def _version_of(versions, spec):
    """The version that a ``ModelSpec`` names."""
    number = spec.version.value if spec.HasField("version") else None
    return versions.version(spec.name, number, spec.version_label)


def signature_map(version: ServedVersion) -> SignatureDefMap:
    """The signatures of a version with names, types and shapes."""
    return SignatureDefMap(signature_def=version.signatures)


class PredictionService(PredictionServiceServicer):
    """``Predict`` and ``GetModelMetadata``; a network has no use for the other methods.

    Args:
        versions: what answers.
    """

    def __init__(self, versions: ServedVersions):
        self.versions = versions

    def Predict(self, request, context):
        return _answered(context, self._predict, request)

    def GetModelMetadata(self, request, context):
        return _answered(context, self._metadata, request)

    def _predict(self, request):
        version = _version_of(self.versions, request.model_spec)
        signature = request.model_spec.signature_name or DEFAULT
        try:
            inputs = {name: tf.make_ndarray(value) for name, value in request.inputs.items()}
        except (TypeError, ValueError) as error:
            raise Refused("INVALID_ARGUMENT", f"an input is no tensor ({error})") from None
        outputs, response = version.predict(signature, inputs), PredictResponse()
        if unknown := set(request.output_filter) - set(outputs):
            raise Refused("INVALID_ARGUMENT", f"output tensor alias not found in signature: {min(unknown)}")
        for name in request.output_filter or outputs:
            response.outputs[name].CopyFrom(tf.make_tensor_proto(outputs[name]))
        _set_spec(response, request, version, signature)
        return response

    def _metadata(self, request):
        version, response = _version_of(self.versions, request.model_spec), GetModelMetadataResponse()
        if list(request.metadata_field) != ["signature_def"]:
            raise Refused("INVALID_ARGUMENT", "metadata_field must be signature_def")
        response.metadata["signature_def"].Pack(signature_map(version))
        _set_spec(response, request, version)
        return response


class ModelService(ModelServiceServicer):
    """``GetModelStatus``.

    Args:
        versions: what answers.
    """

    def __init__(self, versions: ServedVersions):
        self.versions = versions

    def GetModelStatus(self, request, context):
        return _answered(context, self._status, request)

    def _status(self, request):
        asked = _version_of(self.versions, request.model_spec)
        spec = request.model_spec
        chosen = [asked.number] if spec.HasField("version") or spec.version_label else sorted(self.versions.loaded)
        available = ModelVersionStatus.State.AVAILABLE
        statuses = [ModelVersionStatus(version=number, state=available, status={}) for number in chosen]
        return GetModelStatusResponse(model_version_status=statuses)


def _set_spec(response, request, version, signature=""):
    response.model_spec.name, response.model_spec.signature_name = request.model_spec.name, signature
    response.model_spec.version.value = version.number


def _answered(context, answer, request):
    try:
        return answer(request)
    except Refused as error:
        context.abort(grpc.StatusCode[error.code], str(error))
    except tf.errors.OpError as error:
        context.abort(grpc.StatusCode.INTERNAL, error.message)
