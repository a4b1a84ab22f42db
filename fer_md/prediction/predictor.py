"""Faces and their expressions in pictures."""

import itertools
from collections.abc import Callable, Iterable, Iterator, Sequence, Sized
from pathlib import Path

import numpy as np

from fer_md.errors import FerMdError
from fer_md.evaluation.copies import views
from fer_md.evaluation.occlusion import occlusion_map
from fer_md.evaluation.prior import Prior, apply_shift, chosen_share, prior_shift
from fer_md.faces.alignment import check_alignment, cut_face, whole_box
from fer_md.faces.cascade import Cascade
from fer_md.faces.choice import READY, choose_detector
from fer_md.faces.detection import Box, Detection, Detector, clip_box
from fer_md.faces.landmark_finder import LandmarkFinder
from fer_md.faces.landmarks import find_landmarks, place_landmarks
from fer_md.media.sources import Frame
from fer_md.prediction.classifier import Classifier, load_classifier
from fer_md.prediction.images import Picture, as_image, is_picture, source_of
from fer_md.prediction.quality import doubts_about, relative_sharpness, roll_of
from fer_md.prediction.results import Explanation, FacePrediction, PicturePrediction, Predictions

ERRORS = ("raise", "skip")
"""What `Predictor.predict` may do about a picture that it cannot look at."""

_MISSING = object()

_CHUNK = 32
"""Pictures that are searched and classified together."""

_CHUNK_PIXELS = 2**25
"""Pixels of a chunk beyond which no further picture joins it: 100 MB."""


