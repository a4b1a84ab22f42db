"""AffectNet (Mollahosseini, Hasani and Mahoor, 2017): faces from the web, those whose expression a person named.

http://mohammadmahoor.com/pages/databases/affectnet/ says how to ask for it. It is handed out in two layouts, neither of
which that page describes; they are as public programs read them, and were not checked on the data:

- ``Manually_Annotated_Images/<n>/<hash>.jpg`` with ``training.csv`` and ``validation.csv``, whose columns
  ``subDirectory_filePath``, ``face_x``, ``face_y``, ``face_width``, ``face_height`` and ``expression`` are used;
- ``train_set`` and ``val_set``, each with ``images/<number>.jpg`` and ``annotations/<number>_exp.npy``.

The codes are those of the paper's Sec. 3. Leave contempt out for the seven classes that many papers use.
"""

import dataclasses
import io
from collections.abc import Iterator

import numpy as np

from fer_md.errors import FerMdError
from fer_md.expressions import EXPRESSIONS
from fer_md.readers.csv_files import columns_of, read_rows
from fer_md.readers.file_tree import FileTree
from fer_md.readers.layout import Layout, Picture, Unused, lister, matching

CODES = ("neutral", "happiness", "sadness", "surprise", "fear", "disgust", "anger", "contempt")
"""The expressions 0 to 7."""

UNUSED = ("none", "uncertain", "no face")
"""The codes 8 to 10, which are no expressions."""

MAX_NPY = 1000
"""Largest annotation in bytes."""

_EIGHT = (*EXPRESSIONS, "contempt")
_COLUMNS = ("subdirectory_filepath", "face_x", "face_y", "face_width", "face_height", "expression")
_PARTS = {"train_set": "Training", "val_set": "PrivateTest", "training": "Training", "validation": "PrivateTest"}


def _find(tree: FileTree) -> Iterator[Picture | Unused]:
    yield from _annotated(tree)
    tables = [*matching(tree, r"(?P<part>training|validation)\.csv")]
    images = {match["image"]: name for name, match in matching(tree, r"(?P<image>\d+/[^/]+\.(?:jpe?g|png|bmp|tiff?))")}
    for name, match in tables:
        yield from _listed(tree, name, _PARTS[match["part"].lower()], images)


def _annotated(tree):
    """The pictures of the later layout."""
    names = frozenset(tree.names)
    for name, match in matching(tree, r"(?P<part>train_set|val_set)/images/(?P<stem>\d+)\.(?:jpe?g|png)"):
        part, stem = match["part"], match["stem"]
        annotation = f"{match['root']}{part}/annotations/{stem}_exp.npy"
        if annotation not in names:
            yield Unused(name, f"no {part}/annotations/{stem}_exp.npy")
        else:
            code = _read_code(tree.read(annotation, MAX_NPY), tree.where(annotation))
            yield _picture(name, f"{part.lower()}/{stem}", code, tree.where(annotation), _PARTS[part.lower()])


def _read_code(data, where):
    """The whole number in an .npy file, which holds a number or a text. Nothing in it is run, and nothing is reserved
    for what it only claims to hold."""
    stream = io.BytesIO(data)
    try:
        np.lib.format.read_magic(stream)
        shape, _, dtype = np.lib.format.read_array_header_1_0(stream)
        if shape not in ((), (1,)) or dtype.kind not in "iufU":
            raise ValueError(f"an array {shape} of {dtype}")
        return int(float(np.frombuffer(data, dtype, 1, stream.tell())[0]))
    except (ValueError, OverflowError) as error:
        raise FerMdError(f"{where}: must hold one number; found {error}") from None


def _listed(tree, name, split, images):
    """The pictures of a table of the older layout."""
    where = tree.where(name)
    with tree.text(name) as stream:
        rows = read_rows(stream, where)
        columns = columns_of(rows, where, _COLUMNS)
        for line, values in rows:
            path, *box, code = (values[column].strip() for column in columns)
            at = f"{where}: line {line}"
            if path not in images:
                raise FerMdError(f"{at}: no image {path[:80]!r}")
            if not (code.isascii() and code.isdecimal() and len(code) < 3):
                raise FerMdError(f"{at}: expression must be 0 to 10; found {code[:20]!r}")
            found = _picture(images[path], path, int(code), at, split)
            yield found if isinstance(found, Unused) else dataclasses.replace(found, box=_box(box, at))


def _picture(name, key, code, where, split):
    if 0 <= code < len(CODES):
        return Picture(name, key, CODES[code], split)
    if len(CODES) <= code < len(CODES) + len(UNUSED):
        return Unused(name, f"expression {code}, {UNUSED[code - len(CODES)]}")
    raise FerMdError(f"{where}: expression must be 0 to 10; found {code}")


def _box(texts, where):
    try:
        x, y, width, height = (float(text) for text in texts)
    except ValueError:
        raise FerMdError(f"{where}: face_x and so on must be numbers; found {','.join(texts)[:40]!r}") from None
    if not (width > 0 and height > 0 and np.isfinite((x, y, width, height)).all()):
        raise FerMdError(f"{where}: face_width and face_height must be above 0; found {','.join(texts)[:40]!r}")
    return x, y, width, height


AFFECTNET = Layout(
    name="affectnet",
    title="AffectNet, manual annotations (Mollahosseini, Hasani and Mahoor, 2017)",
    files="Manually_Annotated_Images/<n>/<hash>.jpg, training.csv and validation.csv; or train_set|val_set/images/0.jpg"
    " and annotations/0_exp.npy",
    expressions=_EIGHT,
    splits="training as given, a seventh of it becomes PublicTest; validation becomes PrivateTest, as no test is handed"
    " out",
    people="unknown",
    faces="photographs with the boxes of the faces; in the later layout cut out",
    request="http://mohammadmahoor.com/pages/databases/affectnet/, by a professor; research only",
    marks=(
        r"/(train_set|val_set)/annotations/\d+_exp\.npy$|/Manually_Annotated_Images/",
        r"/(train_set|val_set)/images/|/(training|validation)\.csv$",
    ),
    list=lister("affectnet", _EIGHT, _find),
)
