"""Which kind of result each file of a folder holds, and reading them."""

from pathlib import Path

from fer_md.files import read_json
from fer_md.runs.done import check_done
from fer_md.runs.results import Result, read_result
from fer_md.typed_json import from_json
from pages.rows import Forgetting, Landmarks, Matrices, Methods, RunConfig, RunTime, Stages
from pages.study_rows import (
    Audit,
    CameraPage,
    Crops,
    Cross,
    Doubts,
    DrawnFaces,
    JointStudy,
    LossCosts,
    LossStudy,
    NetworkSearch,
    PredictionSpeed,
    RayWorkers,
    Robustness,
    ServingLoad,
    Smoothing,
    StepSpeed,
    TimeToAccuracy,
)

KINDS: dict[str, type[Result]] = {
    "stages": Stages,
    "stages-replay": Stages,
    "forgetting": Forgetting,
    "table1": Matrices,
    "table2": Matrices,
    "table3": Matrices,
    "table4": Methods,
    "table4-wild": Methods,
    "figure6": Landmarks,
    "landmarks48": Landmarks,
    "landmarks96": Landmarks,
    "loss-confirm": LossStudy,
    "loss-low-data": LossStudy,
    "loss-low-data-same": LossStudy,
    "loss-screen": LossStudy,
    "loss-ablation": LossStudy,
    "joint": JointStudy,
    "joint-test": JointStudy,
    "network-search-onednn": NetworkSearch,
    "network-search": NetworkSearch,
    "network-search-avx2": NetworkSearch,
    "time-to-accuracy": TimeToAccuracy,
    "md_loss": LossCosts,
    "training_step": StepSpeed,
    "training_step_avx2": StepSpeed,
    "training_step_avx512": StepSpeed,
    "training_step_avx512_wide": StepSpeed,
    "training_step_avx512_deep": StepSpeed,
    "predict": PredictionSpeed,
    "camera_page": CameraPage,
    "serving_load": ServingLoad,
    "ray_workers": RayWorkers,
    "fer2013-audit": Audit,
    "robustness": Robustness,
    "crops": Crops,
    "cross": Cross,
    "doubts": Doubts,
    "smoothing": Smoothing,
    "drawn-faces": DrawnFaces,
}
"""The dataclass of each file, by its name without .json."""


def read_named(folder: Path, name: str) -> Result | None:
    """The content of ``NAME.json``, a name of ``KINDS``; None where the file is not there.

    Raises:
        FerMdError: see ``read_result``.
    """
    path = folder / f"{name}.json"
    return read_result(KINDS[name], path) if path.exists() else None


def read_run_config(run: Path | str) -> RunConfig:
    """The ``config.json`` of a run; ``FerMdError`` as for ``read_result``, and where it was changed after the run."""
    return _read_of_run(RunConfig, Path(run) / "config.json")


def read_run_time(run: Path | str) -> RunTime:
    """The ``time.json`` of a finished run; ``FerMdError`` as for ``read_run_config``."""
    return _read_of_run(RunTime, Path(run) / "time.json")


def _read_of_run(kind, path):
    check_done(path)
    return from_json(kind, read_json(path), str(path))
