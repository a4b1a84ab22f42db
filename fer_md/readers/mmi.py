"""MMI (Pantic et al., 2005; Valstar and Pantic, 2010): posed expressions that rise from neutral and fall back to it.

The layout is that of a download of the data base, as public programs read it. It was not checked on the data.
``Sessions/<number>/`` holds

- ``session.xml``, whose ``track`` has the attribute ``view``: 0 frontal, 1 profile, 2 both;
- the clip ``S001-001.avi``, or an image;
- ``S001-001.xml``, with ``<Metatag Name="Emotion" Value="1"/>`` where the clip shows an emotion;
- for some clips ``S001-001-oao_aucs.xml``, with the onset, apex and offset of each action unit.
"""

import collections
import dataclasses
import functools
import re
import xml.etree.ElementTree as ElementTree

import cv2

from fer_md.data.subject_split import split_by_subject
from fer_md.errors import FerMdError
from fer_md.expressions import EXPRESSIONS
from fer_md.media.videos import count_frames, read_frame
from fer_md.readers.file_tree import FileTree
from fer_md.readers.layout import Layout
from fer_md.readers.photographs import Listing, Photograph, image_reader

LAYOUT = "Sessions/<number>/ with session.xml, S001-001.avi (or .jpg, .png) and S001-001.xml"

EMOTIONS = {1: "anger", 2: "disgust", 3: "fear", 4: "happiness", 5: "sadness", 6: "surprise"}
"""The values of the tag Emotion that are used. Higher values are no basic emotions."""

MAX_FRAMES = 20_000
"""Longest video that is read, in frames."""

MAX_XML = 1_000_000
"""Largest XML file, in bytes, that is parsed."""

_FILE = re.compile(r"((?:.*/)?Sessions/[^/]+)/([^/]+)")
_PAL_HEIGHT = 576
_APEX, _OFFSET = "2", "3"


@dataclasses.dataclass(frozen=True)
class Clip:
    """A video or image with its emotion.

    Attributes:
        name: for example ``"S001-001"``; the part before the hyphen is the person.
        file: its name in the tree.
        emotion: one of the values of `EMOTIONS`.
    """

    name: str
    file: str
    emotion: str


def list_mmi(tree: FileTree, frames: int = 3, neutral: str = "none", seed: int = 0) -> Listing:
    """Lists the frames at the height of each frontal clip with one of the six emotions, split by person.

    The height is where most action units are at their apex, if there is a file of them; otherwise it is the middle of
    the clip.

    Args:
        tree: files as in `LAYOUT`. Where there are videos, it must be an unpacked folder.
        frames: how many neighbouring frames of a video are taken.
        neutral: ``"first"`` takes the first frame of each video for neutral; ``"none"`` has no such label.
        seed: of the split, see `fer_md.data.subject_split.split_by_subject`.

    Returns:
        a listing with keys such as ``mmi/S001-001/00042``, where the last part is the frame, counted from 0. Sessions
        are unused that have no emotion or none of the six, that are seen from the side, or whose video or XML file is
        damaged.

    Raises:
        FerMdError: the layout is another; videos are in a zip; or there are fewer than three people.
    """
    expressions = EXPRESSIONS if neutral == "first" else tuple(EMOTIONS[code] for code in EMOTIONS)
    sessions = _sessions(tree)
    chosen, unused = [], []
    for folder, names in sessions.items():
        try:
            clip = _clip(tree, folder, names)
            chosen += [(clip, label, index) for label, index in _frames(tree, clip, names, frames, neutral == "first")]
        except FerMdError as error:
            unused.append((folder, str(error)))
    people = [clip.name.partition("-")[0] for clip, _, _ in chosen]
    splits = split_by_subject(((person, label) for person, (_, label, _) in zip(people, chosen, strict=True)), seed)
    photographs = [
        _photograph(tree, clip, expressions.index(label), index, person, splits[person])
        for person, (clip, label, index) in zip(people, chosen, strict=True)
    ]
    return Listing("mmi", expressions, photographs, unused)


def _sessions(tree):
    """The names of the files in each session's folder."""
    sessions = collections.defaultdict(list)
    for name in tree.names:
        if match := _FILE.fullmatch(name):
            sessions[match[1]].append(match[2])
            if name.lower().endswith(".avi"):
                tree.path(name)  # stops here if the videos are in a zip
    if not any("session.xml" in names for names in sessions.values()):
        raise FerMdError(f"{tree.source}: no sessions; the layout is {LAYOUT}")
    return sessions


