"""The command ``fer-md``: it finds faces and their expressions in pictures and videos, and runs the experiments."""

import argparse
import contextlib
import difflib
import functools
import math
import os
import signal
import sys
import warnings
from collections.abc import Sequence
from pathlib import Path

from fer_md import __version__
from fer_md.faces.choice import ALIGNMENTS, DETECTORS, READY, choose_alignment, choose_detector

EXPERIMENTS = {
    "train": (
        "pretrain",
        "train a network on a folder of pictures (train FOLDER) or a prepared data set",
    ),
    "finetune": ("finetune", "fine-tune networks with exchanged data sets"),
    "joint": ("joint", "train one network on several data sets together"),
    "evaluate": (
        "evaluate",
        "measure networks on a folder of pictures, by group (evaluate FOLDER), or on a prepared data set",
    ),
    "cross": ("cross_datasets", "measure networks on several data sets, seen and unseen"),
    "export": ("export", "export a network for other programs"),
    "serve": ("serve", "serve an exported network on this machine, like TensorFlow Serving"),
    "report": ("report", "write an HTML report about runs"),
}
"""Commands that pass their arguments to a script in ``experiments/``: its name, and what it does."""

ENGINES = ("process", "ray")
"""Where ``predict`` works."""

OF_FOLDERS = {"train": "train_folder", "evaluate": "evaluate_folder"}
"""The script behind a command of ``EXPERIMENTS`` where a folder follows it, and not a flag."""

DATA_SETS = ("fer2013", "facial_expressions", "sfew", "ckplus", "mmi", "collected", "synthetic")
"""What ``prepare`` prepares, each by a script of its name in ``data_prep/``."""

_DESCRIPTION = (
    "Finds faces in pictures and videos and predicts their expressions. Prepares data, trains, evaluates and serves."
)
_EPILOG = "For the flags of a command add --help after it."


def main(arguments: Sequence[str] | None = None) -> int:
    """Runs the command.

    Args:
        arguments: of the command line; None for those of the process.

    Returns:
        exit status: 0; 1 where something could not be read; 2 for wrong usage; 130 after Ctrl-C or SIGTERM.
    """
    arguments = sys.argv[1:] if arguments is None else arguments
    if arguments and arguments[0] in OF_FOLDERS and _is_of_a_folder(arguments[1:]):
        return _hand_over("experiments", OF_FOLDERS[arguments[0]], arguments[1:])
    if arguments and arguments[0] in EXPERIMENTS:
        return _hand_over("experiments", EXPERIMENTS[arguments[0]][0], arguments[1:])
    if arguments and arguments[0] == "prepare":
        return _prepare(arguments[1:])
    from fer_md import console

    console.open_streams()
    parsed = _parse(arguments)
    if not parsed.debug:
        _quieten_decoders()
    return console.guard(functools.partial(parsed.run, parsed), parsed.debug) or 0


def _is_of_a_folder(arguments):
    """Whether what follows ``train`` or ``evaluate`` names a folder first, or nothing yet but wants to know how."""
    return not arguments or arguments[0] in ("--help", "-h") or not arguments[0].startswith("-")


class _Parser(argparse.ArgumentParser):
    """Says in one line what is wrong."""

    def error(self, message):
        self.exit(2, f"error: {message}; see {self.prog} --help\n")


def _parse(arguments):
    parser, commands = _parser()
    parsed, unknown = parser.parse_known_args(arguments)
    if unknown:
        command = commands.get(arguments[0], parser)
        flag = unknown[0].partition("=")[0]
        near = difflib.get_close_matches(flag, command._option_string_actions, 1)
        command.error(f"there is no {flag}" + (f", but {near[0]}" if near else ""))
    return parsed


