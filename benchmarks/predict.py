"""Ours beside fer and deepface, in one run: the first answer, pictures, a video, the classifier, and the size.

python -m venv SMALL && SMALL/bin/pip install -r requirements-predict.txt && SMALL/bin/pip install --no-deps .
python benchmarks/predict.py --photos=../shared/data/photos --small_python=SMALL/bin/python --fer_python=FER/bin/python

Each runs in processes of its own, and they take turns; the best of the rounds counts. fer and deepface are extras, in
environments of their own (benchmarks/predict_fer.py, predict_deepface.py). fer and deepface find faces with MTCNN:
fer from 20 pixels on, ours, with YuNet, from there on as well, and as it does by default (from 20 to 40, by the size of
the picture). Without --photos the pictures are drawn scenes (synthetic); the video, of 1280x720 pixels, is drawn. Ours
classifies with the bundled network for photographs, or with --model; "Keras" is the former in Keras. Some of the
figures are goals of issue 23, and the results say whether they are met.
"""

import dataclasses
import json
import sys
import tempfile
import time
from pathlib import Path

import numpy as np
from processes import run

from fer_md import console
from fer_md.drawn.scenes import draw_scene
from fer_md.errors import FerMdError
from fer_md.evaluation.timing import time_calls
from fer_md.faces.choice import choose_detector
from fer_md.media.pictures import save_picture
from fer_md.media.sources import find_media, read_media
from fer_md.media.video_writer import write_video
from fer_md.prediction.classifier import load_classifier
from fer_md.prediction.predictor import Predictor
from fer_md.runs.results import write_result


@dataclasses.dataclass(frozen=True)
class Settings:
    photos: str | None = console.flag("Folder of photographs; without it scenes are drawn (synthetic).", None)
    model: str | None = console.flag("Run directory or SavedModel; without it the bundled network.", None)
    small_python: str | None = console.flag("Python of an installation for prediction alone.", None)
    fer_python: str | None = console.flag(
        "Python in which the package fer is installed; without it fer is left out.", None
    )
    deepface_python: str | None = console.flag("Python in which the package deepface is installed.", None)
    rounds: int = console.flag("Turns of each.", 3, least=1)
    output: str | None = console.new_file("JSON file for the results.", None)
    pictures: str = console.flag("Used inside: the pictures of the variant that is timed, as JSON.", "[]")
    film: str = console.flag("Used inside: the video of the variant that is timed.", "")
    variant: int | None = console.flag(
        "Used inside: smallest face of the variant of ours that is timed; 0: default.", None
    )


BATCH, FRAMES = 32, 60
"""Pictures at once, and frames of the video."""

OURS, SMALLEST, SMALL, KERAS = "ours", "ours, faces from 20 pixels", "ours, small installation", "Keras"
"""Variants of ours; `SMALLEST` looks for faces as small as fer does."""

LITE_PREDICTOR = """
import sys, fer_md
predictor = fer_md.Predictor("photographs")
"""

KERAS_PREDICTOR = """
import sys, fer_md
from fer_md.evaluation.predict import logits_function
from fer_md.evaluation.softmax import softmax
from fer_md.prediction.classifier import Classifier
forward = logits_function(fer_md.load_pretrained("photographs"))
predictor = fer_md.Predictor(Classifier(lambda faces: softmax(forward(faces)), fer_md.EXPRESSIONS, 48, ["photographs"]))
"""

ANSWER = """
print(len(predictor.predict([sys.argv[1]])[0]))
"""

CLASSIFY = """
import json
import numpy as np
from fer_md.evaluation.timing import time_calls
faces = np.random.default_rng(0).integers(0, 256, (32, 48, 48), np.uint8)
classify = predictor.classifier.classify
classify(faces), classify(faces[:1])
one, many = time_calls(lambda: [classify(faces[:1]) for _ in faces], 32), time_calls(lambda: classify(faces), 32)
print(json.dumps({"classifier": {"1": one, "32": many}}))
"""

PACKAGES = """
import sysconfig
print(sysconfig.get_path("purelib"))
"""

INSTALLERS = ("pip", "setuptools", "pkg_resources", "_distutils_hack")
"""What an environment has before anything is installed in it."""

PAPER = 2000.0
"""Milliseconds that the paper's Sec. 4 gives for one image."""


