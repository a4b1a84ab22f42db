"""Writes one self-contained HTML page about finished and evaluated runs.

python experiments/report.py --runs=runs/quick/seed0 --data=runs/data/fer2013 --output=runs/report
"""

import sys
from pathlib import Path

from absl import flags

from fer_md import console
from fer_md.errors import FerMdError
from pages.report import Sources, write_report

FLAGS = flags.FLAGS
flags.DEFINE_list("runs", None, "Run folders of experiments/pretrain.py, separated by commas.")
flags.DEFINE_list("data", None, "Prepared folder of each run, in the same order.")
flags.DEFINE_string("finetuned", None, "Run of experiments/finetune.py on these runs.")
flags.DEFINE_string("results", None, "Folder with stages.json, table1.json and so on.")
flags.DEFINE_string("drawn_faces", None, "JSON file of benchmarks/drawn_faces.py, for a section on the drawn faces.")
flags.DEFINE_string("photographs", None, "Folder of photographs; a sheet shows their faces as the first run sees them.")
flags.DEFINE_multi_string("more_data", [], "Prepared folder of Tab. 2 or 3, for its card; may be given several times.")
flags.DEFINE_string("output", "runs/report", "Folder in which index.html is written.")
flags.mark_flags_as_required(["runs", "data"])


def main():
    if len(FLAGS.runs) != len(FLAGS.data):
        raise FerMdError(f"--data must name one folder a run: {len(FLAGS.data)} for {len(FLAGS.runs)} runs")
    runs, data = (tuple(map(Path, folders)) for folders in (FLAGS.runs, FLAGS.data))
    more = (FLAGS.finetuned, FLAGS.results, FLAGS.drawn_faces, FLAGS.photographs)
    further = tuple(map(Path, FLAGS.more_data))
    print(write_report(Sources(runs, data, *(path and Path(path) for path in more), further), FLAGS.output))


if __name__ == "__main__":
    sys.exit(console.run(main))
