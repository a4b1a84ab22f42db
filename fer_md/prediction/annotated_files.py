"""Annotated pictures and videos as files."""

import contextlib
from pathlib import Path

import cv2

from fer_md.errors import FerMdError
from fer_md.files import atomic_file, check_writable
from fer_md.prediction.annotate import annotate

_ENCODED = frozenset((".png", ".jpg", ".jpeg"))
"""Names that are kept; a picture of another format becomes a PNG, a video an MP4, with that added to its name."""


def check_folder(folder):
    """Raises FerMdError unless ``folder`` is new or empty, so that nothing is overwritten, and can be written."""
    folder = Path(folder)
    if folder.exists() and not (folder.is_dir() and next(folder.iterdir(), None) is None):
        raise FerMdError(f"{folder}: exists already and is not an empty folder; name another for --annotate")
    check_writable(folder)


def save_picture(path, image):
    """Writes an (H, W, 3) uint8 RGB picture, whole or not at all; the format goes by the name."""
    path = Path(path)
    encoded, data = cv2.imencode(path.suffix, cv2.cvtColor(image, cv2.COLOR_RGB2BGR))
    if not encoded:
        raise FerMdError(f"{path}: cannot be encoded; name a .png or .jpg file")
    with atomic_file(path) as partial:
        partial.write_bytes(data)


class AnnotatedFiles(contextlib.AbstractContextManager):
    """Writes each frame with its faces drawn in, under the name of what it comes from.

    Frames of a video follow each other; its file appears once another medium's frame comes, or on leaving the context.

    Args:
        folder: new or empty folder.
        every: frames of a video that one frame stands for; the new video runs as long as the old one.

    Raises:
        FerMdError: the folder holds something, or a file cannot be written.
    """

    def __init__(self, folder, every=1):
        check_folder(folder)
        self.folder, self._every, self._names = Path(folder), every, set()
        self._medium, self._open, self._write = None, contextlib.ExitStack(), None

    def write(self, frame, faces):
        """Draws ``faces`` into a `fer_md.media.sources.Frame` and writes it."""
        image = annotate(frame.image, faces)
        if frame.index is None:
            save_picture(self._target(frame.medium.name, _ENCODED, ".png"), image)
            return
        if frame.medium is not self._medium:
            self._open.close()
            self._medium = frame.medium
            target = self._target(frame.medium.name, frozenset((".mp4",)), ".mp4")
            size = image.shape[1::-1]
            self._write = self._open.enter_context(_video(target, size, frame.rate / self._every))
        self._write(image)

    def _target(self, name, kept, suffix):
        """A path for ``name`` that no other file has: of several with one name the later ones are numbered."""
        path = Path(name)
        path = path if path.suffix.lower() in kept else path.with_name(path.name + suffix)
        number, free = 1, path
        while free in self._names:
            number += 1
            free = path.with_name(f"{path.stem}-{number}{path.suffix}")
        self._names.add(free)
        return self.folder / free

    def __exit__(self, *exc_info):
        return self._open.__exit__(*exc_info)


@contextlib.contextmanager
def _video(path, size, rate):
    """Yields a function that appends an RGB picture of ``size`` to a video, which appears whole or not at all."""
    with atomic_file(path) as partial:
        writer, count = cv2.VideoWriter(str(partial), cv2.VideoWriter_fourcc(*"mp4v"), rate, size), 0

        def write(image):
            nonlocal count
            image = cv2.cvtColor(image, cv2.COLOR_RGB2BGR)
            writer.write(image if image.shape[1::-1] == size else cv2.resize(image, size))  # others would be dropped
            count += 1

        try:
            yield write
        finally:
            writer.release()
        if _count_written(partial) != count:  # the writer is silent about a full disk
            raise FerMdError(f"{path}: the video could not be written; is there space left?")


def _count_written(path):
    """Frames of a video file as its header states them, 0 for none."""
    video = cv2.VideoCapture(str(path))
    count = int(video.get(cv2.CAP_PROP_FRAME_COUNT)) if video.isOpened() else 0
    video.release()
    return count
