"""Data for tests that depend on no file."""

import numpy as np

from fer_md.data.face import Face
from fer_md.data.records import Split, write_dataset


def random_split(count, seed=0, size=48):
    """Faces of noise: enough for what does not depend on their content."""
    rng = np.random.default_rng(seed)
    images = rng.integers(0, 256, (count, size, size), np.uint8)
    labels = rng.integers(0, 7, count).astype(np.int32)
    names = [str(i) for i in range(count)]
    return Split(images=images, labels=labels, keys=names, subjects=[""] * count, votes=None, landmarks=None)


def write_faces(folder, seed, expressions=None, votes=None, shared=()):
    """A prepared data set of 40 Training faces, and 8 each of PublicTest and PrivateTest; returns its folder.

    ``shared`` are images in place of the first Training faces.
    """
    split, names = random_split(56, seed), ["Training"] * 40 + ["PublicTest"] * 8 + ["PrivateTest"] * 8
    labels = split.labels % len(expressions or range(7))
    images = [*shared, *split.images[len(shared) :]]
    faces = [Face(str(i), images[i], int(labels[i]), split=names[i], votes=votes) for i in range(56)]
    write_dataset(faces, folder, folder.name, **({"expressions": expressions} if expressions else {}))
    return folder
