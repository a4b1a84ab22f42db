"""What TensorFlow says when it cannot write, in one line."""

import contextlib
from collections.abc import Iterator
from pathlib import Path

import tensorflow as tf

from fer_md.errors import FerMdError


@contextlib.contextmanager
def write_errors(output: Path | str) -> Iterator[None]:
    """Turns TensorFlow's errors in writing ``output``, a full disk among them, into a `FerMdError`."""
    try:
        yield
    except tf.errors.OpError as error:
        reason = error.message.splitlines()[0]
        raise FerMdError(f"{output}: cannot be written, is the disk full? ({reason})") from None
