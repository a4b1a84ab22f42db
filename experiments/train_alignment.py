"""Trains the alignment cascade on annotated video frames, measures it on other people, and adapts it to drawn faces.

python experiments/train_alignment.py --data=/path/to/ytf_landmarks68.zip --output=runs/alignment

The folder gets cascade.npz (to align with), adapted.npz (after the update on drawn faces), updatable.npz (to go on
with Cascade.update; large), results.json and cumulative_error.png. The test people are read once, at the end.
"""

from fer_md import console  # isort: skip  (first: it quietens TensorFlow)

import copy
import dataclasses
import itertools
import sys
import time

import cv2
import numpy as np
from absl import flags

from fer_md.data.synthetic import draw_face
from fer_md.data.ytf_landmarks import read_ytf_landmarks
from fer_md.evaluation.curve_picture import save_curves
from fer_md.evaluation.landmark_error import (
    LIMIT,
    cumulative_error,
    face_size,
    inter_ocular,
    point_errors,
    summarize_errors,
)
from fer_md.evaluation.timing import time_calls
from fer_md.expressions import EXPRESSIONS
from fer_md.faces.cascade_training import CascadeRecipe, train_cascade
from fer_md.faces.face_frame import box_of, jitter_boxes
from fer_md.files import atomic_directory
from fer_md.progress import Progress
from fer_md.training.results import write_result

FLAGS = flags.FLAGS
flags.DEFINE_string("data", None, "ytf_landmarks68.zip: frames with 68 landmarks, people apart in train and test.")
flags.DEFINE_string("output", None, "Folder to make.")
flags.DEFINE_integer("seed", 0, "Of the starts and of the drawn faces.", lower_bound=0)
flags.DEFINE_integer("perturbations", CascadeRecipe.perturbations, "Starts for each face and level.", lower_bound=1)
flags.DEFINE_integer("drawn", 600, "Drawn faces learnt by the update; half as many, of other people, test it.",
                     lower_bound=2)  # fmt: skip
flags.DEFINE_bool("overwrite", False, "Replace the output folder if it exists.")
flags.mark_flags_as_required(["data", "output"])

_DRAWN_SIZE = 176
_NORMALISERS = {"inter-ocular": inter_ocular, "face size": face_size}


@dataclasses.dataclass(frozen=True)
class Faces:
    """Annotated faces: list of N images (H, W) uint8, landmarks (N, 68, 2) float64, N names of people."""

    images: list
    landmarks: np.ndarray
    people: list


def main():
    recipe = CascadeRecipe(perturbations=FLAGS.perturbations, seed=FLAGS.seed)
    with atomic_directory(FLAGS.output, FLAGS.overwrite) as folder:
        training = video_faces("train")
        started = time.perf_counter()
        cascade = train_cascade(training.images, training.landmarks, training.people, recipe)
        train_seconds = time.perf_counter() - started
        cascade.save(folder / "cascade.npz")
        cascade.save(folder / "updatable.npz", updatable=True)

        adapted, drawn = copy.deepcopy(cascade), drawn_faces(FLAGS.drawn, "learnt")
        started = time.perf_counter()
        adapted.update(drawn.images, drawn.landmarks, recipe.perturbations, FLAGS.seed)
        update_seconds = time.perf_counter() - started
        adapted.save(folder / "adapted.npz")

        tests = {"test people": video_faces("test"), "drawn people": drawn_faces(FLAGS.drawn // 2, "tested")}
        results, curves = measure(cascade, adapted, tests)
        save_curves(folder / "cumulative_error.png", curves, "mean error / inter-ocular distance", "share of faces",
                    "68 landmarks on people not trained on", 0.25)  # fmt: skip
        write_result(folder / "results.json", {
            "seed": FLAGS.seed,
            "recipe": dataclasses.asdict(recipe),
            "faces": {"training": len(training.images), "update": len(drawn.images),
                      **{name: len(faces.images) for name, faces in tests.items()}},
            "failure_above": LIMIT,
            "errors": results,
            "per_face": speed(cascade, tests["test people"]),
            "train_seconds": train_seconds,
            "update_seconds": update_seconds,
        })  # fmt: skip
    print(f"written: {FLAGS.output}")


def video_faces(split):
    frames = list(read_ytf_landmarks(FLAGS.data, (split,)))
    images = [cv2.cvtColor(frame.image, cv2.COLOR_RGB2GRAY) for frame in frames]
    landmarks = np.array([frame.landmarks for frame in frames], np.float64)
    return Faces(images, landmarks, [frame.person for frame in frames])


def drawn_faces(count, group):
    """Faces drawn in the wild; the people of two groups differ."""
    faces = []
    with Progress(f"drawing faces to be {group}", count, "faces") as progress:
        for index, expression in zip(range(count), itertools.cycle(EXPRESSIONS)):
            person = f"{group}-{FLAGS.seed}-{index // len(EXPRESSIONS)}"
            faces.append(draw_face(f"{FLAGS.seed}/{index}", person, expression, "wild", _DRAWN_SIZE))
            progress.advance()
    landmarks = np.array([face.landmarks for face in faces], np.float64)
    return Faces([face.image for face in faces], landmarks, [face.subject for face in faces])


def measure(cascade, adapted, tests):
    """Errors of each method on each set of test faces, from the same starts; and the cumulative curves."""
    places, results, curves = np.linspace(0, 0.25, 126), {}, {}
    methods = {"mean shape": (cascade, 0), "one level": (cascade, 1), "cascade": (cascade, None),
               "adapted cascade": (adapted, None)}  # fmt: skip
    for test, faces in tests.items():
        boxes = jitter_boxes(box_of(faces.landmarks), np.random.default_rng(FLAGS.seed))
        results[test] = {}
        for method, (model, levels) in methods.items():
            found = model.align(faces.images, boxes, levels)
            errors = {name: point_errors(found, faces.landmarks, size(faces.landmarks))
                      for name, size in _NORMALISERS.items()}  # fmt: skip
            results[test][method] = {name: summarize_errors(values) for name, values in errors.items()}
            curves[f"{method}, {test}"] = places, cumulative_error(errors["inter-ocular"], places)
            figures = results[test][method]["inter-ocular"]
            print(f"{test:14}{method:18}error {100 * figures['mean']:6.2f} %  median {100 * figures['median']:6.2f} %  "
                  f"AUC {figures['auc']:.3f}  failures {100 * figures['failures']:5.1f} %")  # fmt: skip
    return results, curves


def speed(cascade, faces):
    """Time a face, 200 of them together."""
    images, boxes = faces.images[:200], box_of(faces.landmarks[:200])
    times = time_calls(lambda: cascade.align(images, boxes), len(images))
    print(f"{times['milliseconds']:.2f} ms a face, {times['processor_milliseconds']:.2f} ms of processor time")
    return times


if __name__ == "__main__":
    sys.exit(console.run(main))
