"""A trained network as a file of LiteRT."""

from pathlib import Path

from fer_md.files import atomic_file
from fer_md.litert.attached import attach
from fer_md.litert.convert import convert_function
from fer_md.litert.network import LiteNetwork
from fer_md.serving.checks import check_answers
from fer_md.serving.served_network import ServedNetwork


def export_litert(network: ServedNetwork, path: Path | str, quantize: str = "none") -> Path:
    """Writes a ``.tflite`` file, whole or not at all.

    Its signature takes ``faces`` (B, S, S, 1) uint8 and returns ``probabilities`` (B, K) float32; B may be 0. The file
    also holds ``metadata.json`` and ``labels.txt``, see `fer_md.litert.attached`.

    Args:
        network: what is exported.
        path: file to write.
        quantize: how the weights are stored, one of `fer_md.serving.checks.QUANTIZE`.

    Returns:
        ``path``.

    Raises:
        FerMdError: the file would answer differently from the Keras model.
    """
    with atomic_file(path) as partial:
        partial.write_bytes(convert_function(network.from_faces.get_concrete_function(), network, quantize))
        attach(partial, network.texts(quantize))
        check_answers(LiteNetwork(partial.read_bytes()), network, quantize)
    return Path(path)
