"""Prepares SFEW 2.0: finds, aligns and labels the faces; the official split, or one by movie.

It reads the unpacked folders Train_Aligned_Faces, Val_Aligned_Faces and, where it has labels, Test_Aligned_Faces
(<Class>/<movie>_<timestamp>_<face>.png). docs/DATA.md says where to get them and what is written.

Examples:
  python data_prep/sfew.py --source=SFEW2 --output=runs/data/sfew
  python data_prep/sfew.py --source=SFEW2 --split=movie --output=runs/data/sfew-70-30
"""

import photograph_flags
from absl import flags

from fer_md.readers.sfew import list_sfew

FLAGS = flags.FLAGS
flags.adopt_module_key_flags(photograph_flags)
flags.DEFINE_enum("split", "official", ["official", "movie"], "movie: 60/10/30 %, no movie in two splits.")

if __name__ == "__main__":
    photograph_flags.run(lambda tree: list_sfew(tree, FLAGS.split, FLAGS.seed))
