"""What the tests of the data sets that are known by their layout share."""

import cv2
import numpy as np
import pytest

from fer_md.errors import FerMdError
from fer_md.readers.file_tree import FileTree
from fer_md.readers.recognise import recognise


def listing(source, name, seed=0):
    """The listing of a source, which must be recognised as the data set."""
    with FileTree(source) as tree:
        layout = recognise(tree)
        assert layout.name == name
        found = layout.list(tree, seed)
        for photograph in found.photographs[:3]:
            assert photograph.read().ndim == 3
        return found


def labelled(found):
    """{(key, expression)} of a listing."""
    return {(photograph.key, found.expressions[photograph.label]) for photograph in found.photographs}


def splits(found):
    return {photograph.key: photograph.split for photograph in found.photographs}


def fails(source, message):
    with FileTree(source) as tree, pytest.raises(FerMdError, match=message) as error:
        recognise(tree).list(tree, 0)
    assert str(source) in str(error.value) and len(str(error.value).splitlines()) == 1


def write_small(path, shape=(40, 40, 3)):
    """A picture without a face."""
    path.parent.mkdir(parents=True, exist_ok=True)
    cv2.imwrite(str(path), np.full(shape, 100, np.uint8))


def write_text(path, *lines):
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text("\n".join(lines) + "\n")
    return path


def listing_unread(source):
    with FileTree(source) as tree:
        return recognise(tree).list(tree, 0)