def main(settings: Settings):
    if settings.variant is not None:
        pictures = json.loads(settings.pictures)
        print(json.dumps(time_ours(settings.variant, settings.model, pictures, settings.film)))
        return None
    with tempfile.TemporaryDirectory() as folder:
        pictures, film = find_pictures(Path(folder), settings.photos), str(draw_film(Path(folder) / "film.mp4"))
        measured = take_turns(commands(settings, pictures, film), settings.rounds)
    for name, python in ((SMALL, settings.small_python), ("fer", settings.fer_python)):
        if python and "does not run here" not in measured[name]:
            packages = Path(run([python, "-c", PACKAGES])[-1])
            measured[name]["megabytes"] = megabytes(packages)
    ratios, goals = compare(measured), check_goals(measured)
    for name, ratio in ratios.items():
        print(f"{name}: {ratio:.1f}")
    for goal in goals:
        print(
            f"goal: {goal['goal']} {goal['wanted']:g}, found {goal['found']:.3g}: {'met' if goal['met'] else 'not met'}"
        )
    if settings.output:
        write_result(
            settings.output,
            {
                "pictures": len(set(pictures)),
                "kind": "photographs" if settings.photos else "drawn scenes (synthetic)",
                "batch": BATCH,
                "measured": measured,
                "ratios": ratios,
                "goals": goals,
            },
        )
    return None


def find_pictures(folder, photos=None):
    """`BATCH` paths, those of a folder of photographs or of drawn scenes over and over."""
    if photos:
        problems = []
        found = [medium.source for medium in find_media([photos], problems.append) if medium.kind == "picture"]
        if not found:
            raise FerMdError(str(problems[0]) if problems else f"{photos}: no photographs")
    else:
        found = [str(folder / f"{index}.png") for index in range(8)]
        for index, path in enumerate(found):
            save_picture(path, draw_scene(0, index, faces=1 + index % 3, size=512).image)
    return [found[index % len(found)] for index in range(BATCH)]


def draw_film(path):
    """Writes a video of two drawn scenes beside each other, with three faces, that move to and fro."""
    scenes = [draw_scene(0, index, faces=faces, size=720).image for index, faces in ((1, 2), (2, 1))]
    still = np.concatenate(scenes, axis=1)  # 1440 wide
    with write_video(path, (1280, 720), 30) as append:
        for index in range(FRAMES):
            left = round(80 + 80 * np.sin(2 * np.pi * index / 30))
            append(np.ascontiguousarray(still[:, left : left + 1280]))
    return path


def commands(settings: Settings, pictures, film):
    """dict from each variant's name to its commands: ``first``, for the time of the first answer, and ``times``."""
    own, whole = (
        [sys.executable, "-c"],
        [sys.executable, __file__, f"--pictures={json.dumps(pictures)}", f"--film={film}"],
    )
    whole += [f"--model={settings.model}"] if settings.model else []
    found = {
        OURS: {"first": [*own, LITE_PREDICTOR + ANSWER, pictures[0]], "times": [*whole, "--variant=0"]},
        SMALLEST: {"times": [*whole, "--variant=20"]},
        KERAS: {
            "first": [*own, KERAS_PREDICTOR + ANSWER, pictures[0]],
            "times": [*own, KERAS_PREDICTOR + CLASSIFY],
        },
    }
    if settings.small_python:
        small = [settings.small_python, "-c"]
        found[SMALL] = {
            "first": [*small, LITE_PREDICTOR + ANSWER, pictures[0]],
            "times": [*small, LITE_PREDICTOR + CLASSIFY],
        }
    for name, python in (("fer", settings.fer_python), ("deepface", settings.deepface_python)):
        if python:
            script = [python, str(Path(__file__).with_name(f"predict_{name}.py"))]
            found[name] = {"first": [*script, "first", pictures[0]], "times": [*script, "times", film, *pictures]}
    return found


def take_turns(variants, rounds):
    """The best figures of each variant, or why it does not run."""
    measured: dict[str, dict] = {}
    for number in range(rounds):
        for name, tasks in variants.items():
            if "does not run here" in measured.get(name, {}):
                continue
            try:
                measured[name] = better(measured.get(name), time_variant(tasks))
            except FerMdError as error:
                measured[name] = {"does not run here": str(error)}
            print(f"round {number + 1}  {name}: {json.dumps(measured[name])}", flush=True)
    return measured


def time_variant(tasks):
    """Figures of one turn of a variant; ``first answer`` in seconds, from the start of the process to its end."""
    found = {}
    if "first" in tasks:
        started = time.perf_counter()
        run(tasks["first"])
        found["first answer"] = time.perf_counter() - started
    return found | json.loads(run(tasks["times"])[-1])


