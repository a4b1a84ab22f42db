"""How hard the drawn faces are, and how fast they are drawn: a linear classifier against the network, in both domains.

python benchmarks/drawn_faces.py --work_dir=runs/drawn-faces --output=docs/results/drawn-faces.json

Each domain is drawn, learned by both from Training, and tested on PrivateTest, which shares no person with it.
Run again, it goes on where it was stopped. About ten minutes on two cores.
"""

import dataclasses
import subprocess
import sys
import time
from pathlib import Path

from fer_md import console
from fer_md.data.records import manifest_hash
from fer_md.drawn.domains import DOMAINS
from fer_md.drawn.synthetic import draw_faces
from fer_md.errors import FerMdError
from fer_md.files import read_json
from fer_md.runs.results import write_result
from fer_md.runs.run_directory import open_run, read_settings
from fer_md.training.precision import PRECISIONS


@dataclasses.dataclass(frozen=True)
class Settings:
    work_dir: str = console.flag("Folder for the data sets and the runs.", "runs/drawn-faces")
    count: int = console.flag("Faces of each domain over all splits.", 6000, least=100)
    preset: str = console.flag("Recipe of the network; see fer_md/training/presets.py.", "smoke")
    precision: str = console.flag("Of the network's layers.", "auto", choices=PRECISIONS)
    seed: int = console.flag("Of the faces and of the network.", 0, least=0)
    output: str | None = console.new_file("JSON file for the results, for example docs/results/drawn-faces.json.", None)


ROOT = Path(__file__).parents[1]
TEST = "PrivateTest"

TIMED, ROUNDS = 1000, 3
"""Faces that are drawn for the speed, and how often."""


def main(settings: Settings):
    results = {}
    for domain in DOMAINS:
        results[domain] = compare(settings, domain, Path(settings.work_dir).resolve())
        linear, network = results[domain]["linear"], results[domain]["network"]
        print(
            f"{domain}: linear {100 * linear['accuracy']:.1f} %, network {100 * network['accuracy']:.1f} %; "
            f"{results[domain]['faces_per_cpu_second']:.0f} faces drawn a processor second",
            flush=True,
        )
    if settings.output:
        write_result(settings.output, {"split": TEST, "seed": settings.seed, "domains": results})


def compare(settings: Settings, domain, work_dir):
    """Draws a domain and tests both classifiers on it; returns the figures as a dict that JSON can hold.

    Raises:
        FerMdError: a script fails or was stopped, or the folder holds faces that were drawn with other settings.
    """
    folder = work_dir / domain
    if (folder / "data").exists() and not (folder / "config.json").exists():
        raise FerMdError(f"{folder}: holds faces, but not with what settings they were drawn; name another --work_dir")
    open_run(folder, {"count": settings.count, "seed": settings.seed})
    data, run_dir, linear = folder / "data", folder / "run", folder / "linear.json"
    if not data.exists():
        script(
            "data_prep/synthetic.py",
            f"--domain={domain}",
            f"--count={settings.count}",
            f"--seed={settings.seed}",
            f"--output={data}",
        )
    if not linear.exists() or read_json(linear)["manifest_sha256"] != manifest_hash(data):
        script("benchmarks/linear_baseline.py", f"--data={data}", f"--output={linear}", "--overwrite")
    script(
        "experiments/pretrain.py",
        f"--data={data}",
        f"--run_dir={run_dir}",
        f"--preset={settings.preset}",
        f"--precision={settings.precision}",
        f"--seed={settings.seed}",
    )
    script("experiments/evaluate.py", f"--run_dir={run_dir}", f"--data={data}", f"--split={TEST}")
    fitted = read_json(linear)
    measured = read_json(run_dir / "eval" / TEST / "metrics.json")
    figures = ("accuracy", "accuracy_interval", "macro_recall", "images")
    return {
        "count": settings.count,
        "manifest_sha256": fitted["manifest_sha256"],
        "linear": {
            "accuracy": fitted["test_accuracy"],
            "training_accuracy": fitted["training_accuracy"],
            "l2": fitted["l2"],
        },
        "network": {
            **{name: measured[name] for name in figures},
            "preset": settings.preset,
            "precision": read_settings(run_dir)["precision"],
            **read_json(run_dir / "time.json"),
        },
        "faces_per_cpu_second": drawing_speed(domain, settings.seed),
    }


def script(name, *arguments):
    """Runs one of the project's scripts; its progress is shown, its figures are read from its files."""
    answer = subprocess.run([sys.executable, str(ROOT / name), *arguments], stdout=subprocess.DEVNULL)
    if answer.returncode == console.STOPPED:
        raise FerMdError(f"{name}: stopped; start this again to go on")
    if answer.returncode:
        raise FerMdError(f"{name}: ended with status {answer.returncode}; its message is above")


def drawing_speed(domain, seed):
    """Faces a second of processor time, one process, best of `ROUNDS`: other work on the machine counts little."""
    best = 0.0
    for _ in range(ROUNDS):
        start = time.process_time()
        for _ in draw_faces(domain, TIMED, seed):
            pass
        best = max(best, TIMED / (time.process_time() - start))
    return best


if __name__ == "__main__":
    sys.exit(console.run(main, Settings))
