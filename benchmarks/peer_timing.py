"""How predict.py times another package, in that package's environment; it needs OpenCV alone, and only for a video.

python benchmarks/predict_PACKAGE.py first picture.jpg              # one answer, from a cold start
python benchmarks/predict_PACKAGE.py times film.mp4 picture.jpg ...
"""

import json
import sys
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


def main(look, classify):
    """Does what the arguments of the process say; ``times`` prints its figures as JSON.

    Args:
        look: function from a path, or from a picture as OpenCV reads it, to the list of its faces.
        classify: function from a number to whatever classifying that many faces gives.
    """
    task, *paths = sys.argv[1:]
    if task == "first":
        look(paths[0])
        return
    film, *pictures = paths
    batch = len(pictures)
    faces = sum(len(look(path)) for path in pictures)
    classify(1)
    classify(batch)
    found = {
        "faces": faces,
        "end to end": {
            "1": time_calls(lambda: [look(path) for path in pictures[:8]], 8),
            str(batch): time_calls(lambda: [look(path) for path in pictures], batch),
        },
        "classifier": {
            "1": time_calls(lambda: [classify(1) for _ in pictures], batch, 3),
            str(batch): time_calls(lambda: classify(batch), batch, 3),
        },
        "video": time_calls(lambda: [look(frame) for frame in read_frames(film)], sum(1 for _ in read_frames(film))),
    }
    print(json.dumps(found))


def read_frames(film):
    """Yields the frames of a video."""
    import cv2

    video = cv2.VideoCapture(film)
    while (read := video.read())[0]:
        yield read[1]
