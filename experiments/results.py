"""Writes docs/RESULTS.md and the figures of docs/MODEL_CARD.md from the committed result files.

python experiments/results.py
"""

import dataclasses
import sys
from pathlib import Path

from fer_md import console
from fer_md.files import atomic_file
from pages.results_page import results_markdown
from pages.sections.pretrained import card_with_figures


@dataclasses.dataclass(frozen=True)
class Settings:
    results: str = console.flag("Folder of the result files.", "docs/results")
    output: str = console.flag("Page to write.", "docs/RESULTS.md")
    card: str = console.flag("Page whose figures are brought up to date.", "docs/MODEL_CARD.md")


def main(settings: Settings) -> None:
    card = card_with_figures(Path(settings.card).read_text(encoding="utf-8"), f"{settings.results}/pretrained")
    for path, text in ((settings.output, results_markdown(settings.results)), (settings.card, card)):
        with atomic_file(Path(path)) as partial:
            partial.write_text(text, encoding="utf-8")
        print(path)


if __name__ == "__main__":
    sys.exit(console.run(main, Settings))
