"""Writes one self-contained HTML page about finished and evaluated runs.

python experiments/report.py --runs=runs/quick/seed0 --data=runs/data/fer2013 --output=runs/report
"""

import dataclasses
import sys
from pathlib import Path

from fer_md import console
from fer_md.errors import FerMdError
from pages.report import Sources, write_report


@dataclasses.dataclass(frozen=True)
class Settings:
    runs: tuple[str, ...] = console.flag("Run folders of experiments/pretrain.py, separated by commas.")
    data: tuple[str, ...] = console.flag("Prepared folder of each run, in the same order.", repeats=True)
    finetuned: str | None = console.flag("Run of experiments/finetune.py on these runs.", None)
    results: str | None = console.flag("Folder with stages.json, table1.json and so on.", None)
    drawn_faces: str | None = console.flag(
        "JSON file of benchmarks/drawn_faces.py, for a section on drawn faces.", None
    )
    photographs: str | None = console.flag(
        "Folder of photographs, shown with their faces as the first run sees them.", None
    )
    more_data: tuple[str, ...] = console.flag("Prepared folders of Tab. 2 and 3, for their cards.", ())
    output: str = console.flag("Folder in which index.html is written.", "runs/report")


def main(settings: Settings) -> None:
    if len(settings.runs) != len(settings.data):
        raise FerMdError(f"--data must name one folder a run: {len(settings.data)} for {len(settings.runs)} runs")
    sources = Sources(
        runs=tuple(map(Path, settings.runs)),
        data=tuple(map(Path, settings.data)),
        finetuned=path_or_none(settings.finetuned),
        results=path_or_none(settings.results),
        drawn_faces=path_or_none(settings.drawn_faces),
        photographs=path_or_none(settings.photographs),
        more_data=tuple(map(Path, settings.more_data)),
    )
    print(write_report(sources, settings.output))


def path_or_none(text):
    return Path(text) if text else None


if __name__ == "__main__":
    sys.exit(console.run(main, Settings))
