"""TFEID, the Taiwanese facial expression image database (Chen and Yen, 2007): 40 models, eight expressions.

No public description of its files was found. The layout is inferred: somewhere in a folder or archive called TFEID
there are folders with the names of the expressions, and a file's name begins with the model, a letter f or m and a
number.
"""

from collections.abc import Iterator

from fer_md.expressions import EXPRESSIONS
from fer_md.readers.file_tree import FileTree
from fer_md.readers.layout import Layout, Picture, lister, matching

_EIGHT = (*EXPRESSIONS, "contempt")
_FILE = rf"(?P<expression>{'|'.join(_EIGHT)})/(?P<file>(?P<person>[fm]\d+)[^/]*\.(?:jpe?g|png|bmp|tiff?))"


def _find(tree: FileTree) -> Iterator[Picture]:
    for name, match in matching(tree, _FILE):
        above = match["root"].rstrip("/").rpartition("/")[2]  # such as the intensity
        expression = match["expression"].lower()
        yield Picture(
            name, "/".join(filter(None, (above, expression, match["file"]))), expression, person=match["person"].lower()
        )


TFEID = Layout(
    name="tfeid",
    title="TFEID (Chen and Yen, 2007)",
    files="<folder>/<expression>/f01....jpg below a folder called TFEID (inferred)",
    expressions=_EIGHT,
    splits="none; divided by person",
    people="40, by the first letter and number of a file's name (inferred)",
    faces="portraits",
    request="Brain Mapping Laboratory, National Yang-Ming University, Taiwan, on request; research only",
    marks=("tfeid", rf"/({'|'.join(_EIGHT)})/[fm]\d+[^/]*\.(jpe?g|png|bmp|tiff?)$"),
    list=lister("tfeid", _EIGHT, _find),
)
