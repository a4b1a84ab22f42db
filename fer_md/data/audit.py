"""What is wrong with a data set: duplicates, near-duplicates, leaks between splits, contradictions and blank images.

An image leaks where it is in a split to train on and, pixel by pixel the same, in one that must stay unseen.
"""

import collections
import functools
from collections.abc import Collection, Iterable, Sequence
from typing import Any

import numpy as np

from fer_md.data.manifest import ManifestRow

NEAR_DISTANCE = 4
"""Two images are near-duplicates when their perceptual hashes differ in at most this many of 64 bits.

The distance is always even, since 32 bits are set. On FER2013, of the pairs at a distance of 0, 2, 4, 6, 8 and 10 bits,
98, 95, 85, 67, 40 and 10 % correlate by more than 0.9.
"""

CONSTANT_RANGE = 8
"""An image is constant when its values span fewer gray levels than this. The limit leaves room for JPEG's noise.

In FER2013 twelve images have a single value, one spans 3 levels, and the next one spans 48.
"""

LISTED_PAIRS = 20_000
"""So many near-duplicate pairs are listed one by one at most. All are counted."""


@functools.cache
def _cosines(size):
    """Frequencies 1 to 8 of the orthogonal DCT-II of ``size`` points, (8, size) float32."""
    frequencies, points = np.arange(1, 9)[:, None], np.arange(size)[None, :]
    return np.cos(np.pi * frequencies * (2 * points + 1) / (2 * size)).astype(np.float32)


def perceptual_hash(image: np.ndarray) -> int | None:
    """64-bit DCT hash: its bits say which of the 8x8 lowest frequencies, without frequency 0, lie above their median.

    Adding a constant or scaling the contrast does not change it. JPEG compression changes few bits.

    Args:
        image: (H, W) uint8.

    Returns:
        a number in [0, 2**64), or None for a constant image.

    Reference: C. Zauner, "Implementation and benchmarking of perceptual image hash functions", 2010, section 3.2.1.
    """
    if int(image.max()) - int(image.min()) < CONSTANT_RANGE:
        return None
    height, width = image.shape
    spectrum = _cosines(height) @ image.astype(np.float32) @ _cosines(width).T  # (8, 8)
    bits = spectrum.ravel() > np.median(spectrum)
    return int.from_bytes(np.packbits(bits).tobytes(), "big")


def near_pairs(hashes: np.ndarray, max_distance: int = NEAR_DISTANCE, block: int = 64, width: int = 4096) -> np.ndarray:
    """All pairs i < j of hashes at a Hamming distance of at most ``max_distance``.

    Args:
        hashes: (N,) uint64.
        max_distance: largest number of differing bits, 0 to 64.
        block, width: rows and columns that are compared at a time. They bound the memory and do not change the result.

    Returns:
        (P, 3) int64: i, j, distance, sorted by i, then j.
    """
    found = [np.empty((0, 3), np.int64)]
    for top in range(0, len(hashes), block):
        rows = hashes[top : top + block, None]
        for left in range(top, len(hashes), width):
            distances = np.bitwise_count(rows ^ hashes[None, left : left + width])
            if distances.min() > max_distance:
                continue
            i, j = np.nonzero(distances <= max_distance)
            found.append(np.stack([i + top, j + left, distances[i, j]], axis=1))
    pairs = np.concatenate(found)
    pairs = pairs[pairs[:, 0] < pairs[:, 1]]
    return pairs[np.lexsort((pairs[:, 1], pairs[:, 0]))]


def leaked_keys(rows: Iterable[ManifestRow], held_out: Collection[str]) -> set[str]:
    """Keys of the examples outside ``held_out`` whose pixels also occur in a held-out split.

    Args:
        rows: all examples.
        held_out: names of the splits that must stay unseen.
    """
    unseen = {row.sha256 for row in rows if row.split in held_out}
    return {row.key for row in rows if row.split not in held_out and row.sha256 in unseen}


