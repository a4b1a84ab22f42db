"""FER2013 (Goodfellow et al., 2013), as the challenge's CSV or as folders of images.

The challenge hands out ``fer2013.tar.gz`` with ``fer2013/fer2013.csv`` in it, and ``icml_face_data.csv`` with the same
columns in another order (`CHALLENGE`).

FER+ (Barsoum et al., 2016) has ten taggers' votes on the expression of each image.
"""

import dataclasses
import functools
import re
from collections.abc import Iterator
from pathlib import Path

import numpy as np

from fer_md.data.face import Face
from fer_md.data.given_split import complete_split
from fer_md.errors import FerMdError
from fer_md.expressions import EXPRESSIONS, LABEL_OF_NAME
from fer_md.media.pictures import read_gray
from fer_md.readers.csv_files import columns_of, open_csv, read_rows
from fer_md.readers.file_tree import FileTree, checked_text
from fer_md.readers.layout import Layout, matching
from fer_md.readers.photographs import Listing, Photograph

SPLITS = ("Training", "PublicTest", "PrivateTest")
CHALLENGE = "kaggle.com/c/challenges-in-representation-learning-facial-expression-recognition-challenge"
SIZE = 48
TOTAL = 35_887
"""Number of images in the whole data set."""

FERPLUS_COLUMNS = (
    "neutral",
    "happiness",
    "surprise",
    "sadness",
    "anger",
    "disgust",
    "fear",
    "contempt",
    "unknown",
    "NF",
)
"""Order of the votes; NF means "not a face"."""

TAGGERS = 10
"""People who voted on each image, with a vote each."""


def read_fer2013(source: Path | str, ferplus: Path | str | None = None) -> Iterator[Face]:
    """Reads FER2013, one face at a time.

    Args:
        source: the challenge's CSV with the columns ``emotion,pixels,Usage`` in any order, plain, .gz, .xz, .tar.gz, or
            .zip with one CSV in it; or a folder ``train|test/<class>/<Usage>_<id>.jpg`` (or .png), where the prefix of
            the file's name gives the split.
        ferplus: FER+'s ``fer2013new.csv``, whose rows are those of the CSV; it does not go with a folder.

    Yields:
        a face with an image (48, 48) uint8, a label 0 to 6 and the key ``fer2013/<Usage>/<row or id>``. The rows of a
        CSV are counted from 0, without the header. ``source`` names the line, counted from 1.

    Raises:
        FerMdError: something is wrong; the message names the file and the line where it was first seen.
    """
    source = Path(source)
    if not source.exists():
        raise FerMdError(f"{source}: no such file or folder; docs/DATA.md says where to get FER2013")
    if source.is_dir() and ferplus:
        raise FerMdError(f"{ferplus}: FER+ votes belong to the rows of the challenge's CSV, but {source} is a folder")
    counts = dict.fromkeys(SPLITS, 0)
    for face in _read_folder(source) if source.is_dir() else _read_csv(source, ferplus):
        counts[face.split] += 1
        yield face
    for split, count in counts.items():
        if count == 0:
            raise FerMdError(f"{source}: no image of the split {split}; the whole data set has {', '.join(SPLITS)}")


def _read_csv(source, ferplus):
    votes = _read_votes(ferplus) if ferplus else None
    row = 0
    with open_csv(source) as stream:
        for row, (where, face) in enumerate(_read_rows(stream, source, source.name), 1):
            own = _votes_of_row(votes, row, face.split, where, ferplus) if votes else ()
            yield dataclasses.replace(face, votes=own)
    if votes and row != len(votes):
        raise FerMdError(f"{ferplus}: {len(votes)} rows, but {source} has {row}; both must be whole and in their order")


def _read_rows(stream, source, name):
    """Yields what an error calls each row, and its face; ``source`` and ``name`` are the file for errors and faces."""
    rows = read_rows(stream, source)
    emotion, pixels, usage = columns_of(rows, source, ("emotion", "pixels", "usage"))
    for row, (line, values) in enumerate(rows):
        where = f"{source}: line {line}"
        split = values[usage].strip()
        if split not in SPLITS:
            raise FerMdError(f"{where}: Usage must be one of {', '.join(SPLITS)}; found {split!r}")
        yield (
            where,
            Face(
                key=f"fer2013/{split}/{row:05d}",
                image=_parse_pixels(values[pixels], where),
                label=_parse_label(values[emotion].strip(), where),
                split=split,
                source=f"{name}:{line}",
            ),
        )


def _parse_label(text, where):
    if text not in ("0", "1", "2", "3", "4", "5", "6"):
        raise FerMdError(f"{where}: emotion must be 0 to 6; found {text!r}")
    return int(text)


def _parse_pixels(text, where):
    """Parses 2,304 numbers 0 to 255 into an image, (48, 48) uint8."""
    if not (text.isascii() and text.replace(" ", "").isdecimal()):
        wrong = next((word for word in text.split() if not (word.isascii() and word.isdecimal())), text)
        raise FerMdError(f"{where}: pixels must be whole numbers 0 to 255 with spaces between; found {wrong[:40]!r}")
    values = np.fromstring(text, dtype=np.int64, sep=" ")
    if values.size != SIZE * SIZE:
        raise FerMdError(f"{where}: there must be {SIZE * SIZE} pixels (48x48); found {values.size}")
    if values.max() > 255:
        raise FerMdError(f"{where}: pixels must be 0 to 255; found {values[values > 255][0]}")
    return values.astype(np.uint8).reshape(SIZE, SIZE)


