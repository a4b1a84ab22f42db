"""FER+ as images (Barsoum et al., 2016): the faces of FER2013 with the label that most of ten taggers chose.

``src/generate_training_data.py`` of github.com/microsoft/FERPlus makes the folders ``FER2013Train``, ``FER2013Valid``
and ``FER2013Test`` of the challenge's CSV, each with ``fer0000000.png`` and so on and a ``label.csv``: name of the
file, ten votes; other copies have a box between them. The label is that of its ``src/ferplus.py`` in the mode
``majority``: single votes count nothing, and what has over half of the others wins. Faces without such a label are left
out.
"""

from collections.abc import Iterator

from fer_md.errors import FerMdError
from fer_md.expressions import EXPRESSIONS
from fer_md.readers.csv_files import read_rows
from fer_md.readers.fer2013 import FERPLUS_COLUMNS, TAGGERS
from fer_md.readers.file_tree import FileTree
from fer_md.readers.layout import Layout, Picture, Unused, lister, matching

_EIGHT = (*EXPRESSIONS, "contempt")
_SPLITS = {"train": "Training", "valid": "PublicTest", "test": "PrivateTest"}


def majority(votes: tuple[int, ...]) -> str | None:
    """The expression that most taggers chose, or None where none has over half of the votes that count.

    Args:
        votes: ten counts in the order of `fer_md.readers.fer2013.FERPLUS_COLUMNS`. Single votes do not count.

    Reference: ``FERPlusReader._process_data`` of github.com/microsoft/FERPlus, mode ``majority``.
    """
    counted = [count if count > 1 else 0 for count in votes]
    most = max(counted)
    column = FERPLUS_COLUMNS[counted.index(most)]
    return column if 2 * most > sum(counted) and column in _EIGHT else None


def _find(tree: FileTree) -> Iterator[Picture | Unused]:
    names = frozenset(tree.names)
    for table, match in matching(tree, r"(?P<folder>FER2013(?P<part>Train|Valid|Test))/label\.csv"):
        folder, where = table.rpartition("/")[0], tree.where(table)
        with tree.text(table) as stream:
            for line, (image, *cells) in read_rows(stream, where):
                at, name = f"{where}: line {line}", f"{folder}/{image}"
                if name not in names:
                    raise FerMdError(f"{at}: no image {image[:80]!r} in {folder}")
                votes = _votes(cells[-len(FERPLUS_COLUMNS) :], at)
                expression = majority(votes)
                if expression:
                    key = f"{match['folder']}/{image}"
                    yield Picture(name, key, expression, _SPLITS[match["part"].lower()], votes=votes)
                else:
                    yield Unused(name, "no expression has the majority of the votes")


def _votes(cells, where):
    if len(cells) != len(FERPLUS_COLUMNS):
        raise FerMdError(f"{where}: a name and {len(FERPLUS_COLUMNS)} votes expected; found {len(cells)} votes")
    if not all(cell.isascii() and cell.isdecimal() and len(cell) < 3 and int(cell) <= TAGGERS for cell in cells):
        raise FerMdError(f"{where}: votes must be 0 to {TAGGERS}; found {','.join(cells)[:60]}")
    return tuple(map(int, cells))


FERPLUS = Layout(
    name="ferplus",
    title="FER+ as images (Barsoum et al., 2016)",
    files="FER2013Train|FER2013Valid|FER2013Test/fer0000000.png and label.csv",
    expressions=_EIGHT,
    splits="three, as given",
    people="unknown",
    faces="cut out, 48x48",
    request="github.com/microsoft/FERPlus (MIT) for the votes; the images are FER2013's",
    marks=(r"/FER2013(Train|Valid|Test)/label\.csv$", r"/FER2013(Train|Valid|Test)/fer\d+\.png$"),
    list=lister("ferplus", _EIGHT, _find),
    cropped=True,
)
