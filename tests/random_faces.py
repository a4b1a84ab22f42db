"""Data for tests that depend on no file."""

import numpy as np

from fer_md.data.records import Split


def random_split(count, seed=0, size=48):
    """Faces of noise: enough for what does not depend on their content."""
    rng = np.random.default_rng(seed)
    images = rng.integers(0, 256, (count, size, size), np.uint8)
    labels = rng.integers(0, 7, count).astype(np.int32)
    names = [str(i) for i in range(count)]
    return Split(images=images, labels=labels, keys=names, subjects=[""] * count, votes=None, landmarks=None)
