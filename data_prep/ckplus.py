"""Prepares CK+: the last frames of each labelled sequence, their faces found and aligned, split by person.

It reads cohn-kanade-images/ and Emotion/ side by side, unpacked or in one zip. docs/DATA.md says where to get them
and what is written.

Examples:
  python data_prep/ckplus.py --source=CK+ --output=runs/data/ckplus --min_face=60
  python data_prep/ckplus.py --source=CK+ --contempt=drop --neutral=first --output=runs/data/ckplus7 --min_face=60
"""

import dataclasses

from photograph_settings import PhotographSettings, prepare_photographs

from fer_md import console
from fer_md.readers.ckplus import list_ckplus


@dataclasses.dataclass(frozen=True)
class Settings(PhotographSettings):
    last: int = console.flag("How many of the last frames of a sequence to use.", 3, least=1)
    contempt: str = console.flag("keep: as in the paper's Tab. 2.", "keep", choices=["keep", "drop"])
    neutral: str = console.flag(
        "first: the first frame of each sequence used is neutral.", "none", choices=["none", "first"]
    )


def main(settings: Settings) -> None:
    prepare_photographs(
        settings, lambda tree: list_ckplus(tree, settings.last, settings.contempt, settings.neutral, settings.seed)
    )


if __name__ == "__main__":
    console.run(main, Settings)
