"""Contact sheets: every image where it belongs, captions below it."""

import numpy as np
import pytest

from fer_md.errors import FerMdError
from fer_md.media.contact_sheet import contact_sheet


def test_images_stand_in_rows():
    """Cells of 8 x 2 + 4 = 20 pixels from 4 on: image 4 of 3 columns stands in row 1, column 1, at 24, 24."""
    images = [np.full((8, 8), 10 * index, np.uint8) for index in range(5)]
    sheet = contact_sheet(images, columns=3, scale=2)
    assert sheet.shape == (2 * 20 + 4, 3 * 20 + 4) and sheet.dtype == np.uint8
    assert (sheet[24:40, 24:40] == 40).all()
    assert (sheet[24:40, 44:60] == 255).all()  # the empty sixth cell


@pytest.mark.parametrize("shape", [(8, 12), (8, 12, 3)])
def test_captions_make_room_below_the_image(shape):
    image = np.zeros(shape, np.uint8)
    plain, captioned = contact_sheet([image]), contact_sheet([image], ["surprise"])
    assert captioned.shape[0] > plain.shape[0] and captioned.shape[1:] == plain.shape[1:]
    below = captioned[4 + 16 :]
    assert below.min() < 255


def test_what_does_not_fit_is_refused():
    image = np.zeros((8, 8), np.uint8)
    with pytest.raises(FerMdError, match="one shape"):
        contact_sheet([])
    with pytest.raises(FerMdError, match="one shape"):
        contact_sheet([image, np.zeros((9, 8), np.uint8)])
    with pytest.raises(FerMdError, match="2 for 1"):
        contact_sheet([image], ["a", "b"])
