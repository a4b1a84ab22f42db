"""KDEF (Lundqvist, Flykt and Öhman, 1998): 70 people, seven expressions, five angles, each photographed twice.

https://kdef.se states the codes in the names of files: ``AF01ANS.JPG`` is session A or B, F(emale) or M(ale), the
number of the person among those, the expression, and the angle: S(traight), HL, HR (half left, half right), FL or FR
(profile). A few names do not keep to the codes; those files are left out.
"""

from collections.abc import Iterator

from fer_md.expressions import EXPRESSIONS
from fer_md.readers.file_tree import FileTree
from fer_md.readers.layout import Layout, Picture, Unused, lister, matching

CODES = {
    "AN": "anger",
    "DI": "disgust",
    "AF": "fear",
    "HA": "happiness",
    "SA": "sadness",
    "SU": "surprise",
    "NE": "neutral",
}
"""What the two letters behind the person stand for."""

_FILE = r"[AB](?P<person>[FM]\d\d)(?P<code>AN|DI|AF|HA|SA|SU|NE)(?P<angle>S|HL|HR|FL|FR)\.jpe?g"


def _find(tree: FileTree) -> Iterator[Picture | Unused]:
    known = set()
    for name, match in matching(tree, _FILE):
        known.add(name)
        if match["angle"].upper() == "S":
            key = name.rpartition("/")[2]
            yield Picture(name, key, CODES[match["code"].upper()], person=match["person"].upper())
        else:
            yield Unused(name, f"seen from the side ({match['angle'].upper()})")
    for name in tree.names:
        if name not in known:
            yield Unused(name, "no name by the codes of KDEF, such as AF01ANS.JPG")


KDEF = Layout(
    name="kdef",
    title="KDEF (Lundqvist, Flykt and Öhman, 1998)",
    files="KDEF/AF01/AF01ANS.JPG and so on",
    expressions=EXPRESSIONS,
    splits="none; divided by person",
    people="70, by sex and number; both sessions of a person stay together",
    faces="portraits, 562x762; the 980 straight ones of 4,900 are used",
    request="https://kdef.se; non-commercial research, no passing on",
    marks=(r"/[AB][FM]\d\d(AN|DI|AF|HA|SA|SU|NE)(S|HL|HR|FL|FR)\.jpe?g$",),
    list=lister("kdef", EXPRESSIONS, _find),
)
