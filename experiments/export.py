"""Exports a finished run as a SavedModel for TensorFlow Serving.

python experiments/export.py --run_dir=runs/quick/seed0 --output=runs/served/fer

Writes OUTPUT/<version>/; see docs/SERVING.md for the signatures and how to serve it.
"""

from fer_md import console  # isort: skip  (first: it quietens TensorFlow)

import sys

from absl import flags

from fer_md.serving.export import export_component
from fer_md.training.run_directory import load_model, read_settings

FLAGS = flags.FLAGS
flags.DEFINE_string("run_dir", None, "Finished run of experiments/pretrain.py.")
flags.DEFINE_string("output", None, "Base folder of the served model; gets a numbered folder.")
flags.DEFINE_integer("version", None, "Version number; the next free one by default.")
flags.mark_flags_as_required(["run_dir", "output"])


def main():
    expressions = read_settings(FLAGS.run_dir)["expressions"]
    print(export_component(load_model(FLAGS.run_dir), expressions, FLAGS.output, FLAGS.version))


if __name__ == "__main__":
    sys.exit(console.run(main))
