"""Video frames of YouTube Faces with 68 landmarks each, read from their zip file, or from a folder.

The zip holds one ``landmarks68.csv`` (``file,person,split,w,h,x0,y0,...,x67,y67`` in pixels, in iBUG order) and, beside
it, a folder ``images``. The frames are those of Wolf, Hassner and Maoz, Face recognition in unconstrained videos with
matched background similarity, CVPR 2011.
"""

import dataclasses
from collections.abc import Iterator, Sequence
from pathlib import Path, PurePosixPath

import numpy as np

from fer_md.errors import FerMdError
from fer_md.media.pictures import decode_rgb
from fer_md.readers.csv_files import columns_of, read_rows
from fer_md.readers.file_tree import FileTree

SPLITS = ("train", "test")
"""Splits of the data set. No person is in both."""

LANDMARKS = 68
"""Points of a face."""

COUNT_FROM = 1
"""The pixel with which the coordinates of the CSV begin to count, in x and in y.

The file does not say so. But on the training people its points lie about one pixel to the right of where detectors put
them, as they would not if both counted alike: the figures are in docs/FACES.md, made by experiments/frame_offset.py.
"""

MAX_SIDE = 4096
"""Greatest width and height of a frame in pixels."""

MAX_FRAME_BYTES = 10_000_000
"""Largest image file, unpacked."""

_COLUMNS = ("file", "person", "split", "w", "h", *(f"{axis}{i}" for i in range(LANDMARKS) for axis in "xy"))


@dataclasses.dataclass(frozen=True)
class Frame:
    """One picture with one annotated face.

    Attributes:
        key: name of the file, unique within the data set.
        image: (H, W, 3) uint8, red first.
        landmarks: (68, 2) float64 pixel coordinates x, y in iBUG order, counted from 0. A few lie outside the picture.
        person: who it shows.
        split: ``"train"`` or ``"test"``.
    """

    key: str
    image: np.ndarray
    landmarks: np.ndarray
    person: str
    split: str


def read_ytf_landmarks(source: Path | str, splits: Sequence[str] = SPLITS) -> Iterator[Frame]:
    """Reads the frames one at a time, in the order of the CSV. Nothing is written to disk.

    Args:
        source: path of ``ytf_landmarks68.zip``, or of its unpacked folder.
        splits: names of the splits that are wanted. The images of the others are not decoded.

    Yields:
        `Frame`.

    Raises:
        FerMdError: the zip, the CSV or an image is missing, damaged or too large; a name leads out of the folder of
            images; a split is unknown or has no frame; a person is in two splits; or an image has another size than the
            CSV says. The message names the file and the line or image.
    """
    people: dict[str, str] = {}
    with FileTree(source) as tree, tree.text(_only_table(tree)) as stream:
        images = {PurePosixPath(name).name: name for name in tree.names if PurePosixPath(name).parent.name == "images"}
        rows = read_rows(stream, source)
        columns = columns_of(rows, source, _COLUMNS)
        for line, values in rows:
            where = f"{source}: line {line}"
            row = dict(zip(_COLUMNS, (values[column].strip() for column in columns), strict=True))
            if row["split"] not in SPLITS:
                raise FerMdError(f"{where}: split must be one of {', '.join(SPLITS)}; found {row['split']!r}")
            if people.setdefault(row["person"], row["split"]) != row["split"]:
                raise FerMdError(f"{where}: {row['person']} is in both splits; people must be kept apart")
            if row["split"] in splits:
                yield _frame(row, where, tree, images)
    for split in splits:
        if split not in people.values():
            raise FerMdError(f"{source}: no frame of the split {split!r}; the whole data set has {', '.join(SPLITS)}")


def _only_table(tree):
    tables = [name for name in tree.names if PurePosixPath(name).name == "landmarks68.csv"]
    if len(tables) != 1:
        raise FerMdError(f"{tree.source}: must hold one landmarks68.csv; found {len(tables)}")
    return tables[0]


def _frame(row, where, tree, images):
    name = row["file"]
    if name not in images:
        raise FerMdError(f"{where}: no image {name!r} in the folder images")
    width, height = (_whole(row[column], column, where) for column in "wh")
    landmarks = _landmarks([row[column] for column in _COLUMNS[5:]], max(width, height), where)
    image = decode_rgb(tree.read(images[name], MAX_FRAME_BYTES), f"{where}: {name}", MAX_SIDE * MAX_SIDE)
    if image.shape[:2] != (height, width):
        raise FerMdError(f"{where}: {name} is {image.shape[1]}x{image.shape[0]}, but the row says {width}x{height}")
    return Frame(name, image, landmarks, row["person"], row["split"])


def _whole(text, column, where):
    if not (text.isascii() and text.isdecimal() and len(text) < 6 and 0 < int(text) <= MAX_SIDE):
        raise FerMdError(f"{where}: {column} must be a whole number 1 to {MAX_SIDE}; found {text[:40]!r}")
    return int(text)


def _landmarks(texts, side, where):
    """Parses 136 coordinates into (68, 2) float64, none of them farther than ``side`` pixels outside the picture.

    The texts count from ``COUNT_FROM``, the result from 0.
    """
    try:
        landmarks = np.array(texts, np.float32).reshape(LANDMARKS, 2)
    except ValueError:
        raise FerMdError(f"{where}: the landmarks must be numbers") from None
    if not (np.abs(landmarks - side / 2) <= 1.5 * side).all():  # NaN fails as well
        raise FerMdError(f"{where}: the landmarks must lie in or near the picture")
    return landmarks.astype(np.float64) - COUNT_FROM
