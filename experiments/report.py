"""Writes one self-contained HTML page about finished and evaluated runs.

python experiments/report.py --runs=runs/quick/seed0 --data=runs/data/fer2013 --output=runs/report
"""

from fer_md import console  # isort: skip  (first: it quietens TensorFlow)

import sys

from absl import flags

from fer_md.errors import FerMdError
from fer_md.evaluation.report import write_report
from fer_md.prediction.photographs_report import photographs_section
from fer_md.prediction.predictor import Predictor

FLAGS = flags.FLAGS
flags.DEFINE_list("runs", None, "Run folders, separated by commas.")
flags.DEFINE_list("data", None, "Prepared folder of each run, in the same order.")
flags.DEFINE_string("output", "runs/report", "Folder to write; replaced if it is there.")
flags.DEFINE_string("drawn_faces", None, "JSON file of benchmarks/drawn_faces.py, for a section on the drawn faces.")
flags.DEFINE_string("stages", None, "JSON file of experiments/compare_stages.py, for a section on the method.")
flags.DEFINE_string("photographs", None, "Folder of photographs; a sheet shows their faces as the first run sees them.")
flags.mark_flags_as_required(["runs", "data"])


def main():
    if len(FLAGS.runs) != len(FLAGS.data):
        raise FerMdError(f"--data must name one folder a run: {len(FLAGS.data)} for {len(FLAGS.runs)} runs")
    more = photographs_section(Predictor(FLAGS.runs[0]), FLAGS.photographs, FLAGS.runs[0]) if FLAGS.photographs else ""
    print(write_report(FLAGS.runs, FLAGS.data, FLAGS.output, FLAGS.drawn_faces, FLAGS.stages, more))


if __name__ == "__main__":
    sys.exit(console.run(main))
