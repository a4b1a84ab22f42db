"""Prepares CK+: the last frames of each labelled sequence, their faces found and aligned, split by person.

It reads cohn-kanade-images/ and Emotion/ side by side, unpacked or in one zip. docs/DATA.md says where to get them
and what is written.

Examples:
  python data_prep/ckplus.py --source=CK+ --output=runs/data/ckplus --min_face=60
  python data_prep/ckplus.py --source=CK+ --contempt=drop --neutral=first --output=runs/data/ckplus7 --min_face=60
"""

import photograph_flags
from absl import flags

from fer_md.readers.ckplus import list_ckplus

FLAGS = flags.FLAGS
flags.adopt_module_key_flags(photograph_flags)
flags.DEFINE_integer("last", 3, "How many of the last frames of a sequence show its emotion.", lower_bound=1)
flags.DEFINE_enum("contempt", "keep", ["keep", "drop"], "keep: as in the paper's Tab. 2.")
flags.DEFINE_enum("neutral", "none", ["none", "first"], "first: the first frame of each sequence used is neutral.")

if __name__ == "__main__":
    photograph_flags.run(lambda tree: list_ckplus(tree, FLAGS.last, FLAGS.contempt, FLAGS.neutral, FLAGS.seed))
