"""Images per second of the input pipeline alone, for each augmentation.

python benchmarks/input_pipeline.py --data=runs/data/fer2013
"""

import sys
import time

from absl import flags

from fer_md import console
from fer_md.data.augment import Augmentation
from fer_md.data.pipeline import training_batches
from fer_md.data.records import load_split
from fer_md.training.presets import MILD, STRONG

FLAGS = flags.FLAGS
flags.DEFINE_string("data", None, "Prepared folder.")
flags.DEFINE_integer("steps", 60, "Batches of 256 timed.", lower_bound=1)
flags.mark_flag_as_required("data")


def main():
    started = time.perf_counter()
    split = load_split(FLAGS.data, "Training")
    print(f"load_split: {len(split.labels)} images in {time.perf_counter() - started:.2f} s")
    for name, augmentation in (("none", Augmentation()), ("mild", MILD), ("strong", STRONG)):
        batches = iter(training_batches(split, augmentation, 256, 0, 0, FLAGS.steps + 5))
        for _ in range(5):
            next(batches)
        wall, cpu = time.perf_counter(), time.process_time()
        for _ in range(FLAGS.steps):
            next(batches)
        wall, cpu = time.perf_counter() - wall, time.process_time() - cpu
        images = FLAGS.steps * 256
        print(f"{name:8} {images / wall:9.0f} images/s  {cpu / images * 1e6:6.1f} CPU microseconds/image")


if __name__ == "__main__":
    sys.exit(console.run(main))
