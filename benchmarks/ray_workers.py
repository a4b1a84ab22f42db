"""Pictures per second of fer-md predict: in one process, and with one and two workers of Ray.

python benchmarks/ray_workers.py --output=docs/results/ray_workers.json

The pictures are 200 drawn scenes (synthetic) with one to three faces, and copies of them. Each command is timed whole,
with one picture and with all of them; the difference is what the others take once it has started. The commands take
turns, and the best of the rounds counts.
"""

import dataclasses
import os
import shutil
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from fer_md import console
from fer_md.drawn.scenes import draw_scene
from fer_md.errors import FerMdError
from fer_md.media.pictures import save_picture
from fer_md.runs.results import write_result


@dataclasses.dataclass(frozen=True)
class Settings:
    pictures: int = console.flag("Files; the drawn scenes are copied.", 1000, least=2)
    rounds: int = console.flag("Turns of each command.", 2, least=1)
    output: str | None = console.new_file("JSON file for the figures.", None)


SCENES = 200
"""Pictures that differ."""

ENGINES = {
    "one process": (),
    "Ray, 1 worker": ("--engine=ray", "--workers=1"),
    "Ray, 2 workers": ("--engine=ray", "--workers=2"),
}
"""Flags of each command."""


def main(settings: Settings) -> None:
    load = os.getloadavg()[0]
    with tempfile.TemporaryDirectory() as folder:
        pictures, one = Path(folder) / "all", Path(folder) / "one"
        draw(pictures, settings.pictures)
        draw(one, 1)
        times = {name: {"one": [], "all": []} for name in ENGINES}
        for _ in range(settings.rounds):
            for name, flags in ENGINES.items():
                times[name]["one"].append(seconds_of(one, flags))
                times[name]["all"].append(seconds_of(pictures, flags))
                print(f"{name}: {times[name]['one'][-1]:.1f} s, {times[name]['all'][-1]:.1f} s", flush=True)
    rates = []
    for name, found in times.items():
        started, whole = min(found["one"]), min(found["all"])
        rate = (settings.pictures - 1) / (whole - started)
        rates.append({"engine": name, "seconds_to_start": started, "seconds": whole, "pictures_a_second": rate})
        print(f"{name}: {rate:.1f} pictures a second after {started:.1f} s")
    if settings.output:
        write_result(settings.output, {"pictures": settings.pictures, "load_before": load, "rates": rates})


def draw(folder: Path, count: int) -> None:
    """Writes files with scenes of 480x480 pixels, with one to three faces."""
    folder.mkdir()
    for index in range(count):
        path = folder / f"{index}.jpg"
        if index < SCENES:
            save_picture(path, draw_scene(0, index, faces=1 + index % 3, size=480).image)
        else:
            shutil.copyfile(folder / f"{index % SCENES}.jpg", path)


def seconds_of(pictures: Path, flags: tuple[str, ...]) -> float:
    """Seconds of the command, from its start to its end."""
    with tempfile.TemporaryDirectory() as folder:
        command = [sys.executable, "-m", "fer_md.cli", "predict", pictures, f"--output={folder}/faces.parquet", *flags]
        start = time.perf_counter()
        done = subprocess.run(command, capture_output=True, text=True)
        seconds = time.perf_counter() - start
    if done.returncode:
        raise FerMdError(f"fer-md predict {' '.join(flags)}: {done.stderr.strip()}")
    return seconds


if __name__ == "__main__":
    sys.exit(console.run(main, Settings))