class Predictor:
    """Finds the faces in pictures and says what each expresses.

    Args:
        model: None for the bundled network ``photographs``; the name of another one; the folder of a run or of a
            SavedModel, or a ``.tflite`` file (see `fer_md.prediction.classifier.load_classifier`); or a `Classifier`.
        detector: ``"yunet"`` or ``"mtcnn"``, see `fer_md.faces.choice`; a `Detector`; or None, which takes each picture
            for one face, see `fer_md.faces.alignment.fit_face`.
        align: ``"eyes"`` turns and scales a face by its eyes, where the detector finds them far enough apart;
            ``"box"`` cuts it out by its box.
        max_faces: greatest number of faces of a picture; the largest faces are kept. None keeps all.
        data: label space of a run that learned several, see `load_classifier`.
        cascade: finds the landmarks of all faces, in your own boxes too, in place of the detector. None keeps the
            detector's landmarks.
        mirror: average the probabilities over each face and its mirror image. The network then works twice (the
            detector does not) and makes fewer mistakes on FER2013 (docs/MODEL_CARD.md, "flip").
        prior: how often each expression occurs where your pictures come from: a share for each, by name; or the name of
            a prior, ``"uniform"``, ``"fer2013"`` or ``"facial_expressions"`` (press photographs). The probabilities are
            corrected for it, see `fer_md.evaluation.prior`. None leaves them as the network gives them.
        prior_share: how much of that correction is made, in [0, 1]; None for `fer_md.evaluation.prior.SHARE`. More of
            it makes fewer mistakes where the prior is true, and finds fewer of the rare expressions.
        landmarks68: give each face its 68 landmarks too, in your own boxes as well; see
            `fer_md.faces.landmark_finder.LandmarkFinder`. For research, see docs/FACES.md.

    Raises:
        FerMdError: an argument is not one of these, or the model cannot be loaded.

    Examples:
        >>> predictor = fer_md.Predictor()
        >>> for faces in predictor.predict(["holiday.jpg", frame]):
        ...     print([(face.label, face.box) for face in faces])
    """

    def __init__(
        self,
        model: Path | str | Classifier | None = None,
        detector: Detector | str | None = READY[0],
        align: str = "eyes",
        max_faces: int | None = None,
        data: str | None = None,
        cascade: Cascade | None = None,
        mirror: bool = False,
        prior: Prior | None = None,
        prior_share: float | None = None,
        landmarks68: bool = False,
    ):
        check_alignment(align)
        if max_faces is not None and max_faces < 1:
            raise FerMdError(f"max_faces must be None or at least 1; got {max_faces}")
        if not (detector is None or detector in READY or hasattr(detector, "detect")):
            raise FerMdError(f"detector must be {' or '.join(READY)}, None or have a method detect; got {detector!r}")
        self.classifier = model if isinstance(model, Classifier) else load_classifier(model, data)
        self.detector = choose_detector(detector) if isinstance(detector, str) else detector
        self.align, self.max_faces, self.cascade = align, max_faces, cascade
        self.landmark_finder = LandmarkFinder() if landmarks68 else None
        self.averaging = "flip" if mirror else "none"
        self.prior, self.prior_share = prior, chosen_share(prior, prior_share)
        self._shift = None
        if prior is not None:
            self._shift = prior_shift(prior, self.prior_share, self.classifier.prior, self.expressions)

    @property
    def expressions(self) -> tuple[str, ...]:
        """Names of the expressions, in the order of the probabilities."""
        return self.classifier.expressions

    def predict(
        self,
        images: Iterable[Picture],
        boxes: Iterable[np.ndarray | Sequence[Box] | None] | None = None,
        on_error: str = "raise",
        embeddings: bool = False,
    ) -> Predictions:
        """Finds and classifies the faces of pictures.

        Args:
            images: pictures, as a list, a generator, or one (N, H, W, 3) array. Each is a path; the bytes of a picture
                file; a file open for reading them; a uint8 array, (H, W, 3) RGB or (H, W) gray; or a picture of Pillow.
                Of a generator's pictures few are in memory at a time.
            boxes: the faces that are known already: for each picture (F, 4) x, y, width, height in pixels, F >= 0, or
                None where the detector is to look. Boxes are clipped to their picture. None lets the detector look in
                all pictures.
            on_error: ``"raise"``, or ``"skip"``: the result of a picture that cannot be read, or has a box outside,
                then holds the error, and the others are looked at.
            embeddings: give each face's embedding too, without its mirror image. The network then works once more,
                about five times as slowly.

        Returns:
            a list with a `PicturePrediction` for each picture, which is the sequence of its faces.

        Raises:
            FerMdError: an argument is not one of these; or ``on_error`` is ``"raise"``, and a picture cannot be read,
                is none of these, or has a box outside; the message says which. Or the network gives no embeddings.

        Examples:
            >>> predictor.predict(["holiday.jpg", "broken.jpg"], on_error="skip").to_dataframe()
            >>> json.dumps([picture.as_dict() for picture in predictor.predict(["holiday.jpg"])])
        """
        if on_error not in ERRORS:
            raise FerMdError(f"on_error must be one of {', '.join(ERRORS)}; got {on_error!r}")
        if is_picture(images) or not isinstance(images, Iterable):
            raise FerMdError("images must be several pictures, or one (N, H, W, 3) array; write [image] for one")
        pictures: dict[int, PicturePrediction] = {}

        def read():
            for index, (image, own) in enumerate(_with_boxes(images, boxes)):
                source, name = source_of(image), f"image {index}"
                try:
                    picture = as_image(image, name)
                    known = None if own is None else own_faces(own, picture.shape, source or name)
                except FerMdError as error:
                    if on_error == "raise":
                        raise
                    pictures[index] = PicturePrediction(source, (), str(error))
                else:
                    yield index, source, (picture, known)

        for (index, source, _), faces in self._run(read(), lambda item: item[2], embeddings):
            pictures[index] = PicturePrediction(source, tuple(faces))
        found = [pictures[index] for index in sorted(pictures)]
        return Predictions(found, self.expressions, self.landmark_finder is not None)

    def stream(
        self, frames: Iterable[Frame], boxes_of: Callable[[Frame], list[Box] | None] | None = None
    ) -> Iterator[tuple[Frame, list[FacePrediction]]]:
        """Finds and classifies the faces of any number of frames, a few in memory at a time.

        A frame of a camera is answered before the next is read.

        Args:
            frames: where to look.
            boxes_of: function from a frame to the boxes of its faces, as in `predict`; None lets the detector look.

        Yields:
            (frame, faces), in the order of the frames.
        """

        def picture_of(frame):
            own = boxes_of(frame) if boxes_of else None
            return frame.image, None if own is None else own_faces(own, frame.image.shape, frame.medium.source)

        return self._run(frames, picture_of, alone=lambda frame: frame.medium.kind == "camera")

    def explain(self, image: Picture, face: FacePrediction) -> Explanation:
        """What decided a face's label: its parts are hidden one by one, which takes as long as 197 faces.

        Args:
            image: the picture, as for `predict`.
            face: what was found in it.

        Raises:
            FerMdError: the picture cannot be read.
        """
        crop = cut_face(as_image(image, "image"), face, self.align, self.classifier.image_size)
        return Explanation(crop, occlusion_map(self._classify, crop, self.expressions.index(face.label)))

    def _run(self, items, picture_of, embeddings=False, alone=lambda item: False):
        """Yields (item, faces); ``picture_of`` gives an item's image and its known detections, or None, and ``alone``
        says which items do not wait for others."""
        for chunk in _chunks(items, picture_of, alone):
            images, known = zip(*(picture for _, picture in chunk), strict=True)
            results = self._predict(images, self._detect(images, known), embeddings)
            yield from zip((item for item, _ in chunk), results, strict=True)

    def _detect(self, images, known):
        """For each image its list of detections: those that are known, or those that the detector finds."""
        open_ = [image for image, detections in zip(images, known, strict=True) if detections is None]
        if self.detector is None:
            found = [[Detection(whole_box(image), None)] for image in open_]
        else:
            found = [self._largest(detections) for detections in (self.detector.detect(open_) if open_ else [])]
        rest = iter(found)
        return [next(rest) if detections is None else detections for detections in known]

    def _largest(self, detections):
        if self.max_faces is None or len(detections) <= self.max_faces:
            return detections
        kept = sorted(detections, key=lambda found: -found.box[2] * found.box[3])[: self.max_faces]
        return sorted(kept, key=lambda found: -found.score)

    def _predict(self, images, found, embeddings):
        size = self.classifier.image_size
        if self.cascade is not None:
            found = place_landmarks(self.cascade, images, found)
        cut = [
            cut_face(image, detection, self.align, size)
            for image, detections in zip(images, found, strict=True)
            for detection in detections
        ]
        if not cut:
            return [[] for _ in found]
        faces = np.stack(cut)
        rows = self._classify(faces)
        vectors = self.classifier.embed(faces) if embeddings else [None] * len(faces)
        points = find_landmarks(self.landmark_finder, images, found) if self.landmark_finder else [None] * len(faces)
        answers = iter(zip(cut, rows, vectors, points, strict=True))
        return [[self._face(detection, *next(answers)) for detection in detections] for detections in found]

    def _classify(self, faces):
        """(N, K) probabilities of (N, S, S) uint8 faces, under the prior."""
        found = np.mean([self.classifier.classify(copy) for copy in views(faces, self.averaging)], axis=0)
        return found if self._shift is None else apply_shift(found, self._shift)

    def _face(self, detection, crop, row, embedding, landmarks68):
        box, score, landmarks = tuple(detection.box), detection.score, detection.landmarks
        sharpness, roll = relative_sharpness(crop), None if landmarks is None else roll_of(landmarks)
        return FacePrediction(
            box,
            score,
            landmarks,
            label=self.expressions[int(row.argmax())],
            probabilities=dict(zip(self.expressions, row.tolist(), strict=True)),
            embedding=embedding,
            sharpness=sharpness,
            roll=roll,
            doubts=doubts_about(box, score, sharpness, roll),
            landmarks68=landmarks68,
        )


