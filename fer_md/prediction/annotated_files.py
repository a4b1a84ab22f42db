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
from fer_md.media.videos import write_video
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


class AnnotatedFiles(contextlib.AbstractContextManager):
    """Writes each frame with its faces drawn in, under the name of the medium that it comes from.

    The frames of a video must follow each other. Its file appears when the frame of another medium comes, or on leaving
    the context.

    Args:
        folder: new or empty folder.
        every: n, where only every n-th frame of a video is written. The rate is divided by it, so that the new video
            runs as long as the old one.

    Raises:
        FerMdError: the folder holds something, or a file cannot be written.
    """

    def __init__(self, folder: Path | str, every: int = 1):
        check_folder(folder)
        self.folder, self._every = Path(folder), every
        self._names: set[Path] = set()
        self._medium: Medium | None = None
        self._open = contextlib.ExitStack()
        self._append: Callable[[np.ndarray], None]

    def write(self, frame: Frame, faces: Sequence[FacePrediction]) -> None:
        """Draws ``faces`` into a frame and writes it."""
        image = annotate(frame.image, faces)
        if frame.rate is None:
            save_picture(self._target(frame.medium.name, _ENCODED, ".png"), image)
            return
        if frame.medium is not self._medium:
            self._open.close()
            self._medium = frame.medium
            target = self._target(frame.medium.name, frozenset((".mp4",)), ".mp4")
            size = image.shape[1::-1]
            self._append = self._open.enter_context(write_video(target, size, frame.rate / self._every))
        self._append(image)

    def _target(self, name, kept, suffix):
        """A path for ``name`` that no other file has: where several have one name, the later ones are numbered."""
        path = Path(name)
        path = path if path.suffix.lower() in kept else path.with_name(path.name + suffix)
        number, free = 1, path
        while free in self._names:
            number += 1
            free = path.with_name(f"{path.stem}-{number}{path.suffix}")
        self._names.add(free)
        return self.folder / free

    def __exit__(self, *exc_info: Any) -> bool | None:
        return self._open.__exit__(*exc_info)
