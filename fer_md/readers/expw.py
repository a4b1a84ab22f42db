"""ExpW, Expression in the Wild (Zhang, Luo, Loy and Tang, 2018): 91,793 faces in photographs from a web search.

The ``label.lst`` that comes with it is described in the data set's own readme, as http://rhkb.cn/news/38351.html quotes
it: name of the image, number of the face in it, its box as top, left, right and bottom in pixels, the detector's
confidence, and the expression 0 to 6. The images are unpacked from the parts of ``origin.7z``.
"""

import re
from collections.abc import Iterator

from fer_md.errors import FerMdError
from fer_md.expressions import EXPRESSIONS
from fer_md.readers.csv_files import read_words
from fer_md.readers.file_tree import FileTree
from fer_md.readers.layout import Layout, Picture, decoded, lister, matching

CODES = {str(code): expression for code, expression in enumerate(EXPRESSIONS)}
"""The codes of the expressions; their order is that of FER2013."""

_COLUMNS = 8


def _find(tree: FileTree) -> Iterator[Picture]:
    images = {match["image"]: name for name, match in matching(tree, r"origin/(?P<image>[^/]+\.(?:jpe?g|png))")}
    lists = [name for name, _ in matching(tree, r"label\.lst")]
    if len(lists) != 1:
        raise FerMdError(f"{tree.source}: must hold one label.lst; found {len(lists)}")
    where = tree.where(lists[0])
    with tree.text(lists[0]) as stream:
        for number, (image, face, *edges, _, label) in read_words(stream, where, _COLUMNS):
            at = f"{where}: line {number}"
            if image not in images:
                raise FerMdError(f"{at}: no image {image[:80]!r} in origin/")
            expression = decoded(CODES, label, at)
            yield Picture(images[image], f"{image}#{face}", expression, group=image, box=_box(edges, at))


def _box(edges, where):
    """The box of (top, left, right, bottom)."""
    if not all(re.fullmatch(r"-?[0-9]{1,6}", edge) for edge in edges):
        raise FerMdError(f"{where}: the edges of the face must be whole numbers; found {' '.join(edges)[:40]!r}")
    top, left, right, bottom = map(int, edges)
    if not (top < bottom and left < right):
        raise FerMdError(f"{where}: the face's top and left must be less than its bottom and right; found {edges}")
    return left, top, right - left, bottom - top


EXPW = Layout(
    name="expw",
    title="ExpW (Zhang, Luo, Loy and Tang, 2018)",
    files="image/origin/<name>.jpg and label/label.lst",
    expressions=EXPRESSIONS,
    splits="none; divided by photograph",
    people="unknown",
    faces="photographs with the boxes of 91,793 faces",
    request="http://mmlab.ie.cuhk.edu.hk/projects/socialrelation/index.html; research only",
    marks=(r"/label\.lst$", r"/origin/[^/\n]+\.(jpe?g|png)$"),
    list=lister("expw", EXPRESSIONS, _find),
)
