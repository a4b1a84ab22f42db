"""What kills, fuzzed files and repetition came to: the figures of docs/RELIABILITY.md."""

from pathlib import Path

from fer_md.runs.results import Result, read_result
from pages.blocks import Block, Commands, Text, table
from pages.study_rows import Fuzz, Kills, Soak


def reliability_blocks(folder: Path) -> list[Block]:
    """A table for each of the files ``kills.json``, ``fuzz.json`` and ``soak.json`` that is in ``docs/results``."""
    blocks: list[Block] = []
    for name, kind, of_kind in (
        ("kills", Kills, kills_blocks),
        ("fuzz", Fuzz, fuzz_blocks),
        ("soak", Soak, soak_blocks),
    ):
        path = folder / f"{name}.json"
        if path.exists():
            found = read_result(kind, path)
            blocks += [*of_kind(found), *_origin(found)]
    return blocks


def kills_blocks(found: Kills) -> list[Block]:
    text = f"{found.kills} kills at random moments. After each, every output was checked: missing, complete or broken."
    rows = [
        {
            "stage": row.stage,
            "kills": row.kills,
            "broken outputs": row.broken,
            "final result": "bit-equal" if row.equal else "different",
        }
        for row in found.stages
    ]
    return [Text(text), table(rows)]


def fuzz_blocks(found: Fuzz) -> list[Block]:
    text = f"Coverage-guided fuzzing, {found.minutes:g} min over all readers."
    rows = [
        {"reader": row.reader, "inputs": f"{row.inputs:,}", "found": row.finding or "nothing"} for row in found.readers
    ]
    return [Text(text), table(rows)]


def soak_blocks(found: Soak) -> list[Block]:
    rows = [
        {
            "repeated": f"{row.repeats:,} {row.part}",
            "MB after the first tenth": f"{row.megabytes[0]:.0f}",
            "growth after that, MB": f"{row.grown:+.1f}",
        }
        for row in found.parts
    ]
    return [Text("Memory of a process that repeats one step."), table(rows)]


def _origin(found: Result) -> list[Block]:
    environment = found.environment
    stated = f"Measured {environment.date}, {environment.processor}, {environment.cpus} cores:" if environment else ""
    return [Text(stated), Commands((found.command or "",))]
