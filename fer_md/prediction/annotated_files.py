"""Annotated pictures and videos as files."""

import contextlib
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from fer_md.errors import FerMdError
from fer_md.files import check_writable
from fer_md.media.pictures import save_picture
from fer_md.media.sources import Frame, Medium
from fer_md.media.video_writer import write_video
from fer_md.prediction.annotate import annotate
from fer_md.prediction.results import FacePrediction

_ENCODED = frozenset((".png", ".jpg", ".jpeg"))
"""Suffixes that a picture keeps. A picture of another format becomes a PNG, with ``.png`` added to its name."""


def check_folder(folder: Path | str) -> None:
    """Raises `FerMdError` unless ``folder`` can be written and is new or empty, so that nothing is overwritten."""
    folder = Path(folder)
    if folder.exists() and not (folder.is_dir() and next(folder.iterdir(), None) is None):
        raise FerMdError(f"{folder}: exists already and is not an empty folder; name another")
    check_writable(folder)


def free_name(path: Path, taken: set[Path]) -> Path:
    """``path``, which is added to those that are ``taken``; where it is one of them already, with a number."""
    number, free = 1, path
    while free in taken:
        number += 1
        free = path.with_name(f"{path.stem}-{number}{path.suffix}")
    taken.add(free)
    return free


class AnnotatedFiles(contextlib.AbstractContextManager):
    """Writes each frame with its faces drawn in, under the name of the medium that it comes from.

    The frames of a video must follow each other. Its file appears when the frame of another medium comes, or on leaving
    the context.

    Args:
        folder: new or empty folder.
        on_problem: function called with an error for each file that cannot be written; the others are. None raises the
            error instead.
        every: n, where only every n-th frame of a video is written. The rate is divided by it, so that the new video
            runs as long as the old one.

    Raises:
        FerMdError: the folder holds something, or, without ``on_problem``, a file cannot be written.
    """

    def __init__(self, folder: Path | str, every: int = 1, on_problem: Callable[[FerMdError], object] | None = None):
        check_folder(folder)
        self.folder, self._every, self._on_problem = Path(folder), every, on_problem
        self._names: set[Path] = set()
        self._medium: Medium | None = None
        self._failed: Medium | None = None
        self._open = contextlib.ExitStack()
        self._append: Callable[[np.ndarray], None]

    def write(self, frame: Frame, faces: Sequence[FacePrediction]) -> None:
        """Draws ``faces`` into a frame and writes it; not if another frame of its medium could not be written."""
        if self._medium is not frame.medium:
            self._finish()
        if frame.medium is self._failed:
            return
        try:
            self._write(frame.medium, annotate(frame.image, faces), frame.rate)
        except (FerMdError, OSError) as error:
            self._failed = self._medium = frame.medium
            self._finish(error)

    def _write(self, medium, image, rate):
        if rate is None:
            save_picture(self._target(medium.name, _ENCODED, ".png"), image)
            return
        if self._medium is None:
            self._medium = medium
            target = self._target(medium.name, frozenset((".mp4",)), ".mp4")
            self._append = self._open.enter_context(write_video(target, image.shape[1::-1], rate / self._every))
        self._append(image)

    def _finish(self, error=None):
        """Completes the video that is open, or discards it because of an error, which is reported."""
        medium, self._medium = self._medium, None
        if medium is None:
            return
        try:
            if not self._open.__exit__(type(error) if error else None, error, None) and error:
                raise error
        except (FerMdError, OSError) as found:
            if isinstance(found, OSError):
                found = FerMdError(f"{self.folder / medium.name}: cannot be written ({found.strerror or found})")
            if self._on_problem is None:
                raise found from None
            self._on_problem(found)

    def _target(self, name, kept, suffix):
        """A path for ``name``, see `free_name`, with ``suffix`` unless it has one that is ``kept``."""
        path = Path(name)
        path = path if path.suffix.lower() in kept else path.with_name(path.name + suffix)
        return self.folder / free_name(path, self._names)

    def __exit__(self, *exc_info: Any) -> bool | None:
        if exc_info[0] is not None:
            return self._open.__exit__(*exc_info)
        self._finish()
        return None
