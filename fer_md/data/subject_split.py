"""Splits by person: nobody is in two of them, and the shares of each class come as near as that allows."""

import collections
import hashlib
from collections.abc import Iterable, Mapping

import numpy as np

from fer_md.errors import FerMdError

SHARES = {"Training": 0.6, "PublicTest": 0.1, "PrivateTest": 0.3}
"""Share of each class in each split: the paper's 70/30, with a validation split (PublicTest) taken out of the 70 %.
The names are FER2013's, and all data sets of this project share them."""


def split_by_subject(
    examples: Iterable[tuple[str, int | str]], seed: int = 0, shares: Mapping[str, float] | None = None
) -> dict[str, str]:
    """Chooses a split for each person.

    The people are taken one after the other. Those with many images come first, by powers of two; among equals the
    order is that of a hash of name and seed, which is random but the same everywhere. Each person goes into the split
    that makes the sum over splits s and classes c of (n_sc / N_c - share_s)^2 least, where n_sc of the N_c images of c
    are in s so far. A split that nobody is in at the end gets the person with the fewest images from the split with the
    most people.

    Args:
        examples: (person, label) of each image.
        seed: another seed gives another order.
        shares: the share of each class, by split, above 0 and with sum 1; None for ``SHARES``.

    Returns:
        the split of each person.

    Raises:
        FerMdError: there are fewer people than splits.
    """
    shares = SHARES if shares is None else shares
    counts = collections.Counter(examples)
    subjects = sorted({subject for subject, _ in counts})
    classes = sorted({label for _, label in counts})
    if len(subjects) < len(shares):
        raise FerMdError(
            f"a split by person into {', '.join(shares)} needs at least {len(shares)} people;"
            f" found {', '.join(subjects) or 'none'}"
        )
    images = np.array([[counts[subject, label] for label in classes] for subject in subjects])
    sizes = dict(zip(subjects, images.sum(1).tolist(), strict=True))
    portions = dict(zip(subjects, images / images.sum(0), strict=True))
    order = sorted(subjects, key=lambda subject: (-sizes[subject].bit_length(), _hash(subject, seed)))
    return _fill(_assign(order, portions, shares), sizes)


def _hash(subject, seed):
    return hashlib.sha256(f"{seed}/{subject}".encode()).hexdigest()


def _assign(order, portions, shares):
    """Gives the people, in ``order``, to the splits; returns the list of people of each split."""
    missing = {split: np.full_like(portions[order[0]], share) for split, share in shares.items()}
    people: dict[str, list[str]] = {split: [] for split in shares}
    for subject in order:
        portion = portions[subject]
        best = min(people, key=lambda split: portion @ (portion - 2 * missing[split]))
        people[best].append(subject)
        missing[best] = missing[best] - portion
    return people


def _fill(people, sizes):
    """Moves a person into each split that is empty; returns the split of each person."""
    for split in people:
        if not people[split]:
            largest = max(people, key=lambda other: len(people[other]))
            moved = min(people[largest], key=lambda subject: (sizes[subject], subject))
            people[largest].remove(moved)
            people[split].append(moved)
    return {subject: split for split, members in people.items() for subject in members}
