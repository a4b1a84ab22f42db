"""How good a network is for groups of people, side by side."""

from pathlib import Path

from fer_md.evaluation.groups import FEWEST_FACES, FEWEST_PEOPLE, OVERALL, Comparison, Estimate, Group
from fer_md.runs.results import read_result
from pages.blocks import Block, Commands, Table, Text, table
from pages.cells import MISSING, between, percent
from pages.group_study import GroupStudy

READING = (
    "In brackets are 95 % intervals, made by resampling people with all their pictures. One in twenty misses the true "
    "value, so some of many differences are chance. Macro recall is over the expressions that enough people show in "
    f"each group. A figure is given for at least {FEWEST_PEOPLE} people, a group only with {FEWEST_FACES} faces or "
    "more. Overconfidence is the mean probability of the predictions minus their accuracy. The calibration error is "
    "larger in small groups, whatever they show, so compare groups by overconfidence."
)


FIRST_NAMES = (
    "Women and men on press photographs of people whom no network saw, judged by their first names: a name counts as a "
    "woman's or a man's if the United States Census of 1990 has it ten times as often for one of the two. People with "
    "other names are in the group not stated."
)


def first_names_blocks(folder: Path) -> list[Block]:
    """The tables of the files ``first_names_*.json`` in ``docs/results``; nothing where there are none."""
    found = [read_result(GroupStudy, folder / f"first_names_{name}.json") for name in _named(folder)]
    if not found:
        return []
    blocks: list[Block] = [Text(FIRST_NAMES)]
    for study in found:
        for comparison in study.columns.values():
            blocks += [overall_text(study), *comparison_blocks(comparison)]
    return [*blocks, Text(READING), Commands(tuple(study.command or "" for study in found))]


def _named(folder):
    return [name for name in ("photographs", "prior", "fer2013") if (folder / f"first_names_{name}.json").exists()]


def groups_blocks(found: GroupStudy) -> list[Block]:
    """The figures of all pictures, then those of the groups of each column."""
    blocks = [*overall_blocks(found)]
    for column, comparison in found.columns.items():
        blocks += [Text(f"By {column}:"), *comparison_blocks(comparison)]
    return [*blocks, Text(READING)]


def overall_blocks(found: GroupStudy) -> list[Block]:
    """What was measured, and the figures of all pictures."""
    blocks: list[Block] = [overall_text(found)]
    if found.overall.figures:
        return [*blocks, figures_table([found.overall], None)]
    return [*blocks, Text(_too_few(found.overall))]


def overall_text(found: GroupStudy) -> Text:
    """What was measured."""
    everything = found.overall
    people = (
        f"of {everything.people} people"
        if everything.people < everything.pictures
        else "each of which counts as another person: where that is not so, the intervals are too narrow"
    )
    under = f", with the prior {found.prior}," if found.prior else ""
    left = ", ".join(f"{name} ({count})" for name, count in found.left_out.items())
    sentences = [f"The network {found.network}{under} on {everything.pictures} pictures of {found.data}, {people}."]
    if found.unread:
        sentences.append(f"{found.unread} more could not be read.")
    if left:
        sentences.append(f"Left out are labels that it does not know: {left}.")
    return Text(" ".join(sentences))


def comparison_blocks(found: Comparison) -> list[Block]:
    """The groups that are large enough side by side, a sentence on the others, and what differs."""
    measured = [group for group in found.groups if group.figures]
    blocks: list[Block] = [Text(_too_few(group)) for group in found.groups if not group.figures]
    if measured:
        blocks.insert(0, figures_table(measured, found.reference))
    if len(found.compared) > 1:
        blocks.insert(1, Text(f"Macro recall is over {', '.join(found.compared)}."))
    if differing := differences(found):
        blocks.append(Text("Differences beyond chance: " + "; ".join(differing) + "."))
    elif len(measured) > 1:
        blocks.append(Text("No difference is beyond chance."))
    return blocks


def differences(found: Comparison) -> list[str]:
    """The differences whose interval is on one side of 0, in words."""
    return [
        f"{name}, {group.name} compared with {found.reference}: {_points(gap)}"
        for group in found.groups
        for name, gap in group.differences.items()
        if gap is not None and (gap.low > 0 or gap.high < 0)
    ]


def figures_table(groups: list[Group], reference: str | None) -> Table:
    """A row for each figure that any group has; a column for each group and each difference to the reference."""
    rows = [{"figure": name, **{group.name: f"{getattr(group, name)}" for group in groups}} for name in _SIZES]
    for name in groups[0].figures:
        if not any(group.figures[name] for group in groups):
            continue
        cells = {group.name: _cell(name, group.figures[name]) for group in groups}
        gaps = {f"{group.name} − {reference}": _points(group.differences[name]) for group in groups[1:]}
        rows.append({"figure": f"{name}, {'points' if name == OVERALL[3] else '%'}", **cells, **gaps})
        if name == OVERALL[3]:
            errors = {group.name: f"{group.calibration_error:.3f}" for group in groups}
            rows.append({"figure": "calibration error (ECE, 15 bins)", **errors})
    return table(rows)


_SIZES = ("pictures", "faces", "people")


def _cell(name, estimate: Estimate | None) -> str:
    if estimate is None:
        return MISSING
    if name == OVERALL[3]:
        return _points(estimate)
    return f"{percent(estimate.value, 1)} ({between(estimate.low, estimate.high)})"


def _points(estimate: Estimate | None) -> str:
    if estimate is None:
        return MISSING
    return f"{100 * estimate.value:+.1f} ({100 * estimate.low:+.1f} to {100 * estimate.high:+.1f})"


def _too_few(group: Group) -> str:
    return (
        f"{group.name}: {group.faces} faces of {group.people} people in {group.pictures} pictures are too few to say "
        "anything."
    )
