"""Which system finds the faces and which aligns them, by the names that the programs offer."""

from pathlib import Path

from fer_md.environment import check_tensorflow
from fer_md.errors import FerMdError
from fer_md.faces.cascade import Cascade
from fer_md.faces.detection import Detector

READY = ("yunet", "mtcnn")
"""Detectors whose networks ship with the package; the first is the default."""

DETECTORS = (*READY, "region", "none")
"""``"yunet"``; ``"mtcnn"``, the paper's ref. [18]; ``"region"``, Selective Search with a network of its own (the
paper's Sec. 3.1), which experiments/train_detector.py trains; ``"none"``, which takes each picture for a face."""

ALIGNMENTS = ("eyes", "cascade", "box")
"""Faces are cut out by the detector's eyes; by the eyes among the 68 landmarks of a cascade, which
experiments/train_alignment.py trains; or by the box."""


def choose_detector(
    name: str = READY[0],
    detector_dir: Path | str | None = None,
    min_face: int | None = None,
    min_score: float | None = None,
) -> Detector | None:
    """Loads a detector.

    Args:
        name: one of `DETECTORS`.
        detector_dir: folder of the trained detector; for ``"region"`` only.
        min_face: side in pixels of the smallest face to look for, for one of `READY`; None lets the size of the
            picture decide.
        min_score: lowest score of a face; None for the detector's own threshold.

    Returns:
        the detector, or None for ``"none"``.

    Raises:
        FerMdError: the name is unknown, ``detector_dir`` is missing or holds no detector, or an argument is given that
            the detector does not take.
    """
    _check("detector", name, DETECTORS, "region", "detector_dir", detector_dir, "experiments/train_detector.py")
    if min_face is not None and name not in READY:
        raise FerMdError(f"min_face={min_face} is for the detectors {' and '.join(READY)}, not for {name}")
    if min_score is not None and name == "none":
        raise FerMdError(f"min_score={min_score} is for a detector, and none is asked for")
    stated = {} if min_score is None else {"threshold": min_score}
    if name == "yunet":
        from fer_md.faces.yunet import YunetDetector

        return YunetDetector(min_face, **stated)
    if name == "mtcnn":
        from fer_md.faces.mtcnn import MtcnnDetector

        return MtcnnDetector(min_face, **stated)
    if detector_dir:
        check_tensorflow()
        from fer_md.faces.region_detector import SelectiveSearchDetector

        return SelectiveSearchDetector.load(detector_dir, **stated)
    return None


def choose_alignment(name: str, cascade: Path | str | None = None) -> tuple[str, Cascade | None]:
    """Loads what an alignment needs.

    Args:
        name: one of `ALIGNMENTS`.
        cascade: file of the trained cascade; for ``"cascade"`` only.

    Returns:
        (align, cascade): ``"eyes"`` or ``"box"``, as `fer_md.faces.alignment.cut_face` takes it, and the cascade or
        None.

    Raises:
        FerMdError: the name is unknown, the file is missing or holds no cascade, or it is given for another alignment.
    """
    _check("align", name, ALIGNMENTS, "cascade", "cascade", cascade, "experiments/train_alignment.py")
    return ("eyes", Cascade.load(cascade)) if cascade else (name, None)


def _check(argument, name, names, trained, path_argument, path, script):
    if name not in names:
        raise FerMdError(f"{argument} must be one of {', '.join(names)}; got {name!r}")
    if name == trained and not path:
        raise FerMdError(f"{argument}={name} needs {path_argument}, which {script} writes")
    if name != trained and path:
        raise FerMdError(f"{path_argument}={path} is for {argument}={trained}; the {argument} asked for is {name}")
