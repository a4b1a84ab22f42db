"""What the scripts for photographs share: their settings, and the preparation itself."""

import contextlib
import dataclasses
import time
from collections.abc import Callable
from pathlib import Path

from fer_md import console
from fer_md.data.overview import overview
from fer_md.errors import FerMdError
from fer_md.faces.choice import ALIGNMENTS, DETECTORS, READY, choose_alignment, choose_detector
from fer_md.files import file_sha256
from fer_md.readers.detection_cache import DetectionCache
from fer_md.readers.file_tree import FileTree
from fer_md.readers.photographs import Listing, prepare


@dataclasses.dataclass(frozen=True)
class PhotographSettings:
    source: str = console.flag("The data set: an unpacked folder, or a zip file.")
    output: str = console.flag("Folder to write. It appears when everything is written, or not at all.")
    image_size: int = console.flag("Side of a face in pixels, a multiple of 16.", 48, least=16, most=512)
    detector: str = console.flag(
        "yunet and mtcnn: bundled networks; region: Selective Search and a network (docs/FACES.md); "
        "none: cut out the center of each photograph.",
        READY[0],
        choices=DETECTORS,
    )
    detector_dir: str | None = console.flag(
        "For --detector=region: its folder, from experiments/train_detector.py.", None
    )
    align: str = console.flag(
        "eyes: the detector's eyes level, central, at one distance; cascade: the same with the eyes of 68 landmarks; "
        "box: a square about the face.",
        "eyes",
        choices=ALIGNMENTS,
    )
    cascade: str | None = console.flag("For --align=cascade: its file, from experiments/train_alignment.py.", None)
    min_face: int | None = console.flag(
        "Side in pixels of the smallest face that yunet or mtcnn looks for; 20 to 40 by the picture's size.",
        None,
        least=5,
    )
    seed: int = console.flag("Another seed splits the people differently.", 0)
    drop_leaked: bool = console.flag(
        "Leave out of Training what is pixel-identical to a PublicTest or PrivateTest image.", False
    )
    overwrite: bool = console.flag("Replace the output folder if it exists.", False)

    def __post_init__(self):
        if self.image_size % 16:
            raise FerMdError(f"--image_size must be a multiple of 16, as the networks take; found {self.image_size}")


def prepare_photographs(settings: PhotographSettings, list_photographs: Callable[[FileTree], Listing]) -> None:
    """Prepares the data set that the settings name.

    Args:
        settings: of the script.
        list_photographs: tells which photographs there are.
    """
    start = time.monotonic()
    align, cascade = choose_alignment(settings.align, settings.cascade)
    with FileTree(settings.source) as tree:
        listing = list_photographs(tree)  # before the detector, which takes its time
        with _detector(settings) as detector:
            info, crops = prepare(
                listing,
                settings.output,
                detector,
                align,
                settings.image_size,
                settings.overwrite,
                settings.drop_leaked,
                {**_detections(settings), **_crops(settings)},
                cascade,
            )
    print(overview(info))
    print(
        f"crops: {crops['eyes']} by the eyes, {crops['box']} by the box of the face,"
        f" {crops['center']} of the center (no face found, or --detector=none)"
    )
    print(f"files not used: see {Path(settings.output) / 'quarantine.csv'}")
    print(f"\nwritten in {time.monotonic() - start:.0f} s: {settings.output}")


def _detections(settings):
    """What the detections depend on."""
    known = {"detector": settings.detector, "min_face": settings.min_face}
    if settings.detector == "region":
        known |= {
            f"{name} sha256": file_sha256(Path(settings.detector_dir, name))
            for name in ("detector.json", "network.keras")
        }
    return known


def _crops(settings):
    """What the crops depend on besides."""
    known = {"cascade sha256": file_sha256(settings.cascade)} if settings.cascade else {}
    return {"align": settings.align, **known, "seed": settings.seed}


def _detector(settings):
    """The detector with its cache beside the output, as a context."""
    detector = choose_detector(settings.detector, settings.detector_dir, settings.min_face)
    if detector is None:
        return contextlib.nullcontext()
    output = Path(settings.output)
    return DetectionCache(detector, _detections(settings), output.with_name(f"{output.name}.detections.jsonl"))
