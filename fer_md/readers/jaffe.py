"""JAFFE (Lyons, Akamatsu, Kamachi and Gyoba, 1998): seven posed expressions of ten Japanese women.

https://zenodo.org/record/3451524 states 213 images of 256x256 pixels as gray TIFF and the terms. The codes in the names
of files, ``KA.AN1.39.tiff``, are person, expression with the number of the pose, and number of the image, as public
programs read them; they were not checked on the data.
"""

from collections.abc import Iterator

from fer_md.expressions import EXPRESSIONS
from fer_md.readers.file_tree import FileTree
from fer_md.readers.layout import Layout, Picture, lister, matching

CODES = {
    "AN": "anger",
    "DI": "disgust",
    "FE": "fear",
    "HA": "happiness",
    "SA": "sadness",
    "SU": "surprise",
    "NE": "neutral",
}
"""What the two letters behind the person stand for."""

_FILE = r"(?P<person>[A-Z]{2})\.(?P<code>AN|DI|FE|HA|SA|SU|NE)\d\.\d+\.(?:tiff?|png|jpe?g)"


def _find(tree: FileTree) -> Iterator[Picture]:
    for name, match in matching(tree, _FILE):
        key = name.rpartition("/")[2]
        yield Picture(name, key, CODES[match["code"].upper()], person=match["person"].upper())


JAFFE = Layout(
    name="jaffe",
    title="JAFFE (Lyons et al., 1998)",
    files="KA.AN1.39.tiff and so on, in any folder",
    expressions=EXPRESSIONS,
    splits="none; divided by person",
    people="ten, by the first two letters of a file's name",
    faces="frontal portraits, 256x256 gray, 213",
    request="https://zenodo.org/record/3451524, on request; non-commercial research",
    marks=(rf"/{_FILE}$",),
    list=lister("jaffe", EXPRESSIONS, _find),
)
