"""The press photographs of github.com/muxspace/facial_expressions. As in LFW, a file's name gives the person."""

import collections

from fer_md.data.subject_split import split_by_subject
from fer_md.errors import FerMdError
from fer_md.expressions import EXPRESSIONS
from fer_md.readers.csv_files import columns_of, read_rows
from fer_md.readers.file_tree import FileTree
from fer_md.readers.layout import Layout
from fer_md.readers.photographs import CONTEMPT_DROPPED, Listing, Photograph, image_reader

LEGEND = "data/legend.csv"
IMAGES = "images"


def list_facial_expressions(tree: FileTree, contempt: str = "drop", seed: int = 0) -> Listing:
    """Lists the photographs, split by person.

    Images without a label, images that the legend labels in two ways, and contempt where it is dropped are unused. Rows
    that say the same about an image count once.

    Args:
        tree: the repository, its zip, or a folder above it.
        contempt: ``"drop"``, or ``"keep"`` for an eighth label.
        seed: of the split, see `fer_md.data.subject_split.split_by_subject`.

    Returns:
        a listing with keys ``facial_expressions/<file name>``.

    Raises:
        FerMdError: there is no legend, or more than one; a label is unknown; an image of the legend is missing; or
            there are fewer than three people. The message names the file and the line.
    """
    root = _root(tree)
    labels = _read_legend(tree, root)
    expressions = (*EXPRESSIONS, "contempt") if contempt == "keep" else EXPRESSIONS
    used, unused = {}, []
    for name in (name for name in tree.names if name.startswith(f"{root}{IMAGES}/")):
        of_image = labels.get(name, {})
        reason = _reason_against(of_image, expressions)
        if reason:
            unused.append((name, reason))
        else:
            used[name] = expressions.index(*of_image)
    splits = split_by_subject(((person_of(name), label) for name, label in used.items()), seed)
    photographs = [_photograph(tree, name, label, splits) for name, label in used.items()]
    return Listing("facial_expressions", expressions, photographs, unused)


def person_of(name: str) -> str:
    """The person in a file name: what is before its last underscore if digits follow it, otherwise the whole name.

    ``images/George_W_Bush_0001.jpg -> George_W_Bush``, ``images/FaridaJalal_7.jpg -> FaridaJalal``.
    """
    stem = name.rpartition("/")[2].rpartition(".")[0]
    person, _, number = stem.rpartition("_")
    return person if person and any(character.isdigit() for character in number) else stem


def _root(tree):
    """The prefix that the names of legend and images have: ``""``, or a path that ends in ``/``."""
    roots = [name.removesuffix(LEGEND) for name in tree.names if f"/{name}".endswith(f"/{LEGEND}")]
    if len(roots) != 1:
        raise FerMdError(f"{tree.source}: must hold {LEGEND} and {IMAGES}/ once; found {len(roots)} {LEGEND}")
    return roots[0]


def _read_legend(tree, root):
    """Reads the legend. Returns, for the name of each image in the tree, its labels and the line of each label."""
    where, names = tree.where(root + LEGEND), frozenset(tree.names)
    labels: dict[str, dict[str, int]] = collections.defaultdict(dict)
    with tree.text(root + LEGEND) as stream:
        rows = read_rows(stream, where)
        image, emotion = columns_of(rows, where, ("image", "emotion"))
        for line, values in rows:
            name, label = f"{root}{IMAGES}/{values[image].strip()}", values[emotion].strip().lower()
            if label not in (*EXPRESSIONS, "contempt"):
                raise FerMdError(
                    f"{where}: line {line}: emotion must be one of {', '.join(EXPRESSIONS)}, contempt;"
                    f" found {values[emotion][:40]!r}"
                )
            if name not in names:
                raise FerMdError(f"{where}: line {line}: the image {values[image][:80]!r} is not in {IMAGES}/")
            labels[name].setdefault(label, line)
    return labels


def _reason_against(labels, expressions):
    if not labels:
        return f"no label in {LEGEND}"
    if len(labels) > 1:
        said = " and ".join(f"line {line} says {label}" for label, line in labels.items())
        return f"conflicting labels in {LEGEND}: {said}"
    return "" if set(labels) <= set(expressions) else CONTEMPT_DROPPED


def _photograph(tree, name, label, splits):
    key, person = f"facial_expressions/{name.rpartition('/')[2]}", person_of(name)
    return Photograph(key, label, person, splits[person], name, image_reader(tree, name))


FACIAL_EXPRESSIONS = Layout(
    name="facial_expressions",
    title="Press photographs of muxspace/facial_expressions",
    files=f"{LEGEND} and {IMAGES}/<Person>_0001.jpg",
    expressions=EXPRESSIONS,
    splits="none; divided by person",
    people="about 5,600, by the names of files",
    faces="photographs, most with one face",
    request="github.com/muxspace/facial_expressions; Apache-2.0 for the labels, research only for the photographs",
    marks=(f"/{LEGEND}$", f"/{IMAGES}/"),
    list=lambda tree, seed: list_facial_expressions(tree, seed=seed),
)
