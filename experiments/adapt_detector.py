"""Adapts a detector to each test person's frames without labels (Li et al. 2013), and measures what it gains.

python experiments/adapt_detector.py --data=ytf_landmarks68.zip --joint=runs/joint/joint.npz \
    --parts=runs/rivals/parts/parts.npz --output=A.json

The joint cascade proposes candidates with a low threshold in all frames of a person, who is an album. The surest half
of those above its own threshold are taken for faces, the lowest half of the others for none. Average precision is
measured in each album, and over all test frames.
"""

import dataclasses
import sys

import cv2
import numpy as np

from fer_md import console
from fer_md.evaluation.detection_metrics import average_precision, match, precision_recall
from fer_md.evaluation.measure import mean_or_none
from fer_md.evaluation.significance import bootstrap_mean
from fer_md.faces.crops import cut_crops
from fer_md.faces.detector_adaptation import adapt
from fer_md.faces.elastic_parts import CROP, ElasticParts
from fer_md.faces.face_frame import face_box, landmarks_box
from fer_md.faces.joint_cascade import JointCascade
from fer_md.progress import Progress
from fer_md.readers.ytf_landmarks import read_ytf_landmarks
from fer_md.runs.results import write_result
from landmark_rivals import load_parts

LOWEST = 0.02
"""Threshold with which candidates are proposed."""


@dataclasses.dataclass(frozen=True)
class Settings:
    data: str = console.flag("ytf_landmarks68.zip: frames with 68 landmarks, with different people in train and test.")
    joint: str = console.flag("joint.npz of experiments/train_detector.py --method=joint.")
    parts: str = console.flag("parts.npz of experiments/landmark_rivals.py.")
    output: str = console.new_file("JSON file for the figures.")


def main(settings: Settings) -> None:
    detector, model = JointCascade.load(settings.joint), load_parts(settings.parts)[0]
    threshold, detector.threshold = detector.threshold, LOWEST
    albums = propose(settings, detector, model)
    before = [album.scores - threshold for album in albums]
    after = [adapt(album.scores, album.looks, threshold) for album in albums]
    figures = {name: summary(scores, albums) for name, scores in (("detector", before), ("adapted", after))}
    own = {
        name: np.array([precision_of(*each) for each in zip(scores, albums, strict=True)])
        for name, scores in (("detector", before), ("adapted", after))
    }
    gains = own["adapted"] - own["detector"]
    for name, each in figures.items():
        print(f"{name:10}AP {each['average_precision']:.4f}, mean of albums {own[name].mean():.4f}")
    write_result(
        settings.output,
        {
            "threshold": threshold,
            "albums": len(albums),
            "faces": sum(album.faces for album in albums),
            "candidates": sum(len(album.scores) for album in albums),
            "all_frames": figures,
            "mean_of_albums": {"detector": float(np.mean(own["detector"])), "adapted": float(np.mean(own["adapted"]))},
            "gain_of_an_album": bootstrap_mean(gains),
            "albums_better": int((gains > 0).sum()),
            "albums_worse": int((gains < 0).sum()),
        },
    )
    print(f"written: {settings.output}")


@dataclasses.dataclass(frozen=True)
class Album:
    """The candidates in all frames of a person, N of them.

    Attributes:
        scores: (N,) of the detector.
        right: (N,) bool, whether each is the annotated face.
        looks: (N, D) PEP representations.
        faces: number of annotated faces.
    """

    scores: np.ndarray
    right: np.ndarray
    looks: np.ndarray
    faces: int


def propose(settings: Settings, detector: JointCascade, model: ElasticParts) -> list[Album]:
    """The candidates of each test person, in the order in which the people come."""
    parts: dict[str, list[tuple]] = {}
    with Progress("detecting", unit="frames") as progress:
        for frame in read_ytf_landmarks(settings.data, ("test",)):
            found = detector.detect([frame.image])[0]
            boxes, scores = np.array([face.box for face in found]).reshape(-1, 4), [face.score for face in found]
            gray = cv2.cvtColor(frame.image, cv2.COLOR_RGB2GRAY)
            looks = model.find(cut_crops([gray] * len(found), landmarks_box(boxes), CROP)).appearance
            right = match(list(boxes), scores, face_box(frame.landmarks[None]))
            parts.setdefault(frame.person, []).append((np.array(scores, float), right, looks))
            progress.advance()
    return [Album(*(np.concatenate(each) for each in zip(*own, strict=True)), len(own)) for own in parts.values()]


def precision_of(scores: np.ndarray, album: Album) -> float:
    """Average precision in one album."""
    _, precision, recall = precision_recall(scores, album.right, album.faces)
    return average_precision(precision, recall)


def summary(scores: list[np.ndarray], albums: list[Album]) -> dict:
    """Average precision over all albums, and precision and recall of what is at least 0."""
    joined, right = np.concatenate(scores), np.concatenate([album.right for album in albums]).astype(bool)
    faces, sure = sum(album.faces for album in albums), joined >= 0
    _, precision, recall = precision_recall(joined, right, faces)
    return {
        "average_precision": average_precision(precision, recall),
        "precision": mean_or_none(right[sure]),
        "recall": float(right[sure].sum() / faces),
        "false_alarms": int((sure & ~right).sum()),
    }


if __name__ == "__main__":
    sys.exit(console.run(main, Settings))
