"""How long something takes on a machine that others use as well, and how long a training took."""

import time

from fer_md.evaluation.result_tables import percent


def time_calls(call, count, rounds=3):
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


def training_time(found):
    """What ``time.json`` of a finished run says, as text; an older version did not measure what was not training."""
    share = (
        f"{percent(found['not_training'], 1)} % of the time waited for batches, validated or saved"
        if "not_training" in found
        else "share of the time that was not training not measured (older version)"
    )
    return f"{found['seconds'] / 60:.1f} minutes at {found['images_per_second']:.0f} images/s; {share}"
