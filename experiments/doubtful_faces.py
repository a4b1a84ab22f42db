"""What the doubts about faces are worth, and what the detector's threshold does.

python experiments/doubtful_faces.py --source=facial_expressions.zip --scenes=SCENES --output=docs/results/doubts.json

Doubts: press photographs of held-out people are made worse, and faces are found, doubted and classified as
``fer-md predict --min_face=10`` does it. Good doubts name the faces whose answers are wrong.

Threshold: SCENES is a folder of photographs without a face. They are cut into tiles as large as a photograph for the
web, and each face in one is a false alarm. The committed result names its files, which come from Debian's packages
mate-backgrounds, lomiri-wallpapers-16.04, lomiri-wallpapers-20.04 and plasma-workspace-wallpapers.
"""

import dataclasses
import sys
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

import cv2
import numpy as np

from fer_md import console
from fer_md.errors import FerMdError
from fer_md.faces.choice import choose_detector
from fer_md.faces.detection import Detection
from fer_md.media.sources import find_media, read_media
from fer_md.prediction.predictor import Predictor
from fer_md.prediction.quality import DOUBTS
from fer_md.prediction.results import FacePrediction
from fer_md.progress import Progress
from fer_md.readers.facial_expressions import list_facial_expressions
from fer_md.readers.file_tree import FileTree
from fer_md.runs.results import write_result
from pages.cells import percent
from pages.study_rows import DoubtRow, Doubts, ThresholdRow

NARROW = 30
"""Pixels; false alarms of at most this width are counted apart."""

MIN_FACE = 10
"""Smallest face, in pixels, that is looked for in photographs that were made worse."""


@dataclasses.dataclass(frozen=True)
class Settings:
    source: str = console.flag("facial_expressions.zip, or the repository unpacked.")
    scenes: str = console.flag("Folder of photographs that show no face.")
    photographs: int = console.flag("Number of photographs to degrade.", 500, least=1)
    split: str = console.flag("Split whose people are shown.", "PublicTest")
    thresholds: tuple[float, ...] = console.flag("Of the detector.", (0.6, 0.7, 0.8, 0.9, 0.95, 0.99))
    tile: int = console.flag("Longest side of a tile in pixels.", 640, least=100)
    seed: int = console.flag("Seed for choosing the photographs.", 0, least=0)
    output: str | None = console.new_file("JSON file for the tables.", None)


def smaller(factor: float) -> Callable[[np.ndarray, Detection], np.ndarray]:
    return lambda image, face: cv2.resize(image, None, fx=factor, fy=factor, interpolation=cv2.INTER_AREA)


def blurred(share: float) -> Callable[[np.ndarray, Detection], np.ndarray]:
    """By a Gaussian whose deviation is a share of the face's width."""
    return lambda image, face: cv2.GaussianBlur(image, (0, 0), share * face.box[2])


def turned(degrees: float) -> Callable[[np.ndarray, Detection], np.ndarray]:
    def turn(image, face):
        height, width = image.shape[:2]
        matrix = cv2.getRotationMatrix2D((width / 2, height / 2), degrees, 1.0)
        return cv2.warpAffine(image, matrix, (width, height), borderMode=cv2.BORDER_REPLICATE)

    return turn


def upside_down(image: np.ndarray, face: Detection) -> np.ndarray:
    return np.ascontiguousarray(image[::-1, ::-1])


def masked(image: np.ndarray, face: Detection) -> np.ndarray:
    """With one gray level over all of the face below its nose."""
    x, _, width, _ = (round(value) for value in face.box)
    covered = image.copy()
    covered[max(round(float(face.landmarks[2, 1])), 0) :, max(x, 0) : x + width] = 160  # type: ignore[index]
    return covered


CHANGES: dict[str, Callable[[np.ndarray, Detection], np.ndarray]] = {
    "as they are": lambda image, face: image,
    "a fifth of the size": smaller(1 / 5),
    "a seventh of the size": smaller(1 / 7),
    "a tenth of the size": smaller(1 / 10),
    "blurred by a 40th of the face": blurred(1 / 40),
    "blurred by a 20th of the face": blurred(1 / 20),
    "turned by 30°": turned(30),
    "turned by 45°": turned(45),
    "upside-down": upside_down,
    "mouth and chin covered": masked,
}
"""From a photograph, (H, W, 3) uint8, and the face in it to a worse photograph."""


