"""The rows of ``metrics.jsonl`` as TensorBoard summaries; the tensorboard package is needed only to look at them."""

import shutil
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

import tensorflow as tf

from fer_md.tensorflow_files import write_errors

_NOT_PLOTTED = ("step", "epoch", "split", "network", "data", "seconds")


class Summaries:
    """A folder of TensorBoard event files, one run for each network, data set and split: their curves share a chart.

    The event files follow from the rows: a resumed run writes those up to its checkpoint anew, so that no step is
    there twice and none that was undone is left.

    Args:
        folder: replaced if it is there.
        rows: dicts with ``step``, ``split`` and named values, already logged.
    """

    def __init__(self, folder: Path | str, rows: Iterable[Mapping[str, Any]] = ()) -> None:
        self.folder = Path(folder)
        self._writers: dict[str, Any] = {}
        shutil.rmtree(self.folder, ignore_errors=True)
        for row in rows:
            self.write(row)

    def write(self, row: Mapping[str, Any]) -> None:
        """Adds every named value of a row, as a scalar at the row's step."""
        run = "-".join(row[name] for name in ("network", "data", "split") if name in row)
        if run not in self._writers:
            self._writers[run] = tf.summary.create_file_writer(str(self.folder / run))
        with self._writers[run].as_default(step=row["step"]):
            for name in row.keys() - set(_NOT_PLOTTED):
                # tf.summary.scalar does the same, but is part of the tensorboard package.
                tf.summary.write(name, tf.constant(row[name], tf.float32), metadata=_scalar_metadata())

    def flush(self) -> None:
        """Brings all that was written to disk.

        Raises:
            FerMdError: it cannot be written.
        """
        with write_errors(self.folder):
            for writer in self._writers.values():
                writer.flush()


def _scalar_metadata():
    metadata = tf.compat.v1.SummaryMetadata()
    metadata.plugin_data.plugin_name = "scalars"
    metadata.data_class = 1  # DATA_CLASS_SCALAR
    return metadata
