"""From photographs to faces of one size: decoded, searched and cut out, a bounded number at a time.

A reader makes a `Listing` of the photographs of a data set without decoding any; `prepare` makes a prepared data set of
it. Each file ends either in the data set or, with the reason, in its ``quarantine.csv``.
"""

import collections
import concurrent.futures
import csv
import dataclasses
import functools
import itertools
from collections.abc import Callable

import cv2
import numpy as np

from fer_md.data.face import Face
from fer_md.data.records import write_dataset
from fer_md.data.subject_split import SHARES
from fer_md.errors import FerMdError
from fer_md.faces.alignment import ALIGNMENTS, crop_center, cut_face
from fer_md.faces.detection import main_face
from fer_md.faces.landmarks import place_landmarks
from fer_md.files import write_json
from fer_md.media.pictures import decode_rgb

MAX_SIDE = 1024
"""Longer side, in pixels, that a photograph is reduced to once it is decoded; the face ends up much smaller."""

CONTEMPT_DROPPED = "contempt is left out (--contempt=keep keeps it)"
"""Why a photograph with this label is unused, in every data set that has it."""

_CHUNK = 128
_THREADS = 4


@dataclasses.dataclass(frozen=True)
class Photograph:
    """One photograph, not decoded yet.

    Attributes:
        key, label, subject, split: as in `fer_md.data.face.Face`; the split is one of FER2013's three.
        source: the file, relative to the data set's root; with ``#`` and the number of the frame for a video.
        read: function without arguments that returns (H, W, 3) uint8 RGB, or raises FerMdError.
    """

    key: str
    label: int
    subject: str
    split: str
    source: str
    read: Callable[[], np.ndarray]


@dataclasses.dataclass(frozen=True)
class Listing:
    """What a data set holds.

    Attributes:
        name: of the data set.
        expressions: tuple of the labels' names.
        photographs: list of `Photograph`, in the order to write within each split.
        unused: list of (file, reason).
    """

    name: str
    expressions: tuple
    photographs: list
    unused: list


def image_reader(tree, name):
    """Makes the ``read`` of a `Photograph` that is an image file of a `fer_md.readers.file_tree.FileTree`."""
    return functools.partial(_read_image, tree, name)


def _read_image(tree, name):
    return decode_rgb(tree.read(name), tree.where(name))


def prepare(
    listing,
    output,
    detector=None,
    align="eyes",
    image_size=48,
    overwrite=False,
    drop_leaked=False,
    settings=None,
    cascade=None,
):
    """Writes a prepared data set of photographs.

    Besides the files of `fer_md.data.records.write_dataset` it holds ``quarantine.csv`` (file, reason), ``crops.csv``
    (key, crop, score) and ``preparation.json`` (how the faces were cut out, and how many in which way). A crop is
    by the ``eyes``, by the ``box`` (eyes too close, or ``align="box"``), or, where no face was found, the ``center``.

    Args:
        listing: `Listing`.
        output: folder to make.
        detector: `fer_md.faces.detection.Detector`; None cuts out the center of each photograph.
        align: ``"eyes"`` or ``"box"``.
        image_size: side of a face in pixels.
        overwrite, drop_leaked: as in `fer_md.data.records.write_dataset`.
        settings: dict of whatever else led to this data set, for ``preparation.json``.
        cascade: `fer_md.faces.cascade.Cascade` whose landmarks take the place of the detector's, or None.

    Returns:
        (info, crops): the content of ``dataset.json``, and a dict with the number of each crop.

    Raises:
        FerMdError: an unknown alignment, no photograph that can be used, or an error of `write_dataset`.
    """
    if align not in ALIGNMENTS:
        raise FerMdError(f"align must be one of {', '.join(ALIGNMENTS)}; got {align!r}")
    unused, crops = list(listing.unused), {}
    photographs = sorted(listing.photographs, key=lambda photograph: list(SHARES).index(photograph.split))
    faces = _faces(photographs, detector, cascade, align, image_size, unused, crops)

    def finish(folder):
        counts = {"crops": _counts(crops), "unused_files": len(unused)}
        write_json(folder / "preparation.json", {"align": align, **(settings or {}), **counts})
        _write_csv(folder / "quarantine.csv", ("file", "reason"), sorted(unused))
        _write_csv(folder / "crops.csv", ("key", "crop", "score"), [(key, *crop) for key, crop in crops.items()])

    info = write_dataset(
        faces,
        output,
        listing.name,
        listing.expressions,
        image_size,
        overwrite,
        drop_leaked=drop_leaked,
        total=len(photographs),
        finish=finish,
    )
    return info, _counts(crops)


def _faces(photographs, detector, cascade, align, size, unused, crops):
    """Yields a `Face` for each photograph that can be read; fills ``unused`` and ``crops`` on the way."""
    rest = iter(photographs)
    with concurrent.futures.ThreadPoolExecutor(_THREADS) as pool:
        while chunk := list(itertools.islice(rest, _CHUNK)):
            read = [
                (photograph, image)
                for photograph, image in zip(chunk, pool.map(_read, chunk), strict=True)
                if _usable(photograph, image, unused)
            ]
            images = [image for _, image in read]
            found = _main_faces(images, detector, cascade)
            for (photograph, image), detection in zip(read, found, strict=True):
                face, crop, score = _cut(image, detection, align, size)
                crops[photograph.key] = crop, score
                yield Face(
                    photograph.key, face, photograph.label, photograph.subject, photograph.split, photograph.source
                )


def _read(photograph):
    """The photograph, reduced to `MAX_SIDE`, or the error that reading it ends in."""
    try:
        image = photograph.read()
    except FerMdError as error:
        return error
    scale = MAX_SIDE / max(image.shape[:2])
    if scale >= 1:
        return image
    size = [max(1, round(side * scale)) for side in image.shape[1::-1]]
    return cv2.resize(image, size, interpolation=cv2.INTER_AREA)


def _usable(photograph, image, unused):
    if isinstance(image, FerMdError):
        unused.append((photograph.source, str(image)))
        return False
    return True


def _main_faces(images, detector, cascade):
    """The face that each image shows, or None."""
    found = detector.detect(images) if detector else [[] for _ in images]
    main = [main_face(detections, image.shape) for image, detections in zip(images, found, strict=True)]
    if cascade is None:
        return main
    found = place_landmarks(cascade, images, [[detection] if detection else [] for detection in main])
    return [detections[0] if detections else None for detections in found]


def _cut(image, detection, align, size):
    """Cuts the face out; returns (size, size) uint8, the kind of crop and the detection's score."""
    if detection is None:
        return crop_center(image, size), "center", ""
    return *cut_face(image, detection, align, size), f"{detection.score:.4f}"


def _counts(crops):
    counts = collections.Counter(crop for crop, _ in crops.values())
    return {crop: counts[crop] for crop in ("eyes", "box", "center")}


def _write_csv(path, header, rows):
    with open(path, "w", newline="", encoding="utf-8") as stream:
        writer = csv.writer(stream, lineterminator="\n")
        writer.writerow(header)
        writer.writerows(rows)