def _read_votes(path):
    """Reads FER+ into a list of (Usage, ten counts)."""
    votes = []
    with open_csv(Path(path)) as stream:
        rows = read_rows(stream, path)
        usage, *columns = columns_of(rows, path, ("usage", *(name.lower() for name in FERPLUS_COLUMNS)))
        for line, values in rows:
            counts = tuple(values[column].strip() for column in columns)
            if not all(count.isdecimal() for count in counts):
                raise FerMdError(f"{path}: line {line}: votes must be whole numbers; found {','.join(counts)[:60]}")
            if any(len(count) > 2 or int(count) > TAGGERS for count in counts):
                raise FerMdError(f"{path}: line {line}: votes must be 0 to {TAGGERS}; found {','.join(counts)[:60]}")
            votes.append((values[usage].strip(), tuple(map(int, counts))))
    if not votes:
        raise FerMdError(f"{path}: no rows")
    return votes


def _votes_of_row(votes, row, split, where, ferplus):
    if row > len(votes):
        raise FerMdError(f"{ferplus}: {len(votes)} rows, but {where} goes on; both must be whole and in their order")
    usage, counts = votes[row - 1]
    if usage != split:
        raise FerMdError(
            f"{where}: Usage is {split}, but {ferplus}: line {row + 1} says {usage};"
            " both files must be whole and in their own order"
        )
    return counts


def _read_folder(source):
    paths = sorted(path for path in source.glob("*/*/*") if path.is_file() and not path.name.startswith("."))
    if not paths:
        raise FerMdError(f"{source}: no images; the layout is train|test/<class>/<Usage>_<id>.jpg")
    for path in paths:
        label = LABEL_OF_NAME.get(path.parent.name.lower())
        if label is None:
            raise FerMdError(f"{path.parent}: unknown class; the names known are {', '.join(LABEL_OF_NAME)}")
        match = re.fullmatch(rf"({'|'.join(SPLITS)})_(.+)", path.stem)
        if not match:
            raise FerMdError(f"{path}: the name must begin with Training_, PublicTest_ or PrivateTest_")
        image = read_gray(path)
        if image.shape != (SIZE, SIZE):
            raise FerMdError(f"{path}: the image must be 48x48; found {image.shape[1]}x{image.shape[0]}")
        name = checked_text(path.relative_to(source).as_posix(), source)
        yield Face(f"fer2013/{match[1]}/{match[2]}", image, label, split=match[1], source=name)


def list_fer2013(tree: FileTree, seed: int = 0) -> Listing:
    """Lists the faces of the challenge's CSV, which is read into memory at once.

    Args:
        tree: a folder with one of the files of `FER2013`, a zip with the plain CSV, or that file.
        seed: of the split, where the CSV lacks PublicTest or PrivateTest (`fer_md.data.given_split.complete_split`).

    Raises:
        FerMdError: there is no such file, something is wrong with it, or it has too few splits.
    """
    name = next((name for pattern in _TABLES for name, _ in matching(tree, pattern)), None)
    if name is None:
        raise FerMdError(f"{tree.source}: holds none of {FER2013.files}")
    with tree.text(name) if name.lower().endswith(".csv") else open_csv(tree.path(name)) as stream:
        faces = [face for _, face in _read_rows(stream, tree.where(name), name)]
    try:
        splits = complete_split([(face.split, face.key, face.label) for face in faces], seed)
    except FerMdError as error:
        raise FerMdError(f"{tree.where(name)}: {error}") from None
    photographs = [
        Photograph(face.key, face.label, "", split, face.source, functools.partial(_rgb, face.image))
        for face, split in zip(faces, splits, strict=True)
    ]
    return Listing("fer2013", EXPRESSIONS, photographs, [])


def _rgb(image):
    return np.repeat(image[..., None], 3, axis=2)


_TABLES = (
    r"(?:icml_face_data|fer2013)\.csv",
    r"(?:icml_face_data|fer2013)\.csv\.(?:gz|xz)",
    r"fer2013\.(?:tar\.gz|tgz)",
)
"""Where the faces are, in the order in which these files are looked for."""

FER2013 = Layout(
    name="fer2013",
    title="FER2013 (Goodfellow et al., 2013)",
    files="fer2013.csv or icml_face_data.csv (also .gz or .xz), or fer2013.tar.gz",
    expressions=EXPRESSIONS,
    splits="Training, PublicTest and PrivateTest, as given",
    people="unknown",
    faces="cut out, 48x48, 35,887",
    request=f"{CHALLENGE}, after accepting its rules; research only",
    marks=(r"/(icml_face_data|fer2013)\.csv(\.gz|\.xz)?$|/fer2013\.(tar\.gz|tgz)$",),
    list=list_fer2013,
    cropped=True,
)
