"""Prepares the press photographs of muxspace/facial_expressions: finds, aligns and labels the faces, split by person.

It reads the repository's folder or a zip of it (data/legend.csv and images/). docs/DATA.md says what is written.
A run that was stopped resumes: detections are cached in OUTPUT.detections.jsonl.

Examples:
  python data_prep/facial_expressions.py --source=facial_expressions.zip --output=runs/data/facial_expressions
  python data_prep/facial_expressions.py --source=facial_expressions --contempt=keep --align=box --output=runs/data/fe8
"""

import dataclasses

from photograph_settings import PhotographSettings, prepare_photographs

from fer_md import console
from fer_md.readers.facial_expressions import list_facial_expressions


@dataclasses.dataclass(frozen=True)
class Settings(PhotographSettings):
    contempt: str = console.flag(
        "keep: an eighth label (the data set has nine such images).", "drop", choices=["drop", "keep"]
    )


def main(settings: Settings) -> None:
    prepare_photographs(settings, lambda tree: list_facial_expressions(tree, settings.contempt, settings.seed))


if __name__ == "__main__":
    console.run(main, Settings)
