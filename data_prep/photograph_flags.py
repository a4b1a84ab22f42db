"""Flags and main program that the scripts for photographs share."""

from fer_md import console  # isort: skip  (before TensorFlow)

import contextlib
import time
from pathlib import Path

from absl import flags

from fer_md.data.overview import overview
from fer_md.faces.choice import ALIGNMENTS, DETECTORS, choose_alignment, choose_detector
from fer_md.files import file_sha256
from fer_md.readers.detection_cache import DetectionCache
from fer_md.readers.file_tree import FileTree
from fer_md.readers.photographs import prepare

FLAGS = flags.FLAGS
flags.DEFINE_string("source", None, "The data set: an unpacked folder, or a zip file.", required=True)
flags.DEFINE_string(
    "output", None, "Folder to write. It appears when everything is written, or not at all.", required=True
)
flags.DEFINE_integer("image_size", 48, "Side of a face in pixels, a multiple of 16.", lower_bound=16, upper_bound=512)
flags.register_validator("image_size", lambda side: side % 16 == 0, "the networks take multiples of 16")
flags.DEFINE_enum(
    "detector",
    "mtcnn",
    DETECTORS,
    "region: Selective Search and a network (docs/FACES.md); none: cut out the center of each photograph.",
)
flags.DEFINE_string("detector_dir", None, "For --detector=region: its folder, from experiments/train_detector.py.")
flags.DEFINE_enum(
    "align",
    "eyes",
    ALIGNMENTS,
    "eyes: the detector's eyes level, central, at one distance; cascade: the"
    " same with the eyes of 68 landmarks; box: a square about the face.",
)
flags.DEFINE_string("cascade", None, "For --align=cascade: its file, from experiments/train_alignment.py.")
flags.DEFINE_integer(
    "min_face",
    None,
    "Side in pixels of the smallest face that mtcnn looks for; 20 to 40 by the picture's size.",
    lower_bound=5,
)
flags.DEFINE_integer("seed", 0, "Another seed splits the people differently.")
flags.DEFINE_bool(
    "drop_leaked", False, "Leave out of Training what is pixel-identical to a PublicTest or PrivateTest image."
)
flags.DEFINE_bool("overwrite", False, "Replace the output folder if it is there.")


def run(list_photographs):
    """Prepares the data set that the flags name.

    Args:
        list_photographs: function from a `FileTree` to a `fer_md.readers.photographs.Listing`.
    """
    console.run(lambda: _main(list_photographs))


def _main(list_photographs):
    start = time.monotonic()
    align, cascade = choose_alignment(FLAGS.align, FLAGS.cascade)
    with FileTree(FLAGS.source) as tree:
        listing = list_photographs(tree)  # before the detector, which takes its time
        with _detector() as detector:
            info, crops = prepare(
                listing,
                FLAGS.output,
                detector,
                align,
                FLAGS.image_size,
                FLAGS.overwrite,
                FLAGS.drop_leaked,
                {**_settings(), **_alignment()},
                cascade,
            )
    print(overview(info))
    print(
        f"crops: {crops['eyes']} by the eyes, {crops['box']} by the box of the face,"
        f" {crops['center']} of the center (no face found, or --detector=none)"
    )
    print(f"files not used: see {Path(FLAGS.output) / 'quarantine.csv'}")
    print(f"\nwritten in {time.monotonic() - start:.0f} s: {FLAGS.output}")


def _settings():
    """What the detections depend on."""
    settings = {"detector": FLAGS.detector, "min_face": FLAGS.min_face}
    if FLAGS.detector == "region":
        settings |= {
            f"{name} sha256": file_sha256(Path(FLAGS.detector_dir, name)) for name in ("detector.json", "network.keras")
        }
    return settings


def _alignment():
    """What the crops depend on besides."""
    known = {"cascade sha256": file_sha256(FLAGS.cascade)} if FLAGS.cascade else {}
    return {"align": FLAGS.align, **known, "seed": FLAGS.seed}


def _detector():
    """The detector with its cache beside the output, as a context."""
    detector, output = choose_detector(FLAGS.detector, FLAGS.detector_dir, FLAGS.min_face), Path(FLAGS.output)
    if detector is None:
        return contextlib.nullcontext()
    return DetectionCache(detector, _settings(), output.with_name(f"{output.name}.detections.jsonl"))
