"""Prepares FER2013: checks it, says what is wrong with it, and writes TFRecords and a manifest.

It reads the Kaggle challenge's CSV (emotion,pixels,Usage; plain, .gz, .xz or .zip) or the folders of images
that go round (train|test/<class>/<Usage>_<id>.jpg). docs/DATA.md says where to get them and what is written.

Examples:
  python data_prep/fer2013.py --source=fer2013.csv.xz --output=runs/data/fer2013
  python data_prep/fer2013.py --source=fer2013.csv --ferplus=fer2013new.csv --output=runs/data/fer2013
  python data_prep/fer2013.py --source=fer2013.csv --drop_leaked --output=runs/data/fer2013-clean
"""

from fer_md import console  # isort: skip  (before TensorFlow)

import time

from absl import flags

from fer_md.data.overview import overview
from fer_md.data.records import write_dataset
from fer_md.readers.fer2013 import TOTAL, read_fer2013

FLAGS = flags.FLAGS
flags.DEFINE_string("source", None, "CSV file of the challenge (plain, .gz, .xz, .zip), or the folder of images.")
flags.DEFINE_string("output", None, "Folder to write. It appears when everything is written, or not at all.")
flags.DEFINE_string("ferplus", None, "FER+'s fer2013new.csv; its votes are joined to the CSV row by row.")
flags.DEFINE_bool(
    "drop_leaked",
    False,
    "Leave out of Training what is pixel-identical to a PublicTest or PrivateTest"
    " image. Near-duplicates stay; audit.json lists them.",
)
flags.DEFINE_bool("overwrite", False, "Replace the output folder if it is there.")
flags.mark_flags_as_required(["source", "output"])


def main():
    start = time.monotonic()
    faces = read_fer2013(FLAGS.source, FLAGS.ferplus)
    info = write_dataset(
        faces, FLAGS.output, "fer2013", overwrite=FLAGS.overwrite, drop_leaked=FLAGS.drop_leaked, total=TOTAL
    )
    print(overview(info))
    print(f"\nwritten in {time.monotonic() - start:.0f} s: {FLAGS.output}")


if __name__ == "__main__":
    console.run(main)
