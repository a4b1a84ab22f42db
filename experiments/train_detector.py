"""Trains a detector on frames and drawn scenes, and measures it, YuNet and MTCNN on other people.

python experiments/train_detector.py --data=/path/to/ytf_landmarks68.zip --output=runs/detector
python experiments/train_detector.py --data=/path/to/ytf_landmarks68.zip --output=runs/joint --method=joint

The folder gets detector/ (for SelectiveSearchDetector.load), or joint.npz (for JointCascade.load), results.json and
precision_recall.png. It appears when everything is measured, or not at all; a training of the joint cascade that was
stopped goes on. A face's box is that of its landmarks, raised by a forehead. The threshold is chosen on people and
scenes held out of training; the test people and test scenes are read once, at the end. --notrain measures YuNet and
MTCNN alone, and only adds the figures and the picture to the folder.
"""

import dataclasses
import hashlib
import sys
import time
from pathlib import Path

import cv2
import numpy as np

from fer_md import console
from fer_md.drawn.scenes import draw_scene
from fer_md.errors import FerMdError
from fer_md.evaluation.detection_metrics import average_precision, match, precision_recall
from fer_md.evaluation.measure import mean_or_none
from fer_md.evaluation.timing import time_calls
from fer_md.faces.choice import READY, choose_detector
from fer_md.faces.face_frame import face_box, landmarks_box
from fer_md.faces.joint_training import JointRecipe, Picture, train_joint
from fer_md.faces.region_detector import SelectiveSearchDetector
from fer_md.faces.region_training import RegionRecipe, search_pictures, train_detector
from fer_md.faces.regions import iou
from fer_md.faces.selective_search import SelectiveSearch
from fer_md.files import atomic_directory, check_new
from fer_md.progress import Progress
from fer_md.readers.annotated import fingerprint
from fer_md.readers.ytf_landmarks import read_ytf_landmarks
from fer_md.runs.results import write_result
from pages.cells import percent
from pages.curve_picture import Panel, save_curves


@dataclasses.dataclass(frozen=True)
class Settings:
    data: str = console.flag("ytf_landmarks68.zip: frames with 68 landmarks, with different people in train and test.")
    output: str = console.flag("Folder to make.")
    method: str = console.flag(
        "search: a network on Selective Search's regions; joint: the joint cascade (Chen et al. 2014).",
        "search",
        choices=["search", "joint"],
    )
    seed: int = console.flag("Seed of the network, the regions and the scenes.", 0, least=0)
    frames: int = console.flag("Frames to train on, spread over the people.", 1200, least=1)
    scenes: int = console.flag("Drawn scenes to train on.", 800, least=1)
    test_scenes: int = console.flag("Drawn scenes to test on, with 0 to 8 faces in turn.", 270, least=9)
    epochs: int | None = console.flag(
        f"Passes over the regions, with --method=search; {RegionRecipe.epochs} by default.", None, least=1
    )
    train: bool = console.flag("Train and measure our detector; --notrain only measures the bundled ones.", True)
    overwrite: bool = console.flag(
        "Replace the output folder if it exists; with --notrain only the figures and the picture in it.", False
    )


FIGURES, PICTURE = "results.json", "precision_recall.png"

_HELD_OUT = 10
"""Every tenth person is held out of training to choose the threshold on."""

NO_BOXES = np.zeros((0, 4))


def main(settings: Settings):
    if settings.epochs and settings.method == "joint":
        raise FerMdError("--epochs is for --method=search; the joint cascade has no passes over its pictures")
    if settings.train:
        trainer = {"search": train_search, "joint": train_cascade}[settings.method]
        with atomic_directory(settings.output, settings.overwrite) as folder:
            detectors, trained, checkpoint = trainer(settings, folder)
            measure_all(settings, folder, detectors, trained)
        if checkpoint:
            checkpoint.unlink()
    else:
        for name in (FIGURES, PICTURE):
            check_new(Path(settings.output) / name, settings.overwrite)
        measure_all(settings, Path(settings.output), {}, {})
    print(f"written: {settings.output}")


def measure_all(settings: Settings, folder, detectors, trained):
    """Measures our detector, where one was trained, and the bundled ones; writes figures and picture to ``folder``."""
    tests = {
        "test frames": [(image, face_box(landmarks)) for image, landmarks, _ in frames(settings, "test")],
        "drawn scenes": boxed(drawn_pictures(settings, "test", settings.test_scenes)),
    }
    detectors |= {name: (choose_detector(name, min_score=0.3), choose_detector(name).threshold) for name in READY}
    if settings.train and settings.method == "search":
        trained["proposals"] = {name: proposal_recall(SelectiveSearch(), pictures) for name, pictures in tests.items()}
    results, curves = measure(detectors, tests)
    panel = Panel(curves, "recall", "precision", "faces at IoU 0.5", 1.0)
    save_curves(folder / PICTURE, panel)
    write_result(
        folder / FIGURES,
        {
            "seed": settings.seed,
            **trained,
            "pictures": {**trained.get("pictures", {}), **{name: len(pictures) for name, pictures in tests.items()}},
            "detectors": results,
        },
    )