def main(settings: Settings) -> None:
    names, tiles = read_tiles(settings.scenes, settings.tile)
    finder = choose_detector(min_score=min(settings.thresholds))
    with FileTree(settings.source) as tree, Progress("faces", settings.photographs, "photographs") as progress:
        listing = list_facial_expressions(tree)
        pool = [photograph for photograph in listing.photographs if photograph.split == settings.split]
        chosen = np.random.default_rng(settings.seed).permutation(len(pool))[: settings.photographs]
        images, labels, faces = [], [], []
        for row in chosen:
            image = pool[row].read()
            (found,) = finder.detect([image])
            if found:
                images.append(image)
                labels.append(listing.expressions[pool[row].label])
                faces.append(found[0])
            progress.advance()
    if not faces:
        raise FerMdError(f"{settings.source}: {settings.split} has no photograph in which a face is found")
    doubts = measure_doubts(images, labels, faces)
    small = finder.detect(
        [CHANGES["a fifth of the size"](image, face) for image, face in zip(images, faces, strict=True)]
    )
    alarms = [face for found in finder.detect(tiles) for face in found]
    thresholds = [measure_threshold(threshold, faces, small, alarms) for threshold in settings.thresholds]
    for doubt in doubts:
        print(
            f"{doubt.change:30} found {doubt.found:4}, doubted {doubt.doubted:4}, "
            f"right {percent(doubt.accuracy_doubted)} % of these, {percent(doubt.accuracy_others)} % of the others"
        )
    for row in thresholds:
        print(
            f"threshold {row.threshold}: {row.false_alarms} false alarms, {row.narrow} of them narrow; "
            f"{percent(row.found)} % of the faces, {percent(row.found_small)} % of the small ones"
        )
    if settings.output:
        write_result(
            settings.output,
            Doubts(
                data=listing.name,
                split=settings.split,
                photographs=len(chosen),
                face=float(np.median([face.box[2] for face in faces])),
                seed=settings.seed,
                scenes=names,
                tiles=len(tiles),
                tile=settings.tile,
                narrow=NARROW,
                doubts=doubts,
                thresholds=thresholds,
            ),
        )


def measure_doubts(images: Sequence[np.ndarray], labels: Sequence[str], faces: Sequence[Detection]) -> list[DoubtRow]:
    """A row for each of `CHANGES`; ``faces`` are those of the unchanged images, and ``labels`` what they show."""
    predictor = Predictor(detector=choose_detector(min_face=MIN_FACE), max_faces=1)
    rows = []
    for name, change in CHANGES.items():
        pictures = predictor.predict(change(image, face) for image, face in zip(images, faces, strict=True))
        found = [(picture[0], label) for picture, label in zip(pictures, labels, strict=True) if picture]
        rows.append(doubt_row(name, found))
    return rows


def doubt_row(change: str, found: Sequence[tuple[FacePrediction, str]]) -> DoubtRow:
    """Figures of faces and what they really show."""
    doubted = [face.label == label for face, label in found if face.doubts]
    others = [face.label == label for face, label in found if not face.doubts]
    return DoubtRow(
        change=change,
        found=len(found),
        doubted=len(doubted),
        doubts={doubt: sum(doubt in face.doubts for face, _ in found) for doubt in DOUBTS},
        accuracy_doubted=float(np.mean(doubted)) if doubted else None,
        accuracy_others=float(np.mean(others)) if others else None,
    )


def measure_threshold(
    threshold: float, faces: Sequence[Detection], small: Sequence[Sequence[Detection]], alarms: Sequence[Detection]
) -> ThresholdRow:
    """What is left above a threshold: of the best faces of photographs, of all faces of the same photographs made
    smaller, and of the false alarms. What the detector finds at a lower threshold is a part of it, so it searched once.
    """
    kept = [face for face in alarms if (face.score or 0) > threshold]
    return ThresholdRow(
        threshold=threshold,
        false_alarms=len(kept),
        narrow=sum(face.box[2] <= NARROW for face in kept),
        found=float(np.mean([(face.score or 0) > threshold for face in faces])),
        found_small=float(np.mean([any((face.score or 0) > threshold for face in found) for found in small])),
    )


def read_tiles(folder: Path | str, side: int) -> tuple[list[str], list[np.ndarray]]:
    """Names of a folder's pictures, and the pictures in tiles of equal size, at most ``side`` pixels a side."""
    names, tiles = [], []
    for frame in read_media(find_media([folder])):
        names.append(Path(frame.medium.source).name)
        tiles += list(cut_tiles(frame.image, side))
    return names, tiles


def cut_tiles(image: np.ndarray, side: int) -> Iterator[np.ndarray]:
    rows, columns = (-(-length // side) for length in image.shape[:2])
    for row in np.array_split(image, rows, 0):
        yield from np.array_split(row, columns, 1)


if __name__ == "__main__":
    sys.exit(console.run(main, Settings))