def _parser():
    """The parser, and those of the commands by their names."""
    parser = _Parser("fer-md", description=_DESCRIPTION, epilog=_EPILOG, allow_abbrev=False)
    parser.add_argument("--version", action="version", version=f"fer-md {__version__}")
    commands = parser.add_subparsers(title="commands", required=True, metavar="COMMAND")
    predict = commands.add_parser("predict", allow_abbrev=False, help="find faces and predict their expressions")
    predict.set_defaults(run=_predict)
    predict.add_argument(
        "paths",
        nargs="+",
        metavar="PATH",
        help="a picture, folder, pattern ('photos/**/*.jpg'), video or table of pictures (.parquet), or the number of "
        "a camera",
    )
    predict.add_argument(
        "--model",
        help="photographs or fer2013, the bundled networks; a run directory; a .keras file of an "
        "ExpressionClassifier; a SavedModel or .tflite file of fer-md export; or a server, grpc://HOST:PORT/MODEL or "
        "http://HOST:PORT/MODEL (default: photographs)",
    )
    predict.add_argument(
        "--data", help="data set whose expressions to predict: its name in the run, or its prepared folder"
    )
    predict.add_argument(
        "--output",
        metavar="FILE",
        help=".jsonl or .csv file for the results (default: JSON lines on stdout); or a folder, .parquet, which the "
        "same command completes when it is started again",
    )
    predict.add_argument(
        "--engine",
        choices=ENGINES,
        default=ENGINES[0],
        help="where to predict: in this process, or with Ray on all cores of this machine or of a cluster, into a "
        f"folder .parquet or .jsonl (default: {ENGINES[0]})",
    )
    predict.add_argument(
        "--workers", type=_positive, metavar="N", help="for --engine=ray: processes, a core each (default: all cores)"
    )
    predict.add_argument("--overwrite", action="store_true", help="replace what --output names if it exists")
    predict.add_argument(
        "--annotate", metavar="DIR", help="new folder for copies of the pictures and videos with the faces drawn in"
    )
    predict.add_argument(
        "--explain", metavar="DIR", help="new folder for a figure of each face: which parts of it decided the label"
    )
    predict.add_argument(
        "--show",
        action="store_true",
        help="show the frames in a window with the faces drawn in; closing it ends the command",
    )
    finder = predict.add_mutually_exclusive_group()
    finder.add_argument(
        "--detector",
        choices=DETECTORS,
        default=READY[0],
        help=f"face detector; none: each picture is a face crop (default: {READY[0]})",
    )
    finder.add_argument(
        "--boxes", metavar="FILE", help=".csv or .jsonl file with bounding boxes of the faces, instead of a detector"
    )
    predict.add_argument(
        "--detector_dir", metavar="DIR", help="for --detector=region: folder that experiments/train_detector.py wrote"
    )
    predict.add_argument(
        "--min_face",
        type=_side,
        metavar="PIXELS",
        help="for --detector=yunet or mtcnn: side of the smallest face (default: 20 to 40, a 48th of a large picture)",
    )
    predict.add_argument(
        "--min_score",
        type=_score,
        metavar="SCORE",
        help="lowest score of a face, between 0 and 1 (default of yunet and mtcnn: 0.8); "
        "a higher one gives fewer false alarms and misses more faces",
    )
    predict.add_argument(
        "--align",
        choices=ALIGNMENTS,
        default="eyes",
        help="how a face is cut out: rotated and scaled by its eyes, or by its box (default: eyes)",
    )
    predict.add_argument(
        "--cascade", metavar="FILE", help="for --align=cascade: file that experiments/train_alignment.py wrote"
    )
    predict.add_argument(
        "--landmarks68", action="store_true", help="find 68 landmarks of each face too, for research use"
    )
    predict.add_argument("--max_faces", type=_positive, metavar="N", help="keep only the N largest faces of a picture")
    predict.add_argument(
        "--mirror",
        action="store_true",
        help="average over each face and its mirror image, which takes the network twice as long",
    )
    predict.add_argument(
        "--prior",
        metavar="PRIOR",
        help="how frequent each expression is where the pictures come from: uniform, fer2013, facial_expressions "
        "(press photographs), or happiness=0.4,neutral=0.5 and so on for all expressions",
    )
    predict.add_argument(
        "--prior_share",
        type=float,
        metavar="SHARE",
        help="for --prior: how much of the correction to apply, from 0 to 1 (default: 0.5)",
    )
    predict.add_argument(
        "--every", type=_positive, default=1, metavar="N", help="process only every N-th frame of a video"
    )
    predict.add_argument(
        "--track", action="store_true", help="number the faces of a video and follow them from frame to frame"
    )
    predict.add_argument(
        "--smooth",
        type=float,
        default=0.0,
        metavar="SECONDS",
        help="average the probabilities of each face of a video over these seconds; includes --track",
    )
    info = commands.add_parser("info", allow_abbrev=False, help="show versions, networks and expressions")
    info.set_defaults(run=_info)
    info.add_argument("--model", help="as for predict")
    info.add_argument("--data", help="as for predict")
    demo = commands.add_parser("demo", allow_abbrev=False, help="show a page for the browser: pictures and the camera")
    demo.set_defaults(run=_demo)
    demo.add_argument("--model", help="as for predict")
    demo.add_argument("--data", help="as for predict")
    demo.add_argument(
        "--host", default="127.0.0.1", help="address to listen on (default: 127.0.0.1, this machine alone)"
    )
    demo.add_argument("--port", type=_port, default=8000, help="port; 0 for a free one (default: 8000)")
    demo.add_argument(
        "--runtime",
        metavar="DIR",
        help="folder with the files of LiteRT's runtime for browsers (default: fetched once from npm's registry)",
    )
    for command in (predict, info, demo):
        command.add_argument(
            "--trust", action="store_true", help="load a SavedModel even if it could do more than compute"
        )
        command.add_argument("--debug", action="store_true", help="show the traceback of an error")
    commands.add_parser("prepare", help="prepare a data set for training")
    for name, (_, text) in EXPERIMENTS.items():
        commands.add_parser(name, help=text)
    return parser, commands.choices


