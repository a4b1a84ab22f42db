"""Writes docs/RESULTS.md and the figures of docs/MODEL_CARD.md from the committed result files.

python experiments/results.py
"""

import sys
from pathlib import Path

from absl import flags

from fer_md import console
from fer_md.files import atomic_file
from pages.results_page import results_markdown
from pages.sections.pretrained import card_with_figures

FLAGS = flags.FLAGS
flags.DEFINE_string("results", "docs/results", "Folder of the result files.")
flags.DEFINE_string("output", "docs/RESULTS.md", "Page to write.")
flags.DEFINE_string("card", "docs/MODEL_CARD.md", "Page whose figures are brought up to date.")


def main():
    card = card_with_figures(Path(FLAGS.card).read_text(encoding="utf-8"), f"{FLAGS.results}/pretrained")
    for path, text in ((FLAGS.output, results_markdown(FLAGS.results)), (FLAGS.card, card)):
        with atomic_file(Path(path)) as partial:
            partial.write_text(text, encoding="utf-8")
        print(path)


if __name__ == "__main__":
    sys.exit(console.run(main))
