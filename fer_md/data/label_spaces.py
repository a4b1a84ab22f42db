"""Labels of one data set as another label space counts them."""

import dataclasses

import numpy as np


def map_labels(split, own, target):
    """A ``Split`` whose labels are indices into another label space.

    Args:
        split: ``Split``.
        own: expressions in the order of the split's labels.
        target: expressions in the order of the head that is to learn them.

    Returns:
        ``Split`` with -1 where ``target`` lacks the expression: losses and metrics leave such samples out.
    """
    table = np.array([target.index(name) if name in target else -1 for name in own] + [-1], np.int32)
    return dataclasses.replace(split, labels=table[split.labels])
