"""Trains the Selective Search detector on video frames and drawn scenes, and measures it and mtcnn on other people.

python experiments/train_detector.py --data=/path/to/ytf_landmarks68.zip --output=runs/detector

The folder gets detector/ (for SelectiveSearchDetector.load) and, once it is measured, results.json and
precision_recall.png. A face's box is that of its landmarks, raised by a forehead. The threshold is chosen on people and
scenes held out of training; the test people and test scenes are read once, at the end. --notrain measures mtcnn alone.
"""

import dataclasses
import sys
import time
from pathlib import Path

import numpy as np
from absl import flags

from fer_md import console
from fer_md.drawn.scenes import draw_scene
from fer_md.errors import FerMdError
from fer_md.evaluation.detection_metrics import average_precision, match, precision_recall
from fer_md.evaluation.measure import mean_or_none
from fer_md.evaluation.timing import time_calls
from fer_md.faces.face_frame import face_box
from fer_md.faces.mtcnn import MtcnnDetector
from fer_md.faces.region_detector import SelectiveSearchDetector
from fer_md.faces.region_training import RegionRecipe, search_pictures, train_detector
from fer_md.faces.regions import iou
from fer_md.faces.selective_search import SelectiveSearch
from fer_md.files import atomic_directory
from fer_md.progress import Progress
from fer_md.readers.ytf_landmarks import read_ytf_landmarks
from fer_md.runs.results import write_result
from pages.cells import percent
from pages.curve_picture import Panel, save_curves

FLAGS = flags.FLAGS
flags.DEFINE_string("data", None, "ytf_landmarks68.zip: frames with 68 landmarks, people apart in train and test.")
flags.DEFINE_string("output", None, "Folder to make.")
flags.DEFINE_integer("seed", 0, "Of the network, the regions and the scenes.", lower_bound=0)
flags.DEFINE_integer("frames", 1200, "Frames to train on, spread over the people.", lower_bound=1)
flags.DEFINE_integer("scenes", 800, "Drawn scenes to train on.", lower_bound=1)
flags.DEFINE_integer("test_scenes", 270, "Drawn scenes to test on, with 0 to 8 faces in turn.", lower_bound=9)
flags.DEFINE_integer("epochs", RegionRecipe.epochs, "Passes over the regions.", lower_bound=1)
flags.DEFINE_bool("train", True, "Train and measure our detector; --notrain measures mtcnn alone.")
flags.DEFINE_bool("overwrite", False, "Replace the output folder if it exists.")
flags.mark_flags_as_required(["data", "output"])

_MTCNN_THRESHOLD = 0.8
_HELD_OUT = 10
"""Every tenth person is held out of training to choose the threshold on."""


def main():
    search = SelectiveSearch()
    with atomic_directory(FLAGS.output, FLAGS.overwrite) as folder:
        detectors, settings = train(search, folder) if FLAGS.train else ({}, {})
    tests = {
        "test frames": [
            (frame.image, face_box(frame.landmarks[None])) for frame in read_ytf_landmarks(FLAGS.data, ("test",))
        ],
        "drawn scenes": drawn_pictures("test", FLAGS.test_scenes),
    }
    detectors["mtcnn"] = MtcnnDetector(threshold=0.3), _MTCNN_THRESHOLD
    if FLAGS.train:
        settings["proposals"] = {name: proposal_recall(search, pictures) for name, pictures in tests.items()}
    results, curves = measure(detectors, tests)
    panel = Panel(curves, "recall", "precision", "faces at IoU 0.5", 1.0)
    save_curves(Path(FLAGS.output) / "precision_recall.png", panel)
    write_result(
        Path(FLAGS.output) / "results.json",
        {
            "seed": FLAGS.seed,
            **settings,
            "pictures": {**settings.get("pictures", {}), **{name: len(pictures) for name, pictures in tests.items()}},
            "detectors": results,
        },
    )
    print(f"written: {FLAGS.output}")


def train(search, folder):
    """Trains our detector and saves it in ``folder``.

    Returns:
        dict from its name to it and its threshold, and a dict of what it was trained with.
    """
    recipe = RegionRecipe(epochs=FLAGS.epochs, seed=FLAGS.seed)
    training, held_out = training_pictures()
    started = time.perf_counter()
    detector, regions = train_detector(search_pictures(training, search, len(training)), search, recipe)
    train_seconds = time.perf_counter() - started
    threshold = choose_threshold(detector, held_out)
    SelectiveSearchDetector(detector.network, search, threshold).save(folder / "detector")
    detector.threshold = 0.02
    return {"Selective Search + CNN": (detector, threshold)}, {
        "recipe": dataclasses.asdict(recipe),
        "search": dataclasses.asdict(search),
        "regions": regions,
        "pictures": {"training": len(training), "held out": len(held_out)},
        "train_seconds": train_seconds,
    }


