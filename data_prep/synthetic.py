"""Draws a data set of faces and writes it as a prepared data set.

    python data_prep/synthetic.py --domain=lab --count=6000 --output=data/prepared/synthetic-lab
    python data_prep/synthetic.py --domain=wild --count=6000 --seed=1 --output=data/prepared/synthetic-wild

The faces show seven expressions in equal numbers; the splits Training, PublicTest and PrivateTest (80, 10 and 10 %)
have no person in common. The same flags give the same pixels. No real face is involved.
"""

from fer_md import console  # isort: skip  (before TensorFlow, for quiet logs)

from absl import flags

from fer_md.data.overview import overview
from fer_md.data.records import write_dataset
from fer_md.drawn.domains import DOMAINS
from fer_md.drawn.synthetic import draw_faces

FLAGS = flags.FLAGS
flags.DEFINE_enum("domain", "lab", list(DOMAINS), "lab: frontal, even light; wild: pose, light, blur, occlusion.")
flags.DEFINE_integer("count", 6000, "Number of faces over all splits.", lower_bound=1)
flags.DEFINE_integer("seed", 0, "Another seed draws other people.")
flags.DEFINE_string("output", None, "Folder to make.", required=True)
flags.DEFINE_bool("overwrite", False, "Replace the output folder if it exists.")


def main():
    faces = draw_faces(FLAGS.domain, FLAGS.count, FLAGS.seed)
    name = f"synthetic-{FLAGS.domain}"
    info = write_dataset(faces, FLAGS.output, name, overwrite=FLAGS.overwrite, total=FLAGS.count)
    print(overview(info))
    print(f"\nwritten: {FLAGS.output}")


if __name__ == "__main__":
    console.run(main)
