"""Measured figures as rows of text, beside the paper's: what the report and docs/RESULTS.md both show."""

from pages.paper_tables import CONFUSIONS

NEEDS = {
    2: ("CK+", "cohn-kanade-images/ and Emotion/ in DIR/CK+ or DIR/CK+.zip"),
    3: ("MMI", "Sessions/ in DIR/MMI, unpacked"),
}
"""Data sets that Tab. 2 and 3 need, and how they lie in DATA_ROOT; docs/DATA.md says where to ask for them."""

IDLE = 0.85
"""Share of the test images with one and the same answer above which a network is said to have hardly learned."""


def markdown_table(head, rows):
    """A table as Markdown: a list of headings, and a list of cells a row."""
    return "".join("| " + " | ".join(map(str, line)) + " |\n" for line in (head, ["---"] * len(head), *rows))


def percent(value, digits=2):
    """0.5 -> "50.00"; a dash for None."""
    return "–" if value is None else f"{100 * value:.{digits}f}"


def interval(row, name="accuracy"):
    """The 95 % interval of a figure, in per cent."""
    low, high = row[f"{name}_interval"]
    return f"{percent(low, 1)} to {percent(high, 1)}"


def difference(value, paper):
    """Ours (a share) minus the paper's (per cent), in points; "" where one is missing."""
    return "" if value is None or paper is None else f"{100 * value - paper:+.2f}"


def training_time(found):
    """What ``time.json`` of a finished run says, as text; an older version did not measure what was not training."""
    share = (
        f"{percent(found['not_training'], 1)} % of the time waited for batches, validated or saved"
        if "not_training" in found
        else "how much of it was not training was not measured (older version)"
    )
    return f"{found['seconds'] / 60:.1f} minutes at {found['images_per_second']:.0f} images/s; {share}"


def needs_data(number):
    """What stands in the place of Tab. 2 or 3 without its data: two sentences, and the command."""
    name, place = NEEDS[number]
    text = f"Needs the data: {name} is handed out on request only. With {place} (FER2013 beside it) run"
    return text, f"make reproduce-table{number} DATA_ROOT=DIR"


def stages_table(found):
    """Head and rows of what experiments/compare_stages.py wrote."""
    head = ["data", "stage", "network", "accuracy %", "95 % interval", "macro recall %", "paper %", "difference"]
    return head, [
        [
            row["data"],
            row["stage"],
            row["network"],
            percent(row["accuracy"]),
            interval(row),
            percent(row["macro_recall"]),
            row["paper"] or "",
            difference(row[row["paper_measures"]], row["paper"]),
        ]
        for row in found["rows"]
    ]


MISTAKES = (
    "The confusion matrix of each row in short: the recall of each expression in per cent, and in brackets what it is "
    "most often mistaken for."
)
"""What stands above ``mistakes_table``."""


def mistakes_table(found):
    """Head and rows of the confusion matrices of what experiments/compare_stages.py wrote."""
    names = list(dict.fromkeys(name for row in found["rows"] for name in row["expressions"]))
    rows = []
    for row in found["rows"]:
        own = row["expressions"]
        cells = {name: _mistake(index, own, row["confusion"][index]) for index, name in enumerate(own)}
        rows.append([row["data"], row["stage"], row["network"], *(cells.get(name, "–") for name in names)])
    return ["data", "stage", "network", *names], rows


def _mistake(index, names, counts):
    """One row of a confusion matrix: 56.8 (neutral 38.0)."""
    total = sum(counts)
    if not total:
        return "–"
    shares = [count / total for count in counts]
    share, name = max(
        (share, name) for place, (share, name) in enumerate(zip(shares, names, strict=True)) if place != index
    )
    return percent(shares[index], 1) + (f" ({name} {percent(share, 1)})" if share else "")


def recall_table(found):
    """Head and rows of what experiments/confusion_table.py wrote: recall of each expression beside the diagonal."""
    paper = CONFUSIONS[found["table"]]
    names = [f"{row['data']}, {row['network']} %" for row in found["rows"]]
    head = ["expression", f"paper, {paper.data} %", *(cell for name in names for cell in (name, "difference"))]

    def line(name, printed, values):
        shown = "–" if printed is None else f"{printed:.2f}"
        return [name, shown, *(cell for value in values for cell in (percent(value), difference(value, printed)))]

    expressions = dict.fromkeys([*paper.expressions, *(name for row in found["rows"] for name in row["expressions"])])
    rows = [line(n, paper.diagonal.get(n), [row["recall"].get(n) for row in found["rows"]]) for n in expressions]
    rows.append(line("mean (macro recall)", paper.mean, [row["macro_recall"] for row in found["rows"]]))
    rows.append(line("accuracy", None, [row["accuracy"] for row in found["rows"]]))
    rows.append(["images", "", *(cell for row in found["rows"] for cell in (row["images"], ""))])
    return head, rows


def methods_table(found):
    """Head and rows of what experiments/compare_methods.py wrote, Tab. 4."""
    head = [
        "method",
        "loss",
        "accuracy %",
        "± std",
        "macro recall %",
        "paper %",
        "difference",
        "MD minus own loss",
        "ours with MD minus this",
    ]
    return head, [
        [
            row["method"],
            row["loss"],
            percent(row["accuracy"]),
            percent(row["accuracy_std"]),
            percent(row["macro_recall"]),
            f"{row['paper']:.2f}" if row["paper"] else "–",
            difference(row["accuracy"], row["paper"]),
            _points(row.get("md_minus_own"), 1),
            _points(row.get("ours_minus_this"), 1),
        ]
        for row in found["rows"]
    ]


