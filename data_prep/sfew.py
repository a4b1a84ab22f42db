"""Prepares SFEW 2.0: finds, aligns and labels the faces; the official split, or one by movie.

It reads the unpacked folders Train_Aligned_Faces, Val_Aligned_Faces and, where it has labels, Test_Aligned_Faces
(<Class>/<movie>_<timestamp>_<face>.png). docs/DATA.md says where to get them and what is written.

Examples:
  python data_prep/sfew.py --source=SFEW2 --output=runs/data/sfew
  python data_prep/sfew.py --source=SFEW2 --split=movie --output=runs/data/sfew-70-30
"""

import dataclasses

from photograph_settings import PhotographSettings, prepare_photographs

from fer_md import console
from fer_md.readers.sfew import list_sfew


@dataclasses.dataclass(frozen=True)
class Settings(PhotographSettings):
    split: str = console.flag("movie: 60/10/30 %, no movie in two splits.", "official", choices=["official", "movie"])


def main(settings: Settings) -> None:
    prepare_photographs(settings, lambda tree: list_sfew(tree, settings.split, settings.seed))


if __name__ == "__main__":
    console.run(main, Settings)
