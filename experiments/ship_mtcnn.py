"""Makes the package's own files of MTCNN's three networks, from those that the package mtcnn 1.0.0 holds.

pip install mtcnn==1.0.0
python experiments/ship_mtcnn.py

Writes fer_md/faces/mtcnn_networks: a file of LiteRT for each network, their hashes, and the licence of the package.
mtcnn unpickles its weights; the files here are data alone.
"""

import dataclasses
import importlib.metadata
import sys
from pathlib import Path

import numpy as np

from fer_md import console
from fer_md.faces.judge import NETWORKS
from fer_md.files import atomic_file, file_sha256, write_json

SIDES = {"propose": (None, 12), "refine": (24, 24), "confirm": (48, 48)}
"""For each network, in the order of the package: the sides that it takes, None for any, and those of the examples."""

MOST = 1e-4
"""Largest difference between a number of LiteRT's answer and of TensorFlow's."""


@dataclasses.dataclass(frozen=True)
class Settings:
    output: str = console.flag("Folder for the files.", str(NETWORKS))


def main(settings: Settings):
    from mtcnn import MTCNN

    from fer_md.litert.convert import beside, convert

    output = Path(settings.output)
    output.mkdir(parents=True, exist_ok=True)
    random = np.random.default_rng(0)
    for stage, (name, (side, example)) in zip(MTCNN().stages, SIDES.items(), strict=True):
        examples = random.uniform(-1, 1, (64, example, example, 3)).astype(np.float32)
        content, _ = convert(stage.model, beside, examples, MOST, shape=(side, side, 3))
        with atomic_file(output / f"{name}.tflite") as partial:
            partial.write_bytes(content)
    write_json(output / "sha256.json", {name: file_sha256(output / f"{name}.tflite") for name in SIDES})
    licence = importlib.metadata.distribution("mtcnn").read_text("LICENSE")
    (output / "LICENSE").write_text(licence, encoding="utf-8")
    print(output)


if __name__ == "__main__":
    sys.exit(console.run(main, Settings))