def _positive(text, least=1):
    if not (text.isascii() and text.isdecimal() and int(text) >= least):
        raise argparse.ArgumentTypeError(f"must be a whole number of at least {least}, not {text}")
    return int(text)


def _side(text):
    return _positive(text, 5)


def _port(text):
    if (port := _positive(text, 0)) > 65535:
        raise argparse.ArgumentTypeError(f"must be at most 65535, not {text}")
    return port


def _score(text):
    try:
        score = float(text)
    except ValueError:
        score = math.nan
    if not 0 < score < 1:
        raise argparse.ArgumentTypeError(f"must be a number above 0 and below 1, not {text}")
    return score


def _prepare(arguments):
    parser = _Parser(
        "fer-md prepare",
        usage="fer-md prepare DATA_SET|PATH [--help] --FLAG=VALUE ...",
        description="Prepares a data set for training. For its flags add --help after its name. With the path of a "
        "folder or file alone, says which data set that is; with --output as well, prepares it.",
    )
    parser.add_argument("data_set", metavar="DATA_SET|PATH", help=", ".join(DATA_SETS))
    data_set = parser.parse_args(arguments[:1]).data_set
    if data_set in DATA_SETS:
        return _hand_over("data_prep", data_set, arguments[1:])
    if not os.path.exists(data_set):
        parser.error(f"{data_set}: no such folder or file, and none of {', '.join(DATA_SETS)}")
    return _hand_over("data_prep", "recognised", [f"--source={data_set}", *arguments[1:]])


def _hand_over(folder, name, arguments):
    """Replaces this process by a script, so that signals reach the script."""
    script = _scripts() / folder / f"{name}.py"
    sys.stdout.flush()
    return os.execv(sys.executable, [sys.executable, str(script), *arguments])


def _scripts():
    """The folder of ``experiments/`` and ``data_prep/``: a wheel has them in the package, a checkout beside it."""
    installed = Path(__file__).parent / "_scripts"
    return installed if installed.is_dir() else Path(__file__).parents[1]


