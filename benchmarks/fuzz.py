"""Fuzzes every reader of files that come from elsewhere, guided by coverage (atheris, a libFuzzer for Python).

python benchmarks/fuzz.py --minutes=10 --output=docs/results/fuzz.json        # pip install '.[fuzz]' first

A reader may refuse what it is given with an error of one line. Another exception, ten seconds or two gigabytes are a
finding: it is printed, and its input is kept in --findings. A finding becomes a test when it is mended.
"""

import dataclasses
import re
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any

from fer_md import console
from fer_md.environment import quiet_stderr
from fer_md.errors import FerMdError
from fer_md.progress import Progress
from fer_md.runs.results import write_result

SCRIPT = Path(__file__).with_name("fuzz_targets.py")


@dataclasses.dataclass(frozen=True)
class Settings:
    minutes: float = console.flag("Time for all readers together.", 10.0, least=0.01)
    readers: tuple[str, ...] = console.flag("Names of readers; all by default.", ())
    findings: str = console.flag("Folder that keeps what was found.", "runs/fuzz")
    output: str | None = console.new_file("JSON file for the counts.", None)


def main(settings: Settings) -> int:
    try:
        with quiet_stderr():  # atheris names each module that it looks into
            from fuzz_targets import TARGETS
    except ModuleNotFoundError:
        raise FerMdError("fuzzing needs atheris, which is not installed: pip install 'fer_md[fuzz]'") from None
    for name in settings.readers:
        console.one_of("readers", name, TARGETS)
    names = settings.readers or tuple(TARGETS)
    folder = Path(settings.findings)
    folder.mkdir(parents=True, exist_ok=True)
    found = []
    with Progress("fuzzing", len(names), "readers") as progress:
        for name in names:
            found.append(fuzz(name, TARGETS[name][1], 60 * settings.minutes / len(names), folder))
            progress.advance()
    for row in found:
        print(f"{row['reader']:20} {row['inputs']:9,} inputs  {row['finding'] or 'nothing found'}")
    if settings.output:
        write_result(settings.output, {"minutes": settings.minutes, "readers": found})
    return int(any(row["finding"] for row in found))


def fuzz(name: str, seeds: list[bytes], seconds: float, findings: Path) -> dict[str, Any]:
    """Fuzzes one reader in a process of its own, since a crash ends it."""
    with tempfile.TemporaryDirectory() as corpus:
        for number, seed in enumerate(seeds):
            (Path(corpus) / f"seed{number}").write_bytes(seed)
        limits = [f"-max_total_time={max(1, round(seconds))}", "-timeout=10", "-rss_limit_mb=2048"]
        kept = f"-artifact_prefix={findings}/{re.sub('[^a-z]', '-', name)}-"
        done = subprocess.run(
            [sys.executable, str(SCRIPT), name, corpus, *limits, kept, "-print_final_stats=1"],
            stdout=subprocess.PIPE,  # where a Python exception is told; libFuzzer says the rest on stderr
            stderr=subprocess.STDOUT,
            text=True,
            errors="replace",
        )
    return outcome(name, done.returncode, done.stdout)


def outcome(name: str, status: int, said: str) -> dict[str, Any]:
    """What libFuzzer said: the number of inputs, and, where it ended otherwise than in time, why."""
    executed = re.search(r"stat::number_of_executed_units: *(\d+)", said)
    if status == 0 and executed:
        return {"reader": name, "inputs": int(executed[1]), "finding": None}
    errors = re.findall(r"^(?:\w+\.)*\w*(?:Error|Exception).*$", said, re.MULTILINE)
    errors += re.findall(r"^.*ERROR: libFuzzer.*$", said, re.MULTILINE)
    finding = errors[0] if errors else f"ended with status {status}"
    return {"reader": name, "inputs": int(executed[1]) if executed else 0, "finding": finding}


if __name__ == "__main__":
    sys.exit(console.run(main, Settings))