def _points(gain, digits=2):
    """A difference in points with its interval, and the p-values of its tests where there are any: -4.79 (-5.8 to -3.8;
    p < 0.001, 0.377) with one digit; "" for None."""
    if gain is None:
        return ""
    tests = ", ".join(f"{test['p']:.3f}" if test["p"] >= 0.001 else "< 0.001" for test in gain.get("mcnemar", ()))
    low, high = (f"{100 * gain[end]:+.{digits}f}" for end in ("low", "high"))
    return f"{100 * gain['difference']:+.2f} ({low} to {high}{tests and f'; p {tests}'})"


def methods_text(found):
    """What must be known to read Tab. 4: how it was trained, how its figures were tested, and the paper's."""
    return " ".join((*_methods_training(found), *_methods_tests(found), found["note"]))


def _methods_training(found):
    """Sentences on the trainings."""
    if found["network"] == "tiny":
        yield "Tiny networks, a trial of the path: too small to learn anything."
    seeds = ", ".join(map(str, found["seeds"]))
    yield (
        f"Images of {found['data']} to learn from: {found['images']['training']}; epochs: {found['epochs']}; "
        f"batches of {found['recipe']['batch_size']}; seeds: {seeds}; images of {found['split']} to test: "
        f"{found['images']['test']}."
    )
    if found["data"] == "fer2013":
        yield "Training, PublicTest and PrivateTest are FER2013's own 80/10/10 %, not the paper's 70/30."
    if found["people"]:
        yield f"No person is in two splits; persons to learn from: {found['people']}."
    if found["left_out"]:
        yield f"Training images identical to a held-out one that were left out: {found['left_out']}."
    if len(rates := found["rates"]) > 1:
        best = [max(trials, key=trials.get) for trials in found["rate_trials"].values()]
        least, most = (sum(float(rate) == end(rates) for rate in best) for end in (min, max))
        ends = f"for {least + most} of {len(best)} it is at an end of these, for {most} at the largest"
        tried = ", ".join(f"{rate:g}" for rate in rates)
        yield (
            f"Each network has for each loss the learning rate, of {tried}, that is best on PublicTest under the "
            f"first seed; {ends}."
        )
    else:
        yield f"Learning rate of all networks: {rates[0]:g}."
    yield "The weight of MD loss is the default everywhere."
    members = [member for row in found["rows"] for single in row["single"] for member in single.get("members", ())]
    if members:
        count = len(members) // sum("members" in single for row in found["rows"] for single in row["single"])
        idle = sum(member["commonest"] >= IDLE for member in members)
        yield (
            f"Kim et al. is a committee of {count} members, each with the budget of one network, fused with "
            f"weights fitted on PublicTest; the original has 240 networks. Of the {len(members)} members trained, "
            f"{idle} hardly learn in this budget: they give one answer for at least {100 * IDLE:.0f} % of the test "
            "images."
        )
    yield "Zhang et al. learn from one data set with all labels, so that their bridge has nothing to bridge."
    if not found["people"]:
        yield "The data name no persons, so that Meng et al. learn without their identity-sensitive loss."


def _methods_tests(found):
    """Sentences on what the intervals, deviations and p-values cover."""
    kind = "persons" if found["people"] else "images"
    yield f"In brackets: the 95 % interval over other test {kind}, and McNemar's p for each seed."
    if found["people"]:
        yield "McNemar's test takes the images of a person as independent, so that its p-values are too small."
    if len(found["seeds"]) > 1:
        yield (
            "All seeds share one set of images and one split, so the deviation is of initial weights, order and "
            "augmentation."
        )
    gains = [row[name] for row in found["rows"] for name in ("md_minus_own", "ours_minus_this") if name in row]
    if (tests := sum(len(gain["mcnemar"]) for gain in gains)) > 1:
        yield f"The {tests} p-values are not corrected for their number."


def landmarks_table(found):
    """Head and rows of what experiments/landmarks.py wrote, Fig. 6: one row a method and set of test people."""
    names = list(next(iter(next(iter(found["errors"].values())).values())))  # what the error is divided by
    figures = ["mean %", "minus the first", "AUC", "failures %"]
    head = ["test people", "method", *(f"{figure} / {name}" for name in names for figure in figures)]
    rows = []
    for data, methods in found["errors"].items():
        for method, errors in methods.items():
            cells = [
                {
                    "mean %": percent(e["mean"]),
                    "minus the first": _points(e.get("minus_first")),
                    "AUC": f"{e['auc']:.3f}",
                    "failures %": percent(e["failures"], 1),
                }
                for e in errors.values()
            ]
            rows.append([data, method, *(each[figure] for each in cells for figure in figures)])
    return head, rows


def landmarks_text(found):
    """What must be known to read Fig. 6."""
    faces = "; ".join(f"{name}: {n['training']} learned, {n['test']} tested" for name, n in found["faces"].items())
    epochs = ", ".join(f"{count} {stage}" for stage, count in found["epochs"].items())
    first = next(iter(next(iter(found["errors"].values()))))
    return (
        f"Faces: {faces}. Other people are tested than were learned from. Epochs: {epochs}. Everything was trained "
        "once: another seed may order the methods otherwise. "
        f"The mean error minus that of the first method ({first}) stands with its 95 % interval in points; it covers "
        "other test people, whole people being resampled with all their faces, and not other trainings. "
        f"AUC is the area under the curve up to an error of {found['failure_above']:g}, failures are the faces above "
        "it. The paper's curves were never published as numbers, and its truth was itself made by an alignment "
        "program, so no figure of its stands here."
    )
