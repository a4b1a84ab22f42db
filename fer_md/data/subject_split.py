"""Splits by person: nobody is in two of them, and each class has its share in each as far as that allows."""

import collections
import hashlib

import numpy as np

from fer_md.errors import FerMdError

SHARES = {"Training": 0.6, "PublicTest": 0.1, "PrivateTest": 0.3}
"""Share of each class in each split: the paper's 70/30, with a validation split (PublicTest) taken out of the 70 %.
The names are FER2013's, so that all data sets of the project share them."""


def split_by_subject(examples, seed=0, shares=None):
    """Chooses a split for each person.

    The people are taken one after the other, those with many images first (by powers of two), and in the order of a
    hash of name and seed among these, which is random but the same everywhere. Each goes into the split where the sum
    over splits s and classes c of (n_sc / N_c - share_s)^2 becomes least, with n_sc of the N_c images of c in s so far.
    If a split gets nobody in the end, it gets the person with the fewest images from the split with the most people.

    Args:
        examples: iterable of (person, label), one for each image.
        seed: int; another seed gives another order.
        shares: share of each class by split, above 0 and with sum 1; ``SHARES`` by default.

    Returns:
        dict from person to split.

    Raises:
        FerMdError: fewer people than splits.
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
    """Gives each person, in ``order``, to a split; returns a list of people by split."""
    missing = {split: np.full_like(portions[order[0]], share) for split, share in shares.items()}
    people = {split: [] for split in shares}
    for subject in order:
        portion = portions[subject]
        best = min(people, key=lambda split: portion @ (portion - 2 * missing[split]))
        people[best].append(subject)
        missing[best] = missing[best] - portion
    return people


def _fill(people, sizes):
    """Moves a person into each split that is empty; returns the split by person."""
    for split in people:
        if not people[split]:
            largest = max(people, key=lambda other: len(people[other]))
            moved = min(people[largest], key=lambda subject: (sizes[subject], subject))
            people[largest].remove(moved)
            people[split].append(moved)
    return {subject: split for split, members in people.items() for subject in members}
