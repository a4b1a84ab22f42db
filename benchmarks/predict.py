"""Milliseconds from a picture file to the expressions of its faces: ours, fer and deepface, in one run.

python benchmarks/predict.py --photos=../shared/data/photos --fer_python=FER/bin/python

Each runs in a process of its own, and they take turns; the best of the rounds counts. fer and deepface are extras, in
environments of their own (benchmarks/predict_fer.py, predict_deepface.py). All find faces with MTCNN: fer from 20
pixels on, ours from there on as well, and as it does by default (from 20 to 40, by the size of the picture). Without
--photos the pictures are drawn scenes (synthetic). Ours classifies with the network that ships, or with --model.
"""

import dataclasses
import json
import subprocess
import sys
import tempfile
from pathlib import Path

import numpy as np

from fer_md import console
from fer_md.drawn.scenes import draw_scene
from fer_md.errors import FerMdError
from fer_md.evaluation.timing import time_calls
from fer_md.faces.mtcnn import MtcnnDetector
from fer_md.media.pictures import save_picture
from fer_md.media.sources import find_media
from fer_md.prediction.classifier import load_classifier
from fer_md.prediction.predictor import Predictor
from fer_md.runs.results import write_result


@dataclasses.dataclass(frozen=True)
class Settings:
    photos: str | None = console.flag("Folder of photographs; without it scenes are drawn (synthetic).", None)
    model: str | None = console.flag("Run directory or SavedModel; without it the network that ships.", None)
    fer_python: str | None = console.flag(
        "Python in which the package fer is installed; without it fer is left out.", None
    )
    deepface_python: str | None = console.flag("Python in which the package deepface is installed.", None)
    rounds: int = console.flag("Turns of each.", 3, least=1)
    output: str | None = console.flag("JSON file for the results.", None)
    pictures: str = console.flag("Used inside: the pictures of the variant that is timed, as JSON.", "[]")
    variant: int | None = console.flag(
        "Used inside: smallest face of the variant of ours that is timed; 0: default.", None
    )


BATCH = 32
SMALLEST = ", faces from 20 pixels"
"""The variant of ours that looks for faces as small as fer does."""

PAPER = 2000.0
"""Milliseconds that the paper's Sec. 4 gives for one image."""


def main(settings: Settings):
    if settings.variant is not None:
        print(json.dumps(time_ours(settings.variant, settings.model, json.loads(settings.pictures))))
        return None
    with tempfile.TemporaryDirectory() as folder:
        pictures = find_pictures(Path(folder), settings.photos)
        measured = take_turns(commands(settings, pictures), settings.rounds)
    ratios = compare(measured)
    for name, ratio in ratios.items():
        print(f"{name}: {ratio:.1f}")
    if settings.output:
        write_result(
            settings.output,
            {
                "pictures": len(set(pictures)),
                "kind": "photographs" if settings.photos else "drawn scenes (synthetic)",
                "batch": BATCH,
                "measured": measured,
                "ratios": ratios,
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


def commands(settings: Settings, pictures):
    """dict from each variant's name to the command that times it."""
    files = [f"--pictures={json.dumps(pictures)}"]
    model = [f"--model={settings.model}"] if settings.model else []
    ours = {
        f"ours{note}": [sys.executable, __file__, f"--variant={side}", *model, *files]
        for note, side in (("", 0), (SMALLEST, 20))
    }
    others = {
        name: [python, str(Path(__file__).with_name(f"predict_{name}.py")), *pictures]
        for name, python in (("fer", settings.fer_python), ("deepface", settings.deepface_python))
        if python
    }
    return ours | others


def take_turns(variants, rounds):
    """The best figures of each variant, or why it does not run."""
    measured = {}
    for number in range(rounds):
        for name, command in variants.items():
            if "does not run here" in measured.get(name, {}):
                continue
            answer = subprocess.run(command, capture_output=True, text=True)
            lines = answer.stdout.splitlines()
            if answer.returncode or not lines:
                error = (answer.stderr.strip().splitlines() or ["no output"])[-1]
                measured[name] = {"does not run here": error[:300]}
            else:
                measured[name] = better(measured.get(name), json.loads(lines[-1]))
            print(f"round {number + 1}  {name}: {json.dumps(measured[name])}", flush=True)
    return measured


def better(known, found):
    """The faster of two sets of figures, one by one."""
    if known is None:
        return found
    return {
        key: better(known[key], value) if isinstance(value, dict) else min(known[key], value)
        for key, value in found.items()
    }


def compare(measured):
    """What the goals are about."""
    ours, fer = measured["ours"], measured.get("fer", {})
    ratios = {
        f"paper's 2 s an image / classifier, batch {batch}": PAPER / ours["classifier"][batch]["milliseconds"]
        for batch in ours["classifier"]
    }
    for note in ("", SMALLEST):
        for batch, times in fer.get("end to end", {}).items():
            own = measured[f"ours{note}"]["end to end"][batch]
            ratios[f"fer / ours{note}, batch {batch}"] = times["milliseconds"] / own["milliseconds"]
    return ratios


def time_ours(smallest, model, pictures):
    """Figures of one turn; a first pass over a few pictures is not timed."""
    classifier = load_classifier(model)
    predictor = Predictor(classifier, MtcnnDetector(smallest or None))
    faces = np.random.default_rng(0).integers(0, 256, (BATCH, classifier.image_size, classifier.image_size), np.uint8)
    found = sum(map(len, predictor.predict(pictures)))
    predictor.predict(pictures[:1])
    classifier.classify(faces[:1])
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
    }


if __name__ == "__main__":
    sys.exit(console.run(main, Settings))