def _quieten_decoders():
    """Hides what the decoders of pictures write to stderr without naming the file. Our own messages stay."""
    sys.stderr.flush()
    sys.stderr = os.fdopen(os.dup(2), "w", buffering=1, errors="backslashreplace")
    sink = os.open(os.devnull, os.O_WRONLY)
    os.dup2(sink, 2)
    os.close(sink)
    warnings.filterwarnings("ignore", module="PIL")


def _predict(parsed):
    from fer_md.errors import FerMdError
    from fer_md.prediction.tracks import check_smoothing

    signal.signal(signal.SIGTERM, signal.default_int_handler)  # ends like Ctrl-C: what is predicted so far is kept
    problems = []

    def on_problem(error):
        problems.append(error)
        print(f"skipped: {error}", file=sys.stderr)

    if parsed.workers and parsed.engine != "ray":
        raise FerMdError("--workers is for --engine=ray")
    in_parts = parsed.engine == "ray" or (parsed.output or "").lower().endswith(".parquet")
    check_smoothing(parsed.smooth)
    return (_predict_parts if in_parts else _predict_file)(parsed, on_problem, problems)


def _predict_file(parsed, on_problem, problems):
    from fer_md import console
    from fer_md.prediction import annotated_files, records
    from fer_md.prediction.own_boxes import OwnBoxes
    from fer_md.prediction.predict_media import predict_media

    if parsed.output:  # what is wrong with the outputs is said before the model is loaded
        records.check_file(parsed.output, parsed.overwrite)
    else:
        signal.signal(signal.SIGPIPE, signal.SIG_DFL)  # as any command that is piped into head
    if parsed.annotate:
        annotated_files.check_folder(parsed.annotate)
    if parsed.explain:
        annotated_files.check_folder(parsed.explain)
    boxes_of = OwnBoxes(parsed.boxes, on_problem).of if parsed.boxes else None
    counts = predict_media(
        _predictor(parsed),
        parsed.paths,
        parsed.output,
        parsed.annotate,
        boxes_of,
        parsed.every,
        track=parsed.track,
        smoothing=parsed.smooth,
        explain=parsed.explain,
        show=parsed.show,
        on_problem=on_problem,
    )
    print(
        f"frames {counts['frames']}, faces {counts['faces']}, frames without a face {counts['without']}, "
        f"problems {len(problems)}" + (", interrupted" if counts["interrupted"] else ""),
        file=sys.stderr,
    )
    return console.STOPPED if counts["interrupted"] else int(bool(problems))


def _predict_parts(parsed, on_problem, problems):
    from fer_md import console
    from fer_md.errors import FerMdError
    from fer_md.prediction.parts import Parts, check_folder
    from fer_md.prediction.picture_rows import PictureRows
    from fer_md.prediction.predict_parts import Workers, predict_parts

    if not parsed.output:
        raise FerMdError("--engine=ray needs --output, the name of a folder that ends in .parquet or .jsonl")
    if alone := [name for name in ("boxes", "annotate", "explain", "show", "landmarks68") if getattr(parsed, name)]:
        raise FerMdError(f"--{alone[0]} works with a .jsonl or .csv file and --engine=process alone")
    check_folder(parsed.output)
    make = functools.partial(
        PictureRows, functools.partial(_predictor, parsed), parsed.every, parsed.track, parsed.smooth
    )
    with contextlib.ExitStack() as held:
        workers: Workers
        if parsed.engine == "ray":
            from fer_md.prediction.ray_workers import ray_workers

            workers = held.enter_context(ray_workers(make, parsed.workers))
        else:
            workers = make()
        settings = {name: getattr(parsed, name) for name in _DECIDING} | {"fer_md": __version__}
        parts = held.enter_context(Parts(parsed.output, settings, workers.expressions, parsed.overwrite))
        counts = predict_parts(workers, parsed.paths, parts, on_problem)
    print(
        f"faces {counts['faces']}, files without a face {counts['without']}, problems {len(problems)}, "
        f"done before {counts['before']}"
        + (", interrupted; the same command goes on" if counts["interrupted"] else ""),
        file=sys.stderr,
    )
    return console.STOPPED if counts["interrupted"] else int(bool(problems))


