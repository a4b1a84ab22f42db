"""Memory over many predictions, and over many predictors: it must not grow.

python benchmarks/soak.py --output=docs/results/soak.json

The memory is what the process holds (resident). The first tenth of each part warms up and does not count.
"""

import dataclasses
import os
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

from fer_md import console
from fer_md.drawn.scenes import draw_scene
from fer_md.prediction.predictor import Predictor
from fer_md.progress import Progress
from fer_md.runs.results import write_result

_CHUNK = 20


@dataclasses.dataclass(frozen=True)
class Settings:
    predictions: int = console.flag("Pictures to predict with one predictor.", 20_000, least=200)
    constructions: int = console.flag("Predictors to make, one after the other.", 50, least=10)
    most: float = console.flag("Megabytes by which each part may grow.", 50.0, least=0)
    output: str | None = console.new_file("JSON file for the figures.", None)


def main(settings: Settings) -> int:
    pictures = [draw_scene(number, 4, faces=1, size=128).image for number in range(_CHUNK)]
    predictor = Predictor()
    parts = [
        grow("predictions", settings.predictions, _CHUNK, lambda: predictor.predict(pictures)),
        grow("predictors", settings.constructions, 1, lambda: Predictor().predict(pictures[:1])),
    ]
    for part in parts:
        print(
            f"{part['repeats']:,} {part['part']}: {part['megabytes'][0]:.0f} MB, then at most {part['grown']:+.1f} MB"
        )
    if settings.output:
        write_result(settings.output, {"parts": parts})
    return int(any(part["grown"] > settings.most for part in parts))


def grow(name: str, repeats: int, at_once: int, action: Callable[[], object]) -> dict[str, Any]:
    """Does ``action``, which counts as ``at_once``, until it counts as ``repeats``: what the process held meanwhile."""
    held, calls = [], -(-repeats // at_once)
    marks = {round(calls * (tenth + 1) / 10) for tenth in range(10)}
    with Progress(name, calls, "calls") as progress:
        for call in range(1, calls + 1):
            action()
            progress.advance()
            if call in marks:
                held.append(resident())
    return {"part": name, "repeats": repeats, "megabytes": held, "grown": max(held[1:]) - held[0]}


def resident() -> float:
    """Megabytes that this process holds."""
    pages = int(Path("/proc/self/statm").read_text().split()[1])
    return pages * os.sysconf("SC_PAGE_SIZE") / 1e6


if __name__ == "__main__":
    sys.exit(console.run(main, Settings))
