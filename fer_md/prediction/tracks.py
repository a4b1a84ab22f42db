"""Faces followed through a video, by where they are expected. Who they are is not looked at."""

import dataclasses
import functools
import math
from collections.abc import Callable, Iterable, Iterator, Sequence

import numpy as np

from fer_md.errors import FerMdError
from fer_md.faces.regions import iou
from fer_md.media.sources import Frame, Medium
from fer_md.prediction.results import FacePrediction

OVERLAP = 0.3
"""Least intersection over union of a face with the place where its track is expected."""

PATIENCE = 1.0
"""Seconds after which a face that was lost from sight is another face."""

_SHORTEST = 1e-3
"""Seconds between frames, at least, where a file states less."""

FramesWithFaces = Iterable[tuple[Frame, list[FacePrediction]]]
"""Frames with their faces, as `fer_md.Predictor.stream` yields them."""


def chosen_tracks(track: bool, smoothing: float) -> Callable[[FramesWithFaces], FramesWithFaces]:
    """What ``fer-md predict`` does with predictions: `follow`, or nothing.

    Args:
        track: whether faces are to keep a number.
        smoothing: seconds over which their probabilities are averaged, which ``track`` is not needed for; 0 for none.

    Raises:
        FerMdError: ``smoothing`` is not a finite number of at least 0.
    """
    check_smoothing(smoothing)
    return functools.partial(follow, smoothing=smoothing) if track or smoothing else iter


def check_smoothing(smoothing: float) -> None:
    """Raises `FerMdError` unless ``smoothing`` is a finite number of at least 0."""
    if not (math.isfinite(smoothing) and smoothing >= 0):
        raise FerMdError(f"smoothing must be a finite number of seconds, at least 0; got {smoothing}")


def follow(predictions: FramesWithFaces, smoothing: float = 0.0) -> Iterator[tuple[Frame, list[FacePrediction]]]:
    """Numbers the faces of videos and cameras, so that a face keeps its number from frame to frame.

    Args:
        predictions: frames with their faces.
        smoothing: seconds over which the probabilities of a face are averaged, see `Tracker`; 0 leaves them.

    Yields:
        (frame, faces) with each face's ``track``. Pictures pass as they are.

    Raises:
        FerMdError: ``smoothing`` is not a finite number of at least 0.

    Examples:
        >>> frames = read_media(find_media(["film.mp4"]))
        >>> for frame, faces in follow(predictor.stream(frames), smoothing=0.2):
        ...     print(frame.time, {face.track: face.label for face in faces})
    """
    medium: Medium | None = None
    tracker = Tracker(smoothing)
    for frame, faces in predictions:
        if frame.time is None:
            yield frame, faces
            continue
        if frame.medium is not medium:
            medium, tracker = frame.medium, Tracker(smoothing)
        yield frame, tracker.update(faces, frame.time)


class Tracker:
    """The faces of one video.

    A face belongs to the track that it overlaps most, best pairs first. A track is expected where it would be if its
    middle went on as before; its velocity is the mean of the last one and of the last step. A track that was not seen
    for `PATIENCE` seconds has ended.

    Args:
        smoothing: T >= 0, seconds. The probabilities of a face become the mean over all faces of its track so far, with
            the weight exp(-age / T), and its label the most probable expression of that mean. 0 leaves them.

    Raises:
        FerMdError: ``smoothing`` is not a finite number of at least 0.
    """

    def __init__(self, smoothing: float = 0.0):
        check_smoothing(smoothing)
        self.smoothing = smoothing
        self._tracks: list[_Track] = []
        self._number, self._time = 0, -math.inf

    def update(self, faces: Sequence[FacePrediction], time: float) -> list[FacePrediction]:
        """The faces of the next frame with their ``track``, in their order; ``time`` is the frame's, in seconds."""
        self._tracks = [track for track in self._tracks if track.time >= self._time - PATIENCE]
        self._time = time
        known = self._match(faces, time)
        followed = []
        for row, face in enumerate(faces):
            track = known.get(row) or self._begin(face, time)
            track.see(face, time, self.smoothing)
            followed.append(track.label(face) if self.smoothing else dataclasses.replace(face, track=track.number))
        return followed

    def _match(self, faces, time):
        """dict from rows of ``faces`` to their tracks."""
        if not (len(faces) and self._tracks):
            return {}
        expected = np.stack([track.expected(time) for track in self._tracks])
        overlap = iou(expected, np.array([face.box for face in faces]))
        known = {}
        while overlap.max() >= OVERLAP:
            track, row = np.unravel_index(overlap.argmax(), overlap.shape)
            known[int(row)] = self._tracks[track]
            overlap[track], overlap[:, row] = -1, -1
        return known

    def _begin(self, face, time):
        self._tracks.append(_Track(self._number, np.array(face.box), time, np.zeros(len(face.probabilities))))
        self._number += 1
        return self._tracks[-1]


@dataclasses.dataclass
class _Track:
    """``sums`` and ``weight``: of the probabilities so far; ``velocity``: of the middle, in pixels a second."""

    number: int
    box: np.ndarray
    time: float
    sums: np.ndarray
    weight: float = 0.0
    velocity: np.ndarray = dataclasses.field(default_factory=lambda: np.zeros(2))

    def expected(self, time):
        """The box at a later time."""
        return np.concatenate([self.box[:2] + self.velocity * (time - self.time), self.box[2:]])

    def see(self, face, time, smoothing):
        """Takes up where the face is and what it shows."""
        box, passed = np.array(face.box), max(time - self.time, _SHORTEST)
        if self.weight:
            step = (_middle(box) - _middle(self.box)) / passed
            self.velocity = (self.velocity + step) / 2
        kept = math.exp(-passed / smoothing) if smoothing else 0.0
        self.sums = kept * self.sums + list(face.probabilities.values())
        self.weight = kept * self.weight + 1
        self.box, self.time = box, time

    def label(self, face):
        """The face with the number, the mean probabilities and their label."""
        mean = dict(zip(face.probabilities, (self.sums / self.weight).tolist(), strict=True))
        return dataclasses.replace(face, track=self.number, label=max(mean, key=mean.__getitem__), probabilities=mean)


def _middle(box):
    return box[:2] + box[2:] / 2
