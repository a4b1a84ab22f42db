"""A trained network as the two files of OpenVINO. It needs ``pip install fer_md[openvino]``."""

import os
from pathlib import Path

from fer_md.errors import FerMdError
from fer_md.files import atomic_directory
from fer_md.serving.checks import check_answers
from fer_md.serving.served_network import ServedNetwork


def export_openvino(
    network: ServedNetwork, folder: Path | str, quantize: str = "none", overwrite: bool = False
) -> Path:
    """Writes ``network.xml`` and ``network.bin`` in a new folder, which appears whole or not at all.

    The network takes ``faces`` (B, S, S, 1) uint8 and returns ``probabilities`` (B, K) float32; B may be 0. Its
    ``model_info`` has ``metadata.json`` and, as OpenVINO's own programs read them, ``labels``.

    Args:
        network: what is exported.
        folder: to make.
        quantize: how the weights are stored, ``"none"`` or ``"float16"``.
        overwrite: replace a folder that is there already.

    Returns:
        ``folder``.

    Raises:
        FerMdError: the package is missing, the folder exists, the disk is full, or the files would answer differently
            from the Keras model.
    """
    try:
        import openvino
    except ImportError as error:
        raise FerMdError(f'{error.name} is not installed; pip install "fer_md[openvino]"') from None
    model = openvino.convert_model(network.from_faces.get_concrete_function())
    model.set_rt_info(" ".join(network.expressions), ["model_info", "labels"])
    model.set_rt_info(network.texts(quantize)["metadata.json"], ["model_info", "metadata.json"])
    with atomic_directory(folder, overwrite) as partial:
        try:
            openvino.save_model(model, os.fspath(partial / "network.xml"), compress_to_fp16=quantize == "float16")
        except RuntimeError as error:
            raise FerMdError(f"{folder}: cannot be written, is the disk full? ({error})") from None
        exact = {"INFERENCE_PRECISION_HINT": "f32"}
        compiled = openvino.compile_model(os.fspath(partial / "network.xml"), "CPU", exact)
        check_answers(lambda faces: compiled({"faces": faces})[0], network, quantize)
    return Path(folder)
