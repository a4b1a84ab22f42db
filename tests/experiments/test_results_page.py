"""docs/RESULTS.md says what the committed result files say."""

import dataclasses
from pathlib import Path

import pytest

from fer_md.errors import FerMdError
from fer_md.evaluation.measure import Evaluation, PriorCurve, PriorPoint
from fer_md.evaluation.sign_flips import PairedDifference
from fer_md.files import write_json
from fer_md.typed_json import to_json
from pages.blocks import Text
from pages.filled_page import END, START, filled
from pages.results_page import results_markdown
from pages.rows import Gain, Member, RunTime
from pages.sections.landmarks import ERRORS, landmarks_table, landmarks_text
from pages.sections.methods import methods_blocks, methods_table
from pages.sections.pretrained import card_blocks
from pages.sections.stages import mistakes_table
from pages.sections.studies import loss_blocks
from pages.study_rows import LossRow, LossStudy, LossTraining
from result_files import (
    GAIN,
    landmark_error,
    landmarks,
    matrices,
    matrix_row,
    method_row,
    method_training,
    methods,
    of_evaluation,
    of_matrix,
    save,
    stage_row,
)
from results import pages_of

DOCS = Path(__file__).parents[2] / "docs"


def test_pages_are_not_stale():
    for path, text in pages_of(DOCS / "results", DOCS).items():
        assert path.read_text(encoding="utf-8") == text, f"docs/{path.name} is stale: run python experiments/results.py"


def test_figures_of_the_network_that_ships(tmp_path):
    quality = dict.fromkeys(("lowest third", "middle third", "highest third"), 0.6)
    found = Evaluation(
        **of_evaluation(
            command="python e --split=P --output=docs/x",
            split="PrivateTest",
            images=14,
            accuracy=0.7,
            accuracy_interval=(0.68, 0.72),
            macro_recall=0.65,
            confusion=[[1 + (row == column) for column in range(7)] for row in range(7)],
            accuracy_by_quality={"sharpness": quality, "contrast": quality},
        )
    )
    folder = tmp_path / "pretrained"
    save(folder / "PrivateTest" / "metrics.json", found)
    save(folder / "float32" / "PrivateTest-fused" / "metrics.json", dataclasses.replace(found, accuracy=0.701))
    point = PriorPoint(**of_matrix(share=0.25, negative_log_likelihood=0.8765))
    curve = PriorCurve(named="press", shift={}, points=[point])
    press = dataclasses.replace(found, data="press", prior_curve=curve)
    save(folder / "PrivateTest-press" / "metrics.json", press)
    for number, waited in ((1, None), (2, 0.05)):
        time = RunTime(seconds=60 * number, images_per_second=9.6, not_training=waited)
        save(tmp_path / f"fer2013-bundled-component{number}" / "time.json", time)
    card = filled(f"A\n{START}\nof yesterday\n{END}\nZ\n", card_blocks(folder), "card")
    assert "3.0 minutes of one core in all" in card and "| fer2013-bundled-component1 | 1.0 | 10 | – |" in card
    assert "| fer2013-bundled-component2 | 2.0 | 10 | 5.0 |" in card
    assert "`python e --split=P`" in card and "--output" not in card
    assert card.index("| fer2013 PrivateTest | 1") < card.index("| press PrivateTest | 1")
    assert "Confusion matrix on press PrivateTest (views: 1)" in card
    row = "| fer2013 PrivateTest | 1 | 14 | 70.00 | 68.0 to 72.0 | 69.00 | 65.00 | – | 0.012 |"
    assert row in card and row in results_markdown(tmp_path)
    assert "(views: 1) was 70.10 %; compression changed it by -0.10 points" in " ".join(card.split())
    under_prior = "| press PrivateTest | press | 0.25 | 78.00 | 75.0 to 81.0 | 77.00 | 74.0 to 80.0 | 0.876 |"
    assert under_prior in card and "Choose the share on PublicTest" in " ".join(card.split())
    assert "| anger | 25.0 | 12.5 |" in card and "| sharpness | 60.00 | 60.00 | 60.00 |" in card
    assert card.startswith("A\n") and card.endswith(f"{END}\nZ\n") and "yesterday" not in card
    with pytest.raises(FerMdError, match="once each"):
        filled("no place for them", [], "card")


