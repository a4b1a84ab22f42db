"""Which system finds the faces and which aligns them, by name: what the flags of the programs offer."""

from fer_md.errors import FerMdError

DETECTORS = ("mtcnn", "region", "none")
"""MTCNN; Selective Search with a network of its own (the paper's Sec. 3.1), trained by experiments/train_detector.py;
none: a picture is a face."""

ALIGNMENTS = ("eyes", "cascade", "box")
"""By the detector's eyes; by those of the 68 landmarks of a cascade (experiments/train_alignment.py); by the box."""


def choose_detector(name, folder=None, min_face=None):
    """Loads a detector.

    Args:
        name: of `DETECTORS`.
        folder: of the trained detector, for ``"region"`` and only for it.
        min_face: side in pixels of the smallest face that ``"mtcnn"`` looks for; None by the size of the picture.

    Returns:
        `fer_md.faces.detection.Detector`, or None for ``"none"``.

    Raises:
        FerMdError: the folder is missing, not asked for, or no detector; or ``min_face`` for another detector.
    """
    _check("detector", name, DETECTORS, "region", "detector_dir", folder, "experiments/train_detector.py")
    if min_face is not None and name != "mtcnn":
        raise FerMdError(f"--min_face is for the detector mtcnn, not for {name}")
    if name == "mtcnn":
        from fer_md.faces.mtcnn import MtcnnDetector

        return MtcnnDetector(min_face)
    if name == "region":
        from fer_md.faces.region_detector import SelectiveSearchDetector  # loads TensorFlow

        return SelectiveSearchDetector.load(folder)
    return None


def choose_alignment(name, file=None):
    """Loads what an alignment needs.

    Args:
        name: of `ALIGNMENTS`.
        file: the trained cascade, for ``"cascade"`` and only for it.

    Returns:
        (align, cascade): ``"eyes"`` or ``"box"`` as `fer_md.faces.cut_face.cut_face` takes it, and a
        `fer_md.faces.cascade.Cascade` or None.

    Raises:
        FerMdError: the file is missing, not asked for, or no cascade.
    """
    _check("align", name, ALIGNMENTS, "cascade", "cascade", file, "experiments/train_alignment.py")
    if name != "cascade":
        return name, None
    from fer_md.faces.cascade import Cascade

    return "eyes", Cascade.load(file)


def _check(argument, name, names, trained, flag, path, script):
    if name not in names:
        raise FerMdError(f"{argument} must be one of {', '.join(names)}; got {name!r}")
    if name == trained and not path:
        raise FerMdError(f"--{argument}={name} needs --{flag}, which {script} writes")
    if name != trained and path:
        raise FerMdError(f"--{flag}={path} is for --{argument}={trained}; the {argument} asked for is {name}")
