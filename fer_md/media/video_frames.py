"""Single frames out of video files."""

import cv2

from fer_md.errors import FerMdError
from fer_md.media.image_files import check_size

MAX_FRAMES = 20_000
"""Longest video that is read, in frames."""


def count_frames(path):
    """The number of frames that a video's header states.

    Raises:
        FerMdError: the file cannot be opened as a video, or states no frames or more than `MAX_FRAMES`.
    """
    video = open_video(path)
    count = int(video.get(cv2.CAP_PROP_FRAME_COUNT))
    video.release()
    if not 0 < count <= MAX_FRAMES:
        raise FerMdError(f"{path}: a video must have 1 to {MAX_FRAMES} frames; its header states {count}")
    return count


def read_frame(path, index):
    """Reads one frame; all before it are decoded too, because seeking is not exact in every format.

    Args:
        path: the video file.
        index: of the frame, from 0.

    Returns:
        (H, W, 3) uint8, red first.

    Raises:
        FerMdError: the file cannot be opened as a video, or ends before the frame.
    """
    video = open_video(path)
    found = all(video.grab() for _ in range(index + 1))
    found, image = video.retrieve() if found else (False, None)
    video.release()
    if not found:
        raise FerMdError(f"{path}: the video is damaged or ends before frame {index}")
    return cv2.cvtColor(image, cv2.COLOR_BGR2RGB)


def open_video(path):
    """Opens a video file.

    Returns:
        ``cv2.VideoCapture``, whose frames are BGR.

    Raises:
        FerMdError: the file cannot be opened as a video, or its frames are too large to be decoded.
    """
    video = cv2.VideoCapture(str(path))
    if not video.isOpened():
        raise FerMdError(f"{path}: not a video that can be decoded")
    sides = (video.get(key) for key in (cv2.CAP_PROP_FRAME_WIDTH, cv2.CAP_PROP_FRAME_HEIGHT))
    check_size(*sides, f"{path}: its frames are")
    return video
