"""How long something takes on a machine that others use as well."""

import time
from collections.abc import Callable


def time_calls(call: Callable[[], object], count: int, rounds: int = 3) -> dict[str, float]:
    """Times a call that handles several images.

    Args:
        call: function without arguments.
        count: images that one call handles.
        rounds: calls; the fastest counts.

    Returns:
        dict: ``milliseconds`` an image by the clock, and ``processor_milliseconds`` an image, the time that all
        processors spent in this process, which waiting for other programs does not lengthen.
    """
    wall, processor = [], []
    for _ in range(rounds):
        started, used = time.perf_counter(), time.process_time()
        call()
        wall.append(time.perf_counter() - started)
        processor.append(time.process_time() - used)
    return {"milliseconds": 1000 * min(wall) / count, "processor_milliseconds": 1000 * min(processor) / count}
