"""By which rule a face is best cut out for the bundled networks: eyes or box, tighter or wider, or from a crop alone.

python experiments/compare_crops.py --source=DATA/facial_expressions.zip --output=docs/results/crops.json

The faces are press photographs (data_prep/facial_expressions.py). The rule is chosen on PublicTest; people of
PrivateTest confirm it. A photograph without a face that has eyes does not count. Intervals are over people.
"""

import dataclasses
import functools
import sys
from collections.abc import Callable

import cv2
import numpy as np

from answerers import Answers, answerers
from fer_md import console
from fer_md.errors import FerMdError
from fer_md.evaluation.metrics import accuracy_and_macro_recall
from fer_md.evaluation.significance import paired_bootstrap
from fer_md.expressions import EXPRESSIONS
from fer_md.faces.alignment import align_eyes, chosen_crop, crop_box, crop_center, fit_face
from fer_md.faces.choice import READY, choose_detector
from fer_md.faces.detection import Detection, Detector, main_face
from fer_md.faces.landmark_finder import LandmarkFinder
from fer_md.faces.landmarks import place_landmarks
from fer_md.pretrained.networks import NETWORKS
from fer_md.progress import Progress
from fer_md.readers.detection_cache import DetectionCache
from fer_md.readers.facial_expressions import list_facial_expressions
from fer_md.readers.file_tree import FileTree
from fer_md.readers.photographs import Photograph
from fer_md.runs.results import write_result
from pages.cells import percent, points
from pages.rows import Gain
from pages.study_rows import CropRow, Crops

ENLARGE = (0.8, 0.9, 1.0, 1.1, 1.2, 1.3)
"""Sides of the square, as multiples of each rule's own."""

OWN = "eyes x 1.0"
"""The rule by which the networks' training faces were cut out; every other is compared with it."""


def by_eyes(enlarge: float, image: np.ndarray, face: Detection) -> np.ndarray:
    if chosen_crop(face, "eyes") == "eyes":
        return align_eyes(image, face.landmarks, enlarge=enlarge)
    return by_box(enlarge, image, face)


def by_68(image: np.ndarray, face: Detection) -> np.ndarray:
    """By the eyes among the 68 points, in place of the detector's."""
    [[placed]] = place_landmarks(finder(), [image], [[face]])
    return by_eyes(1.0, image, placed)


@functools.cache
def finder() -> LandmarkFinder:
    return LandmarkFinder()


def by_box(enlarge: float, image: np.ndarray, face: Detection) -> np.ndarray:
    return crop_box(image, face.box, enlarge=enlarge)


def own_crop(fit: Callable[[np.ndarray], np.ndarray], image: np.ndarray, face: Detection) -> np.ndarray:
    """As of somebody who keeps what is in the box alone; it is higher than wide."""
    x, y, width, height = (round(value) for value in face.box)
    return fit(image[y : y + height, x : x + width])


def squeezed(crop: np.ndarray) -> np.ndarray:
    return cv2.resize(cv2.cvtColor(crop, cv2.COLOR_RGB2GRAY), (48, 48), interpolation=cv2.INTER_AREA)


RULES: dict[str, Callable[[np.ndarray, Detection], np.ndarray]] = {
    **{f"eyes x {enlarge}": functools.partial(by_eyes, enlarge) for enlarge in ENLARGE},
    "eyes among 68 points": by_68,
    **{f"box x {enlarge}": functools.partial(by_box, enlarge) for enlarge in ENLARGE},
    "crop, mirrored": functools.partial(own_crop, fit_face),
    "crop, squeezed": functools.partial(own_crop, squeezed),
    "crop, its middle": functools.partial(own_crop, crop_center),
}
"""From a photograph and the face in it to (48, 48) uint8."""

TILTED = 10
"""Degrees between the line of the eyes and the level, from which a head is tilted."""

_CHUNK = 64


