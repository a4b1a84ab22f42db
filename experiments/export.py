"""Exports the package's network, a finished run or the fusion of several, as a SavedModel for TensorFlow Serving.

python experiments/export.py --pretrained --output=runs/served/fer
python experiments/export.py --run_dir=runs/quick/seed0 --output=runs/served/fer
python experiments/export.py --run_dir=runs/method/finetuned --data=runs/data/fer2013 --output=runs/served/fer

Writes OUTPUT/<version>/; see docs/SERVING.md for the signatures and how to serve it. Of a fine-tuning run, and of
several runs named with commas, the networks' probabilities are added up with --score_weights (Sec. 3.2.2).
"""

import sys

from absl import flags

from fer_md import console
from fer_md.data.records import read_info
from fer_md.errors import FerMdError
from fer_md.evaluation.components import check_expressions, find_networks, load_scorer
from fer_md.models import build_fused
from fer_md.pretrained import load_pretrained, read_description
from fer_md.runs.run_directory import read_settings
from fer_md.serving.export import export_component

FLAGS = flags.FLAGS
flags.DEFINE_list("run_dir", None, "Finished run of experiments/pretrain.py or finetune.py, or several.")
flags.DEFINE_bool("pretrained", False, "The network that ships with the package, in place of a run's.")
flags.DEFINE_string("output", None, "Base folder of the served model; gets a numbered folder.")
flags.DEFINE_integer("version", None, "Version number; the next free one by default.", lower_bound=1)
flags.DEFINE_string("data", None, "Prepared folder whose label space is served; needed with several networks.")
flags.DEFINE_string("network", None, "One network of the run, for example component1; all by default.")
flags.DEFINE_list("score_weights", [], "Weight of each network, adding up to 1; equal by default.")
flags.mark_flag_as_required("output")


def main():
    if FLAGS.pretrained == bool(FLAGS.run_dir):
        raise FerMdError("name a --run_dir, or pass --pretrained: one of both")
    model, expressions = pretrained() if FLAGS.pretrained else trained()
    print(export_component(model, expressions, FLAGS.output, FLAGS.version))


def pretrained():
    if FLAGS.network or FLAGS.data or FLAGS.score_weights:
        raise FerMdError("--pretrained is one network, fused already: without --network, --data and --score_weights")
    return load_pretrained(), read_description()["expressions"]


def trained():
    networks = find_networks(FLAGS.run_dir, FLAGS.network)
    return fused(networks) if len(networks) > 1 or FLAGS.data else single(*networks[0])


def single(run_dir, network):
    settings = read_settings(run_dir)
    if FLAGS.score_weights:
        raise FerMdError(f"{run_dir}: --score_weights is for several networks, and there is one")
    if network != "model":
        raise FerMdError(f"{run_dir}: --data must name the data set whose label space is served")
    check_expressions(run_dir, settings)
    return load_scorer(run_dir, network, {**settings, "name": settings["data"]})[0], settings["expressions"]


def fused(networks):
    if not FLAGS.data:
        raise FerMdError(f"{networks[0][0]}: several networks; --data must name the data set of the label space")
    info = read_info(FLAGS.data)
    models, heads = zip(*(load_scorer(run, name, info) for run, name in networks), strict=True)
    weights = console.numbers("score_weights", FLAGS.score_weights) or None
    try:
        return build_fused(list(models), weights, list(heads)), info["expressions"]
    except ValueError as error:
        raise FerMdError(f"--score_weights, --run_dir: {error}") from None


if __name__ == "__main__":
    sys.exit(console.run(main))
