"""From pictures of one's own to a prepared data set."""

import contextlib
import hashlib
import re
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from fer_md.data.records import load_split, read_info
from fer_md.errors import FerMdError
from fer_md.faces.choice import READY, choose_detector
from fer_md.files import read_json
from fer_md.media.contact_sheet import contact_sheet
from fer_md.readers.detection_cache import DetectionCache
from fer_md.readers.own_pictures import Found, list_own_pictures
from fer_md.readers.own_source import open_own_source
from fer_md.readers.photographs import prepare

LARGEST_FACE = 112
"""Square pictures of one size, up to this side in pixels, are taken for faces that are cut out already."""

_EACH = 8
"""Faces of a class in `class_sheet`, at most."""


def name_of(source: Path | str) -> str:
    """The name of the data set that a folder or file holds: its own, with letters, digits and underscores alone."""
    return re.sub(r"\W+", "_", Path(source).absolute().stem).strip("_") or "pictures"


def prepare_own_pictures(
    source: Path | str, output: Path | str, person: str | None = None, detector: str | None = None, seed: int = 0
) -> tuple[dict[str, Any], list[str]]:
    """Prepares a data set that `recognise` knows, or what `list_own_pictures` finds.

    A folder that holds the same already is left as it is. The same are pictures of the same names, labels, people and
    splits: what their files hold is not read again, and a picture that was replaced since does not count.

    Args:
        source: a folder, a zip, or a table; the pictures are then below the table's folder.
        output: folder to make. Detections are kept beside it, in ``NAME.detections.jsonl``.
        person: column of the table that names the people; None to find one.
        detector: one of ``fer_md.faces.choice.READY`` or ``"none"``; None for the first of them, unless all pictures
            look like faces that are cut out.
        seed: of the split.

    Returns:
        the content of ``dataset.json``, and sentences on what was found.

    Raises:
        FerMdError: ``output`` holds other pictures; see also `list_own_pictures` and `prepare`.
    """
    output = Path(output)
    with open_own_source(source, columns=person is not None) as opened:
        known = opened.layout
        if known:
            found = Found(known.list(opened.tree, seed), [known.describe()])
        else:
            found = list_own_pictures(opened.tree, name_of(source), opened.table, person, seed)
        listing = found.listing
        if detector is None:
            readers = [photograph.read for photograph in listing.photographs]
            detector = "none" if (known and known.cropped) or are_faces(readers) else READY[0]
        settings = {"detector": detector, "seed": seed, "pictures": _hash(listing)}
        if not _holds(output, settings):
            with _cached(detector, output) as finder:
                prepare(listing, output, finder, drop_leaked=True, settings=settings)
    info, done = read_info(output), read_json(output / "preparation.json")
    return info, [*found.remarks, _faces_remark(detector, done["crops"]), *_unused_remark(output, done["unused_files"])]


def are_faces(readers: Sequence[Callable[[], np.ndarray]]) -> bool:
    """Whether pictures are faces that are cut out already: some from all over are small squares of one size.

    Args:
        readers: of each picture the function that reads it, see `fer_md.readers.photographs.Photograph`.
    """
    shapes = set()
    for read in readers[:: max(1, len(readers) // 20)]:
        with contextlib.suppress(FerMdError):
            shapes.add(read().shape[:2])
    return len(shapes) == 1 and all(height == width <= LARGEST_FACE for height, width in shapes)


def _hash(listing):
    """What the prepared data set is made of, but for what the files hold."""
    rows = [(each.key, listing.expressions[each.label], each.subject, each.split) for each in listing.photographs]
    return hashlib.sha256(repr(sorted(rows)).encode()).hexdigest()


def _holds(output, settings):
    if not output.exists():
        return False
    path = output / "preparation.json"
    stored = read_json(path) if path.is_file() else {}
    if any(stored.get(name) != value for name, value in settings.items()):
        raise FerMdError(f"{output}: was made of other pictures, labels or settings; use another --run_dir")
    return True


def _cached(detector, output):
    finder = choose_detector(detector)
    if finder is None:
        return contextlib.nullcontext()
    return DetectionCache(finder, {"detector": detector}, output.with_name(f"{output.name}.detections.jsonl"))


def _faces_remark(detector, crops):
    if detector == "none":
        return "faces: each picture is taken for a face that is cut out already (detector none)"
    return (
        f"faces: found in {crops['eyes'] + crops['box']} pictures; of {crops['center']} without one the center is taken"
    )


def _unused_remark(output, count):
    if count:
        yield f"not used: {count} files, see {output / 'quarantine.csv'}"


def class_sheet(directory: Path | str) -> np.ndarray:
    """The first faces of every class in the Training split of a prepared data set, a row a class; (H, W) uint8."""
    split, names = load_split(directory, "Training"), read_info(directory)["expressions"]
    blank = np.full_like(split.images[0], 255)
    images, captions = [], []
    for label, name in enumerate(names):
        rows = np.flatnonzero(split.labels == label)[:_EACH]
        images += [*split.images[rows], *[blank] * (_EACH - len(rows))]
        captions += [name] * len(rows) + [""] * (_EACH - len(rows))
    return contact_sheet(images, captions, columns=_EACH)
