"""A trained network as the two files of OpenVINO. It needs ``pip install fer_md[openvino]``."""

import contextlib
import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np

from fer_md.errors import FerMdError
from fer_md.files import atomic_directory
from fer_md.models.int8_weights import SMALLEST, to_int8
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
        quantize: how the weights are stored, one of `fer_md.serving.checks.QUANTIZE`.
        overwrite: replace a folder that is there already.

    Returns:
        ``folder``.

    Raises:
        FerMdError: the package is missing, the folder exists, the disk is full, or the files would answer differently
            from the Keras model.
    """
    with _untold():
        try:
            import openvino
        except ImportError as error:
            raise FerMdError(f'{error.name} is not installed; pip install "fer_md[openvino]"') from None
        model = openvino.convert_model(network.from_faces.get_concrete_function())
    if quantize == "int8":
        store_int8(model)
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


@contextlib.contextmanager
def _untold() -> Iterator[None]:
    """OpenVINO reports its uses to its makers, but not those in automatic builds: this is taken for one."""
    before = os.environ.get("CI")
    os.environ["CI"] = "true"
    try:
        yield
    finally:
        if before is None:
            del os.environ["CI"]
        else:
            os.environ["CI"] = before


def store_int8(model: Any) -> None:
    """Stores the weights of a model of OpenVINO, in place, with 8 bits; it multiplies them by their steps itself."""
    from openvino import opset13

    for node in model.get_ordered_ops():
        if node.get_type_name() not in ("Convolution", "MatMul"):
            continue
        source = node.input(1).get_source_output()
        if source.get_node().get_type_name() != "Constant":
            continue
        values = source.get_node().get_data()
        if values.size < SMALLEST:
            continue
        axis = 1 if node.get_type_name() == "MatMul" and not node.get_attributes()["transpose_b"] else 0
        multiples, steps = to_int8(values, axis)
        turned = opset13.convert(opset13.constant(multiples), np.float32)
        node.input(1).replace_source_output(opset13.multiply(turned, steps).output(0))
