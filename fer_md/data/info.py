"""What ``dataset.json`` holds, and the rules that its content keeps."""

import dataclasses
import re
from pathlib import Path
from typing import Any

from fer_md.errors import FerMdError
from fer_md.typed_json import from_json

FORMAT = 1
"""Version of the folder's layout. It is raised when a reader of the old one would misread it."""


@dataclasses.dataclass(frozen=True)
class RecordFile:
    """A file of records: its name in the folder, the number of its examples, and the SHA-256 of its bytes."""

    name: str
    examples: int
    sha256: str


@dataclasses.dataclass(frozen=True)
class SplitInfo:
    """A split: the number of its examples, that of each expression in label order, and its files in order."""

    examples: int
    classes: dict[str, int]
    files: list[RecordFile]


@dataclasses.dataclass(frozen=True)
class DatasetInfo:
    """``dataset.json``; docs/DATA_FORMAT.md says what each field holds."""

    name: str
    format: int
    fer_md: str
    image_size: int
    expressions: list[str]
    splits: dict[str, SplitInfo]
    manifest_sha256: str
    audit: dict[str, Any]


def check_info(content: Any, path: Path) -> None:
    """Holds the content of a ``dataset.json`` to its rules.

    Args:
        content: what the JSON file held.
        path: of the file, for the error.

    Raises:
        FerMdError: another format version; a field is missing, unknown or of another type; or a value contradicts
            another one. The message names the file and the field.
    """
    if not isinstance(content, dict) or content.get("format") != FORMAT:
        found = content.get("format") if isinstance(content, dict) else None
        raise FerMdError(f"{path}: format {found}, but this version reads format {FORMAT}; prepare the data set again")
    info = from_json(DatasetInfo, content, str(path))
    for holds, rule in _rules(info):
        if not holds:
            raise FerMdError(f"{path}: {rule}; prepare the data set again")


def _rules(info):
    yield re.fullmatch(r"[^\x00-\x1f/\\]+", info.name), f"name must be one word of a line, not {info.name!r}"
    yield 1 <= info.image_size <= 4096, f"image_size must be 1 to 4096, not {info.image_size}"
    named = all(info.expressions) and len(set(info.expressions)) == len(info.expressions)
    yield named, f"the expressions must have different names; found {', '.join(info.expressions)}"
    yield _is_sha256(info.manifest_sha256), "manifest_sha256 is no SHA-256"
    for name, split in info.splits.items():
        yield re.fullmatch(r"\w+", name), f"a split's name must be letters, digits and underscores; found {name!r}"
        yield list(split.classes) == info.expressions, f"the classes of {name} are not the expressions, in their order"
        counts = [split.examples, *split.classes.values(), *(file.examples for file in split.files)]
        yield min(counts) >= 0, f"a count of {name} is negative"
        in_files = sum(file.examples for file in split.files)
        yield in_files == split.examples, f"{name} has {split.examples} examples, but {in_files} in its files"
        of_classes = sum(split.classes.values())
        fits = not info.expressions or of_classes == split.examples
        yield fits, f"{name} has {split.examples} examples, but {of_classes} in its classes"
        for file in split.files:
            own = re.fullmatch(rf"{name}-\d+-of-\d+\.tfrecord", file.name)
            yield own, f"{file.name!r} is no name of a record file of {name}"
            yield _is_sha256(file.sha256), f"the sha256 of {file.name} is no SHA-256"


def _is_sha256(text):
    return re.fullmatch(r"[0-9a-f]{64}", text)
