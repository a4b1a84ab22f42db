"""A predictor whose detector and network are rules, and finished runs that were never trained."""

import numpy as np

from fer_md.expressions import EXPRESSIONS
from fer_md.faces.detection import Detection
from fer_md.files import write_json
from fer_md.models import TINY, build_component
from fer_md.prediction.classifier import Classifier
from fer_md.prediction.predictor import Predictor


class StubDetector:
    """Says that each picture with a side above 8 has a face in its left half; keeps the shapes that it was shown."""

    def __init__(self):
        self.calls = []

    def detect(self, images):
        self.calls.append([image.shape for image in images])
        for image in images:
            assert image.dtype == np.uint8 and image.ndim == 3 and image.shape[2] == 3
        return [[self._face(*image.shape[:2])] if min(image.shape[:2]) > 8 else [] for image in images]

    def _face(self, height, width):
        eyes = np.array([(0.15, 0.4), (0.35, 0.4), (0.25, 0.5), (0.18, 0.7), (0.32, 0.7)])
        landmarks = (eyes * (width, height)).astype(np.float32)
        return Detection((0.0, 0.0, width / 2, float(height)), 0.9, landmarks)


def brightness_classifier(seen=None):
    """A `Classifier` that calls a face happy by its mean gray level, else neutral; appends batch sizes to ``seen``."""

    def forward(faces):
        if seen is not None:
            seen.append(len(faces))
        happy = faces.mean((1, 2)) / 255
        probabilities = np.zeros((len(faces), 7))
        probabilities[:, 3], probabilities[:, 6] = happy, 1 - happy
        return probabilities

    return Classifier(forward, EXPRESSIONS, 48, ["brightness"])


def stub_predictor(**arguments):
    """A `Predictor` of `brightness_classifier` and, unless ``arguments`` name another, `StubDetector`."""
    return Predictor(brightness_classifier(), **{"detector": StubDetector(), **arguments})


def save_run(folder, spaces=None, **stated):
    """Writes what a finished run leaves: of a pre-training, or of a fine-tuning on several data sets.

    Args:
        folder: to make.
        spaces: dict from data sets' names to their expressions, all learned by each network; None for one of seven.
        stated: further settings of the run.
    """
    folder.mkdir(parents=True)
    if spaces is None:
        settings = {"data": "noise", "expressions": list(EXPRESSIONS), "manifest_sha256": "0", **stated}
        write_json(folder / "config.json", {"settings": settings})
        build_component(TINY, 0).save(folder / "model.keras")
        return
    names = [f"component{index + 1}" for index in range(len(spaces))]
    settings = {
        "data": list(spaces),
        "expressions": [list(space) for space in spaces.values()],
        "networks": names,
        "manifest_sha256": ["0"] * len(spaces),
        **stated,
    }
    write_json(folder / "config.json", {"settings": settings})
    for index, name in enumerate(names):
        build_component(TINY, index).save(folder / f"{name}.keras")