def _clip(tree, folder, names):
    """The clip of a session; `FerMdError` with the reason where there is none to use."""
    files = sorted(name for name in names if name.lower().endswith((".avi", ".jpg", ".jpeg", ".png")))
    if not files or "session.xml" not in names:
        raise FerMdError("no video and no image" if "session.xml" in names else "no session.xml")
    track = _parse(tree, f"{folder}/session.xml").find(".//track")
    if track is None or track.get("view") != "0":
        raise FerMdError("not a frontal view")
    name = files[0].rpartition(".")[0]
    tags = _parse(tree, f"{folder}/{name}.xml").iter("Metatag") if f"{name}.xml" in names else ()
    value = {tag.get("Name"): tag.get("Value") for tag in tags}.get("Emotion")
    if value is None or value not in map(str, EMOTIONS):
        raise FerMdError(f"emotion {value} is none of the six" if value else "no emotion")
    return Clip(name, f"{folder}/{files[0]}", EMOTIONS[int(value)])


def _parse(tree, name):
    data = tree.read(name, MAX_XML)
    try:
        return ElementTree.fromstring(data)
    except (ElementTree.ParseError, LookupError, ValueError) as error:
        raise FerMdError(f"{tree.where(name)}: not XML ({error})") from None


def _frames(tree, clip, names, count, neutral):
    """The (label, frame) pairs of a clip; the frame of an image is None."""
    if not clip.file.lower().endswith(".avi"):
        return [(clip.emotion, None)]
    length = _count_frames(tree.path(clip.file))
    if length < count + neutral:
        raise FerMdError(f"{tree.where(clip.file)}: {length} frames, but {count + neutral} are wanted")
    annotation = f"{clip.name}-oao_aucs.xml"
    height = length // 2
    if annotation in names:
        height = _apex(_parse(tree, f"{clip.file.rpartition('/')[0]}/{annotation}"), length, height)
    first = min(max(height - count // 2, int(neutral)), length - count)
    return [("neutral", 0)] * neutral + [(clip.emotion, index) for index in range(first, first + count)]


def _count_frames(path):
    count = count_frames(path)
    if not 0 < count <= MAX_FRAMES:
        raise FerMdError(f"{path}: a video must have 1 to {MAX_FRAMES} frames; its header states {count}")
    return count


def _apex(annotation, length, default):
    """The frame, from 0, at which most action units are at their apex; of several frames the middle one."""
    active = [0] * length
    for unit in annotation.iter("ActionUnit"):
        begin = None
        for marker in unit.iter("Marker"):
            frame = marker.get("Frame", "")
            if not (frame.isascii() and frame.isdecimal() and len(frame) < 10):
                continue
            frame = min(max(int(frame) - 1, 0), length)  # counted from 1 in the file
            if marker.get("Type") == _APEX:
                begin = frame
            elif marker.get("Type") == _OFFSET and begin is not None:
                active[begin:frame] = [units + 1 for units in active[begin:frame]]
                begin = None
    most = max(active)
    highest = [frame for frame, units in enumerate(active) if units == most > 0]
    return highest[len(highest) // 2] if highest else default


def _photograph(tree, clip, label, index, person, split):
    if index is None:
        return Photograph(f"mmi/{clip.name}", label, person, split, clip.file, image_reader(tree, clip.file))
    read = functools.partial(_read_upright, tree.path(clip.file), index)
    return Photograph(f"mmi/{clip.name}/{index:05d}", label, person, split, f"{clip.file}#{index}", read)


def _read_upright(path, index):
    """A frame, turned clockwise where it has PAL size: those clips were taken with the camera on its side."""
    image = read_frame(path, index)
    height, width = image.shape[:2]
    return cv2.rotate(image, cv2.ROTATE_90_CLOCKWISE) if height == _PAL_HEIGHT and width > height else image


MMI = Layout(
    name="mmi",
    title="MMI (Pantic et al., 2005; Valstar and Pantic, 2010)",
    files=LAYOUT,
    expressions=tuple(EMOTIONS.values()),
    splits="none; divided by person",
    people="by the first part of a clip's name",
    faces="videos and images of portraits; three frames at the height of each frontal clip",
    request="https://mmifacedb.eu, after signing the agreement; research only",
    marks=(r"/Sessions/[^/]+/session\.xml$",),
    list=lambda tree, seed: list_mmi(tree, seed=seed),
)
