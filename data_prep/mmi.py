"""Prepares MMI: the frames at the peak of each frontal clip, their faces found and aligned, split by person.

It reads the unpacked folder with Sessions/<number>/. docs/DATA.md says where to get it and what is written.

Examples:
  python data_prep/mmi.py --source=MMI --neutral=first --output=runs/data/mmi --min_face=60    # as Tab. 3 has it
  python data_prep/mmi.py --source=MMI --output=runs/data/mmi6 --min_face=60
"""

import dataclasses

from photograph_settings import PhotographSettings, prepare_photographs

from fer_md import console
from fer_md.readers.mmi import list_mmi


@dataclasses.dataclass(frozen=True)
class Settings(PhotographSettings):
    frames: int = console.flag("How many frames at the peak of each video.", 3, least=1)
    neutral: str = console.flag(
        "first: the first frame of each video used is neutral.", "none", choices=["none", "first"]
    )


def main(settings: Settings) -> None:
    prepare_photographs(settings, lambda tree: list_mmi(tree, settings.frames, settings.neutral, settings.seed))


if __name__ == "__main__":
    console.run(main, Settings)
