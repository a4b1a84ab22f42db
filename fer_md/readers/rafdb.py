"""RAF-DB (Li, Deng and Du, 2017): faces from the web, with the expression that about 40 people each agreed on.

The authors' page, http://www.whdeng.cn/RAF/model1.html, states the two label sets and their split into training and
test. The names of files and the order of the labels are those of the lists ``EmoLabel/list_patition_label.txt`` (sic),
as public programs read them; they were not checked on the data. The images are unpacked from ``aligned.zip`` or
``original.zip``; the aligned ones are taken where both are there. A copy that goes round has the aligned ones in
``train|test/<label>/``.
"""

from collections.abc import Iterator

from fer_md.errors import FerMdError
from fer_md.expressions import EXPRESSIONS
from fer_md.readers.csv_files import read_words
from fer_md.readers.file_tree import FileTree
from fer_md.readers.layout import Layout, Picture, Unused, decoded, lister, matching

BASIC = {
    "1": "surprise",
    "2": "fear",
    "3": "disgust",
    "4": "happiness",
    "5": "sadness",
    "6": "anger",
    "7": "neutral",
}
"""The codes of the basic expressions."""

COMPOUND = {
    "1": "happily surprised",
    "2": "happily disgusted",
    "3": "sadly fearful",
    "4": "sadly angry",
    "5": "sadly surprised",
    "6": "sadly disgusted",
    "7": "fearfully angry",
    "8": "fearfully surprised",
    "9": "angrily surprised",
    "10": "angrily disgusted",
    "11": "disgustedly surprised",
}
"""The codes of the compound expressions."""

_LIST = "EmoLabel/list_patition_label.txt"
_SPLITS = {"train": "Training", "test": "PrivateTest"}
_REQUEST = "http://www.whdeng.cn/RAF/model1.html, by mail from an institution; research only, no passing on"


def _find_basic(tree: FileTree) -> Iterator[Picture | Unused]:
    yield from _find(tree, BASIC, 5)
    for name, match in matching(
        tree, r"(?P<split>train|test)/(?P<code>[1-7])/(?P<stem>(?P=split)_\d{5})_aligned\.jpe?g"
    ):
        yield Picture(name, match["stem"], BASIC[match["code"]], _SPLITS[match["split"].lower()])


def _find_compound(tree: FileTree) -> Iterator[Picture | Unused]:
    return _find(tree, COMPOUND, 4)


def _find(tree, codes, digits):
    """The pictures of the lists beside the images whose numbers have so many digits."""
    images: dict[tuple[str, str], str] = {}
    pattern = rf"Image/(?:aligned|original)/(?P<stem>(?:train|test)_\d{{{digits}}})(?:_aligned)?\.jpe?g"
    for name, match in matching(tree, pattern):
        images.setdefault((match["root"], match["stem"]), name)  # aligned comes before original
    for root in dict.fromkeys(root for root, _ in images):
        if f"{root}{_LIST}" not in tree.names:
            raise FerMdError(f"{tree.source}: the images in {root}Image have no {root}{_LIST}")
        yield from _listed(tree, root, images, codes)


def _listed(tree, root, images, codes):
    where = tree.where(f"{root}{_LIST}")
    unlisted = {stem: name for (of, stem), name in images.items() if of == root}
    with tree.text(f"{root}{_LIST}") as stream:
        for number, (image, label) in read_words(stream, where, 2):
            at, stem = f"{where}: line {number}", image.rpartition(".")[0]
            if (root, stem) not in images:
                raise FerMdError(f"{at}: no image {image} in {root}Image/aligned or {root}Image/original")
            unlisted.pop(stem, None)
            expression = decoded(codes, label, at)
            yield Picture(images[root, stem], stem, expression, _SPLITS[stem.partition("_")[0].lower()])
    for name in unlisted.values():
        yield Unused(name, f"not in {_LIST}")


RAFDB = Layout(
    name="rafdb",
    title="RAF-DB, basic expressions (Li, Deng and Du, CVPR 2017)",
    files=f"basic/Image/aligned/train_00001_aligned.jpg and basic/{_LIST}; or train|test/<1-7>/train_00001_aligned.jpg",
    expressions=EXPRESSIONS,
    splits="train and test as given; a seventh of train becomes PublicTest",
    people="unknown",
    faces="cut out and aligned, 100x100, 12,271 + 3,068",
    request=_REQUEST,
    marks=(
        r"Image/(aligned|original)/(train|test)_\d{5}(_aligned)?\.jpe?g$|/(train|test)/[1-7]/(train|test)_\d{5}_aligned\.",
        r"EmoLabel/list_patition_label\.txt$|/train/[1-7]/train_\d{5}_aligned\.",
    ),
    list=lister("rafdb", EXPRESSIONS, _find_basic),
)

RAFDB_COMPOUND = Layout(
    name="rafdb_compound",
    title="RAF-DB, compound expressions (Li, Deng and Du, CVPR 2017)",
    files=f"compound/Image/aligned/train_0001_aligned.jpg and compound/{_LIST}",
    expressions=tuple(COMPOUND.values()),
    splits=RAFDB.splits,
    people="unknown",
    faces="cut out and aligned, 100x100, 3,954",
    request=_REQUEST,
    marks=(r"Image/(aligned|original)/(train|test)_\d{4}(_aligned)?\.jpe?g$", r"EmoLabel/list_patition_label\.txt$"),
    list=lister("rafdb_compound", tuple(COMPOUND.values()), _find_compound),
)