@dataclasses.dataclass(frozen=True)
class Settings:
    source: str = console.flag("The repository muxspace/facial_expressions, or its zip.")
    splits: tuple[str, ...] = console.flag("Splits to measure on.", ("PublicTest", "PrivateTest"))
    detector: str = console.flag("What finds the faces.", READY[0], choices=READY)
    networks: tuple[str, ...] = console.flag(f"Bundled networks: {', '.join(NETWORKS)}.", ("fer2013", "photographs"))
    detections: str = console.flag("File that caches what the detector found.", "runs/crops.detections.jsonl")
    output: str | None = console.new_file("JSON file for the table.", None)


def main(settings: Settings) -> None:
    networks, models = answerers(settings.networks)
    rows = []
    with (
        FileTree(settings.source) as tree,
        DetectionCache(
            choose_detector(settings.detector), {"detector": settings.detector}, settings.detections
        ) as detector,
    ):
        photographs = list_facial_expressions(tree).photographs
        for split in settings.splits:
            faces = cut_all([one for one in photographs if one.split == split], detector)
            if not len(faces.labels):
                raise FerMdError(f"{settings.source}: {split} has no photograph with a face")
            for name, answer in networks.items():
                rows += measure(name, split, faces, answer)
    for row in rows:
        gain = points(row.gain)
        print(f"{row.network:12} {row.split:12} {row.rule:16} {percent(row.accuracy)} %  {gain}")
    if settings.output:
        write_result(settings.output, Crops(data="facial_expressions", models=models, rows=rows))


@dataclasses.dataclass(frozen=True)
class CutFaces:
    """The main faces of N photographs.

    Attributes:
        crops: for each rule (N, 48, 48) uint8.
        labels: (N,) of the photographs.
        tilted: (N,) bool, whether the head is.
        people: N names.
    """

    crops: dict[str, np.ndarray]
    labels: np.ndarray
    tilted: np.ndarray
    people: list[str]


def cut_all(photographs: list[Photograph], detector: Detector) -> CutFaces:
    """The main face of each photograph, cut out by every rule."""
    kept, tilted, cut = [], [], []
    with Progress("cutting faces out", len(photographs), "photographs") as progress:
        for start in range(0, len(photographs), _CHUNK):
            chunk = photographs[start : start + _CHUNK]
            images = [photograph.read() for photograph in chunk]
            for photograph, image, faces in zip(chunk, images, detector.detect(images), strict=True):
                face = main_face(faces, image.shape)
                if face is not None and face.landmarks is not None:
                    kept.append(photograph)
                    tilted.append(tilt(face.landmarks) > TILTED)
                    cut.append([rule(image, face) for rule in RULES.values()])
            progress.advance(len(chunk))
    crops = {rule: np.array(faces) for rule, faces in zip(RULES, zip(*cut, strict=True), strict=True)} if cut else {}
    labels = np.array([photograph.label for photograph in kept])
    return CutFaces(crops, labels, np.array(tilted, bool), [photograph.subject for photograph in kept])


def tilt(landmarks: np.ndarray) -> float:
    """Degrees between the line of the eyes and the level, 0 to 90."""
    across, down = np.abs(landmarks[1] - landmarks[0])
    return float(np.degrees(np.arctan2(down, across)))


def measure(network: str, split: str, faces: CutFaces, answer: Answers) -> list[CropRow]:
    """A row for each rule, with what it gains over `OWN`."""
    answers = {rule: answer(crops).argmax(1) for rule, crops in faces.crops.items()}
    own, rows = answers[OWN] == faces.labels, []
    for rule, found in answers.items():
        right = found == faces.labels
        accuracy, macro_recall = accuracy_and_macro_recall(faces.labels, found, len(EXPRESSIONS))
        gain = None if rule == OWN else Gain(**paired_bootstrap(right, own, faces.people))
        rows.append(
            CropRow(
                network=network,
                split=split,
                rule=rule,
                faces=len(right),
                people=len(set(faces.people)),
                accuracy=accuracy,
                macro_recall=macro_recall,
                tilted=int(faces.tilted.sum()),
                accuracy_tilted=float(right[faces.tilted].mean()) if faces.tilted.any() else None,
                gain=gain,
            )
        )
    return rows


if __name__ == "__main__":
    sys.exit(console.run(main, Settings))
