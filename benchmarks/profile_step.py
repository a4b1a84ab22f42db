"""Where a training step spends its time: the share of each type of operation, from TensorFlow's own profiler.

python benchmarks/profile_step.py --output=runs/profile.json

The shares are of the time that all operations took together: two that run at once count twice, waiting counts
nothing. No viewer is needed; with the tensorboard extra, --trace=DIR keeps the trace to look at.
"""

from fer_md import console  # isort: skip  (first: on another backend of Keras it ends in one line)

import collections
import dataclasses
import re
import sys
import tempfile
from pathlib import Path

import tensorflow as tf
from bare_step import bare_step, noise
from tensorflow.tsl.profiler.protobuf import xplane_pb2

from fer_md.errors import FerMdError
from fer_md.models import build_component
from fer_md.runs.results import write_result
from fer_md.training.precision import PRECISIONS, set_precision


@dataclasses.dataclass(frozen=True)
class Settings:
    precision: str = console.flag("Of the layers.", "auto", choices=PRECISIONS)
    batch_size: int = console.flag("Images a step.", 256, least=1)
    steps: int = console.flag("Steps profiled.", 8, least=1)
    rows: int = console.flag("Types, and single operations, to print.", 20, least=1)
    trace: str | None = console.flag("Folder to keep the trace in. Default: it is thrown away.", None)
    output: str | None = console.new_file("JSON file for the shares.", None)


OPERATION = re.compile(r"(?P<name>[\w./-]+):(?P<type>_?[A-Z]\w+)")
"""How the trace names the run of a kernel, for example ``component/conv1/convolution:Conv2D``."""


def main(settings: Settings):
    if settings.trace:
        times = profile(settings, settings.trace)
    else:
        with tempfile.TemporaryDirectory() as folder:
            times = profile(settings, folder)
    by_type, by_name = collections.Counter(), collections.Counter()
    for (name, kind), seconds in times.items():
        by_type[kind] += seconds
        by_name[f"{name} ({kind})"] += seconds
    print_table("type", by_type, settings.rows)
    print_table("operation", by_name, settings.rows)
    if settings.output:
        total = sum(by_type.values())
        shares = {kind: seconds / total for kind, seconds in by_type.most_common()}
        write_result(
            settings.output,
            {
                "precision": set_precision(settings.precision),
                "batch_size": settings.batch_size,
                "milliseconds_a_step": 1000 * total,
                "share_by_type": shares,
            },
        )


def profile(settings: Settings, folder):
    """Runs a few steps under the profiler; returns the seconds a step of each (name, type) of operation."""
    set_precision(settings.precision)
    take_step = bare_step(build_component, noise(settings.batch_size))
    warm_up = 3
    for step in range(warm_up + settings.steps):
        if step == warm_up:
            tf.profiler.experimental.start(folder)
        take_step(step).numpy()  # waits for the step's end
    tf.profiler.experimental.stop()
    return operation_times(folder, settings.steps)


def operation_times(folder, steps):
    """Seconds a step of each (name, type) of operation in the latest trace below ``folder``.

    Raises:
        FerMdError: there is no trace, or none of a CPU.
    """
    traces = sorted(Path(folder).rglob("*.xplane.pb"))
    if not traces:
        raise FerMdError(f"{folder}: the profiler wrote no trace")
    space = xplane_pb2.XSpace.FromString(traces[-1].read_bytes())
    times = collections.Counter()
    for plane in space.planes:
        found = {key: OPERATION.fullmatch(known.name) for key, known in plane.event_metadata.items()}
        for event in (event for line in plane.lines for event in line.events):
            if match := found[event.metadata_id]:
                kind = match["type"].removeprefix("_MklNative").removeprefix("_Mkl").removeprefix("_")
                times[match["name"], kind] += event.duration_ps / 1e12 / steps
    if not times:
        raise FerMdError(f"{traces[-1]}: no operations in the trace")
    return times


def print_table(head, times, rows):
    total = sum(times.values())
    print(f"{head:<72}{'ms a step':>10}{'share':>8}")
    for name, seconds in times.most_common(rows):
        print(f"{name[-70:]:<72}{1000 * seconds:>10.1f}{100 * seconds / total:>7.1f}%")
    print(f"{'all':<72}{1000 * total:>10.1f}\n")


if __name__ == "__main__":
    sys.exit(console.run(main, Settings))
