"""Oulu-CASIA NIR&VIS (Zhao et al., 2011): 80 people, six expressions, each a sequence from neutral to its height.

The paper (Facial expression recognition from near-infrared videos, Image and Vision Computing 29) states two cameras,
near-infrared (NI) and visible light (VL), and three lights: Strong, Weak and Dark. The folders,
``OriginalImg/VL/Strong/P001/Anger/000.jpeg``, are those that public programs read; they were not checked on the data.
Of each sequence under visible, strong light the last three images are used, as is usual.
"""

import collections
from collections.abc import Iterator

from fer_md.expressions import EXPRESSIONS
from fer_md.readers.file_tree import FileTree
from fer_md.readers.layout import Layout, Picture, Unused, lister, matching

LAST = 3
"""How many of the last images of a sequence show its expression."""

_SIX = EXPRESSIONS[:6]
_FILE = (
    rf"(?P<camera>VL|NI)/(?P<light>Strong|Weak|Dark)/(?P<person>P\d{{3}})/(?P<expression>{'|'.join(_SIX)})"
    r"/(?P<image>\d+)\.jpe?g"
)


def _find(tree: FileTree) -> Iterator[Picture | Unused]:
    sequences = collections.defaultdict(list)
    for name, match in matching(tree, _FILE):
        sequences[name.rpartition("/")[0]].append((int(match["image"]), name, match))
    for folder, images in sequences.items():
        camera, light = (images[0][2][part] for part in ("camera", "light"))
        if (camera.upper(), light.title()) != ("VL", "Strong"):
            yield Unused(folder, f"not visible, strong light, but {camera}/{light}")
            continue
        for _, name, match in sorted(images, key=lambda image: image[0])[-LAST:]:
            person, expression = match["person"].upper(), match["expression"].lower()
            yield Picture(name, f"{person}/{expression}/{match['image']}", expression, person=person)


OULU_CASIA = Layout(
    name="oulu_casia",
    title="Oulu-CASIA NIR&VIS (Zhao et al., 2011)",
    files="OriginalImg/VL/Strong/P001/Anger/000.jpeg and so on",
    expressions=_SIX,
    splits="none; divided by person",
    people="80, by folder",
    faces="frontal video frames, 320x240; the last three of each of 480 sequences under visible, strong light",
    request="https://www.oulu.fi/cmvs, on request with a signed agreement; research only",
    marks=(r"/(VL|NI)/(Strong|Weak|Dark)/P\d{3}/[a-z]+/\d+\.jpe?g$",),
    list=lister("oulu_casia", _SIX, _find),
)
