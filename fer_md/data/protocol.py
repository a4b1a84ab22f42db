"""Which images no stage may train on: the held-out ones of every data set that the stages share."""

import dataclasses
import hashlib
from pathlib import Path

import numpy as np

from fer_md.data.manifest import read_manifest
from fer_md.data.records import load_split, manifest_hash

HELD_OUT = ("PublicTest", "PrivateTest")


@dataclasses.dataclass(frozen=True)
class Protocol:
    """The split of all data sets of a method, as one hash that every stage asserts.

    After an exchange of the data sets a test image of the first stage could be a training image of the second;
    pixel-identical images count as the same image, in whichever data set they are.

    Attributes:
        sha256: names the data sets' exact content and splits.
        held_out: SHA-256 of the pixels of every PublicTest and PrivateTest image.
    """

    sha256: str
    held_out: frozenset


def make_protocol(directories):
    """The ``Protocol`` of prepared data sets; their order does not matter.

    Raises:
        FerMdError: one of them is not a prepared data set, or its manifest was edited.
    """
    hashes, held_out = [manifest_hash(directory) for directory in directories], set()
    for directory in directories:
        rows = read_manifest(Path(directory) / "manifest.csv")
        held_out |= {row.sha256 for row in rows if row.split in HELD_OUT}
    return Protocol(protocol_hash(hashes), frozenset(held_out))


def protocol_hash(manifest_hashes):
    """The hash of the protocol of data sets with these manifest hashes, in any order."""
    return hashlib.sha256("\n".join(sorted(manifest_hashes)).encode()).hexdigest()


def load_training(directory, protocol):
    """The Training split without the images that are pixel-identical to a held-out one of any data set.

    Args:
        directory: prepared data set.
        protocol: ``Protocol``.

    Returns:
        ``Split`` and the number of images left out.

    Raises:
        FerMdError: see ``load_split``.
    """
    split = load_split(directory, "Training")
    pixels = {row.key: row.sha256 for row in read_manifest(Path(directory) / "manifest.csv")}
    kept = np.array([pixels[key] not in protocol.held_out for key in split.keys])
    return split.select(kept), int((~kept).sum())
