"""A SavedModel is a program: what it would do besides computing is found before it is loaded."""

from collections.abc import Iterable
from pathlib import Path

from google.protobuf.message import DecodeError
from tensorflow.core.protobuf import saved_model_pb2
from tensorflow.core.protobuf.saved_object_graph_pb2 import SavedObjectGraph

from fer_md.errors import FerMdError
from fer_md.prediction.computing_operations import COMPUTING, STORING


def check_saved_model(folder: Path | str, advice: str) -> None:
    """Refuses a SavedModel with operations that are not known to compute alone (`COMPUTING`).

    Those that store and restore the weights are allowed in the saver's own functions, if nothing else names these:
    TensorFlow restores the weights without running them. It does so if there is a graph of objects; a file of
    TensorFlow 1 has none, and is refused.

    Args:
        folder: of the version, with ``saved_model.pb``.
        advice: what to do with one that is refused, for the error.

    Raises:
        FerMdError: there is such an operation, or the file is damaged or of TensorFlow 1.
    """
    path = Path(folder) / "saved_model.pb"
    saved = saved_model_pb2.SavedModel()
    try:
        saved.ParseFromString(path.read_bytes())
    except DecodeError:
        raise FerMdError(f"{path}: not a SavedModel of fer-md export, or damaged") from None
    if not saved.meta_graphs:
        raise FerMdError(f"{path}: not a SavedModel of fer-md export, or damaged")
    if len(saved.meta_graphs) != 1 or not saved.meta_graphs[0].HasField("object_graph_def"):
        raise FerMdError(f"{path}: in the form of TensorFlow 1, and what loading it does is not known; {advice}")
    if found := sorted(_unknown(saved.meta_graphs[0])):
        raise FerMdError(f"{path}: could do more than compute ({', '.join(found)}); {advice}")


def _unknown(meta):
    """Names of the operations that are allowed nowhere, or not where they are."""
    functions = meta.graph_def.library.function
    ends = {name.partition(":")[0] for name in (meta.saver_def.save_tensor_name, meta.saver_def.restore_op_name)}
    calls = [node for node in meta.graph_def.node if node.name in ends]
    others = [node for node in meta.graph_def.node if node.name not in ends]
    elsewhere = _named([*others, *(node for function in functions for node in function.node_def)])
    savers = _named(calls) - elsewhere - _offered(meta.object_graph_def)
    found = {node.op for node in meta.graph_def.node} - COMPUTING
    for function in functions:
        allowed = COMPUTING | STORING if function.signature.name in savers else COMPUTING
        found |= {node.op for node in function.node_def} - allowed
    return found


def _named(nodes: Iterable) -> set[str]:
    """The functions that nodes name."""
    values = [value for node in nodes for value in node.attr.values()]
    return {function.name for value in values for function in (value.func, *value.list.func) if function.name}


def _offered(objects: SavedObjectGraph) -> set[str]:
    """The functions that the loaded objects consist of; loading runs some of them."""
    names = set(objects.concrete_functions)
    for node in objects.nodes:
        names |= {*node.function.concrete_functions, node.bare_concrete_function.concrete_function_name}
    return names
