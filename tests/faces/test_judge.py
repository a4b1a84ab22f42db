import numpy as np

from fer_md.faces.judge import _cut


def test_a_region_beside_the_picture_is_gray():
    image = np.full((10, 12, 3), 200, np.uint8)
    for box in ((0, -7, 6, 6), (-7, 0, 6, 6), (12, 0, 6, 6)):
        assert (_cut(image, box, 24) == 127).all()
