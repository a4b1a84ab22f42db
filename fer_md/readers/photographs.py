"""From photographs to faces of one size: they are decoded, searched and cut out, a bounded number at a time.

A reader makes a `Listing` of a data set's photographs without decoding any. `prepare` makes a prepared data set of the
listing. Each file ends either in the data set or, with the reason, in its ``quarantine.csv``.
"""

import collections
import concurrent.futures
import csv
import dataclasses
import functools
import itertools
from collections.abc import Callable, Collection
from pathlib import Path
from typing import Any

import cv2
import numpy as np

from fer_md.data.face import Face
from fer_md.data.records import write_dataset
from fer_md.data.subject_split import SHARES
from fer_md.errors import FerMdError
from fer_md.faces.alignment import check_alignment, chosen_crop, crop_center, cut_face
from fer_md.faces.cascade import Cascade
from fer_md.faces.detection import Box, Detector, main_face
from fer_md.faces.landmarks import place_landmarks
from fer_md.files import path_cell, write_json
from fer_md.media.pictures import DATA_FORMATS, decode_rgb
from fer_md.readers.file_tree import FileTree

MAX_SIDE = 1024
"""Longer side, in pixels, that a decoded photograph is reduced to. The face becomes much smaller still."""

CONTEMPT_DROPPED = "contempt is left out (contempt=keep keeps it)"
"""Why a photograph with this label is unused, in every data set that has it."""

FORMATS = (*DATA_FORMATS, "BMP", "TIFF")
"""Formats in which data sets are handed out."""

BOX_MARGIN = 0.3
"""What is taken about a box that a data set names, at each of its sides, as a share of that side."""

_CHUNK = 128
_THREADS = 4


@dataclasses.dataclass(frozen=True)
class Photograph:
    """One photograph, not decoded yet.

    Attributes:
        key, label, subject, split: those of `fer_md.data.face.Face`; the split is one of FER2013's three.
        source: the file, relative to the data set's root; for a video with ``#`` and the number of the frame.
        read: function without arguments that returns (H, W, 3) uint8 RGB or raises `FerMdError`.
        votes: those of `fer_md.data.face.Face`.
    """

    key: str
    label: int
    subject: str
    split: str
    source: str
    read: Callable[[], np.ndarray]
    votes: tuple[int, ...] = ()


@dataclasses.dataclass(frozen=True)
class Listing:
    """What a data set holds.

    Attributes:
        name: of the data set.
        expressions: the names of the labels.
        photographs: in the order in which each split is written.
        unused: the files that are left out, each with the reason.
    """

    name: str
    expressions: tuple[str, ...]
    photographs: list[Photograph]
    unused: list[tuple[str, str]]

    def without(self, names: Collection[str]) -> "Listing":
        """The listing without some of its labels, whose photographs become unused.

        Raises:
            FerMdError: one of the names is no label, or fewer than two labels are left.
        """
        if unknown := [name for name in names if name not in self.expressions]:
            raise FerMdError(f"{self.name} has no label {unknown[0]!r}; its labels are {', '.join(self.expressions)}")
        kept = tuple(name for name in self.expressions if name not in names)
        if len(kept) < 2:
            raise FerMdError(f"{self.name}: two labels must be left; left are {', '.join(kept) or 'none'}")
        photographs, unused = [], list(self.unused)
        for photograph in self.photographs:
            expression = self.expressions[photograph.label]
            if expression in kept:
                photographs.append(dataclasses.replace(photograph, label=kept.index(expression)))
            else:
                unused.append((photograph.source, f"{expression} is left out"))
        return Listing(self.name, kept, photographs, unused)


def image_reader(tree: FileTree, name: str, box: Box | None = None) -> Callable[[], np.ndarray]:
    """Makes the ``read`` of a `Photograph` that is an image file of a tree.

    Args:
        tree: holds the file.
        name: of the file in the tree.
        box: of the face in question (x, y, width, height, in pixels). Of the image, only the box and `BOX_MARGIN` about
            it are read.
    """
    return functools.partial(_read_image, tree, name, box)


