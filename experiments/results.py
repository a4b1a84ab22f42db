"""Writes docs/RESULTS.md from the committed result files.

python experiments/results.py
"""

from fer_md import console  # isort: skip  (first: it quietens TensorFlow)

import sys
from pathlib import Path

from absl import flags

from fer_md.evaluation.results_page import results_markdown
from fer_md.files import atomic_file

FLAGS = flags.FLAGS
flags.DEFINE_string("results", "docs/results", "Folder of the result files.")
flags.DEFINE_string("output", "docs/RESULTS.md", "Page to write.")


def main():
    with atomic_file(Path(FLAGS.output)) as partial:
        partial.write_text(results_markdown(FLAGS.results), encoding="utf-8")
    print(FLAGS.output)


if __name__ == "__main__":
    sys.exit(console.run(main))
