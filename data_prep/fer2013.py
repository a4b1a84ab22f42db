"""Prepares FER2013: checks it, says what is wrong with it, and writes TFRecords and a manifest.

It reads the Kaggle challenge's CSV (emotion,pixels,Usage; plain, .gz, .xz, .zip or .tar.gz) or the folders of images
that are in circulation (train|test/<class>/<Usage>_<id>.jpg). docs/DATA.md says where to get them and what is written.

Examples:
  python data_prep/fer2013.py --source=fer2013.csv.xz --output=runs/data/fer2013
  python data_prep/fer2013.py --source=fer2013.csv --ferplus=fer2013new.csv --output=runs/data/fer2013
  python data_prep/fer2013.py --source=fer2013.csv --drop_leaked --output=runs/data/fer2013-clean
"""

import dataclasses
import time

from fer_md import console
from fer_md.data.overview import overview
from fer_md.data.records import write_dataset
from fer_md.readers.fer2013 import TOTAL, read_fer2013


@dataclasses.dataclass(frozen=True)
class Settings:
    source: str = console.flag("CSV file of the challenge (plain, .gz, .xz, .zip, .tar.gz), or the folder of images.")
    output: str = console.flag("Folder to write. It appears when everything is written, or not at all.")
    ferplus: str | None = console.flag("FER+'s fer2013new.csv; its votes are joined to the CSV row by row.", None)
    drop_leaked: bool = console.flag(
        "Leave out of Training what is pixel-identical to a PublicTest or PrivateTest"
        " image. Near-duplicates stay; audit.json lists them.",
        False,
    )
    overwrite: bool = console.flag("Replace the output folder if it exists.", False)


def main(settings: Settings):
    start = time.monotonic()
    faces = read_fer2013(settings.source, settings.ferplus)
    info = write_dataset(
        faces, settings.output, "fer2013", overwrite=settings.overwrite, drop_leaked=settings.drop_leaked, total=TOTAL
    )
    print(overview(info))
    print(f"\nwritten in {time.monotonic() - start:.0f} s: {settings.output}")


if __name__ == "__main__":
    console.run(main, Settings)