def better(known, found):
    """The faster of two sets of figures, one by one."""
    if known is None:
        return found
    return {
        key: better(known[key], value) if isinstance(value, dict) else min(known[key], value)
        for key, value in found.items()
    }


def figure(measured, name, *keys):
    """A figure of a variant, or None where it was not measured."""
    found = measured.get(name, {})
    for key in keys:
        found = found.get(key, {})
    return found or None


def ratio(measured, slow, fast, *keys):
    """How many times as fast one variant is as another, or None."""
    figures = figure(measured, slow, *keys), figure(measured, fast, *keys)
    return figures[0] / figures[1] if all(figures) else None


def compare(measured):
    """By their names, how many times as fast ours is as fer, as the same network in Keras, and as the paper."""
    batches = ("1", str(BATCH))
    ratios = {
        f"paper's 2 s an image / classifier, batch {batch}": PAPER / times["milliseconds"]
        for batch, times in (figure(measured, OURS, "classifier") or {}).items()
    }
    for name in (OURS, SMALLEST):
        for batch in batches:
            keys = "end to end", batch, "milliseconds"
            ratios[f"fer / {name}, batch {batch}"] = ratio(measured, "fer", name, *keys)
        ratios[f"fer / {name}, video"] = ratio(measured, "fer", name, "video", "milliseconds")
    for slow in (KERAS, "fer"):
        ratios[f"{slow} / ours, first answer"] = ratio(measured, slow, OURS, "first answer")
    for batch in batches:
        keys = "classifier", batch, "milliseconds"
        ratios[f"Keras / ours, classifier, batch {batch}"] = ratio(measured, KERAS, OURS, *keys)
    return {name: value for name, value in ratios.items() if value is not None}


def check_goals(measured):
    """The goals of issue 23 whose figures were measured: what was wanted and found, and whether that is enough."""
    milliseconds = figure(measured, OURS, "video", "milliseconds")
    classifier = [ratio(measured, KERAS, OURS, "classifier", batch, "milliseconds") for batch in ("1", str(BATCH))]
    goals = (
        ("first answer, s, at most", 0.8, figure(measured, OURS, "first answer")),
        ("small installation, MB, at most", 350, figure(measured, SMALL, "megabytes")),
        ("Keras / ours, classifier, batch 1, at least", 5, classifier[0]),
        (f"Keras / ours, classifier, batch {BATCH}, at least", 2.5, classifier[1]),
        (
            f"fer / {SMALLEST}, batch {BATCH}, at least",
            6,
            ratio(measured, "fer", SMALLEST, "end to end", str(BATCH), "milliseconds"),
        ),
        ("frames of a 720p video a second, at least", 60, milliseconds and 1000 / milliseconds),
    )
    return [
        {"goal": name, "wanted": wanted, "found": found, "met": found <= wanted if "most" in name else found >= wanted}
        for name, wanted, found in goals
        if found is not None
    ]


def time_ours(smallest, model, pictures, film):
    """Figures of one turn; a first pass over a few pictures is not timed."""
    classifier = load_classifier(model)
    predictor = Predictor(classifier, choose_detector(min_face=smallest or None))
    faces = np.random.default_rng(0).integers(0, 256, (BATCH, classifier.image_size, classifier.image_size), np.uint8)
    found = sum(map(len, predictor.predict(pictures)))
    predictor.predict(pictures[:1])
    classifier.classify(faces[:1])
    frames = sum(1 for _ in read_media(find_media([film])))
    return {
        "faces": found,
        "end to end": {
            "1": time_calls(lambda: [predictor.predict([path]) for path in pictures[:8]], 8, 1),
            str(BATCH): time_calls(lambda: predictor.predict(pictures), BATCH, 1),
        },
        "classifier": {
            "1": time_calls(lambda: [classifier.classify(faces[:1]) for _ in faces], BATCH),
            str(BATCH): time_calls(lambda: classifier.classify(faces), BATCH),
        },
        "video": time_calls(lambda: sum(1 for _ in predictor.stream(read_media(find_media([film])))), frames, 1),
    }


def megabytes(folder):
    """Of all files of a folder of packages, without the installers'."""
    files = (path for path in folder.rglob("*") if path.is_file())
    own = (path for path in files if path.relative_to(folder).parts[0].split("-")[0] not in INSTALLERS)
    return sum(path.stat().st_size for path in own) / 1e6


if __name__ == "__main__":
    sys.exit(console.run(main, Settings))
