"""Cameras, which the tests do not have."""

import cv2
import numpy as np
import pytest

from fer_md.errors import FerMdError
from fer_md.media.cameras import read_camera
from fer_md.media.sources import count_frames, find_media, read_media


class FakeCamera:
    """Gives three blue pictures, then none."""

    def __init__(self, index):
        self.left = 3 if index == 4 else 0

    def isOpened(self):
        return self.left > 0

    def get(self, key):
        return 30.0

    def grab(self):
        self.left -= 1
        return self.left >= 0

    def retrieve(self):
        return True, np.full((8, 8, 3), (255, 0, 0), np.uint8)

    def release(self):
        pass


def test_a_camera(monkeypatch):
    monkeypatch.setattr(cv2, "VideoCapture", FakeCamera)
    problems = []
    found = find_media(["4", "5"], problems.append)
    frames = list(read_media(found, 1, problems.append))
    assert count_frames(found) is None
    assert [(frame.medium.source, frame.index) for frame in frames] == [("camera 4", index) for index in range(3)]
    assert frames[0].image[0, 0].tolist() == [0, 0, 255] and frames[0].time <= frames[2].time < 60
    assert [str(problem) for problem in problems] == [
        "camera 4: gives no more pictures after 3",
        "camera 5: there is no such camera, or it cannot be opened",
    ]


def test_numbers_that_no_camera_has():
    """OpenCV took 10**10 for no int, and 1800 for a kind of camera."""
    with pytest.raises(FerMdError, match="camera 1800: cameras have numbers from 0 to 99"):
        next(read_camera(1800))
    problems = []
    assert not find_media(["9" * 5000], problems.append)
    assert "no such file or folder" in str(problems[0])
