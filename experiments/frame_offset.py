"""How far the landmarks of the video frames lie to the right of where detectors put them.

python experiments/frame_offset.py --data=ytf_landmarks68.zip --output=docs/results/frame_offset.json

The file does not say whether its first pixel is 0 or 1. A detector looks at each frame of the training people and at
its mirror image. The mean of both answers has no side of its own, so what is left is the file's. How far the points lie
below the detector's is told too, but may be the detector's own habit.
"""

import dataclasses
import sys

import cv2
import numpy as np

from fer_md import console
from fer_md.evaluation.significance import bootstrap_mean
from fer_md.faces.choice import choose_detector
from fer_md.progress import Progress
from fer_md.readers.annotated import video_faces
from fer_md.readers.ytf_landmarks import COUNT_FROM
from fer_md.runs.results import write_result

DETECTORS = ("yunet", "mtcnn")
POINTS = (slice(36, 42), slice(42, 48), slice(48, 49), slice(54, 55))
"""Of the 68: eyes and corners of the mouth, which a detector places too; their middles are compared."""
OTHER_SIDE = [1, 0, 3, 2]
FIVE = [0, 1, 3, 4]
"""The same among a detector's five points, the third of which is the nose."""


@dataclasses.dataclass(frozen=True)
class Settings:
    data: str = console.flag("ytf_landmarks68.zip; only its training people are read.")
    output: str = console.new_file("JSON file for the figures.")


def main(settings: Settings) -> None:
    faces = video_faces(settings.data, "train")
    annotated = np.stack([faces.landmarks[:, part].mean(1) for part in POINTS], 1) + COUNT_FROM
    found = {name: offsets(choose_detector(name), faces, annotated, name) for name in DETECTORS}
    for name, own in found.items():
        print(
            f"{name:6} {own['faces']} faces: {own['right']['mean']:.2f} pixels to the right "
            f"({own['right']['low']:.2f} to {own['right']['high']:.2f}), {own['below']['mean']:.2f} below"
        )
    write_result(settings.output, {"faces": len(faces.images), "detectors": found})


def offsets(detector, faces, annotated, name):
    """Means over the faces that are found in both pictures, with intervals by person, in pixels of the frame."""
    differences, people = [], []
    with Progress(f"looking with {name}", len(faces.images), "frames") as progress:
        for image, points, person in zip(faces.images, annotated, faces.people, strict=True):
            last = image.shape[1] - 1
            mirrored = np.column_stack([last - points[OTHER_SIDE, 0], points[OTHER_SIDE, 1]])
            straight, reverse = nearest(detector, image, points), nearest(detector, image[:, ::-1], mirrored)
            progress.advance()
            if straight is None or reverse is None:
                continue
            back = np.column_stack([last - reverse[OTHER_SIDE, 0], reverse[OTHER_SIDE, 1]])
            differences.append((points - (straight + back) / 2).mean(0))
            people.append(person)
    means = {
        side: bootstrap_mean(values, people)
        for side, values in zip(("right", "below"), zip(*differences, strict=True), strict=True)
    }
    return {
        "faces": len(people),
        **{side: {"mean": m["difference"], "low": m["low"], "high": m["high"]} for side, m in means.items()},
    }


def nearest(detector, image, points):
    """The four points (4, 2) of the detected face that are nearest to some; None where no face is found."""
    found = detector.detect([cv2.cvtColor(np.ascontiguousarray(image), cv2.COLOR_GRAY2RGB)])[0]
    answers = [np.asarray(face.landmarks)[FIVE] for face in found if face.landmarks is not None]
    return min(answers, key=lambda answer: np.abs(answer - points).mean(), default=None)


if __name__ == "__main__":
    sys.exit(console.run(main, Settings))
