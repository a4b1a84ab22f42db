"""Makes the package's own file of the network for 68 landmarks, and measures it on the test people.

python experiments/ship_landmarks.py --data=ZIP --run_dir=runs/landmarks68 --results=docs/results/landmarks68.json

Writes fer_md/faces/landmark_network: a file of LiteRT with weights of 8 bits, and its hash. The test people are read
once, at the end: from misplaced boxes, as Fig. 6 is measured, and from the boxes in which the package's detector found
their faces. The times are those of one core.
"""

import dataclasses
import sys
from pathlib import Path

import cv2
import numpy as np

from fer_md import console
from fer_md.drawn.synthetic import draw_face
from fer_md.evaluation.landmark_error import (
    LIMIT,
    cumulative_error,
    describe_errors,
    errors_by_normaliser,
    summarize_errors,
    summarize_methods,
)
from fer_md.evaluation.timing import time_calls
from fer_md.faces.choice import choose_detector
from fer_md.faces.crops import cut_crops
from fer_md.faces.face_frame import box_of, jitter_boxes, landmarks_box
from fer_md.faces.landmark_finder import NETWORK, SIZE, LandmarkFinder
from fer_md.faces.regions import iou
from fer_md.files import atomic_file, file_sha256, write_json
from fer_md.media.contact_sheet import contact_sheet
from fer_md.media.pictures import save_picture
from fer_md.readers.annotated import drawn_faces, video_faces
from fer_md.readers.ytf_landmarks import COUNT_FROM
from fer_md.runs.results import write_result
from fer_md.runs.run_directory import load_model, read_settings
from pages.landmark_figures import PLACES

MOST = 0.02
"""Largest difference, as a share of the crop's edge, between a coordinate of LiteRT's answer and of TensorFlow's."""

FOUND = 0.4
"""Least overlap of the detector's box with the landmarks' own, for the face to be theirs."""


@dataclasses.dataclass(frozen=True)
class Settings:
    data: str = console.flag("ytf_landmarks68.zip, with the test people.")
    run_dir: str | None = console.flag("Run of experiments/train_landmarks.py; without it the file stays.", None)
    output: str = console.flag("Folder for the files.", str(NETWORK))
    results: str | None = console.new_file("JSON file for the figures.", None)
    picture: str | None = console.new_file("PNG file for a drawn face with its five points and its 68.", None)
    drawn: int = console.flag("Drawn faces to measure on, of other people than were learned.", 850, least=1)
    seed: int = console.flag("Of the misplaced boxes and of the drawn faces.", 0, least=0)


def main(settings: Settings) -> None:
    made = {}
    if settings.run_dir:
        made = {"training": read_settings(settings.run_dir), "largest_difference": ship(settings)}
    finder = LandmarkFinder(settings.output)
    tests = {
        "video frames": video_faces(settings.data, "test"),
        "drawn faces": drawn_faces(settings.drawn, "points-tested", settings.seed, size=144),
    }
    tests["video frames, as their file counts"] = dataclasses.replace(
        tests["video frames"], landmarks=tests["video frames"].landmarks + COUNT_FROM
    )
    errors, curves, by_detector = {}, {}, {}
    for name, faces in tests.items():
        boxes = jitter_boxes(box_of(faces.landmarks), np.random.default_rng(settings.seed))
        methods = {"two looks": finder.align, "one look": finder.first_look}
        by_method = {
            method: errors_by_normaliser(find(faces.images, boxes), faces.landmarks) for method, find in methods.items()
        }
        errors[name] = summarize_methods(by_method, faces.people)
        curves[name] = np.round(cumulative_error(by_method["two looks"]["inter-ocular"], PLACES), 4).tolist()
        by_detector[name] = from_detector(finder, faces)
        tell(name, errors[name], by_detector[name])
    times = speed(finder, tests["video frames"])
    if settings.picture:
        draw(settings.picture, finder)
    if settings.results:
        write_result(
            settings.results,
            {
                **made,
                "bytes": (Path(settings.output) / "points.tflite").stat().st_size,
                "seed": settings.seed,
                "faces": {name: len(faces.images) for name, faces in tests.items()},
                "failure_above": LIMIT,
                "errors": errors,
                "places": PLACES.tolist(),
                "curves": curves,
                "from_detector": by_detector,
                "per_face": times,
            },
        )


def ship(settings):
    """Writes the network's file; returns how much it differs from the network, as a share of the crop's edge."""
    from fer_md.litert.convert import convert
    from fer_md.models.float32 import in_float32

    faces = video_faces(settings.data, "train").first(500)
    examples = cut_crops(faces.images, box_of(faces.landmarks), SIZE)[..., None]
    network = in_float32(load_model(settings.run_dir))
    content, difference = convert(network, lambda outputs: outputs["landmarks"], examples, MOST, "int8")
    output = Path(settings.output)
    output.mkdir(parents=True, exist_ok=True)
    with atomic_file(output / "points.tflite") as partial:
        partial.write_bytes(content)
    write_json(output / "sha256.json", {"points": file_sha256(output / "points.tflite")})
    return difference


def from_detector(finder, faces):
    """Errors where the package's detector found the face, and how many it found."""
    detector, errors = choose_detector(), []
    for image, truth in zip(faces.images, faces.landmarks[:, None], strict=True):
        found = detector.detect([cv2.cvtColor(image, cv2.COLOR_GRAY2RGB)])[0]
        boxes = landmarks_box(np.array([face.box for face in found]).reshape(-1, 4))
        overlap = iou(boxes, box_of(truth))[:, 0]
        if len(found) and overlap.max() > FOUND:
            points = finder.align([image], boxes[[overlap.argmax()]])
            errors.append(errors_by_normaliser(points, truth)["inter-ocular"][0])
    return {"found": len(errors), **summarize_errors(np.array(errors))}


def speed(finder, faces):
    """Times a face, one by one and together."""
    images, boxes = faces.images[:100], box_of(faces.landmarks[:100])

    def one_by_one():
        for image, box in zip(images, boxes, strict=True):
            finder.align([image], box[None])

    return {
        "one by one": time_calls(one_by_one, len(images)),
        "together": time_calls(lambda: finder.align(images, boxes), len(images)),
    }


def draw(path, finder):
    """Writes a drawn face three times: plain, with the detector's five points, and with the 68."""
    face = draw_face("picture", "picture 3", "happiness", "lab", 256)
    picture = cv2.cvtColor(face.image, cv2.COLOR_GRAY2RGB)
    found = choose_detector().detect([picture])[0][0]
    points = finder.align([face.image], landmarks_box(np.array([found.box])))[0]
    panels = [picture, picture.copy(), picture.copy()]
    for panel, places in zip(panels[1:], (found.landmarks, points), strict=True):
        for x, y in np.rint(places).astype(int).tolist():
            cv2.circle(panel, (x, y), 2, (80, 255, 120), -1, cv2.LINE_AA)
    save_picture(path, contact_sheet(panels, ["a drawn face", "5 points", "68 points"], 3, scale=1))


def tell(name, errors, by_detector):
    found = {method: error["inter-ocular"] for method, error in errors.items()}
    found[f"detector, {by_detector['found']} found"] = by_detector
    for method, error in found.items():
        print(f"{name:34}{method:22}{describe_errors(error)}", flush=True)


if __name__ == "__main__":
    sys.exit(console.run(main, Settings))
