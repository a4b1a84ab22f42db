"""Tab. 4: the other methods, each with its own loss and with MD loss."""

from collections.abc import Iterator

from pages.blocks import Block, Table, Text, table
from pages.cells import difference, percent, points, printed
from pages.paper_tables import METHODS_NOTE
from pages.rows import Methods

IDLE = 0.85
"""Share of the test images with one and the same answer above which a network is said to have hardly learned."""


def methods_blocks(found: Methods) -> list[Block]:
    """How it was trained, the table, and what its figures cover."""
    return [Text(training_text(found)), methods_table(found), Text(tests_text(found)), Text(METHODS_NOTE)]


def methods_table(found: Methods) -> Table:
    """One row a method and loss."""
    return table(
        {
            "method": row.method,
            "loss": row.loss,
            "accuracy %": percent(row.accuracy),
            "± std": percent(row.accuracy_std),
            "macro recall %": percent(row.macro_recall),
            "paper %": printed(row.paper),
            "difference": difference(row.accuracy, row.paper),
            "MD minus own loss": points(row.md_minus_own, 1),
            "ours with MD minus this": points(row.ours_minus_this, 1),
        }
        for row in found.rows
    )


def training_text(found: Methods) -> str:
    """How the networks were trained, and on what."""
    parts = (_data(found), _rates(found), _committee(found), _without(found))
    return " ".join(sentence for part in parts for sentence in part)


def tests_text(found: Methods) -> str:
    """What the intervals, deviations and p-values cover."""
    return " ".join(_tests(found))


def _data(found: Methods) -> Iterator[str]:
    if found.network == "tiny":
        yield "The networks here are tiny, just to try the code: they are too small to learn anything."
    if found.network == "small":
        yield "The networks here are small and train for seconds: they test the code and do not rank the methods."
    seeds = ", ".join(map(str, found.seeds))
    yield (
        f"Training images of {found.data}: {found.images['training']}; epochs: {found.epochs}; "
        f"batches of {found.recipe['batch_size']}; seeds: {seeds}; test images of {found.split}: "
        f"{found.images['test']}."
    )
    if found.data == "fer2013":
        yield "Training, PublicTest and PrivateTest are FER2013's own 80/10/10 %, not the paper's 70/30."
    if found.people:
        yield f"No person is in two splits; people in Training: {found.people}."
    if found.left_out:
        yield f"Training images identical to a held-out one were left out: {found.left_out}."


def _rates(found):
    if len(rates := found.rates) == 1:
        yield f"Learning rate of all networks: {rates[0]:g}."
    else:
        best = [max(trials, key=trials.get) for trials in found.rate_trials.values()]
        least, most = (sum(float(rate) == end(rates) for rate in best) for end in (min, max))
        tried = ", ".join(f"{rate:g}" for rate in rates)
        yield (
            f"For each loss, each network uses the learning rate, of {tried}, that is best on PublicTest with the "
            f"first seed; for {least + most} of {len(best)} it is the smallest or largest of these, for {most} the "
            "largest."
        )
    yield "The weight of MD loss is the default everywhere."


def _committee(found):
    trainings = [single for row in found.rows for single in row.single if single.members]
    members = [member for single in trainings for member in single.members]
    if members:
        idle = sum(member.commonest >= IDLE for member in members)
        yield (
            f"Kim et al. is a committee of {len(members) // len(trainings)} members, fused with weights fitted on "
            "PublicTest. Each has the budget of one network. The original has 240 networks. "
            "Members that hardly learn in this budget, with one expression for at least "
            f"{100 * IDLE:.0f} % of the test images: {idle} of {len(members)}."
        )


def _without(found):
    yield "Zhang et al. learn from one data set with all labels, so their bridging layer has nothing to bridge."
    if not found.people:
        yield "The data do not say who is who, so Meng et al. learn without their identity-sensitive loss."


def _tests(found):
    kind = "persons" if found.people else "images"
    yield f"In brackets: the 95 % interval over other test {kind}, and McNemar's p for each seed."
    if found.people:
        yield "McNemar's test takes the images of a person as independent, so its p-values are too small."
    if len(found.seeds) > 1:
        yield (
            "All seeds share one set of images and one split: the deviation is that of initial weights, order and "
            "augmentation."
        )
    gains = [gain for row in found.rows for gain in (row.md_minus_own, row.ours_minus_this) if gain]
    if (tests := sum(len(gain.mcnemar or ()) for gain in gains)) > 1:
        yield f"The {tests} p-values are not corrected for their number."
