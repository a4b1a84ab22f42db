"""A trained network as an ONNX file. It needs ``pip install fer_md[onnx]``."""

from pathlib import Path

from fer_md.environment import quiet_stderr
from fer_md.errors import FerMdError
from fer_md.files import atomic_file
from fer_md.serving.checks import check_answers
from fer_md.serving.served_network import ServedNetwork

OPSET = 18
"""Version of ONNX's operators; runtimes have it since 2023."""


def export_onnx(network: ServedNetwork, path: Path | str) -> Path:
    """Writes an ``.onnx`` file, whole or not at all.

    It takes ``faces`` (B, S, S, 1) uint8 and returns ``probabilities`` (B, K) float32; B may be 0. Its metadata
    properties are ``metadata.json`` and ``labels.txt``.

    Args:
        network: what is exported.
        path: file to write.

    Returns:
        ``path``.

    Raises:
        FerMdError: a package is missing, or the file would answer differently from the Keras model.
    """
    try:
        import onnxruntime
        import tf2onnx
    except ImportError as error:
        raise FerMdError(f'{error.name} is not installed; pip install "fer_md[onnx]"') from None
    with quiet_stderr():
        model, _ = tf2onnx.convert.from_function(network.from_faces, network.from_faces.input_signature, opset=OPSET)
    for name, text in network.texts().items():
        model.metadata_props.add(key=name, value=text)
    with atomic_file(path) as partial:
        partial.write_bytes(model.SerializeToString())
        session = onnxruntime.InferenceSession(str(partial), providers=["CPUExecutionProvider"])
        check_answers(lambda faces: session.run(None, {"faces": faces})[0], network)
    return Path(path)
