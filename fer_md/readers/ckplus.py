"""CK+, the extended Cohn-Kanade data set (Lucey et al., 2010): sequences from neutral to the height of an expression.

It has 593 sequences of 123 people; 327 sequences have an emotion label.
"""

import collections
import re

from fer_md.data.subject_split import split_by_subject
from fer_md.errors import FerMdError
from fer_md.expressions import EXPRESSIONS
from fer_md.readers.file_tree import FileTree
from fer_md.readers.layout import Layout
from fer_md.readers.photographs import CONTEMPT_DROPPED, Listing, Photograph, image_reader

LAYOUT = "cohn-kanade-images/S005/001/S005_001_00000001.png and Emotion/S005/001/S005_001_00000011_emotion.txt"

EMOTIONS = {1: "anger", 2: "contempt", 3: "disgust", 4: "fear", 5: "happiness", 6: "sadness", 7: "surprise"}
"""The codes in the files of emotions."""

_IMAGE = re.compile(r"(?:.*/)?cohn-kanade-images/(S\d+)/(\d+)/\1_\2_\d+\.(?:png|jpe?g)", re.IGNORECASE)
_EMOTION = re.compile(r"(?:.*/)?Emotion(?:_labels)?/(?:Emotion/)?(S\d+)/(\d+)/\1_\2_\d+_emotion\.txt", re.IGNORECASE)


def list_ckplus(tree: FileTree, last: int = 3, contempt: str = "keep", neutral: str = "none", seed: int = 0) -> Listing:
    """Lists the last frames of each labelled sequence, split by person.

    Args:
        tree: files as in `LAYOUT`; there may be further folders above them.
        last: how many of the last frames of a sequence show its emotion.
        contempt: ``"keep"`` (as in the paper's Tab. 2) or ``"drop"``.
        neutral: ``"first"`` takes the first frame of each sequence that is used for neutral; ``"none"`` has no such
            label.
        seed: of the split, see `fer_md.data.subject_split.split_by_subject`.

    Returns:
        a listing with keys such as ``ckplus/S005_001_00000011``. Its labels are `EXPRESSIONS` in their order, neutral
        only as ``neutral`` says, then contempt unless it is dropped, whether they occur or not. The folders of
        sequences without a label, or dropped with contempt, are unused.

    Raises:
        FerMdError: the layout is another; an emotion is no code of `EMOTIONS`; a labelled sequence has no images, or
            too few; or there are fewer than three people.
    """
    expressions = tuple(
        name
        for name in (*EXPRESSIONS, "contempt")
        if (name != "neutral" or neutral == "first") and (name != "contempt" or contempt == "keep")
    )
    emotions = _read_emotions(tree)
    chosen, unused = [], []
    for sequence, frames in _sequences(tree, emotions).items():
        emotion = emotions.get(sequence)
        if emotion not in expressions:
            reason = CONTEMPT_DROPPED if emotion else "no emotion label"
            unused.append((frames[0].rpartition("/")[0], reason))
            continue
        first = [(frames[0], expressions.index("neutral"))] if neutral == "first" else []
        if len(frames) < last + len(first):
            raise FerMdError(
                f"{tree.where(frames[0])}: the sequence has {len(frames)} frames; last={last} and"
                f" neutral={neutral} need {last + len(first)}"
            )
        chosen += first + [(name, expressions.index(emotion)) for name in frames[-last:]]
    splits = split_by_subject(((_subject(name), label) for name, label in chosen), seed)
    photographs = [
        Photograph(
            f"ckplus/{_stem(name)}", label, _subject(name), splits[_subject(name)], name, image_reader(tree, name)
        )
        for name, label in chosen
    ]
    return Listing("ckplus", expressions, photographs, unused)


def _stem(name):
    return name.rpartition("/")[2].rpartition(".")[0]


def _subject(name):
    return _stem(name).partition("_")[0]


def _code(text):
    """The whole number that a text such as ``3.0000000e+00`` means; ValueError for any other."""
    number = float(text)
    if not number.is_integer():
        raise ValueError(text)
    return int(number)


def _read_emotions(tree):
    """The emotion of each (subject, sequence). A file holds one number, such as ``3.0000000e+00``."""
    emotions = {}
    for name in tree.names:
        if match := _EMOTION.fullmatch(name):
            where, text = tree.where(name), tree.read(name).decode("ascii", "replace").strip()
            try:
                emotions[match[1], match[2]] = EMOTIONS[_code(text)]
            except (ValueError, KeyError):
                raise FerMdError(f"{where}: an emotion must be a number 1 to 7; found {text[:20]!r}") from None
    return emotions


def _sequences(tree, emotions):
    """The frames of each (subject, sequence), in their order."""
    sequences = collections.defaultdict(list)
    for name in tree.names:
        if match := _IMAGE.fullmatch(name):
            sequences[match[1], match[2]].append(name)
    if not (sequences and emotions):
        raise FerMdError(f"{tree.source}: no {'emotion files' if sequences else 'images'}; the layout is {LAYOUT}")
    for subject, sequence in emotions:
        if (subject, sequence) not in sequences:
            raise FerMdError(f"{tree.source}: the sequence {subject}/{sequence} has an emotion but no images")
    return {
        sequence: sorted(frames, key=lambda name: int(_stem(name).rpartition("_")[2]))
        for sequence, frames in sequences.items()
    }


CKPLUS = Layout(
    name="ckplus",
    title="CK+ (Lucey et al., 2010)",
    files=LAYOUT,
    expressions=(*EXPRESSIONS[:6], "contempt"),
    splits="none; divided by person",
    people="123, by folder",
    faces="video frames of portraits; the last three of each of 327 sequences",
    request="https://www.jeffcohn.net/resources, on request with a signed agreement; research only",
    marks=("/cohn-kanade-images/S", r"/Emotion(_labels)?/.*_emotion\.txt$"),
    list=lambda tree, seed: list_ckplus(tree, seed=seed),
)
