"""SFEW 2.0 (Dhall et al., 2015): faces from films, in the folders in which they are handed out."""

import re

from fer_md.data.given_split import complete_split
from fer_md.data.subject_split import split_by_subject
from fer_md.errors import FerMdError
from fer_md.expressions import EXPRESSIONS, LABEL_OF_NAME
from fer_md.readers.file_tree import FileTree
from fer_md.readers.layout import Layout
from fer_md.readers.photographs import Listing, Photograph, image_reader

LAYOUT = "<Train|Val|Test>_Aligned_Faces/<Class>/<movie>_<timestamp>_<face>.png"

_FILE = re.compile(r"(?:.*/)?(train|val|test)_aligned_faces(?:_new)?/(?:([^/]+)/)?([^/]+)\.(?:png|jpe?g)", re.I)
_MOVIE = re.compile(r"(.+?)_\d{6,}")
_SPLITS = {"Train": "Training", "Val": "PublicTest", "Test": "PrivateTest"}


def list_sfew(tree: FileTree, split: str = "official", seed: int = 0) -> Listing:
    """Lists the photographs. The movie takes the place of the person, who is unknown.

    The official split comes without labels for ``Test``. Then ``Val`` becomes the test split (PrivateTest), and a
    seventh of ``Train``, by movie, the validation split (PublicTest). With labels, ``Val`` is PublicTest and ``Test``
    PrivateTest.

    Args:
        tree: files as in `LAYOUT`; there may be further folders above them.
        split: ``"official"``; or ``"movie"`` for 60/10/30 % of all labelled images, with no movie in two splits.
        seed: of the split, see `fer_md.data.subject_split.split_by_subject`.

    Returns:
        a listing with keys ``sfew/<Split>/<Class>/<file name>``. Images without a class or a movie are unused.

    Raises:
        FerMdError: the layout is another; a class is unknown; or there are too few movies, or parts, to split.
    """
    found, unused = [], []
    for name in tree.names:
        match = _FILE.fullmatch(name)
        movie = match and _MOVIE.match(match[3])
        if not (match and match[2]):
            unused.append((name, "no label" if match else f"not in {LAYOUT}"))
        elif match[2].lower() not in LABEL_OF_NAME:
            raise FerMdError(
                f"{tree.where(name)}: unknown class {match[2]!r}; the names known are {', '.join(LABEL_OF_NAME)}"
            )
        elif not movie:
            unused.append((name, "no movie and timestamp in the name"))
        else:
            found.append((name, match[1].title(), movie[1], LABEL_OF_NAME[match[2].lower()]))
    if not found:
        raise FerMdError(f"{tree.source}: no labelled images; the layout is {LAYOUT}, with the zip files unpacked")
    if split == "official":
        splits = complete_split([(_SPLITS[part], movie, label) for _, part, movie, label in found], seed)
    else:
        splits = _by_movie(found, seed)
    photographs = [
        Photograph(f"sfew/{part}/{'/'.join(name.split('/')[-2:])}", label, movie, split, name, image_reader(tree, name))
        for (name, part, movie, label), split in zip(found, splits, strict=True)
    ]
    return Listing("sfew", EXPRESSIONS, photographs, unused)


def _by_movie(found, seed):
    splits = split_by_subject(((movie, label) for _, _, movie, label in found), seed)
    return [splits[movie] for _, _, movie, _ in found]


SFEW = Layout(
    name="sfew",
    title="SFEW 2.0 (Dhall et al., 2015)",
    files=LAYOUT,
    expressions=EXPRESSIONS,
    splits="as given; without labels for Test, Val becomes PrivateTest and a seventh of Train PublicTest",
    people="unknown; the film takes their place",
    faces="cut out and aligned",
    request="https://cs.anu.edu.au/few, on request with a signed agreement; research only",
    marks=(r"/(Train|Val)_Aligned_Faces(_new)?/",),
    list=lambda tree, seed: list_sfew(tree, seed=seed),
)