def _read_image(tree, name, box):
    image = decode_rgb(tree.read(name), tree.where(name), formats=FORMATS)
    return image if box is None else _about(image, box, tree.where(name))


def _about(image, box, where):
    x, y, width, height = box
    across, down = BOX_MARGIN * width, BOX_MARGIN * height
    top, bottom = (round(min(max(edge, 0), image.shape[0])) for edge in (y - down, y + height + down))
    left, right = (round(min(max(edge, 0), image.shape[1])) for edge in (x - across, x + width + across))
    if top >= bottom or left >= right:
        raise FerMdError(f"{where}: the box {box} lies outside the image, {image.shape[1]}x{image.shape[0]}")
    return image[top:bottom, left:right]


def prepare(
    listing: Listing,
    output: Path | str,
    detector: Detector | None = None,
    align: str = "eyes",
    image_size: int = 48,
    overwrite: bool = False,
    drop_leaked: bool = False,
    settings: dict[str, Any] | None = None,
    cascade: Cascade | None = None,
) -> tuple[dict[str, Any], dict[str, int]]:
    """Writes a prepared data set of photographs.

    Besides the files of `fer_md.data.records.write_dataset` it holds ``quarantine.csv`` (file, reason), ``crops.csv``
    (key, crop, score) and ``preparation.json`` (how the faces were cut out, and how many in each way). A face is cut
    out by its ``eyes``, or by its ``box`` where the eyes are too close or ``align`` is ``"box"``. Where no face was
    found, the ``center`` of the photograph is taken.

    Args:
        listing: the photographs.
        output: folder to make.
        detector: finds the faces; None cuts out the center of each photograph.
        align: ``"eyes"`` or ``"box"``.
        image_size: side of a face in pixels.
        overwrite, drop_leaked: those of `fer_md.data.records.write_dataset`.
        settings: JSON values, whatever else led to this data set, for ``preparation.json``.
        cascade: finds the landmarks in place of the detector; None keeps the detector's.

    Returns:
        (info, crops): the content of ``dataset.json``, and how many faces were cut out in each way.

    Raises:
        FerMdError: the alignment is unknown, no photograph can be used, or an error of `write_dataset`.
    """
    check_alignment(align)
    unused = list(listing.unused)
    crops: dict[str, tuple[str, str]] = {}  # of each key: the kind of crop, and the score
    photographs = sorted(listing.photographs, key=lambda photograph: list(SHARES).index(photograph.split))
    faces = _faces(photographs, detector, cascade, align, image_size, unused, crops)

    def finish(folder):
        counts = {"crops": _counts(crops), "unused_files": len(unused)}
        write_json(folder / "preparation.json", {"align": align, **(settings or {}), **counts})
        _write_csv(
            folder / "quarantine.csv", ("file", "reason"), [(path_cell(name), why) for name, why in sorted(unused)]
        )
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
    rest, before = iter(photographs), len(unused)
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
                    photograph.key,
                    face,
                    photograph.label,
                    photograph.subject,
                    photograph.split,
                    photograph.source,
                    photograph.votes,
                )
    if not crops and len(unused) > before:
        raise FerMdError(f"none of {len(photographs)} photographs can be used; the first: {unused[before][1]}")


def _read(photograph):
    """The photograph, reduced to `MAX_SIDE`, or the error of reading it."""
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
    """The face that each image is of, or None."""
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
    return cut_face(image, detection, align, size), chosen_crop(detection, align), f"{detection.score:.4f}"


def _counts(crops):
    counts = collections.Counter(crop for crop, _ in crops.values())
    return {crop: counts[crop] for crop in ("eyes", "box", "center")}


def _write_csv(path, header, rows):
    with open(path, "w", newline="", encoding="utf-8") as stream:
        writer = csv.writer(stream, lineterminator="\n")
        writer.writerow(header)
        writer.writerows(rows)
