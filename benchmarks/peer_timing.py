"""The timing of predict.py for the scripts that run in another package's environment; needs nothing."""

import json
import time


def time_calls(call, count, rounds=1):
    """As `fer_md.evaluation.timing.time_calls`."""
    wall, processor = [], []
    for _ in range(rounds):
        started, used = time.perf_counter(), time.process_time()
        call()
        wall.append(time.perf_counter() - started)
        processor.append(time.process_time() - used)
    return {"milliseconds": 1000 * min(wall) / count, "processor_milliseconds": 1000 * min(processor) / count}


def print_times(look, classify, paths):
    """Times a package as predict.py times ours, and prints the figures as JSON.

    Args:
        look: function from a path to the list of its faces.
        classify: function from a number to whatever classifying that many faces gives.
        paths: pictures, the batch.
    """
    batch = len(paths)
    faces = sum(len(look(path)) for path in paths)
    classify(1)
    classify(batch)
    print(
        json.dumps(
            {
                "faces": faces,
                "end to end": {
                    "1": time_calls(lambda: [look(path) for path in paths[:8]], 8),
                    str(batch): time_calls(lambda: [look(path) for path in paths], batch),
                },
                "classifier": {
                    "1": time_calls(lambda: [classify(1) for _ in paths], batch, 3),
                    str(batch): time_calls(lambda: classify(batch), batch, 3),
                },
            }
        )
    )
