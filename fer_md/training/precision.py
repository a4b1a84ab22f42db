"""The precision of the layers: bfloat16 where the processor computes in it, float32 elsewhere."""

from pathlib import Path

import keras

from fer_md.runs.run_directory import read_settings

PRECISIONS = ("auto", "bfloat16", "float32")

_FLAGS = {"amx_bf16", "avx512_bf16"}
"""Of /proc/cpuinfo, either will do. Without them bfloat16 is emulated, at a ninth of float32's speed."""


def set_precision(name: str = "auto", run_dir: Path | str | None = None) -> str:
    """Sets Keras's precision for the layers that are built from now on; weights and losses stay float32.

    Args:
        name: ``"float32"``, ``"bfloat16"``, or ``"auto"``: that of the run in ``run_dir`` if there is one, so that it
            can be resumed anywhere; else bfloat16 where this processor computes in it, else float32.
        run_dir: folder of a run, or None.

    Returns:
        ``"float32"`` or ``"bfloat16"``.

    Raises:
        ValueError: another name.
    """
    if name not in PRECISIONS:
        raise ValueError(f"precision must be one of {', '.join(PRECISIONS)}, not {name!r}")
    if name == "auto":
        name = _stored(run_dir) or ("bfloat16" if _FLAGS & _processor_flags() else "float32")
    keras.config.set_dtype_policy("mixed_bfloat16" if name == "bfloat16" else "float32")
    return name


def _stored(run_dir):
    begun = run_dir is not None and (Path(run_dir) / "config.json").is_file()
    return read_settings(run_dir).get("precision") if begun else None


def _processor_flags():
    try:
        lines = Path("/proc/cpuinfo").read_text().splitlines()
    except OSError:
        return set()
    return set(next((line.split(":")[1].split() for line in lines if line.startswith("flags")), []))
