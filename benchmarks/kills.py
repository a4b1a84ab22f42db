"""Kills every stage of the work at random moments, and starts it again: in the end every result is that of no kill.

python benchmarks/kills.py --kills=100 --output=docs/results/kills.json

Faces are drawn, a network is trained, measured and exported, and photographs are predicted, first without a kill. Then
each stage is started, killed by SIGKILL at a moment drawn from its duration, and started again. After every kill its
results are looked at: each is missing, or whole. A stage that came to its end begins anew.
"""

import dataclasses
import hashlib
import os
import shutil
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import cv2
import numpy as np

from fer_md import console
from fer_md.drawn.scenes import draw_scene
from fer_md.errors import FerMdError
from fer_md.progress import Progress
from fer_md.runs.checkpoint import load_checkpoint
from fer_md.runs.results import write_result

ROOT = Path(__file__).parents[1]


@dataclasses.dataclass(frozen=True)
class Stage:
    """A command and what it leaves: ``command`` runs in the folder of all stages, ``results`` are files in it that are
    the same each time, and ``restarts`` is the folder that is removed to have it begin anew, if it would go on."""

    name: str
    command: str
    results: tuple[str, ...]
    restarts: str | None = None


STAGES = (
    Stage(
        "prepare",
        "data_prep/synthetic.py --count=300 --output=data --overwrite",
        ("data/dataset.json", "data/manifest.csv", "data/Training-00000-of-00001.tfrecord"),
    ),
    Stage(
        "train",
        "experiments/pretrain.py --data=data --run_dir=run --network=tiny --preset=smoke --epochs=8 "
        "--checkpoint_seconds=0.3",
        ("run/checkpoint.npz",),
        "run",
    ),
    Stage(
        "evaluate",
        "experiments/evaluate.py --run_dir=run --data=data",
        ("run/eval/PublicTest/confusion_matrix.csv", "run/eval/PublicTest/confusion_matrix.png"),
    ),
    Stage(
        "export",
        "experiments/export.py --run_dir=run --format=litert --output=a.tflite --overwrite",
        ("a.tflite",),
    ),
    Stage("predict", "fer_md/cli.py predict photos --output=faces.csv --overwrite", ("faces.csv",)),
)
"""In the order in which they need each other."""

_CLOCKS = ("seconds", "elsewhere")
"""Arrays of a checkpoint that say how long it took."""


@dataclasses.dataclass(frozen=True)
class Settings:
    kills: int = console.flag("Number of kills, over all stages.", 100, least=1)
    stages: tuple[str, ...] = console.flag("Stages to kill.", tuple(stage.name for stage in STAGES))
    seed: int = console.flag("Of the moments.", 0, least=0)
    output: str | None = console.new_file("JSON file for the counts.", None)


def main(settings: Settings) -> int:
    for name in settings.stages:
        console.one_of("stages", name, [stage.name for stage in STAGES])
    rng, found = np.random.default_rng(settings.seed), []
    with (
        tempfile.TemporaryDirectory() as folder,
        Progress("killing", settings.kills, "kills") as progress,
    ):
        work, killed = Path(folder), 0
        draw_photographs(work / "photos")
        for stage in STAGES:
            start = time.monotonic()
            if status := begin(stage, work).wait():
                print(f"error: {stage.name}: ended with status {status}", file=sys.stderr)
                return 1
            seconds, expected = time.monotonic() - start, contents(stage, work)
            if stage.name in settings.stages:
                left = len(settings.stages) - len(found)
                wanted = -(-(settings.kills - killed) // left)  # what the stages before left over is shared
                found.append(kill_stage(stage, work, wanted, seconds, expected, rng, progress))
                killed += found[-1]["kills"]
    for row in found:
        print(
            f"{row['stage']}: {row['kills']} kills, {row['broken']} left something broken, {row['ended']} came too "
            f"late; in the end {'bit-equal' if row['equal'] else 'DIFFERENT'}"
        )
    if settings.output:
        write_result(settings.output, {"kills": killed, "seed": settings.seed, "stages": found})
    return int(any(row["broken"] or not row["equal"] for row in found))


def kill_stage(stage, work, wanted, seconds, expected, rng, progress):
    """Kills a stage so many times; ``expected`` is the content of its results without a kill."""
    kills = ended = broken = 0
    anew(stage, work)
    while kills < wanted:
        process = begin(stage, work)
        try:
            process.wait(rng.uniform(0, seconds))
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()
            kills += 1
            progress.advance()
            broken += not whole(stage, work, expected)
        else:
            ended += 1
            anew(stage, work)
    return {
        "stage": stage.name,
        "seconds": seconds,
        "kills": kills,
        "ended": ended,
        "broken": broken,
        "equal": begin(stage, work).wait() == 0 and contents(stage, work) == expected,
    }


def begin(stage: Stage, work: Path) -> subprocess.Popen:
    """The process of a stage, whose progress goes nowhere."""
    script, *flags = stage.command.split()
    quiet = {"stdout": subprocess.DEVNULL, "stderr": subprocess.DEVNULL}
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    return subprocess.Popen([sys.executable, str(ROOT / script), *flags], cwd=work, env=environment, **quiet)


def anew(stage: Stage, work: Path) -> None:
    if stage.restarts:
        shutil.rmtree(work / stage.restarts, ignore_errors=True)


def contents(stage: Stage, work: Path) -> dict[str, str]:
    """SHA-256 of each result, of a checkpoint without its clocks."""
    return {name: fingerprint(work / name) for name in stage.results}


def fingerprint(path: Path) -> str:
    digest = hashlib.sha256()
    if path.suffix == ".npz":
        for name, array in sorted(load_checkpoint(path).items()):
            if name not in _CLOCKS:
                digest.update(f"{name} {array.dtype} {array.shape}".encode() + np.ascontiguousarray(array).tobytes())
    else:
        digest.update(path.read_bytes())
    return digest.hexdigest()


def whole(stage: Stage, work: Path, expected: dict[str, str]) -> bool:
    """Whether each result is missing or whole: a checkpoint of the way can be read, all else is as in the end."""
    for name in stage.results:
        try:
            found = fingerprint(work / name)
        except FileNotFoundError:
            continue
        except FerMdError:
            return False
        if not name.endswith(".npz") and found != expected[name]:
            return False
    return True


def draw_photographs(folder: Path) -> None:
    folder.mkdir()
    for number in range(30):
        cv2.imwrite(str(folder / f"{number:02}.png"), draw_scene(number, 4, faces=1, size=200).image)


if __name__ == "__main__":
    sys.exit(console.run(main, Settings))
