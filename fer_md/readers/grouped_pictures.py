"""Labelled pictures with the groups that they are in, to measure a network on each group."""

import contextlib
import dataclasses
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

import numpy as np

from fer_md.data.given_split import split_of_name
from fer_md.errors import FerMdError
from fer_md.readers.own_pictures import divide_own_pictures, label_own_pictures
from fer_md.readers.own_source import open_own_source
from fer_md.readers.photographs import image_reader


@dataclasses.dataclass(frozen=True)
class GroupedPicture:
    """One picture.

    Attributes:
        file: its name.
        label: an expression of ``fer_md.expressions.EXPRESSIONS``, or a class of another name.
        person: "" where unknown.
        groups: what each column that was asked for says, "" where nothing.
        read: function without arguments that returns (H, W, 3) uint8 RGB or raises `FerMdError`.
    """

    file: str
    label: str
    person: str
    groups: tuple[str, ...]
    read: Callable[[], np.ndarray]


@contextlib.contextmanager
def open_grouped_pictures(
    source: Path | str, group_by: Sequence[str] = (), person: str | None = None, split: str | None = None, seed: int = 0
) -> Iterator[tuple[list[GroupedPicture], list[str]]]:
    """Finds labelled pictures, as `fer_md.readers.own_dataset.prepare_own_pictures` does; they are read while open.

    Args:
        source: a folder, a zip, or a table; or a data set that is known by its layout.
        group_by: columns of the table; or, of folders, ``"folder"`` alone.
        person: column of the table that names the people; None to find one.
        split: train, val or test, for one of the splits that the pictures come with, or that ``fer-md train`` divides
            them into; None for all pictures.
        seed: of that division.

    Yields:
        (pictures, remarks): at least one picture, and sentences on what was found.

    Raises:
        FerMdError: the split is none of these, or has no picture; columns are asked for and there is no table; or the
            layout is none that is known.
    """
    part = None if split is None else split_of_name(split)
    if split is not None and part is None:
        raise FerMdError(f"split must be train, val or test; got {split!r}")
    if (Path(source) / "dataset.json").is_file():
        raise FerMdError(f"{source}: is a prepared data set: fer-md evaluate --data={source}")
    with open_own_source(source, columns=bool(person or group_by)) as opened:
        if opened.layout:
            listing, remarks = opened.layout.list(opened.tree, seed), [opened.layout.describe()]
            found = [
                GroupedPicture(each.source, listing.expressions[each.label], each.subject, (), each.read)
                for each in listing.photographs
            ]
            splits = [each.split for each in listing.photographs]
        else:
            contents, remarks = label_own_pictures(opened.tree, opened.table, person, group_by)
            found = [
                GroupedPicture(each.file, each.label, each.person, each.groups, image_reader(opened.tree, each.file))
                for each in contents.pictures
            ]
            if contents.unused:
                name, reason = contents.unused[0]
                remarks.append(f"not used: {len(contents.unused)} pictures; the first is {name}: {reason}")
            splits = [each.split for each in contents.pictures]
            if part and part not in splits:
                splits, divided = divide_own_pictures(opened.tree, contents.pictures, seed)
                remarks.append(divided)
        if part:
            found = [picture for picture, own in zip(found, splits, strict=True) if own == part]
            if not found:
                raise FerMdError(f"{source}: no picture is in the split {split}")
        yield found, remarks
