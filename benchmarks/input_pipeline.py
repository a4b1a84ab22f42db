"""Images per second of the input pipeline alone, for each augmentation.

python benchmarks/input_pipeline.py --data=runs/data/fer2013
"""

import dataclasses
import sys
import time

from fer_md import console
from fer_md.data.augment import Augmentation
from fer_md.data.pipeline import training_batches
from fer_md.data.records import load_split
from fer_md.training.presets import MILD, STRONG


@dataclasses.dataclass(frozen=True)
class Settings:
    data: str = console.flag("Prepared folder.")
    steps: int = console.flag("Batches of 256 timed.", 60, least=1)


def main(settings: Settings):
    started = time.perf_counter()
    split = load_split(settings.data, "Training")
    print(f"load_split: {len(split.labels)} images in {time.perf_counter() - started:.2f} s")
    for name, augmentation in (("none", Augmentation()), ("mild", MILD), ("strong", STRONG)):
        batches = iter(training_batches(split, augmentation, 256, 0, 0, settings.steps + 5))
        for _ in range(5):
            next(batches)
        wall, cpu = time.perf_counter(), time.process_time()
        for _ in range(settings.steps):
            next(batches)
        wall, cpu = time.perf_counter() - wall, time.process_time() - cpu
        images = settings.steps * 256
        print(f"{name:8} {images / wall:9.0f} images/s  {cpu / images * 1e6:6.1f} CPU microseconds/image")


if __name__ == "__main__":
    sys.exit(console.run(main, Settings))
