"""Prepares the press photographs of muxspace/facial_expressions: finds, aligns and labels the faces, split by person.

It reads the repository's folder or a zip of it (data/legend.csv and images/). docs/DATA.md says what is written.
A run that was stopped goes on where it was: detections are kept in OUTPUT.detections.jsonl.

Examples:
  python data_prep/facial_expressions.py --source=facial_expressions.zip --output=runs/data/facial_expressions
  python data_prep/facial_expressions.py --source=facial_expressions --contempt=keep --align=box --output=runs/data/fe8
"""

import photograph_flags
from absl import flags

from fer_md.readers.facial_expressions import list_facial_expressions

FLAGS = flags.FLAGS
flags.adopt_module_key_flags(photograph_flags)
flags.DEFINE_enum("contempt", "drop", ["drop", "keep"], "keep: an eighth label (the data set has nine such images).")

if __name__ == "__main__":
    photograph_flags.run(lambda tree: list_facial_expressions(tree, FLAGS.contempt, FLAGS.seed))
