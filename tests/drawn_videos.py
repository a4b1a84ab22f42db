"""Small videos for the tests."""

import cv2
import numpy as np


def save_video(path, frames=20, rate=10, size=(64, 48)):
    """Writes a video, .mp4 or .avi, whose frame i is red with the level 10 i; ``size`` is width and height."""
    codec = cv2.VideoWriter_fourcc(*("mp4v" if path.suffix == ".mp4" else "MJPG"))
    writer = cv2.VideoWriter(str(path), codec, rate, size)
    for index in range(frames):
        writer.write(np.full((size[1], size[0], 3), (0, 0, 10 * index), np.uint8))
    writer.release()
