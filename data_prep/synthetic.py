"""Draws a data set of faces and writes it as a prepared data set.

    python data_prep/synthetic.py --domain=lab --count=6000 --output=runs/data/synthetic-lab
    python data_prep/synthetic.py --domain=wild --count=6000 --seed=1 --output=runs/data/synthetic-wild

The faces show seven expressions in equal numbers; the splits Training, PublicTest and PrivateTest (80, 10 and 10 %)
have no person in common. The same flags give the same pixels. No real face is involved.
"""

import dataclasses

from fer_md import console
from fer_md.data.overview import overview
from fer_md.data.records import write_dataset
from fer_md.drawn.domains import DOMAINS
from fer_md.drawn.synthetic import draw_faces


@dataclasses.dataclass(frozen=True)
class Settings:
    domain: str = console.flag(
        "lab: frontal, even light; wild: pose, light, blur, occlusion.", "lab", choices=list(DOMAINS)
    )
    count: int = console.flag("Number of faces over all splits.", 6000, least=1)
    seed: int = console.flag("Another seed draws other people.", 0)
    output: str = console.flag("Folder to make.")
    overwrite: bool = console.flag("Replace the output folder if it exists.", False)


def main(settings: Settings):
    faces = draw_faces(settings.domain, settings.count, settings.seed)
    name = f"synthetic-{settings.domain}"
    info = write_dataset(faces, settings.output, name, overwrite=settings.overwrite, total=settings.count)
    print(overview(info))
    print(f"\nwritten: {settings.output}")


if __name__ == "__main__":
    console.run(main, Settings)
