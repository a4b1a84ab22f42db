"""Writes docs/RESULTS.md, and the figures of five other pages of docs, from the committed files.

python experiments/results.py
"""

import dataclasses
import sys
from pathlib import Path

from fer_md import console
from fer_md.files import atomic_file
from pages.filled_page import filled
from pages.results_page import results_markdown
from pages.sections.audit import audit_blocks, read_audit
from pages.sections.faces import face_blocks
from pages.sections.groups import first_names_blocks
from pages.sections.pretrained import card_blocks
from pages.sections.reliability import reliability_blocks
from pages.sections.rivals import rival_blocks


@dataclasses.dataclass(frozen=True)
class Settings:
    results: str = console.flag("Folder of the result files.", "docs/results")
    docs: str = console.flag(
        "Folder of the pages RESULTS.md, MODEL_CARD.md, FER2013.md, RELIABILITY.md, RIVALS.md and FACES.md.", "docs"
    )


def main(settings: Settings) -> None:
    for path, text in pages_of(Path(settings.results), Path(settings.docs)).items():
        with atomic_file(path) as partial:
            partial.write_text(text, encoding="utf-8")
        print(path)


def pages_of(results: Path, docs: Path) -> dict[Path, str]:
    """The texts of the pages as the result files would have them."""
    names = ("MODEL_CARD.md", "FER2013.md", "RELIABILITY.md", "RIVALS.md", "FACES.md")
    card, audit, reliability, rivals, faces = (docs / name for name in names)
    return {
        docs / "RESULTS.md": results_markdown(results),
        card: filled(
            card.read_text(encoding="utf-8"),
            [*card_blocks(results / "pretrained"), *first_names_blocks(results)],
            card.name,
        ),
        audit: filled(audit.read_text(encoding="utf-8"), audit_blocks(read_audit(results)), audit.name),
        reliability: filled(reliability.read_text(encoding="utf-8"), reliability_blocks(results), reliability.name),
        rivals: filled(rivals.read_text(encoding="utf-8"), rival_blocks(results), rivals.name),
        faces: filled(faces.read_text(encoding="utf-8"), face_blocks(results), faces.name),
    }


if __name__ == "__main__":
    sys.exit(console.run(main, Settings))
