"""Prepares your own photographs: subject/expression/*.jpg (or .png), faces found and aligned, split by subject.

Or train|val|test/expression/*.jpg: these splits are kept.

Names of the expressions: angry, disgust, fear, happy, sad, surprise, neutral, and the like (docs/DATA.md).

Example:
  python data_prep/collected.py --source=photographs --output=runs/data/collected
"""

from photograph_settings import PhotographSettings, prepare_photographs

from fer_md import console
from fer_md.readers.collected import list_collected


def main(settings: PhotographSettings) -> None:
    prepare_photographs(settings, lambda tree: list_collected(tree, settings.seed))


if __name__ == "__main__":
    console.run(main, PhotographSettings)
