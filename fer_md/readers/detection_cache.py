"""What a detector has found, kept in a file, so that a run that was stopped does not search the same images again."""

import hashlib
import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np

from fer_md.faces.detection import Detection, Detector

FORMAT = 3
"""Version of the file."""


class DetectionCache:
    """A detector with a memory on disk.

    Each line of the file is a JSON object. The first one holds the detector's settings; each of the others holds the
    SHA-256 of an image's pixels and its detections. A line that is not whole, because a run was killed, is dropped with
    all that follow it. A file with other settings is dropped as a whole.

    Args:
        detector: what searches the images that are new.
        settings: JSON values that say which detector it is and how it is set.
        path: the file; its folder is created.

    Examples:
        >>> with DetectionCache(MtcnnDetector(), {"detector": "mtcnn"}, "faces.detections.jsonl") as cached:
        ...     cached.detect(images)
    """

    def __init__(self, detector: Detector, settings: dict[str, Any], path: Path | str):
        self._detector = detector
        self._settings = {"format": FORMAT, **settings}
        self._path = Path(path)

    def __enter__(self) -> "DetectionCache":
        self._path.parent.mkdir(parents=True, exist_ok=True)
        self._file = open(self._path, "a+b")
        self._known = self._load()
        return self

    def __exit__(self, *exc_info: Any) -> None:
        self._file.close()

    def detect(self, images: Sequence[np.ndarray]) -> list[list[Detection]]:
        """Finds faces, see `fer_md.faces.detection.Detector`; images seen before are not searched again."""
        hashes = [_hash(image) for image in images]
        new = {sha: image for sha, image in zip(hashes, images, strict=True) if sha not in self._known}
        for sha, detections in zip(new, self._detector.detect(list(new.values())), strict=True):
            self._known[sha] = detections
            self._write({"sha256": sha, "detections": [_to_json(detection) for detection in detections]})
        self._file.flush()
        return [self._known[sha] for sha in hashes]

    def _load(self):
        """Reads the whole lines and cuts off the rest; returns the detections by hash."""
        self._file.seek(0)
        known, good = {}, 0
        for number, line in enumerate(self._file):
            entry = _parse(line)
            if entry is None or (number == 0 and entry != self._settings):
                break
            if number:
                known[entry["sha256"]] = [_from_json(values) for values in entry["detections"]]
            good += len(line)
        self._file.truncate(good)
        if not good:
            self._write(self._settings)
        return known

    def _write(self, entry):
        self._file.write(json.dumps(entry, allow_nan=False).encode() + b"\n")


def _hash(image):
    return hashlib.sha256(repr(image.shape).encode() + np.ascontiguousarray(image).tobytes()).hexdigest()


def _parse(line):
    try:
        return json.loads(line) if line.endswith(b"\n") else None
    except ValueError:
        return None


def _to_json(detection):
    landmarks = None if detection.landmarks is None else detection.landmarks.tolist()
    return {"box": list(detection.box), "score": detection.score, "landmarks": landmarks}


def _from_json(values):
    landmarks = None if values["landmarks"] is None else np.array(values["landmarks"], np.float32)
    return Detection(tuple(values["box"]), values["score"], landmarks)
