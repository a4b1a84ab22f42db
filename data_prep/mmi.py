"""Prepares MMI: the frames at the height of each frontal clip, their faces found and aligned, split by person.

It reads the unpacked folder with Sessions/<number>/. docs/DATA.md says where to get it and what is written.

Examples:
  python data_prep/mmi.py --source=MMI --neutral=first --output=runs/data/mmi --min_face=60    # as Tab. 3 has it
  python data_prep/mmi.py --source=MMI --output=runs/data/mmi6 --min_face=60
"""

import photograph_flags
from absl import flags

from fer_md.readers.mmi import list_mmi

FLAGS = flags.FLAGS
flags.adopt_module_key_flags(photograph_flags)
flags.DEFINE_integer("frames", 3, "How many frames at the height of each video.", lower_bound=1)
flags.DEFINE_enum("neutral", "none", ["none", "first"], "first: the first frame of each video used is neutral.")

if __name__ == "__main__":
    photograph_flags.run(lambda tree: list_mmi(tree, FLAGS.frames, FLAGS.neutral, FLAGS.seed))
