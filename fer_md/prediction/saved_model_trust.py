"""A SavedModel is a program: what it would do besides computing is found before it is loaded."""

import re
from collections.abc import Iterable
from pathlib import Path

from google.protobuf.message import DecodeError
from tensorflow.core.protobuf import saved_model_pb2

from fer_md.errors import FerMdError

_OPERATIONS = re.compile(
    "File|Path|Directory|Save|Restore|Checkpoint|Summary|Reader|Dataset|Iterator|PyFunc|Print|Debug|Dump|Rpc|Send|Recv"
)
"""Names of TensorFlow's operations that read or write files, print, or reach other processes."""

_COMPUTING = {"TensorSliceDataset", "MapDataset", "IgnoreErrorsDataset", "BatchDatasetV2", "ReduceDataset"}
"""Those of such a name that only compute; the functions that they call are looked at like any other."""


def check_saved_model(folder: Path | str) -> None:
    """Refuses a SavedModel with operations that could read or write files, print, or reach other processes.

    What TensorFlow itself needs to store and restore the weights is allowed, if nothing else calls it.

    Args:
        folder: of the version, with ``saved_model.pb``.

    Raises:
        FerMdError: there is such an operation, or the file is damaged.
    """
    path = Path(folder) / "saved_model.pb"
    saved = saved_model_pb2.SavedModel()
    try:
        saved.ParseFromString(path.read_bytes())
    except DecodeError:
        raise FerMdError(f"{path}: not a SavedModel of fer-md export, or damaged") from None
    found = sorted(set().union(*(_risky(meta) for meta in saved.meta_graphs)))
    if found:
        raise FerMdError(
            f"{path}: could do more than compute ({', '.join(found)}); if you trust where it comes from, allow it with "
            "--trust, or load_classifier(..., trust=True)"
        )


def _risky(meta):
    """Names of the operations that are not those of the saver."""
    functions = {function.signature.name: function.node_def for function in meta.graph_def.library.function}
    # The saver's functions are called by two nodes of the graph; nothing that a loaded model offers may be among them.
    ends = {name.partition(":")[0] for name in (meta.saver_def.save_tensor_name, meta.saver_def.restore_op_name)}
    savers = [node for node in meta.graph_def.node if node.name in ends]
    others = [node for node in meta.graph_def.node if node.name not in ends]
    roots = (set(functions) - _called(savers, functions)) | set(meta.object_graph_def.concrete_functions)
    called = roots | _called([*others, *(node for name in roots for node in functions[name])], functions)
    nodes = [*others, *(node for name in called for node in functions[name])]
    return {node.op for node in nodes if _OPERATIONS.search(node.op) and node.op not in _COMPUTING}


def _called(nodes: Iterable, functions: dict) -> set[str]:
    """Names of the functions that nodes call, and of those that these call."""
    found: set[str] = set()
    ahead = list(nodes)
    while ahead:
        node = ahead.pop()
        names = {node.op, *(item.name for value in node.attr.values() for item in _functions_of(value))}
        for name in (names & functions.keys()) - found:
            found.add(name)
            ahead += functions[name]
    return found


def _functions_of(value):
    return [*([value.func] if value.HasField("func") else []), *value.list.func]
