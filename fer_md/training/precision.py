"""The precision of the layers: 16 bits where the GPU or the processor computes in them, float32 elsewhere."""

from collections.abc import Iterable
from pathlib import Path

import keras
import tensorflow as tf

from fer_md.runs.run_directory import read_settings

PRECISIONS = ("auto", "bfloat16", "float16", "float32")
POLICIES = {"bfloat16": "mixed_bfloat16", "float16": "mixed_float16", "float32": "float32"}

_FLAGS = {"amx_bf16", "avx512_bf16"}
"""Of /proc/cpuinfo, either will do. Without them bfloat16 is emulated, at a ninth of float32's speed."""


def set_precision(name: str = "auto", run_dir: Path | str | None = None) -> str:
    """Sets Keras's precision for the layers that are built from now on; weights and losses stay float32.

    Args:
        name: ``"float32"``; ``"bfloat16"``; ``"float16"``, with loss scaling (``LossScale``); or ``"auto"``: that of
            the run in ``run_dir`` if there is one, so that it can be resumed anywhere; else that of the GPUs, by the
            compute capability of the least of them: bfloat16 from 8.0, float16 from 7.0; else, without a GPU, bfloat16
            where this processor computes in it; else float32.
        run_dir: folder of a run, or None.

    Returns:
        ``"float32"``, ``"bfloat16"`` or ``"float16"``.

    Raises:
        ValueError: another name.
    """
    if name not in PRECISIONS:
        raise ValueError(f"precision must be one of {', '.join(PRECISIONS)}, not {name!r}")
    if name == "auto":
        name = _stored(run_dir) or _fastest()
    keras.config.set_dtype_policy(POLICIES[name])
    return name


def precision_of_runs(folders: Iterable[Path | str]) -> str:
    """The precision that runs had, as they state it; several, with commas, if they were trained on several machines.

    Raises:
        FerMdError: see ``read_settings``.
    """
    return ", ".join(sorted({read_settings(folder)["precision"] for folder in folders}))


def _fastest():
    gpus = tf.config.get_visible_devices("GPU")
    if not gpus:
        return "bfloat16" if _FLAGS & _processor_flags() else "float32"
    details = map(tf.config.experimental.get_device_details, gpus)
    least = min(found.get("compute_capability", (0, 0)) for found in details)  # only NVIDIA's have one
    return "bfloat16" if least >= (8, 0) else "float16" if least >= (7, 0) else "float32"


def _stored(run_dir):
    begun = run_dir is not None and (Path(run_dir) / "config.json").is_file()
    return read_settings(run_dir).get("precision") if begun else None


def _processor_flags():
    try:
        lines = Path("/proc/cpuinfo").read_text().splitlines()
    except OSError:
        return set()
    return set(next((line.split(":")[1].split() for line in lines if line.startswith("flags")), []))
