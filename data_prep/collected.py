"""Prepares photographs of your own: subject/expression/*.jpg (or .png), faces found and aligned, split by subject.

Names of the expressions: angry, disgust, fear, happy, sad, surprise, neutral, and the like (docs/DATA.md).

Example:
  python data_prep/collected.py --source=photographs --output=runs/data/collected
"""

import photograph_flags
from absl import flags

from fer_md.readers.collected import list_collected

FLAGS = flags.FLAGS
flags.adopt_module_key_flags(photograph_flags)

if __name__ == "__main__":
    photograph_flags.run(lambda tree: list_collected(tree, FLAGS.seed))
