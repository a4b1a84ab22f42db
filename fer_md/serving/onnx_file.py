"""A trained network as an ONNX file. It needs ``pip install fer_md[onnx]``."""

from pathlib import Path
from typing import Any

import numpy as np

from fer_md.environment import quiet_stderr
from fer_md.errors import FerMdError
from fer_md.files import atomic_file
from fer_md.models.int8_weights import SMALLEST, to_int8
from fer_md.serving.checks import check_answers
from fer_md.serving.served_network import ServedNetwork

OPSET = 18
"""Version of ONNX's operators; runtimes have it since 2023."""

AXES = {"Conv": 0, "MatMul": 1}
"""Operations whose second input are weights, and which of their axes is that of the outputs."""


def export_onnx(network: ServedNetwork, path: Path | str, quantize: str = "none") -> Path:
    """Writes an ``.onnx`` file, whole or not at all.

    It takes ``faces`` (B, S, S, 1) uint8 and returns ``probabilities`` (B, K) float32; B may be 0. Its metadata
    properties are ``metadata.json`` and ``labels.txt``.

    Args:
        network: what is exported.
        path: file to write.
        quantize: how the weights are stored, one of `fer_md.serving.checks.QUANTIZE`.

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
    store_weights(model.graph, quantize)
    for name, text in network.texts(quantize).items():
        model.metadata_props.add(key=name, value=text)
    with atomic_file(path) as partial:
        partial.write_bytes(model.SerializeToString())
        session = onnxruntime.InferenceSession(str(partial), providers=["CPUExecutionProvider"])
        check_answers(lambda faces: session.run(None, {"faces": faces})[0], network, quantize)
    return Path(path)


def store_weights(graph: Any, quantize: str) -> None:
    """Stores the weights of a graph of ONNX, in place, with 16 or 8 bits. It turns them into float32 again itself.

    Nothing else changes: activations stay float32, so that a face's answer does not depend on the faces beside it.
    """
    import onnx
    from onnx.helper import make_node

    def add(values, name):
        graph.initializer.append(onnx.numpy_helper.from_array(values, name))
        return name

    axes = {node.input[1]: AXES[node.op_type] for node in graph.node if node.op_type in AXES}
    nodes = []
    for weights in [one for one in graph.initializer if one.name in axes]:
        name, values = weights.name, onnx.numpy_helper.to_array(weights)
        if quantize == "none" or values.size < SMALLEST:
            continue
        graph.initializer.remove(weights)
        stored, steps = (values.astype(np.float16), None) if quantize == "float16" else to_int8(values, axes[name])
        turned = name if steps is None else f"{name}/multiples"
        nodes.append(make_node("Cast", [add(stored, f"{name}/{quantize}")], [turned], to=onnx.TensorProto.FLOAT))
        if steps is not None:  # not DequantizeLinear, which onnxruntime computes anew for every batch
            nodes.append(make_node("Mul", [turned, add(steps, f"{name}/steps")], [name]))
    for node in reversed(nodes):
        graph.node.insert(0, node)
