"""What a prediction gives: faces, pictures with their faces, and all pictures as one table."""

import dataclasses
from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING, Any, overload

import numpy as np

from fer_md.faces.detection import LANDMARKS, Box, same_values

if TYPE_CHECKING:
    import pandas

BOX_COLUMNS = ("x", "y", "width", "height")
QUALITY_COLUMNS = ("score", "sharpness", "roll", "doubts")
POINT_COLUMNS = tuple(f"{name.replace(' ', '_')}_{axis}" for name in LANDMARKS for axis in "xy")
"""Columns of a table of faces that hold the numbers of ``box``, how good its picture is, and ``landmarks``."""
POINT68_COLUMNS = tuple(f"landmark{number}_{axis}" for number in range(68) for axis in "xy")
"""Those that hold the numbers of ``landmarks68``."""


@dataclasses.dataclass(frozen=True, eq=False)
class FacePrediction:
    """One face. Two are equal if all their values are.

    Attributes:
        box: x, y, width, height in pixels, inside the picture.
        score: how sure the detector is, in [0, 1]; None without a detector.
        landmarks: (5, 2) float32 x, y in the order of `fer_md.faces.detection.LANDMARKS`, or None.
        label: name of the most probable expression.
        probabilities: the probability of each expression, by name: the network's softmax, under the predictor's prior
            where it has one. Those of the package's own network are calibrated.
        track: number of the face in its video, the same in all frames, from `fer_md.prediction.tracks.follow`; None
            where it was not followed.
        embedding: (D,) float32, the features that the network's logits are computed from, of all its components beside
            each other; None unless `Predictor.predict` was asked for it.
        sharpness: how sharp the face is as the network sees it, see `fer_md.prediction.quality.relative_sharpness`.
        roll: degrees by which it is turned in the plane of the picture, in [-180, 180], clockwise above 0; None
            without landmarks.
        doubts: why the answer should be doubted, of `fer_md.prediction.quality.DOUBTS`; mostly nothing.
        landmarks68: (68, 2) float32 x, y in iBUG order: the jaw from left to right, brows, nose, eyes, mouth. None
            unless the `Predictor` was asked for them.
    """

    box: Box
    score: float | None
    landmarks: np.ndarray | None
    label: str
    probabilities: dict[str, float]
    track: int | None = None
    embedding: np.ndarray | None = None
    sharpness: float | None = None
    roll: float | None = None
    doubts: tuple[str, ...] = ()
    landmarks68: np.ndarray | None = None

    __eq__ = same_values

    def as_dict(self) -> dict[str, Any]:
        """The attributes by their names, as values that `json.dumps` takes: arrays as lists, numbers as float."""
        return {
            "box": [float(value) for value in self.box],
            "score": None if self.score is None else float(self.score),
            "landmarks": None if self.landmarks is None else self.landmarks.tolist(),
            "label": self.label,
            "probabilities": {name: float(value) for name, value in self.probabilities.items()},
            "track": self.track,
            "embedding": None if self.embedding is None else self.embedding.tolist(),
            "sharpness": self.sharpness,
            "roll": self.roll,
            "doubts": list(self.doubts),
            "landmarks68": None if self.landmarks68 is None else self.landmarks68.tolist(),
        }


def as_columns(face: dict[str, Any]) -> dict[str, Any]:
    """What `FacePrediction.as_dict` returned as one row of a table, with a column for each number; no columns for 68
    landmarks that it lacks."""
    points, points68 = (
        [value for point in face.get(name) or () for value in point] for name in ("landmarks", "landmarks68")
    )
    return {
        **dict(zip(BOX_COLUMNS, face["box"], strict=True)),
        "score": face["score"],
        "sharpness": face["sharpness"],
        "roll": face["roll"],
        "doubts": " ".join(face["doubts"]),
        "label": face["label"],
        **face["probabilities"],
        **dict(zip(POINT_COLUMNS, points or [None] * len(POINT_COLUMNS), strict=True)),
        **(dict(zip(POINT68_COLUMNS, points68, strict=True)) if points68 else {}),
    }


@dataclasses.dataclass(frozen=True)
class PicturePrediction(Sequence[FacePrediction]):
    """A picture: the sequence of its faces, or why it could not be looked at.

    Attributes:
        source: path of the picture, or the name of its file; None for an array and for bytes.
        faces: in the order of the boxes that were given; those that the detector found come with the highest score
            first.
        error: what was wrong with the picture, in which case it has no faces; None where it was looked at.
    """

    source: str | None
    faces: tuple[FacePrediction, ...]
    error: str | None = None

    def __len__(self) -> int:
        return len(self.faces)

    @overload
    def __getitem__(self, index: int) -> FacePrediction: ...
    @overload
    def __getitem__(self, index: slice) -> tuple[FacePrediction, ...]: ...
    def __getitem__(self, index):
        return self.faces[index]

    def as_dict(self) -> dict[str, Any]:
        """The attributes by their names, as values that `json.dumps` takes."""
        return {"source": self.source, "faces": [face.as_dict() for face in self.faces], "error": self.error}


@dataclasses.dataclass(frozen=True, eq=False)
class Explanation:
    """What decided the label of a face. Two are equal if all their values are.

    Attributes:
        crop: (S, S) uint8, gray: the face as the network sees it.
        heat: (S, S) float64 in [-1, 1]: how much the probability of the label falls when the surroundings of a pixel
            are hidden, see `fer_md.evaluation.occlusion`. Above 0, they speak for the label; below, against it.
    """

    crop: np.ndarray
    heat: np.ndarray

    __eq__ = same_values


class Predictions(list[PicturePrediction]):
    """The list of the pictures, in their order.

    Args:
        pictures: what it holds.
        expressions: names of the expressions, in the order of the probabilities.
        landmarks68: whether the faces have 68 landmarks.
    """

    def __init__(self, pictures: Iterable[PicturePrediction], expressions: Sequence[str], landmarks68: bool = False):
        super().__init__(pictures)
        self.expressions, self.landmarks68 = tuple(expressions), landmarks68

    def to_dataframe(self) -> "pandas.DataFrame":
        """All faces as a table; it needs pandas, which the small installation lacks.

        Returns:
            a row for each face, with the columns ``picture`` (its place in the list, from 0), ``source``, ``face`` (its
            place in the picture), ``x``, ``y``, ``width``, ``height``, ``score``, ``sharpness``, ``roll``, ``doubts``
            (words with spaces between them), ``label``, one for each expression, and one for each coordinate of the
            landmarks; with ``landmarks68`` one for each of theirs. What is unknown is NaN. A picture without a face, or
            with an error, has no row.
        """
        import pandas

        rows = [
            {"picture": index, "source": picture.source, "face": number, **as_columns(face.as_dict())}
            for index, picture in enumerate(self)
            for number, face in enumerate(picture)
        ]
        points = (*POINT_COLUMNS, *(POINT68_COLUMNS if self.landmarks68 else ()))
        numbers = ("score", "sharpness", "roll", *self.expressions, *points)
        measured = (*BOX_COLUMNS, *QUALITY_COLUMNS)
        columns = ("picture", "source", "face", *measured, "label", *self.expressions, *points)
        kinds = {"picture": int, "face": int} | dict.fromkeys((*BOX_COLUMNS, *numbers), float)
        return pandas.DataFrame(rows, columns=list(columns)).astype(kinds)