def training_pictures():
    """(image, boxes) of frames and scenes to train on, and of others to choose the threshold on."""
    frames = list(read_ytf_landmarks(FLAGS.data, ("train",)))
    aside = set(sorted({frame.person for frame in frames})[::_HELD_OUT])
    pictures = [(frame.image, face_box(frame.landmarks[None])) for frame in frames if frame.person not in aside]
    rows = np.linspace(0, len(pictures) - 1, min(FLAGS.frames, len(pictures))).astype(int)
    held_out = [(frame.image, face_box(frame.landmarks[None])) for frame in frames if frame.person in aside][:150]
    return (
        [pictures[row] for row in rows] + drawn_pictures("train", FLAGS.scenes),
        held_out + drawn_pictures("held out", 90),
    )


def drawn_pictures(group, count):
    """(image, boxes) of drawn scenes; groups differ in people and places."""
    seed = 3 * FLAGS.seed + ("train", "held out", "test").index(group)
    pictures = []
    with Progress(f"drawing scenes ({group})", count, "scenes") as progress:
        for index in range(count):
            scene = draw_scene(seed, index)
            pictures.append((scene.image, face_box(scene.landmarks)))
            progress.advance()
    return pictures


def choose_threshold(detector, pictures):
    """The score from which precision and recall have the greatest harmonic mean."""
    detector.threshold = 0.02
    thresholds, precision, recall = curve(*found(detector, pictures))
    if not len(thresholds):
        raise FerMdError("nothing was detected on the held-out pictures; train on more --frames or for more --epochs")
    return round(float(thresholds[np.argmax(precision * recall / (precision + recall + 1e-9))]), 3)


def found(detector, pictures):
    """Detections of all pictures: scores (N,), whether each is right (N,), the number of faces, and the pictures
    without a face in which each detection lies (N,)."""
    scores, right, empty, faces = [], [], [], 0
    with Progress("detecting", len(pictures), "pictures") as progress:
        for image, boxes in pictures:
            detections = detector.detect([image])[0]
            own = [detection.score for detection in detections]
            scores += own
            right += match([detection.box for detection in detections], own, boxes).tolist()
            empty += [not len(boxes)] * len(own)
            faces += len(boxes)
            progress.advance()
    return np.array(scores), np.array(right, bool), faces, np.array(empty, bool)


def curve(scores, right, faces, _empty):
    return precision_recall(scores, right, faces)


def measure(detectors, tests):
    """Figures of each detector on each set of pictures, and the curves of precision over recall."""
    results, curves = {}, {}
    for test, pictures in tests.items():
        results[test] = {}
        for name, (detector, threshold) in detectors.items():
            scores, right, faces, empty = found(detector, pictures)
            _, precision, recall = precision_recall(scores, right, faces)
            sure = scores >= threshold
            figures = {
                "average_precision": average_precision(precision, recall),
                "threshold": threshold,
                "precision": mean_or_none(right[sure]),
                "recall": float(right[sure].sum() / faces),
                "false_alarms_without_a_face": int((sure & empty).sum()),
                "faces": faces,
                **speed(detector, [image for image, _ in pictures[:: max(1, len(pictures) // 40)]][:40]),
            }
            results[test][name] = figures
            curves[f"{name}, {test}"] = recall, precision
            print(
                f"{test:14}{name:24}AP {figures['average_precision']:.4f}  "
                f"precision {percent(figures['precision'])} %  recall {percent(figures['recall'])} %  "
                f"{figures['milliseconds']:.0f} ms"
            )
    return results, curves


def speed(detector, images):
    """Time an image, one at a time."""

    def one_by_one():
        for image in images:
            detector.detect([image])

    return time_calls(one_by_one, len(images))


def proposal_recall(search, pictures):
    """Share of the faces that a proposal overlaps by 0.5 and by 0.7; proposals and time a picture."""
    best, counts = [], []
    for image, boxes in pictures:
        square, factor = search.scaled(image)
        regions = search.propose(square) * factor
        counts.append(len(regions))
        best += iou(boxes, regions).max(1, initial=0).tolist()
    best, images = np.array(best), [image for image, _ in pictures[:40]]
    times = time_calls(lambda: [search.propose(search.scaled(image)[0]) for image in images], len(images))
    return {
        "recall_at_0.5": float((best > 0.5).mean()),
        "recall_at_0.7": float((best > 0.7).mean()),
        "regions": float(np.mean(counts)),
        **times,
    }


if __name__ == "__main__":
    sys.exit(console.run(main))
