"""How well networks know press photographs of women and of men, as far as first names tell.

python experiments/first_names.py --source=facial_expressions.zip --names=NAMES --output=docs/results/first_names.json

The photographs have no column for it, but names of their files: Abigail_Breslin_0001.jpg. NAMES is a folder with
dist.female.first and dist.male.first of the United States' Census of 1990 (in the sdist of the package names, in
names/). A first name counts as a woman's or a man's where one of the two had it ten times as often. That is how names
are given in one country, not what the people are: a third of the photographs is of names that it does not tell.
"""

import dataclasses
import sys
from pathlib import Path

from evaluate_folder import MainFace, answer, compare, with_groups
from fer_md import console
from fer_md.errors import FerMdError
from fer_md.evaluation.prior import parse_prior
from fer_md.faces.choice import choose_detector
from fer_md.prediction.predictor import Predictor
from fer_md.pretrained.networks import PHOTOGRAPHS
from fer_md.readers.grouped_pictures import open_grouped_pictures
from fer_md.runs.results import write_result
from pages.blocks import markdown
from pages.group_study import GroupStudy
from pages.sections.groups import groups_blocks

TIMES = 10
"""How many times as often as the other sex one must have a name."""

COLUMN = "first name"


@dataclasses.dataclass(frozen=True)
class Settings:
    source: str = console.flag("facial_expressions.zip, or the repository unpacked.")
    names: str = console.flag("Folder with dist.female.first and dist.male.first.")
    network: str = console.flag("Network, as for fer-md predict --model.", PHOTOGRAPHS)
    split: str = console.flag("Split whose people are shown.", "test")
    prior: str | None = console.flag("How frequent each expression is, as for fer-md predict.", None)
    output: str | None = console.new_file("JSON file for the figures.", None)


def main(settings: Settings) -> None:
    women, men = (read_names(Path(settings.names) / f"dist.{sex}.first") for sex in ("female", "male"))
    prior = parse_prior(settings.prior) if settings.prior else None
    predictor = Predictor(settings.network, MainFace(choose_detector()), prior=prior)
    with open_grouped_pictures(settings.source, split=settings.split) as (pictures, _):
        cells = [(group_of(picture.person, women, men),) for picture in pictures]
        named = [dataclasses.replace(picture, groups=cell) for picture, cell in zip(pictures, cells, strict=True)]
        named = with_groups(named, [COLUMN])
        measured, probabilities = answer(predictor, named)
    found = GroupStudy(
        data=f"facial_expressions, {settings.split}",
        network=settings.network,
        prior=settings.prior,
        unread=len(named) - len(measured),
        left_out={},
        **compare(measured, probabilities, predictor.expressions, [COLUMN]),
    )
    print(markdown(groups_blocks(found)))
    if settings.output:
        write_result(settings.output, found)


def read_names(path: Path) -> dict[str, float]:
    """The per cent of people who have each first name, in lower case."""
    try:
        rows = [line.split() for line in path.read_text(encoding="ascii").splitlines()]
        return {name.lower(): float(share) for name, share, *_ in rows}
    except FileNotFoundError:
        raise FerMdError(f"{path}: no such file; the sdist of the package names has it") from None
    except ValueError:
        raise FerMdError(f"{path}: must have a name and its per cent on each line") from None


def group_of(person: str, women: dict[str, float], men: dict[str, float]) -> str:
    """``women``, ``men``, or "" where the first name does not tell."""
    first, _, rest = person.partition("_")
    hers, his = women.get(first.lower(), 0.0), men.get(first.lower(), 0.0)
    if rest and hers > TIMES * his:
        return "women"
    return "men" if rest and his > TIMES * hers else ""


if __name__ == "__main__":
    sys.exit(console.run(main, Settings))