def test_confusion_matrices_of_the_stages_in_short():
    """Of four angry faces three are found and one is called fear; of two with fear both are called anger."""
    matrices = {("anger", "fear"): [[3, 1], [2, 0]], ("fear", "joy"): [[0, 0], [0, 1]]}
    rows = [stage_row(expressions=list(names), confusion=confusion) for names, confusion in matrices.items()]
    frame = mistakes_table(rows).frame
    assert list(frame.columns[3:]) == ["anger", "fear", "joy"]
    assert frame.iloc[0, 3:].tolist() == ["75.0 (fear 25.0)", "0.0 (anger 100.0)", "–"]
    assert frame.iloc[1, 3:].tolist() == ["–", "–", "100.0"]


def trained(share):
    return Member(name="m", weight=0.5, accuracy=0.5, macro_recall=0.5, commonest=share)


TABLE4 = methods(
    [
        method_row(
            paper=74.55,
            md_minus_own=GAIN,
            ours_minus_this=GAIN,
            single=[method_training(members=[trained(0.9), trained(0.5)])] * 2,
        ),
        method_row(method="Ours", md_minus_own=GAIN),
    ],
    left_out=3,
    rates=[0.01, 0.02, 0.04],
    rate_trials={"kim, own loss": {"0.01": 0.3, "0.02": 0.2}, "ours, own loss": {"0.01": 0.5, "0.02": 0.6}},
)


def test_table_4():
    """50 - 74.55 = -24.55 beside the accuracy; nothing is printed of one component of ours."""
    shown = "+10.00 (+5.0 to +15.0; p < 0.001, 0.250)"
    assert [row[5:] for row in methods_table(TABLE4).frame.to_numpy().tolist()] == [
        ["74.55", "-24.55", shown, shown],
        ["–", "", shown, ""],
    ]


def told(found):
    """All that is said beside the table."""
    return " ".join(block.text for block in methods_blocks(found) if isinstance(block, Text))


def test_what_table_4_must_be_read_with():
    text = told(TABLE4)
    for part in (
        "80/10/10 %, not the paper's 70/30",
        "batches of 32; seeds: 0, 1;",
        "left out: 3.",
        "of 0.01, 0.02, 0.04, that is best on PublicTest with the first seed; for 1 of 2 it is the smallest or largest",
        "committee of 2 members",
        "original has 240 networks",
        "85 % of the test images: 2 of 4.",
        "nothing to bridge",
        "without their identity-sensitive loss",
        "95 % interval over other test images",
        "All seeds share one set of images",
        "The 6 p-values are not corrected",
        "no target",
    ):
        assert part in text
    text = told(dataclasses.replace(TABLE4, data="wild", people=7, rates=[0.01], left_out=0))
    for part in (
        "Learning rate of all networks: 0.01.",
        "people in Training: 7",
        "over other test persons",
        "its p-values are too small",
    ):
        assert part in text
    assert "best on PublicTest" not in text and "left out" not in text and "identity-sensitive" not in text


def test_figure_6_shows_each_method_beside_the_first():
    error = landmark_error(mean=0.0814, auc=0.142, failures=0.374)
    gain = Gain(difference=-0.0225, low=-0.03, high=0.001)
    errors = {"fused": {"eyes": error}, "cascade": {"eyes": dataclasses.replace(error, minus_first=gain)}}
    found = landmarks({"frames": errors})
    frame = landmarks_table(found).frame
    assert list(frame.columns[2:]) == ["mean % / eyes", "minus the first / eyes", "AUC / eyes", "failures % / eyes"]
    assert frame.iloc[0].tolist() == ["frames", "fused", "8.14", "", "0.142", "37.4"]
    assert frame.iloc[:, 3].tolist() == ["", "-2.25 (-3.00 to +0.10)"]
    text = landmarks_text(found)
    assert "first method (fused)" in text and "trained once" in text and "not other trainings" in ERRORS


def test_figure_6_shows_the_seeds():
    errors = {"frames": {"fused": {"eyes": landmark_error()}}}
    single = {"frames": {"fused": [{"mean": 0.05, "failures": 0.1}, {"mean": 0.0512, "failures": 0.2}]}}
    found = landmarks(errors, seeds=[0, 1], single=single)
    assert landmarks_table(found).frame.iloc[0, 2] == "5.00, 5.12"
    assert "trained with 2 seeds" in landmarks_text(found)


def loss_row(name, accuracies):
    figures = dict.fromkeys(("macro_recall", "knn_accuracy", "probe_accuracy", "probe_macro_recall"), 0.4)
    rest = {"loss": 1.2, "calibration_error": 0.1, "intra": 1.0, "inter": 2.0, "ratio": 0.5, "seconds": 60.0}
    return LossRow(
        name=name, single=[LossTraining(seed=i, accuracy=a, **figures, **rest) for i, a in enumerate(accuracies)]
    )


