"""The opening of the page: one face of each expression with the network's answer, and three sentences."""

from fer_md.data.records import read_info
from pages.cells import interval, percent
from pages.report.answers import answers
from pages.report.page import paragraph
from pages.report.sources import Sources, evaluations


def lead(sources: Sources) -> str:
    """The picture, the sentences, and which of the data sets are drawn."""
    found = answers(sources.finetuned or sources.runs[0], sources.data[0])
    sentences = (
        "Under each face are its label and the predicted expression: green where both agree, red where they do not.",
        _network(sources),
        _accuracy(sources, len(found.names)),
    )
    return found.sheet(found.first(1), "faces large") + paragraph(" ".join(filter(None, sentences))) + _drawn(sources)


def _network(sources):
    if sources.finetuned:
        return (
            "Two networks were trained, the components: each learned one data set, then they exchanged their data "
            "sets, and now their scores are added."
        )
    learned = [data for run, data in zip(sources.runs, sources.data, strict=True) if run == sources.runs[0]]
    return f"One network was trained on {' and '.join(read_info(data)['name'] for data in learned)}."


def _accuracy(sources, expressions):
    """On unseen faces of the first data set, of both components where they were measured."""
    name, guessing = read_info(sources.data[0])["name"], f"guessing would reach {100 / expressions:.0f} %"
    if stages := sources.result("stages"):
        rows = [row for row in stages.rows if (row.data, row.stage) == (name, "fine-tuned")]
        for row in rows:
            if row.network == "fused, equal weights":
                return f"They are right on {_share(row)} of {row.images} unseen faces; {guessing}."
    for row in evaluations(sources.runs[0]):
        subject = "The first alone" if sources.finetuned else "It"
        return f"{subject} is right on {_share(row)} of {row.images} unseen faces; {guessing}."
    return ""


def _share(row):
    return f"{percent(row.accuracy, 0)} % (95 % interval: {interval(row)} %)"


def _drawn(sources):
    """Which of the data sets are drawn; "" where none is."""
    names = [name for name in (read_info(data)["name"] for data in sources.data) if name.startswith("synthetic")]
    if not names:
        return ""
    names = " and ".join(dict.fromkeys(names))
    text = f"Synthetic: the faces of {names} were drawn by the project. Figures on them say nothing about people."
    return paragraph(text, "note")
