"""Cameras: their pictures one at a time."""

import time
from collections.abc import Iterator

import cv2

from fer_md.errors import FerMdError
from fer_md.media.videos import VideoFrame, sound_rate

MAX_NUMBER = 99
"""The last number that OpenCV takes for a camera's."""


def read_camera(number: int, every: int = 1) -> Iterator[VideoFrame]:
    """Reads a camera until it gives no more pictures.

    Args:
        number: of the camera, from 0.
        every: n, to read only every n-th frame.

    Yields:
        `VideoFrame`.

    Raises:
        FerMdError: there is no such camera, a frame is damaged, or, in the end, no more pictures come.
    """
    name = f"camera {number}"
    if not 0 <= number <= MAX_NUMBER:
        raise FerMdError(f"{name}: cameras have numbers from 0 to {MAX_NUMBER}")
    video, index, start = cv2.VideoCapture(number), 0, time.monotonic()
    try:
        if not video.isOpened():
            raise FerMdError(f"{name}: there is no such camera, or it cannot be opened")
        rate = sound_rate(video.get(cv2.CAP_PROP_FPS))
        while video.grab():
            if index % every == 0:
                yield VideoFrame(_retrieve(video, f"{name}: frame {index}"), index, time.monotonic() - start, rate)
            index += 1
    finally:
        video.release()
    raise FerMdError(f"{name}: gives no more pictures after {index}")


def _retrieve(video, name):
    found, image = video.retrieve()
    if not found or image is None or image.ndim != 3:
        raise FerMdError(f"{name} is damaged")
    return cv2.cvtColor(image, cv2.COLOR_BGR2RGB)
