"""People by the names of their pictures: ``George_W_Bush_0001.jpg`` and ``S005_001_00000011.png`` begin with them."""

import collections
import re
from collections.abc import Sequence

FEWEST = 5
"""People of each class, below which names are not taken for people."""

_NO_PEOPLE = frozenset(
    ("img", "image", "images", "pic", "picture", "photo", "foto", "face", "faces", "frame", "crop", "cropped", "dsc")
    + ("dscn", "dscf", "pxl", "mvimg", "screenshot", "download", "file", "sample", "training", "publictest", "vid")
    + ("privatetest", "test", "train", "val", "validation", "aug", "augmented", "copy", "unnamed", "untitled")
)
"""Words, without digits and punctuation, that cameras and programs begin names with."""


def people_of_names(files: Sequence[str], labels: Sequence[str]) -> list[str] | None:
    """The person of each picture, where the names tell it.

    Three forms are tried: a number, with letters before it, and the rest (``S005_001``); letters, a dot and letters
    (``KA.AN1.39``); and anything before a last number (``George_W_Bush_0001``). What comes first counts as people only
    if nine in ten names have the form, at least ``FEWEST`` people are in each class, a tenth of the pictures share
    their person with others, and none is called as a class or by a word such as ``image``. A picture of another form is
    a person of its own.

    Args:
        files: (N,) names of pictures, with or without folders.
        labels: (N,) their classes.

    Returns:
        (N,) people; None where the names do not tell.
    """
    classes = {_letters(label) for label in labels}
    for pattern in (r"([a-z]*\d+)[_\-. ]", r"([a-z]{2,})\.[a-z]", r"(.*?[a-z].*?)[_\-. ]+\d+$"):
        people = [_first(pattern, file) for file in files]
        if people.count(None) <= len(people) / 10:
            whole = [person or file for person, file in zip(people, files, strict=True)]
            if _are_people(whole, labels, classes):
                return whole
    return None


def _first(pattern, file):
    stem = file.rpartition("/")[2].rpartition(".")[0]
    match = re.match(pattern, stem, re.IGNORECASE)
    return match[1] if match else None


def _are_people(people, labels, classes):
    counts = collections.Counter(people)
    if any(_letters(person) in classes | _NO_PEOPLE for person in counts):
        return False
    if sum(count for count in counts.values() if count > 1) < len(people) / 10:  # each picture has its own
        return False
    of_class = collections.Counter(label for _, label in set(zip(people, labels, strict=True)))
    return min(of_class.values()) >= FEWEST


def _letters(text):
    return re.sub("[^a-z]", "", text.lower())