def audit(
    rows: Sequence[ManifestRow], hashes: Sequence[int | None], max_distance: int = NEAR_DISTANCE
) -> dict[str, Any]:
    """Examines a data set.

    Args:
        rows: all examples.
        hashes: `perceptual_hash` of each row's image, None for a constant image.
        max_distance: bits in which near-duplicates may differ.

    Returns:
        a dict of JSON values:
        ``constant`` has ``count`` and ``keys``.
        ``duplicates`` has the number of ``groups`` of pixel-identical images; ``within`` each split, the copies beyond
        the first; ``across`` splits, for "B in A" the images of split B that are also in split A; and the ``keys`` of
        each group.
        ``conflicts`` has the number of ``groups`` of identical images with more than one label, and the ``labels`` of
        each group, by key.
        ``near_duplicates`` has ``max_distance``; the number of ``pairs`` of images that are not identical; ``within``
        each split, the images that have a near one in it; ``across`` splits, for "B in A" the images of split B that
        have a near one in A; and ``keys``: first, second, distance. Constant images have no near-duplicates.
    """
    groups = collections.defaultdict(list)  # sha256 -> row numbers
    for number, row in enumerate(rows):
        groups[row.sha256].append(number)
    repeated = [numbers for numbers in groups.values() if len(numbers) > 1]
    conflicts = [numbers for numbers in repeated if len({rows[n].label for n in numbers} - {""}) > 1]
    constant = [row.key for row, value in zip(rows, hashes, strict=True) if value is None]
    splits = list(dict.fromkeys(row.split for row in rows))
    identical = {n: numbers for numbers in repeated for n in numbers}
    return {
        "constant": {"count": len(constant), "keys": constant},
        "duplicates": {
            "groups": len(repeated),
            "within": {
                split: sum(max(0, sum(rows[n].split == split for n in numbers) - 1) for numbers in repeated)
                for split in splits
            },
            "across": _across(rows, splits, identical),
            "keys": [[rows[n].key for n in numbers] for numbers in repeated],
        },
        "conflicts": {
            "groups": len(conflicts),
            "labels": [{rows[n].key: rows[n].label for n in numbers} for numbers in conflicts],
        },
        "near_duplicates": _near_duplicates(rows, splits, groups, hashes, max_distance),
    }


def _across(rows, splits, others):
    """Counts, for each ordered pair of splits, the rows of the one that have a counterpart in the other.

    Args:
        others: row number -> row numbers of its counterparts.
    """
    counts = {f"{b} in {a}": 0 for a in splits for b in splits if a != b}
    for number, counterparts in others.items():
        here = rows[number].split
        for there in {rows[n].split for n in counterparts} - {here}:
            counts[f"{here} in {there}"] += 1
    return counts


def _near_duplicates(rows, splits, groups, hashes, max_distance):
    members = [numbers for numbers in groups.values() if hashes[numbers[0]] is not None]
    pairs = near_pairs(np.array([hashes[numbers[0]] for numbers in members], np.uint64), max_distance)
    others = collections.defaultdict(set)
    for first, second, _ in pairs.tolist():
        for number in members[first]:
            others[number].update(members[second])
        for number in members[second]:
            others[number].update(members[first])
    return {
        "max_distance": max_distance,
        "pairs": len(pairs),
        "within": {
            split: sum(
                rows[n].split == split and any(rows[o].split == split for o in near) for n, near in others.items()
            )
            for split in splits
        },
        "across": _across(rows, splits, others),
        "keys": [
            [rows[members[first][0]].key, rows[members[second][0]].key, distance]
            for first, second, distance in pairs[:LISTED_PAIRS].tolist()
        ],
    }


def summary(report: dict[str, Any]) -> dict[str, Any]:
    """The numbers of an `audit` without its lists of keys."""
    return {
        part: {name: value for name, value in report[part].items() if name not in ("keys", "labels")} for part in report
    }
