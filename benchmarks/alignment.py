"""Milliseconds a face of a trained alignment cascade, many faces at once and one by one.

python benchmarks/alignment.py --cascade=runs/alignment/cascade.npz --output=docs/results/alignment_speed.json

The faces are drawn, 176 pixels a side; the time does not depend on what they show.
"""

import dataclasses
import sys

import numpy as np

from fer_md import console
from fer_md.drawn.synthetic import draw_face
from fer_md.evaluation.timing import time_calls
from fer_md.faces.cascade import Cascade
from fer_md.faces.face_frame import box_of
from fer_md.runs.results import write_result


@dataclasses.dataclass(frozen=True)
class Settings:
    cascade: str = console.flag("cascade.npz of experiments/train_alignment.py.")
    faces: int = console.flag("Faces to align.", 200, least=1)
    output: str | None = console.new_file("JSON file for the results.", None)


def main(settings: Settings):
    cascade = Cascade.load(settings.cascade)
    faces = [draw_face(index, f"person {index}", "neutral", "wild", 176) for index in range(settings.faces)]
    images, boxes = [face.image for face in faces], box_of(np.array([face.landmarks for face in faces]))

    def one_by_one():
        for image, box in zip(images, boxes, strict=True):
            cascade.align([image], box[None])

    results = {
        "together": time_calls(lambda: cascade.align(images, boxes), len(images)),
        "one by one": time_calls(one_by_one, len(images)),
    }
    for name, times in results.items():
        clock, processor = times["milliseconds"], times["processor_milliseconds"]
        print(f"{name}: {clock:.2f} ms a face, {processor:.2f} ms of processor time")
    if settings.output:
        write_result(settings.output, {"faces": settings.faces, "per_face": results})


if __name__ == "__main__":
    sys.exit(console.run(main, Settings))
