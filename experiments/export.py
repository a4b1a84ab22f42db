"""Exports a bundled network, a finished run or the fusion of several: SavedModel, LiteRT, ONNX or OpenVINO.

python experiments/export.py --pretrained --output=runs/served/fer
python experiments/export.py --run_dir=runs/quick/seed0 --output=runs/served/fer
python experiments/export.py --run_dir=runs/method/finetuned --data=runs/data/fer2013 --output=runs/served/fer
python experiments/export.py --pretrained --format=litert --quantize=int8 --output=runs/fer.tflite

The file appears once it predicts as the Keras model does. docs/SERVING.md has the formats, the signatures and how to
serve them. The probabilities of a fine-tuning run's networks, or of several runs named with commas, are added up with
--score_weights (Sec. 3.2.2). With --prior the predictions are those of `fer-md predict --prior`.
"""

import dataclasses
import sys
from pathlib import Path

import numpy as np

from fer_md import console
from fer_md.data.records import read_info
from fer_md.errors import FerMdError
from fer_md.evaluation.components import check_expressions, find_networks, fused_prior, load_scorer, model_hashes
from fer_md.evaluation.prior import chosen_share, learned_prior, parse_prior, prior_shift
from fer_md.files import check_new
from fer_md.models import build_fused
from fer_md.models.float32 import in_float32
from fer_md.pretrained.load import load_pretrained
from fer_md.pretrained.networks import LICENSE, NETWORKS, PHOTOGRAPHS, describe
from fer_md.runs.run_directory import read_settings
from fer_md.serving.checks import QUANTIZE
from fer_md.serving.litert_file import export_litert
from fer_md.serving.onnx_file import export_onnx
from fer_md.serving.openvino_files import export_openvino
from fer_md.serving.saved_model import export_saved_model
from fer_md.serving.served_network import ServedNetwork

FORMATS = {
    "savedmodel": ("none",),
    "litert": QUANTIZE,
    "onnx": QUANTIZE,
    "openvino": QUANTIZE,
}
"""What is written, and how its weights may be stored."""

SUFFIXES = {"litert": ".tflite", "onnx": ".onnx"}
"""Of the formats that are one file."""


@dataclasses.dataclass(frozen=True)
class Settings:
    run_dir: tuple[str, ...] | None = console.flag(
        "Finished run of experiments/pretrain.py or finetune.py, or several.", None
    )
    pretrained: bool = console.flag("A bundled network instead of a run.", False)
    output: str = console.flag(
        "What to write: for a SavedModel the base folder, which gets a numbered one; a .tflite or .onnx file; for "
        "OpenVINO a new folder."
    )
    format: str = console.flag("onnx and openvino need extra packages.", "savedmodel", choices=tuple(FORMATS))
    quantize: str = console.flag(
        "How weights are stored: none (float32), float16 or int8; a SavedModel has none.", "none", choices=QUANTIZE
    )
    version: int | None = console.flag("Version number of a SavedModel; the next free one by default.", None, least=1)
    warmup: bool = console.flag(
        "Add requests that TensorFlow Serving runs when it loads a SavedModel, so that the first user need not wait.",
        False,
    )
    overwrite: bool = console.flag(
        "Replace the file, or the folder of OpenVINO, that --output names if it is there.", False
    )
    data: str | None = console.flag("Prepared folder whose label space is served; needed with several networks.", None)
    network: str | None = console.flag(
        "One network of the run, such as component1; all by default. With --pretrained: photographs, the default, "
        "or fer2013.",
        None,
    )
    prior: str | None = console.flag(
        "Correct for this prior: uniform, fer2013, facial_expressions, or happiness=0.4,neutral=0.5 and so on for all "
        "expressions.",
        None,
    )
    prior_share: float | None = console.flag(
        "How much of the correction to apply; 0.5 by default.", None, least=0, most=1
    )
    score_weights: tuple[float, ...] = console.flag("Weight of each network, adding up to 1; equal by default.", ())


def main(settings: Settings):
    check(settings)
    model, expressions, learned, about = pretrained(settings) if settings.pretrained else trained(settings)
    network = ServedNetwork(model, expressions, shift_of(settings, learned, expressions), learned, about)
    print(write(settings, network))


