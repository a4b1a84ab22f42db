"""Milliseconds a face of a trained alignment cascade, many faces at once and one by one.

python benchmarks/alignment.py --cascade=runs/alignment/cascade.npz --output=docs/results/alignment_speed.json

The faces are drawn, 176 pixels a side; the time does not depend on what they show.
"""

import sys

import numpy as np
from absl import flags

from fer_md import console
from fer_md.drawn.synthetic import draw_face
from fer_md.evaluation.timing import time_calls
from fer_md.faces.cascade import Cascade
from fer_md.faces.face_frame import box_of
from fer_md.runs.results import write_result

FLAGS = flags.FLAGS
flags.DEFINE_string("cascade", None, "cascade.npz of experiments/train_alignment.py.", required=True)
flags.DEFINE_integer("faces", 200, "Faces to align.", lower_bound=1)
flags.DEFINE_string("output", None, "JSON file for the results.")


def main():
    cascade = Cascade.load(FLAGS.cascade)
    faces = [draw_face(index, f"person {index}", "neutral", "wild", 176) for index in range(FLAGS.faces)]
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
    if FLAGS.output:
        write_result(FLAGS.output, {"faces": FLAGS.faces, "per_face": results})


if __name__ == "__main__":
    sys.exit(console.run(main))
