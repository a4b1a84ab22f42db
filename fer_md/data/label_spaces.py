"""The labels of one data set in the label space of another: the same names, numbered otherwise."""

import dataclasses
from collections.abc import Sequence

import numpy as np

from fer_md.data.records import Split


def map_labels(split: Split, own: Sequence[str], target: Sequence[str]) -> Split:
    """The same split with labels that are indices into another label space.

    Args:
        split: whose labels to map.
        own: expressions in the order of the split's labels.
        target: expressions in the order of the head that is to learn them.

    Returns:
        the split, with -1 where ``target`` lacks the expression. Losses and metrics leave such samples out.
    """
    table = np.array([target.index(name) if name in target else -1 for name in own] + [-1], np.int32)
    return dataclasses.replace(split, labels=table[split.labels])
