"""Which images no stage of a training may learn from: the held-out ones of all data sets that the stages share."""

import dataclasses
import hashlib
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from fer_md.data.manifest import read_manifest
from fer_md.data.records import Split, load_split, manifest_hash, read_info
from fer_md.errors import FerMdError

HELD_OUT = ("PublicTest", "PrivateTest")
"""The splits that training must not see: PublicTest is for validation, PrivateTest for the final test."""


def check_together(infos: Sequence[dict[str, Any]]) -> None:
    """Asserts that data sets can be learned together.

    Args:
        infos: what `fer_md.data.records.read_info` gives for each.

    Raises:
        FerMdError: there are fewer than two, two have one name, or their images differ in size.
    """
    names, sizes = [info["name"] for info in infos], {info["image_size"] for info in infos}
    if len(set(names)) < max(len(names), 2):
        raise FerMdError(f"there must be two data sets or more, each with a name of its own; found {', '.join(names)}")
    if len(sizes) > 1:
        raise FerMdError(f"the data sets must have one image size; found {sorted(sizes)}: prepare one of them again")


@dataclasses.dataclass(frozen=True)
class Protocol:
    """How all data sets of a method are split, as one hash that every stage checks.

    When networks exchange their data sets, a test image of one stage could become a training image of another. Images
    with the same pixels count as the same image, whatever data set they are in.

    Attributes:
        sha256: names the data sets' exact content and splits.
        held_out: SHA-256 of the pixels of every PublicTest and PrivateTest image.
    """

    sha256: str
    held_out: frozenset[str]


def make_protocol(directories: Sequence[Path | str]) -> Protocol:
    """The protocol of prepared data sets. Their order does not matter.

    Raises:
        FerMdError: a folder is not a prepared data set, or its manifest was edited.
    """
    hashes, held_out = [manifest_hash(directory) for directory in directories], set()
    for directory in directories:
        rows = read_manifest(Path(directory) / "manifest.csv")
        held_out |= {row.sha256 for row in rows if row.split in HELD_OUT}
    return Protocol(protocol_hash(hashes), frozenset(held_out))


def protocol_hash(manifest_hashes: Iterable[str]) -> str:
    """The hash of the protocol of data sets with these manifest hashes, in any order."""
    return hashlib.sha256("\n".join(sorted(manifest_hashes)).encode()).hexdigest()


def load_training(directory: Path | str, protocol: Protocol | None) -> tuple[Split, int]:
    """The Training split, without the images whose pixels are those of a held-out image of any data set.

    Args:
        directory: a prepared data set.
        protocol: says which images are held out; None to leave none out.

    Returns:
        (split, count), with the number of images that were left out.

    Raises:
        FerMdError: a record has another key or label than its row of the manifest; see also ``load_split``.
    """
    split, names = load_split(directory, "Training"), [*read_info(directory)["expressions"], ""]  # -1 has no name
    rows = [row for row in read_manifest(Path(directory) / "manifest.csv") if row.split == "Training"]
    records = [(key, names[label]) for key, label in zip(split.keys, split.labels.tolist(), strict=True)]
    if [(row.key, row.label) for row in rows] != records:
        raise FerMdError(f"{directory}: the records are not those of manifest.csv; prepare the data set again")
    held_out = protocol.held_out if protocol else frozenset()
    kept = np.array([row.sha256 not in held_out for row in rows])
    return split.select(kept), int((~kept).sum())