def check(settings: Settings):
    """What is wrong with the flags is said before a network is loaded."""
    if settings.pretrained == bool(settings.run_dir):
        raise FerMdError("name a --run_dir, or pass --pretrained: one of both")
    stored = FORMATS[settings.format]
    if settings.quantize not in stored:
        raise FerMdError(f"--quantize={settings.quantize}: {settings.format} has {', '.join(stored)}")
    output, suffix = Path(settings.output), SUFFIXES.get(settings.format)
    if settings.format == "savedmodel":
        if found := [name for name, end in SUFFIXES.items() if output.suffix == end]:
            raise FerMdError(f"{output}: a SavedModel is a folder; add --format={found[0]} for such a file")
        if settings.overwrite:
            raise FerMdError("--overwrite is not for a SavedModel, whose versions stand side by side; see --version")
        return
    if settings.version:
        raise FerMdError(f"--version={settings.version} is for a SavedModel, not for {settings.format}")
    if settings.warmup:
        raise FerMdError(f"--warmup is for a SavedModel, not for {settings.format}")
    if suffix and output.suffix != suffix:
        raise FerMdError(f"{output}: the name of a file of {settings.format} must end in {suffix}")
    check_new(output, settings.overwrite)
    if output.is_dir() and not settings.overwrite:
        raise FerMdError(f"{output}: is there already; add --overwrite to replace it, or name another folder")


def write(settings: Settings, network: ServedNetwork) -> Path:
    match settings.format:
        case "litert":
            return export_litert(network, settings.output, settings.quantize)
        case "onnx":
            return export_onnx(network, settings.output, settings.quantize)
        case "openvino":
            return export_openvino(network, settings.output, settings.quantize, settings.overwrite)
    return export_saved_model(network, settings.output, settings.version, settings.warmup)


def shift_of(settings: Settings, learned: np.ndarray | None, expressions: list[str]) -> np.ndarray | None:
    """What --prior adds to the logits of a network that holds the prior ``learned``."""
    share = chosen_share(settings.prior, settings.prior_share)
    if settings.prior is None:
        return None
    return prior_shift(parse_prior(settings.prior), share, learned, expressions)


def pretrained(settings: Settings):
    if settings.data or settings.score_weights:
        raise FerMdError("--pretrained is one network, fused already: without --data and --score_weights")
    name = console.one_of("network", settings.network or PHOTOGRAPHS, NETWORKS)
    description = describe(name)
    expressions = description["expressions"]
    about = {"network": name, "weights": description["weights"], "license": LICENSE}
    return load_pretrained(name), expressions, learned_prior(description, expressions), about


def trained(settings: Settings):
    name = read_info(settings.data)["name"] if settings.data else None
    networks = find_networks(list(settings.run_dir), settings.network, name)
    found = fused(settings, networks) if len(networks) > 1 or settings.data else single(settings, *networks[0])
    model, expressions, learned = found
    return in_float32(model), expressions, learned, {"weights": model_hashes(networks), "license": None}


def single(settings: Settings, run_dir: str, network: str):
    stored = read_settings(run_dir)
    if settings.score_weights:
        raise FerMdError(f"{run_dir}: --score_weights is for several networks, and there is one")
    if network != "model":
        raise FerMdError(f"{run_dir}: --data must name the data set whose label space is served")
    check_expressions(run_dir, stored)
    expressions = stored["expressions"]
    model, _ = load_scorer(run_dir, network, {**stored, "name": stored["data"]})
    return model, expressions, learned_prior(stored, expressions)


def fused(settings: Settings, networks: list[tuple]):
    if not settings.data:
        raise FerMdError(f"{networks[0][0]}: several networks; --data must name the data set of the label space")
    info = read_info(settings.data)
    models, heads = zip(*(load_scorer(run, name, info) for run, name in networks), strict=True)
    weights, expressions = list(settings.score_weights) or None, info["expressions"]
    try:
        model = build_fused(list(models), weights, list(heads))
    except ValueError as error:
        raise FerMdError(f"--score_weights, --run_dir: {error}") from None
    return model, expressions, fused_prior(networks, expressions, weights)


if __name__ == "__main__":
    sys.exit(console.run(main, Settings))