def train_search(settings: Settings, folder):
    """Trains the detector on Selective Search's regions and saves it in ``folder``.

    Returns:
        dict from its name to it and its threshold, a dict of what it was trained with, and the checkpoint to remove
        when all is done, or None.
    """
    recipe = RegionRecipe(epochs=settings.epochs or RegionRecipe.epochs, seed=settings.seed)
    search = SelectiveSearch()
    training, held_out = training_pictures(settings)
    started = time.perf_counter()
    detector, regions = train_detector(search_pictures(boxed(training), search, len(training)), search, recipe)
    train_seconds = time.perf_counter() - started
    threshold = choose_threshold(detector, boxed(held_out), "on more --frames or for more --epochs")
    SelectiveSearchDetector(detector.network, search, threshold).save(folder / "detector")
    detector.threshold = 0.02
    return (
        {"Selective Search + CNN": (detector, threshold)},
        {
            "recipe": dataclasses.asdict(recipe),
            "search": dataclasses.asdict(search),
            "regions": regions,
            "pictures": {"training": len(training), "held out": len(held_out)},
            "train_seconds": train_seconds,
        },
        None,
    )


def train_cascade(settings: Settings, folder):
    """Trains the joint cascade and saves it in ``folder``; returns the same as `train_search`."""
    recipe = JointRecipe(seed=settings.seed)
    training, held_out = training_pictures(settings)
    yunet = choose_detector("yunet")
    pictures = [
        Picture(cv2.cvtColor(image, cv2.COLOR_RGB2GRAY), landmarks, other_faces(yunet, image) if video else NO_BOXES)
        for image, landmarks, video in training
    ]
    content = fingerprint([image for image, *_ in training], [landmarks for _, landmarks, _ in training])
    known = hashlib.sha256(repr((content, recipe)).encode()).hexdigest()[:8]
    checkpoint = Path(f"{settings.output}-{known}.npz")
    begun, started = checkpoint.exists(), time.perf_counter()
    cascade = train_joint(pictures, recipe, checkpoint)
    train_seconds = None if begun else time.perf_counter() - started  # of a part it would say nothing
    cascade.threshold = threshold = choose_threshold(cascade, boxed(held_out), "on more --frames or --scenes")
    cascade.save(folder / "joint.npz")
    cascade.threshold = 0.02
    return (
        {"joint cascade": (cascade, threshold)},
        {
            "recipe": dataclasses.asdict(recipe),
            "pictures": {"training": len(training), "held out": len(held_out)},
            "train_seconds": train_seconds,
        },
        checkpoint,
    )


def other_faces(yunet, image):
    """Boxes (L, 4) around the landmarks of all faces that YuNet finds: not all people of a frame are annotated."""
    return landmarks_box(np.array([face.box for face in yunet.detect([image])[0]]).reshape(-1, 4))


def frames(settings: Settings, split):
    """(image, landmarks (1, 68, 2), True) of the frames of a split, one at a time."""
    for frame in read_ytf_landmarks(settings.data, (split,)):
        yield frame.image, frame.landmarks[None], True


def boxed(pictures):
    """(image, boxes) of pictures with landmarks."""
    return [(image, face_box(landmarks)) for image, landmarks, _ in pictures]


def training_pictures(settings: Settings):
    """(image, landmarks, whether a frame) of pictures to train on, and of others to choose the threshold on."""
    read = list(read_ytf_landmarks(settings.data, ("train",)))
    aside = set(sorted({frame.person for frame in read})[::_HELD_OUT])
    pictures = [(frame.image, frame.landmarks[None], True) for frame in read if frame.person not in aside]
    rows = np.linspace(0, len(pictures) - 1, min(settings.frames, len(pictures))).astype(int)
    held_out = [(frame.image, frame.landmarks[None], True) for frame in read if frame.person in aside][:150]
    return (
        [pictures[row] for row in rows] + drawn_pictures(settings, "train", settings.scenes),
        held_out + drawn_pictures(settings, "held out", 90),
    )


def drawn_pictures(settings: Settings, group, count):
    """(image, landmarks (N, 68, 2), False) of drawn scenes; groups differ in people and places."""
    seed = 3 * settings.seed + ("train", "held out", "test").index(group)
    pictures = []
    with Progress(f"drawing scenes ({group})", count, "scenes") as progress:
        for index in range(count):
            scene = draw_scene(seed, index)
            pictures.append((scene.image, scene.landmarks, False))
            progress.advance()
    return pictures


def choose_threshold(detector, pictures, more):
    """The score from which precision and recall have the greatest harmonic mean; ``more`` says what helps if none."""
    detector.threshold = 0.02
    scores, right, faces, _ = found(detector, pictures)
    thresholds, precision, recall = precision_recall(scores, right, faces)
    if not len(thresholds):
        raise FerMdError(f"nothing was detected on the held-out pictures; train {more}")
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
    sys.exit(console.run(main, Settings))
