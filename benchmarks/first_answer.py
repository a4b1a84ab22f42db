"""How long a photograph waits for its answer from a cold start, in LiteRT and in Keras, and how fast both classify.

python -m venv SMALL && SMALL/bin/pip install -r requirements-predict.txt && SMALL/bin/pip install --no-deps .
python benchmarks/first_answer.py --small_python=SMALL/bin/python --output=docs/results/first_answer.json

Each start is a process of its own; they take turns, and the best of each counts. The network is the one for photographs
and the detector MTCNN in LiteRT, for both. Of the small installation, which has no TensorFlow, the size is measured
too.
"""

import dataclasses
import json
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from fer_md import console
from fer_md.drawn.scenes import draw_scene
from fer_md.errors import FerMdError
from fer_md.media.pictures import save_picture
from fer_md.runs.results import write_result


@dataclasses.dataclass(frozen=True)
class Settings:
    photo: str | None = console.flag("Photograph; without it a scene is drawn (synthetic).", None)
    small_python: str | None = console.flag("Python of an installation for prediction alone.", None)
    rounds: int = console.flag("Turns of each.", 3, least=1)
    output: str | None = console.flag("JSON file for the results.", None)


LITERT, KERAS, SMALL = "LiteRT", "Keras", "LiteRT, small installation"

IMPORTS = {LITERT: "import fer_md.prediction.predictor", KERAS: "import fer_md.prediction.keras_classifiers"}

PREDICTORS = {
    LITERT: """
import sys, fer_md
predictor = fer_md.Predictor("photographs")
""",
    KERAS: """
import sys, fer_md
from fer_md.evaluation.predict import logits_function
from fer_md.evaluation.softmax import softmax
from fer_md.prediction.classifier import Classifier
forward = logits_function(fer_md.load_pretrained("photographs"))
predictor = fer_md.Predictor(Classifier(lambda faces: softmax(forward(faces)), fer_md.EXPRESSIONS, 48, ["photographs"]))
""",
}
"""How each of them is made."""

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


def main(settings: Settings):
    small = settings.small_python
    pythons = {LITERT: sys.executable, KERAS: sys.executable} | ({SMALL: small} if small else {})
    with tempfile.TemporaryDirectory() as folder:
        photo = settings.photo or drawn_photo(Path(folder))
        found = take_turns(pythons, photo, settings.rounds)
    found["megabytes"] = {SMALL: megabytes(Path(run(small, PACKAGES).strip()))} if small else {}
    for name, values in found.items():
        print(f"{name}: {json.dumps(values)}")
    if settings.output:
        kind = "photograph" if settings.photo else "drawn scene (synthetic)"
        write_result(settings.output, {"kind": kind, **found})


def drawn_photo(folder):
    path = folder / "scene.png"
    save_picture(path, draw_scene(0, 1, faces=2, size=512).image)
    return str(path)


def take_turns(pythons, photo, rounds):
    """The best figures of each of some Pythons, and Keras's in relation to LiteRT's."""
    seconds = {name: {"import": float("inf"), "first answer": float("inf")} for name in pythons}
    classifier: dict[str, dict] = {name: {} for name in pythons}
    for _ in range(rounds):
        for name, python in pythons.items():
            kind = KERAS if name == KERAS else LITERT
            for part, code in (("import", IMPORTS[kind]), ("first answer", PREDICTORS[kind] + ANSWER)):
                started = time.perf_counter()
                run(python, code, photo)
                seconds[name][part] = min(seconds[name][part], time.perf_counter() - started)
            timed = json.loads(run(python, PREDICTORS[kind] + CLASSIFY).splitlines()[-1])
            for batch, times in timed["classifier"].items():
                best = classifier[name].get(batch, times)
                classifier[name][batch] = {clock: min(value, best[clock]) for clock, value in times.items()}
    ratios = {part: seconds[KERAS][part] / seconds[LITERT][part] for part in seconds[KERAS]}
    for batch, times in classifier[KERAS].items():
        for clock, value in times.items():
            ratios[f"classifier, batch {batch}, {clock}"] = value / classifier[LITERT][batch][clock]
    return {"seconds": seconds, "classifier": classifier, "ratios": ratios}


def run(python, code, *arguments):
    answer = subprocess.run([python, "-c", code, *arguments], capture_output=True, text=True)
    if answer.returncode:
        raise FerMdError(f"{python}: {(answer.stderr.strip().splitlines() or ['failed'])[-1]}")
    return answer.stdout


def megabytes(folder):
    """Of all files of a folder of packages, without the installers'."""
    files = (path for path in folder.rglob("*") if path.is_file())
    own = (path for path in files if path.relative_to(folder).parts[0].split("-")[0] not in INSTALLERS)
    return sum(path.stat().st_size for path in own) / 1e6


if __name__ == "__main__":
    sys.exit(console.run(main, Settings))
