"""The side of the package deepface in predict.py; it loads its weights from the network when it is first used.

pip install deepface tf-keras werkzeug      # in an environment of its own
"""

import sys

import numpy as np
import peer_timing
from deepface import DeepFace
from deepface.modules import modeling

if __name__ == "__main__":
    try:
        model = modeling.build_model(task="facial_attribute", model_name="Emotion")
    except ValueError as error:
        print(error, file=sys.stderr)
        sys.exit("its classifier's weights, which it downloads at the first use, cannot be had")
    faces = np.random.default_rng(0).integers(0, 256, (32, 48, 48, 3), np.uint8)

    def look(picture):
        return DeepFace.analyze(picture, ["emotion"], enforce_detection=False, detector_backend="mtcnn", silent=True)

    peer_timing.main(look, lambda count: [model.predict(face) for face in faces[:count]])
