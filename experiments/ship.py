"""Makes the package's own network of finished runs: compressed, with a temperature from PublicTest.

python experiments/ship.py --run_dir=runs/bundled/component1,runs/bundled/component2 --data=runs/data/fer2013

Writes fer_md/pretrained/network.tflite, for LiteRT, weights.npz, what Keras needs besides, and description.json. The
temperature is fitted on --validation, on the compressed networks; the test split is not read. The scores have equal
weights: fitted ones would favour the network that knows the faces of --validation best, and other faces less.
Evaluate the result with experiments/evaluate.py --pretrained. Without --run_dir only network.tflite is made again, of
the folder's weights, and weights.npz, which leaves out what is in it.
"""

import dataclasses
import sys
import tempfile
from pathlib import Path

from fer_md import console
from fer_md.data.records import Split, load_split, read_info
from fer_md.errors import FerMdError
from fer_md.evaluation.calibration import fit_temperature
from fer_md.evaluation.components import find_networks, fused_prior, load_scorer, model_hashes, stack_scores
from fer_md.models.fused import check_weights, fuse
from fer_md.pretrained.description import FOLDER, read_description
from fer_md.pretrained.store import config_from_json, load_components, save_litert, save_pretrained
from fer_md.runs.provenance import command_line, environment
from fer_md.runs.run_directory import read_settings

MEBIBYTE = 2**20
LARGEST = 30
"""MiB that the package's weights may have."""


@dataclasses.dataclass(frozen=True)
class Settings:
    run_dir: tuple[str, ...] = console.flag(
        "Finished run of experiments/pretrain.py or joint.py, or several; without it only the file for LiteRT is made.",
        (),
    )
    data: str = console.flag("Prepared folder whose label space is used.")
    validation: str = console.flag("Split on which the temperature is fitted.", "PublicTest")
    output: str = console.flag("Folder for the files.", str(FOLDER))


def main(settings: Settings):
    split = load_split(settings.data, settings.validation)
    if settings.run_dir:
        ship(settings, split)
    save_litert(settings.output, split.images)
    print(f"{settings.output}: for LiteRT, {read_description(settings.output)['litert']}")


def ship(settings: Settings, split: Split):
    info = read_info(settings.data)
    networks = find_networks(settings.run_dir, data=info["name"])
    scorers = [load_scorer(run, name, info) for run, name in networks]
    description = {
        "command": command_line(),
        "data": info["name"],
        "manifest_sha256": info["manifest_sha256"],
        "expressions": info["expressions"],
        "validation": settings.validation,
        "runs": [read_settings(run) for run, _ in networks],
        "models": model_hashes(networks),
        "environment": environment(),
    }
    components = [(model, config_of(run)) for (model, _), (run, _) in zip(scorers, networks, strict=True)]
    with tempfile.TemporaryDirectory() as folder:  # what compression leaves of them
        save_pretrained(folder, components, {**description, "score_weights": None, "temperature": None, "prior": None})
        size = (Path(folder) / "weights.npz").stat().st_size / MEBIBYTE
        if size > LARGEST:
            raise FerMdError(f"{', '.join(settings.run_dir)}: {size:.1f} MiB of weights; at most {LARGEST} may ship")
        compressed = load_components(folder)
    exact = stack_scores(scorers, split.images)
    scores = stack_scores([(model, "logits") for model in compressed], split.images)
    weights = check_weights(None, len(networks))
    fused, prior = fuse(scores, weights), fused_prior(networks, info["expressions"], weights)
    if prior is None:
        raise FerMdError(f"{', '.join(settings.run_dir)}: a bundled network must state its prior in config.json")
    before, after = (float((found.argmax(1) == split.labels).mean()) for found in (fuse(exact, weights), fused))
    save_pretrained(
        settings.output,
        components,
        {
            **description,
            "score_weights": weights,
            "temperature": fit_temperature(fused, split.labels),
            "prior": dict(zip(info["expressions"], prior.tolist(), strict=True)),
            "accuracy": {"float32": before, "compressed": after},
        },
    )
    print(
        f"{settings.output}: {size:.1f} MiB; {settings.validation} {100 * before:.2f} % in float32, "
        f"{100 * after:.2f} % compressed"
    )


def config_of(run):
    settings = read_settings(run)
    if "fc_units" not in settings.get("network", ()):
        raise FerMdError(f"{run}: only components of experiments/pretrain.py and joint.py can ship")
    return config_from_json(settings["network"])


if __name__ == "__main__":
    sys.exit(console.run(main, Settings))
