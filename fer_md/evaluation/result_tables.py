"""Measured figures as rows of text, beside the paper's: what the report and docs/RESULTS.md both show."""

from fer_md.evaluation.paper_tables import CONFUSIONS, FUSED

NEEDS = {
    2: ("CK+", "cohn-kanade-images/ and Emotion/ in DIR/CK+ or DIR/CK+.zip"),
    3: ("MMI", "Sessions/ in DIR/MMI, unpacked"),
}
"""Data sets that Tab. 2 and 3 need, and how they lie in DATA_ROOT; docs/DATA.md says where to ask for them."""


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


def needs_data(number):
    """What stands in the place of Tab. 2 or 3 without its data: two sentences, and the command."""
    name, place = NEEDS[number]
    text = f"Needs the data: {name} is handed out on request only. With {place} (FER2013 beside it) run"
    return text, f"make reproduce-table{number} DATA_ROOT=DIR"


def stages_table(found):
    """Head and rows of what experiments/compare_stages.py wrote."""
    head = ["data", "stage", "network", "accuracy %", "95 % interval", "macro recall %", "paper %", "difference"]
    return head, [
        [row["data"], row["stage"], row["network"], percent(row["accuracy"]), interval(row),
         percent(row["macro_recall"]), row["paper"] or "", difference(row[row["paper_measures"]], row["paper"])]
        for row in found["rows"]
    ]  # fmt: skip


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
    share, name = max((share, name) for place, (share, name) in enumerate(zip(shares, names, strict=True))
                      if place != index)  # fmt: skip
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
    head = ["method", "loss", "accuracy %", "± std", "macro recall %", "paper %", "difference",
            "ours with MD minus this", "McNemar's p, by seed"]  # fmt: skip
    rows = []
    for row in found["rows"]:
        gain, tests = row.get("ours_minus_this"), row.get("mcnemar", [])
        shown = gain and f"{100 * gain['difference']:+.2f} ({100 * gain['low']:+.1f} to {100 * gain['high']:+.1f})"
        values = ", ".join(f"{test['p']:.3f}" if test["p"] >= 0.001 else "< 0.001" for test in tests)
        paper = f"{row['paper']:.2f}" if row["paper"] else "–"
        measured = row["macro_recall" if row["paper"] == FUSED else "accuracy"]
        rows.append([row["method"], row["loss"], percent(row["accuracy"]), percent(row["accuracy_std"]),
                     percent(row["macro_recall"]), paper, difference(measured, row["paper"]),
                     shown or "", values])  # fmt: skip
    return head, rows


def methods_text(found):
    """What must be known to read Tab. 4: how it was trained, how its figures were tested, and the paper's."""
    return " ".join((*_methods_training(found), *_methods_tests(found), found["note"]))


def _methods_training(found):
    """Sentences on the trainings; what an older file lacks is left out."""
    if found["network"] == "tiny":
        yield "Tiny networks, a trial of the path: too small to learn anything."
    recipe, seeds = found.get("recipe", {}), ", ".join(map(str, found["seeds"]))
    batches = f"batches of {recipe['batch_size']}; " if "batch_size" in recipe else ""
    yield (f"Images of {found['data']} to learn from: {found['images']['training']}; epochs: {found['epochs']}; "
           f"{batches}seeds: {seeds}; images of {found['split']} to test: {found['images']['test']}.")  # fmt: skip
    if found["data"] == "fer2013":
        yield "Training, PublicTest and PrivateTest are FER2013's own 80/10/10 %, not the paper's 70/30."
    if found.get("people"):
        yield f"No person is in two splits; persons to learn from: {found['people']}."
    if found.get("left_out"):
        yield f"Training images identical to a held-out one that were left out: {found['left_out']}."
    if rates := found.get("rates"):
        tried = list(next(iter(found.get("rate_trials", {}).values()), ()))
        best = f", of {', '.join(tried)} the best on PublicTest under its own loss" if len(tried) > 1 else ""
        yield f"Learning rates{best}: {', '.join(f'{name} {rate:g}' for name, rate in rates.items())}."
    members = max((len(row["single"][0].get("members", ())) for row in found["rows"]), default=0)
    if members:
        yield (f"Kim et al. is a committee of {members} members, each with the budget of one network, fused with "
               "weights fitted on PublicTest; the original has 240 networks.")  # fmt: skip
    if found.get("people") == 0:
        yield "The data name no persons, so that Meng et al. learn without their identity-sensitive loss."


def _methods_tests(found):
    """Sentences on what the intervals, deviations and p-values cover."""
    yield "The intervals in brackets are over the test images only."
    if len(found["seeds"]) > 1:
        yield ("All seeds share one set of images and one split, so the deviation is of initial weights, order and "
               "augmentation.")  # fmt: skip
    tests = sum(len(row.get("mcnemar", ())) for row in found["rows"])
    if tests > 1:
        yield f"The {tests} p-values are not corrected for their number."
    yield f"Only {FUSED} is compared with the macro recall, though of one component: no fused row is in this table."


def landmarks_table(found):
    """Head and rows of what experiments/landmarks.py wrote, Fig. 6: one row a method and set of test people."""
    names = list(next(iter(next(iter(found["errors"].values())).values())))  # what the error is divided by
    figures = ["mean %", *(["minus the first"] if _has_differences(found) else []), "AUC", "failures %"]
    head = ["test people", "method", *(f"{figure} / {name}" for name in names for figure in figures)]
    rows = []
    for data, methods in found["errors"].items():
        for method, errors in methods.items():
            cells = [
                {"mean %": percent(e["mean"]), "minus the first": _points(e.get("minus_first")),
                 "AUC": f"{e['auc']:.3f}", "failures %": percent(e["failures"], 1)}
                for e in errors.values()
            ]  # fmt: skip
            rows.append([data, method, *(each[figure] for each in cells for figure in figures)])
    return head, rows


def _has_differences(found):
    """Whether the methods of Fig. 6 are compared with the first of them; older files have no such figures."""
    return any("minus_first" in e for methods in found["errors"].values() for m in methods.values() for e in m.values())


def _points(gain):
    """A difference with its interval, in points; "" for None."""
    if gain is None:
        return ""
    return f"{100 * gain['difference']:+.2f} ({100 * gain['low']:+.2f} to {100 * gain['high']:+.2f})"


def landmarks_text(found):
    """What must be known to read Fig. 6."""
    faces = "; ".join(f"{name}: {n['training']} learned, {n['test']} tested" for name, n in found["faces"].items())
    epochs = ", ".join(f"{count} {stage}" for stage, count in found["epochs"].items())
    first = next(iter(next(iter(found["errors"].values()))))
    interval = (
        f"The mean error minus that of the first method ({first}) stands with its 95 % interval in points; it covers "
        "other test people, whole people being resampled with all their faces, and not other trainings. "
    ) if _has_differences(found) else ""  # fmt: skip
    return (
        f"Faces: {faces}. Other people are tested than were learned from. Epochs: {epochs}. Everything was trained "
        f"once: another seed may order the methods otherwise. {interval}AUC is the area under the curve up to an error "
        f"of {found['failure_above']:g}, failures are the faces above it. The paper's curves were never published as "
        "numbers, and its truth was itself made by an alignment program, so no figure of its stands here."
    )
