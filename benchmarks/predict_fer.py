"""The side of the package fer in predict.py; it has no batches: pictures are given one by one.

pip install fer "opencv-contrib-python<5" "setuptools<80"      # in an environment of its own
"""

import facenet_pytorch  # noqa: F401  isort: skip  (after TensorFlow, which fer loads first, it ends the process)

import numpy as np
import peer_timing
from fer.fer import FER

if __name__ == "__main__":
    detector = FER(mtcnn=True)
    faces = np.random.default_rng(0).uniform(-1, 1, (32, 64, 64)).astype(np.float32)
    peer_timing.main(detector.detect_emotions, lambda count: detector._classify_emotions(faces[:count]))
