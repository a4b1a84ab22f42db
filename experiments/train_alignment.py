"""Trains the alignment cascade on annotated video frames, measures it on other people, and adapts it to drawn faces.

python experiments/train_alignment.py --data=/path/to/ytf_landmarks68.zip --output=runs/alignment

The folder gets cascade.npz (to align with), adapted.npz (after the update on drawn faces), updatable.npz (to go on
with Cascade.update; large), results.json and cumulative_error.png. It appears when everything is measured, or not at
all. The test people are read once, at the end.
"""

import copy
import dataclasses
import sys
import time

import numpy as np

from fer_md import console
from fer_md.evaluation.landmark_error import (
    LIMIT,
    cumulative_error,
    describe_errors,
    errors_by_normaliser,
    summarize_errors,
)
from fer_md.evaluation.timing import time_calls
from fer_md.faces.cascade_training import CascadeRecipe, train_cascade
from fer_md.faces.face_frame import box_of, jitter_boxes
from fer_md.files import atomic_directory
from fer_md.readers.annotated import drawn_faces, video_faces
from fer_md.runs.results import write_result
from pages.curve_picture import Panel, save_curves


@dataclasses.dataclass(frozen=True)
class Settings:
    data: str = console.flag("ytf_landmarks68.zip: frames with 68 landmarks, with different people in train and test.")
    output: str = console.flag("Folder to make.")
    seed: int = console.flag("Seed of the starts and of the drawn faces.", 0, least=0)
    perturbations: int = console.flag("Starts for each face and level.", CascadeRecipe.perturbations, least=1)
    drawn: int = console.flag(
        "Drawn faces that the update learns; half as many, of other people, are for the test.", 600, least=2
    )
    overwrite: bool = console.flag("Replace the output folder if it exists.", False)


def main(settings: Settings):
    recipe = CascadeRecipe(perturbations=settings.perturbations, seed=settings.seed)
    with atomic_directory(settings.output, settings.overwrite) as folder:
        training = video_faces(settings.data, "train")
        started = time.perf_counter()
        cascade = train_cascade(training.images, training.landmarks, training.people, recipe)
        train_seconds = time.perf_counter() - started
        cascade.save(folder / "cascade.npz")
        cascade.save(folder / "updatable.npz", updatable=True)
        adapted, drawn = copy.deepcopy(cascade), drawn_faces(settings.drawn, "learnt", settings.seed)
        started = time.perf_counter()
        adapted.update(drawn.images, drawn.landmarks, recipe.perturbations, settings.seed)
        update_seconds = time.perf_counter() - started
        adapted.save(folder / "adapted.npz")
        tests = {
            "test people": video_faces(settings.data, "test"),
            "drawn people": drawn_faces(settings.drawn // 2, "tested", settings.seed),
        }
        results, curves = measure(settings, cascade, adapted, tests)
        save_curves(
            folder / "cumulative_error.png",
            Panel(
                curves,
                "mean error / inter-ocular distance",
                "share of faces",
                "68 landmarks on people not trained on",
                0.25,
            ),
        )
        write_result(
            folder / "results.json",
            {
                "seed": settings.seed,
                "recipe": dataclasses.asdict(recipe),
                "faces": {
                    "training": len(training.images),
                    "update": len(drawn.images),
                    **{name: len(faces.images) for name, faces in tests.items()},
                },
                "failure_above": LIMIT,
                "errors": results,
                "per_face": speed(cascade, tests["test people"]),
                "train_seconds": train_seconds,
                "update_seconds": update_seconds,
            },
        )
    print(f"written: {settings.output}")


def measure(settings: Settings, cascade, adapted, tests):
    """Errors of each method on each set of test faces, from the same starts; and the cumulative curves."""
    places, results, curves = np.linspace(0, 0.25, 126), {}, {}
    methods = {
        "mean shape": (cascade, 0),
        "one level": (cascade, 1),
        "cascade": (cascade, None),
        "adapted cascade": (adapted, None),
    }
    for test, faces in tests.items():
        boxes = jitter_boxes(box_of(faces.landmarks), np.random.default_rng(settings.seed))
        results[test] = {}
        for method, (model, levels) in methods.items():
            found = model.align(faces.images, boxes, levels)
            errors = errors_by_normaliser(found, faces.landmarks)
            results[test][method] = {name: summarize_errors(values) for name, values in errors.items()}
            curves[f"{method}, {test}"] = places, cumulative_error(errors["inter-ocular"], places)
            print(f"{test:14}{method:18}{describe_errors(results[test][method]['inter-ocular'])}")
    return results, curves


def speed(cascade, faces):
    """Time a face, 200 of them together."""
    images, boxes = faces.images[:200], box_of(faces.landmarks[:200])
    times = time_calls(lambda: cascade.align(images, boxes), len(images))
    print(f"{times['milliseconds']:.2f} ms a face, {times['processor_milliseconds']:.2f} ms of processor time")
    return times


if __name__ == "__main__":
    sys.exit(console.run(main, Settings))