_DECIDING = (
    *("model", "data", "detector", "detector_dir", "min_face", "min_score", "align", "cascade", "max_faces", "mirror"),
    *("prior", "prior_share", "every", "track", "smooth"),
)
"""Flags of ``predict`` that its rows depend on."""


def _predictor(parsed):
    from fer_md.evaluation.prior import parse_prior
    from fer_md.prediction.predictor import Predictor

    align, cascade = choose_alignment(parsed.align, parsed.cascade)
    name = "none" if parsed.boxes else parsed.detector
    detector = choose_detector(name, parsed.detector_dir, parsed.min_face, parsed.min_score)
    prior = parse_prior(parsed.prior) if parsed.prior else None
    return Predictor(
        _classifier(parsed),
        detector,
        align,
        parsed.max_faces,
        cascade=cascade,
        mirror=parsed.mirror,
        prior=prior,
        prior_share=parsed.prior_share,
        landmarks68=parsed.landmarks68,
    )


def _info(parsed):
    import cv2

    from fer_md.pretrained.networks import PHOTOGRAPHS
    from fer_md.runs.provenance import environment, installed_version

    _print_pairs(environment() | {"ai-edge-litert": installed_version("ai-edge-litert"), "opencv": cv2.__version__})
    classifier = _classifier(parsed)
    _print_pairs(
        {
            "model": parsed.model or PHOTOGRAPHS,
            "networks": ", ".join(classifier.networks),
            "expressions": ", ".join(classifier.expressions),
            "face": f"{classifier.image_size}x{classifier.image_size} gray",
        }
    )


def _demo(parsed):
    from fer_md.demo.server import DemoServer
    from fer_md.prediction.predictor import Predictor

    signal.signal(signal.SIGTERM, signal.default_int_handler)
    predictor = Predictor(_classifier(parsed))
    with DemoServer(predictor, _in_browser(parsed), parsed.host, parsed.port) as server:
        print(f"{server.url} shows the page, until Ctrl-C", flush=True)
        server.serve_forever()


def _in_browser(parsed):
    """What the page of ``demo`` looks at pictures with; where there is nothing, a line says why."""
    from fer_md.demo.in_browser import in_browser, not_in_browser
    from fer_md.demo.runtime import find_runtime
    from fer_md.errors import FerMdError
    from fer_md.pretrained.networks import NETWORKS, PHOTOGRAPHS

    def say(text):
        print(text, file=sys.stderr, flush=True)

    name = parsed.model or PHOTOGRAPHS
    if name not in NETWORKS:
        return not_in_browser(f"a browser runs the networks {', '.join(NETWORKS)} alone")
    try:
        return in_browser(name, find_runtime(parsed.runtime, say))
    except FerMdError as error:
        if parsed.runtime:
            raise
        say(f"{error}\nWithout it the page sends its pictures to this server. --runtime=DIR takes a copy.")
        return not_in_browser("the runtime for browsers could not be fetched")


def _classifier(parsed):
    """What --model names: a network that is here, or one on a server."""
    from fer_md.errors import FerMdError
    from fer_md.prediction.classifier import load_classifier

    if "://" not in (parsed.model or ""):
        return load_classifier(parsed.model, parsed.data, parsed.trust)
    if parsed.data:
        raise FerMdError(f"{parsed.model}: data={parsed.data} is for run directories; a server has one label space")
    from fer_md.serving.client import Client

    return Client(parsed.model)


def _print_pairs(found):
    for name, value in found.items():
        print(f"{name:<32}{value}")


if __name__ == "__main__":
    sys.exit(main())