def own_faces(boxes: np.ndarray | Sequence[Box], shape: tuple[int, ...], name: str) -> list[Detection]:
    """The user's boxes as detections without score or landmarks, clipped to the picture.

    Args:
        boxes: (F, 4) x, y, width, height in pixels.
        shape: of the picture, (H, W, ...).
        name: what an error calls the picture.

    Raises:
        FerMdError: a box is not four finite numbers, or less than a pixel of it is in the picture.
    """
    boxes = np.asarray(boxes, np.float64)
    if not boxes.size:
        return []
    if boxes.ndim != 2 or boxes.shape[1] != 4 or not np.isfinite(boxes).all():
        raise FerMdError(f"{name}: boxes must be rows of finite x, y, width, height; found shape {boxes.shape}")
    faces = []
    for box in boxes:
        clipped = clip_box(box, shape)
        if clipped is None:
            raise FerMdError(f"{name}: box {box.tolist()} has no pixel in the picture of {shape[1]}x{shape[0]}")
        faces.append(Detection(clipped, None))
    return faces


def _with_boxes(images, boxes):
    """Yields (picture, boxes or None); `FerMdError` where there are more of the one than of the other."""
    if boxes is None:
        yield from ((image, None) for image in images)
        return
    if isinstance(images, Sized) and isinstance(boxes, Sized) and len(images) != len(boxes):
        raise FerMdError(f"boxes must have one entry for each picture; got {len(boxes)} for {len(images)}")
    for pair in itertools.zip_longest(images, boxes, fillvalue=_MISSING):
        if any(part is _MISSING for part in pair):
            raise FerMdError("boxes must have one entry for each picture; one of the two ended before the other")
        yield pair


def _chunks(items, picture_of, alone):
    """Groups items into lists of (item, (image, boxes)), bounded in number and pixels."""
    chunk, pixels = [], 0
    for item in items:
        picture = picture_of(item)
        chunk.append((item, picture))
        pixels += picture[0].shape[0] * picture[0].shape[1]
        if len(chunk) >= _CHUNK or pixels >= _CHUNK_PIXELS or alone(item):
            yield chunk
            chunk, pixels = [], 0
    if chunk:
        yield chunk
