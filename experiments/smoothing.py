"""What averaging over time does to the answers for a video: fewer jumps, and later changes.

python experiments/smoothing.py --source=facial_expressions.zip --output=docs/results/smoothing.json

No videos with known expressions are at hand, so photographs are filmed: a camera that shakes shows one for two seconds,
then another of another expression for two seconds, at the same place. Each frame has noise of its own. The photographs
are those of held-out people. Faces are found, followed and classified as ``fer-md predict --smooth`` does it.
"""

import dataclasses
import math
import sys
from collections.abc import Iterator

import cv2
import numpy as np

from fer_md import console
from fer_md.errors import FerMdError
from fer_md.media.sources import Frame, Medium
from fer_md.prediction.predictor import Predictor
from fer_md.prediction.results import FacePrediction
from fer_md.prediction.tracks import Tracker
from fer_md.progress import Progress
from fer_md.readers.facial_expressions import list_facial_expressions
from fer_md.readers.file_tree import FileTree
from fer_md.readers.photographs import Photograph
from fer_md.runs.results import write_result
from pages.cells import percent
from pages.study_rows import Smoothing, SmoothingRow

RATE = 25
"""Frames a second of the clips."""

SECONDS = 2
"""That each of a clip's two photographs is shown."""

SIDE = 200
"""Pixels of a frame."""

SHAKE = (0.04, 0.04, 0.03, 3.0)
"""Standard deviations of the camera's motion: across and down (shares of `SIDE`), log of the scale, turn in degrees."""

CALM = 0.3
"""Seconds after which the motion has forgotten a third of what it was (its correlation is exp(-t / `CALM`))."""

NOISE = 5.0
"""Standard deviation of the noise in gray levels."""

AFTER = 0.5
"""Seconds after a change of expression in which answers are counted apart."""


@dataclasses.dataclass(frozen=True)
class Settings:
    source: str = console.flag("facial_expressions.zip, or the repository unpacked.")
    smoothing: tuple[float, ...] = console.flag("Seconds to average over.", (0.0, 0.1, 0.2, 0.5, 1.0, 2.0))
    clips: int = console.flag("Number of clips.", 200, least=1)
    split: str = console.flag("Split whose people are shown.", "PublicTest")
    seed: int = console.flag("Seed of the clips.", 0, least=0)
    output: str | None = console.new_file("JSON file for the table.", None)


def main(settings: Settings) -> None:
    rng, predictor = np.random.default_rng(settings.seed), Predictor(max_faces=1)
    with FileTree(settings.source) as tree, Progress("smoothing", settings.clips, "clips") as progress:
        listing = list_facial_expressions(tree)
        photographs = [photograph for photograph in listing.photographs if photograph.split == settings.split]
        clips = []
        for _ in range(settings.clips):
            pair = draw_pair(photographs, rng)
            truth = [listing.expressions[photograph.label] for photograph in pair for _ in range(RATE * SECONDS)]
            frames = film([photograph.read() for photograph in pair], rng)
            clips.append((truth, [faces for _, faces in predictor.stream(frames)]))
            progress.advance()
    rows = [measure(clips, smoothing) for smoothing in settings.smoothing]
    for row in rows:
        print(
            f"{row.smoothing:4} s: {row.changes:.2f} changes a second, right {percent(row.accuracy)} %, "
            f"just after a change {percent(row.accuracy_after_change)} %"
        )
    if settings.output:
        write_result(
            settings.output,
            Smoothing(
                data=listing.name,
                split=settings.split,
                clips=settings.clips,
                seconds=2 * SECONDS,
                after=AFTER,
                faceless=sum(not faces for _, found in clips for faces in found) / len(clips) / (2 * SECONDS * RATE),
                tracks=sum(1 + max(tracks_of(found)) for _, found in clips) / len(clips),
                seed=settings.seed,
                rows=rows,
            ),
        )


def draw_pair(photographs: list[Photograph], rng: np.random.Generator) -> list[Photograph]:
    """Two photographs of different expressions, drawn at random.

    Raises:
        FerMdError: all photographs have one label.
    """
    if len({photograph.label for photograph in photographs}) < 2:
        raise FerMdError(
            f"clips need photographs of two expressions; found {len(photographs)} photographs of one or none"
        )
    while True:
        pair = [photographs[row] for row in rng.choice(len(photographs), 2, replace=False)]
        if pair[0].label != pair[1].label:
            return pair


def film(images: list[np.ndarray], rng: np.random.Generator) -> Iterator[Frame]:
    """Frames of a clip that shows each of the images, (H, W, 3) uint8, for `SECONDS`."""
    medium = Medium("video", "clip", "clip")
    kept, camera = math.exp(-1 / (RATE * CALM)), rng.normal(size=4)
    for index in range(len(images) * RATE * SECONDS):
        camera = kept * camera + math.sqrt(1 - kept**2) * rng.normal(size=4)
        image = shake(images[index // (RATE * SECONDS)], camera * SHAKE)
        noisy = np.clip(image + rng.normal(0, NOISE, image.shape), 0, 255).astype(np.uint8)
        yield Frame(medium, noisy, index, index / RATE, RATE)


def shake(image: np.ndarray, camera: np.ndarray) -> np.ndarray:
    """An image in a frame of `SIDE`, moved by (across, down, log of the scale, degrees)."""
    height, width = image.shape[:2]
    across, down, zoom, degrees = camera
    turn = cv2.getRotationMatrix2D((width / 2, height / 2), degrees, math.exp(zoom) * SIDE / max(height, width))
    turn[:, 2] += SIDE / 2 - np.array((width, height)) / 2 + SIDE * np.array((across, down))
    return cv2.warpAffine(image, turn, (SIDE, SIDE), borderMode=cv2.BORDER_REPLICATE)


def follow_clip(found: list[list[FacePrediction]], smoothing: float) -> list[FacePrediction | None]:
    """The face of each frame, followed and averaged; None where there is none."""
    tracker = Tracker(smoothing)
    followed = [tracker.update(faces, index / RATE) for index, faces in enumerate(found)]
    return [faces[0] if faces else None for faces in followed]


def tracks_of(found: list[list[FacePrediction]]) -> list[int]:
    """Numbers of the tracks of a clip; -1 stands for none."""
    return [-1, *(face.track for face in follow_clip(found, 0.0) if face is not None and face.track is not None)]


def measure(clips: list[tuple[list[str], list[list[FacePrediction]]]], smoothing: float) -> SmoothingRow:
    """What is answered in clips, each of the true label and the faces found in every frame, with one smoothing."""
    right, right_after, changes = [], [], 0
    for truth, found in clips:
        labels = [face.label if face else None for face in follow_clip(found, smoothing)]
        correct = np.array([label == true for label, true in zip(labels, truth, strict=True) if label])
        places = np.array([index for index, label in enumerate(labels) if label])
        since = places / RATE - SECONDS
        right += correct.tolist()
        right_after += correct[(since >= 0) & (since < AFTER)].tolist()
        named = [label for label in labels if label]
        changes += sum(label != before for before, label in zip(named, named[1:], strict=False))
    return SmoothingRow(
        smoothing=smoothing,
        changes=changes / len(clips) / (2 * SECONDS),
        accuracy=float(np.mean(right)),
        accuracy_after_change=float(np.mean(right_after)),
    )


if __name__ == "__main__":
    sys.exit(console.run(main, Settings))