def loss_study(**changes):
    fixed = {"split": "PublicTest", "faces": 2871, "epochs": 36, "network": "default", "manifest_sha256": "0"}
    rows = [loss_row("softmax", [0.5, 0.51]), loss_row("MD", [0.52, 0.51])]
    return LossStudy(**fixed, rows=rows, **changes)


def test_losses_are_shown_by_accuracy():
    text, rows = loss_blocks(loss_study())
    assert "on 2,871 faces, 36 epochs each" in text.text and "kNN is" in text.text
    assert rows.frame["loss"].tolist() == ["MD", "softmax"]
    assert rows.frame.iloc[1].tolist()[1:] == [
        2, "50.50", "0.71", "40.00", "40.00", "40.00", "40.00", "1.200", "10.00", "0.500"
    ]  # fmt: skip
    assert list(rows.frame.columns[:4]) == ["loss", "seeds", "accuracy %", "± std"]


def test_two_losses_are_compared_in_words_to_quote():
    gain = PairedDifference(pairs=6, mean=0.01, std=0.012, p=0.03125, low=0.001, high=0.02, detectable=0.017)
    other = dataclasses.replace(gain, mean=-0.1, low=None, high=None, p=1e-4)
    found = loss_study(seeds_planned=12, differences={"accuracy": gain, "loss": other})
    verdict, _, rows = loss_blocks(found)
    for part in (
        "Over 6 pairs of trainings on 2,871 faces",
        "“softmax” has 50.50 % of PublicTest and “MD” 51.50 %: a difference of +1.00 points",
        "(95 % interval +0.10 to +2.00; p 0.031 in a sign-flip test)",
        "A true one of 1.70 points would have been found with a probability of 80 %. 12 pairs were planned, with an",
    ):
        assert part in verdict.text
    assert rows.frame.to_numpy().tolist() == [
        ["accuracy %", "50.50", "51.50", "+1.00", "+0.10 to +2.00", "0.031", "1.70"],
        ["log loss", "1.200", "1.200", "-0.100", "–", "< 0.001", "0.017"],
    ]


def test_a_recipe_that_is_not_shared_is_said():
    gain = PairedDifference(pairs=6, mean=0.01, std=0.012, p=0.03125, low=0.001, high=0.02, detectable=0.017)
    found = loss_study(seeds_planned=6, differences={"accuracy": gain})
    settings = [{"recipe": {"label_smoothing": 0.0, "rate": 1}, "network": {}}, {"recipe": {"rate": 1}, "network": {}}]
    rows = [dataclasses.replace(row, settings=one) for row, one in zip(found.rows, settings, strict=True)]
    said = "They differ in the recipe too: “softmax” has label_smoothing 0.0. The two"
    assert said in loss_blocks(dataclasses.replace(found, rows=rows))[0].text
    assert "in the recipe too" not in loss_blocks(found)[0].text


def test_missing_files_are_left_out(tmp_path):
    page = results_markdown(tmp_path)
    assert page.startswith("# Results") and page.count("##") == 2


def test_tables_without_data_say_what_they_need(tmp_path):
    page = results_markdown(tmp_path)
    assert "Not measured: CK+" in page and "`make reproduce-table2 DATA_ROOT=DIR`" in page
    assert "Not measured: MMI" in page and "`make reproduce-table3 DATA_ROOT=DIR`" in page


def test_results_of_make_reproduce_have_a_heading_of_their_own(tmp_path):
    table = matrices([matrix_row(data=data, images=600) for data in ("lab", "whole")])
    save(tmp_path / "synthetic" / "table1.json", table)
    page = results_markdown(tmp_path)
    assert "## Drawn faces (synthetic)" in page and "[results/synthetic/table1.json]" in page
    assert "| happiness | 83.40 | 77.00 | -6.40 | 77.00 | -6.40 |" in page
    assert "| mean (macro recall) | 79.71 | 77.00 | -2.71 |" in page


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"split": 3}, "table1.json.split: must be a text, not 3"),
        ({"more": 3}, "table1.json: unknown field 'more'; Matrices has command, environment, remark, table"),
        ({"rows": [{}]}, r"table1.json.rows\[0\]: lacks the field 'images'"),
    ],
)
def test_a_file_that_is_not_of_its_kind_is_named_with_the_field(tmp_path, change, message):
    path = tmp_path / "synthetic" / "table1.json"
    write_json(path, {**to_json(matrices([])), **change})
    with pytest.raises(FerMdError, match=message):
        results_markdown(tmp_path)
