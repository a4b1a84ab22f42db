"""The check of results: agreement within the tolerance, what it names outside of it, what it refuses to compare."""

import dataclasses
from pathlib import Path

import pytest

from fer_md.files import write_json
from pages.results_check import check_results
from result_files import landmark_error, landmarks, matrices, matrix_row, method_row, methods, save
from scripts import run_script

ROOT = Path(__file__).parents[2]
TABLE = matrices([matrix_row()])


@pytest.fixture
def folders(tmp_path):
    """A committed table, and a function that measures another one."""
    save(tmp_path / "committed" / "table1.json", TABLE)

    def measure(accuracy=0.78, **settings):
        table = matrices([matrix_row(accuracy=accuracy)], settings=[TABLE.settings[0] | settings])
        save(tmp_path / "measured" / "table1.json", table)
        return tmp_path / "measured", tmp_path / "committed"

    return measure


@pytest.mark.parametrize(("accuracy", "agrees"), [(0.78, True), (0.84, True), (0.717, True), (0.85, False)])
def test_three_standard_errors(folders, accuracy, agrees):
    """0.06 / 3.92 = 0.0153 of testing and 0.015 of training make 0.0214; three of them 0.0643: 0.7157 to 0.8443."""
    outcome = check_results(*folders(accuracy))["table1.json"]
    assert outcome.compared == 2 and bool(outcome.outside) != agrees


def test_another_precision_is_compared_another_recipe_is_not(folders):
    assert check_results(*folders(precision="bfloat16"))["table1.json"].compared == 2
    outcome = check_results(*folders(recipe={"epochs": 14}))["table1.json"]
    assert outcome.reason == "settings 0 recipe epochs is 14, committed with 4"
    assert not outcome.compared


def test_rates_of_table_4_that_were_tried_must_be_equal_not_the_best(tmp_path):
    trials = {"Kim, own loss": {"0.01": 0.4, "0.02": 0.3}}
    table = methods([], rates=[0.01, 0.02], rate_trials=trials)
    save(tmp_path / "committed" / "table4.json", table)
    changes = {
        "rates is [0.01], committed with [0.01, 0.02]": {"rates": [0.01]},
        "recipe batch_size is 64, committed with 32": {"recipe": {"batch_size": 64}},
        "": {"rate_trials": {"Kim, own loss": {"0.01": 0.3, "0.02": 0.4}}},
    }
    for reason, change in changes.items():
        save(tmp_path / "measured" / "table4.json", dataclasses.replace(table, **change))
        assert check_results(tmp_path / "measured", tmp_path / "committed")["table4.json"].reason == reason


def table4(folder, accuracy, deviations, **settings):
    """A method with its own loss and with MD loss, and another method; all of one accuracy, on 10,000 images."""
    rows = [("Kim", "own"), ("Kim", "MD"), ("Meng", "own")]
    made = [
        method_row(method=method, loss=loss, accuracy=accuracy, accuracy_std=deviation)
        for (method, loss), deviation in zip(rows, deviations, strict=True)
    ]
    save(folder / "table4.json", methods(made, images={"training": 3000, "test": 10_000}, **settings))
    return folder


@pytest.mark.parametrize(("seeds", "tolerances"), [([7], (11.95, 11.95, 5.25)), ([0, 1, 2, 3], (7.65, 7.65, 3.52))])
def test_means_of_table_4_over_other_seeds(tmp_path, seeds, tolerances):
    """Three standard errors, of which 0.005 is of testing: sqrt(0.25 / 10,000).

    Kim's deviations 0.04 and 0.03 have the root mean square 0.0354; Meng's 0.001 counts as 0.015. A mean of four
    trainings and one more differ by sqrt(1 / 4 + 1) = 1.118 times that, two means of four by sqrt(1 / 2) = 0.707 times.
    """
    committed = table4(tmp_path / "committed", 0.5, (0.04, 0.03, 0.001), seeds=[0, 1, 2, 3])
    outcome = check_results(table4(tmp_path / "far", 0.7, 3 * [None], seeds=seeds), committed)["table4.json"]
    assert outcome.compared == 3
    assert [line.partition("tolerance ")[2] for line in outcome.outside] == [
        f"{each:.2f} points" for each in tolerances
    ]
    near = table4(tmp_path / "near", 0.5 + min(tolerances) / 100 - 0.001, 3 * [None], seeds=seeds)
    assert not check_results(near, committed)["table4.json"].outside


def check(measured, committed):
    """What the script answers."""
    return run_script("experiments/check_results.py", f"--measured={measured}", f"--committed={committed}")


@pytest.mark.integration
def test_the_script_names_the_figure_and_fails(folders):
    measured, committed = folders(0.6)
    done = check(measured, committed)
    assert done.returncode == 1 and "1 figures lie outside the tolerance" in done.stderr
    line = f"{measured}/table1.json: lab, fine-tuned, fused: accuracy: expected 78.00 %, found 60.00 %, tolerance 6.43"
    assert line in done.stdout and "1 of 2 figures agree" in done.stdout
    done = check(measured, committed.parent / "full")
    assert done.returncode == 1
    assert "full: no figures are committed there; beside it there are those of committed, measured" in done.stderr


@pytest.mark.integration
def test_the_script_fails_where_a_committed_file_was_not_measured(folders):
    measured, committed = folders()
    assert check(measured, committed).returncode == 0
    for name in ("stages.json", "table4.json", "table4-wild.json"):
        write_json(committed / name, {})
    done = check(measured, committed)
    assert done.returncode == 1
    assert "3 of the committed files were not measured; run make report and make reproduce-table4 with" in done.stderr
    assert "not measured; make reproduce-table4 with facial_expressions in DATA_ROOT does" in done.stdout
    assert "table1.json: 2 of 2 figures agree" in done.stdout
    assert "table4.json: not compared: not measured; make reproduce-table4 does" in done.stdout


@pytest.mark.integration
def test_the_script_fails_where_the_settings_differ(folders):
    measured, committed = folders(seed=1)
    for folder in (measured, committed):
        save(folder / "table2.json", dataclasses.replace(TABLE, table=2))
    done = check(measured, committed)
    assert done.returncode == 1 and "table2.json: 2 of 2 figures agree" in done.stdout
    assert "1 of the files cannot be compared: table1.json (settings 0 seed is 1, committed with 0)" in done.stderr


def test_landmarks_by_area_and_failures(tmp_path):
    """Of 100 faces 0.2 fail: sqrt(0.16 / 100) = 0.04 of testing, 0.015 of training, 0.0427; three of them 0.1282."""
    for folder, failures in (("committed", 0.2), ("near", 0.32), ("far", 0.33)):
        errors = {"lab": {"HyperFace": {"face size": landmark_error(auc=0.5, failures=failures)}}}
        figure = landmarks(errors, faces={"lab": {"training": 40, "test": 100}})
        save(tmp_path / folder / "figure6.json", figure)
    near, far = (check_results(tmp_path / f, tmp_path / "committed")["figure6.json"] for f in ("near", "far"))
    assert near.compared == 2 and not near.outside
    (line,) = far.outside
    assert "lab, HyperFace, face size: failures: expected 20.00 %, found 33.00 %, tolerance 12.82 points" in line


def test_landmarks_of_other_faces_or_another_recipe_are_not_compared(tmp_path):
    recipe = {"rates": {"component": 0.4}, "cascade": {"seed": 0}}
    committed = landmarks({"lab": {}}, faces_sha256={"lab": ["a", "b"]}, recipe=recipe)
    others = {
        "faces_sha256 lab is ['a', 'c'], committed with ['a', 'b']": {"faces_sha256": {"lab": ["a", "c"]}},
        "recipe rates is {'component': 0.3}, committed with {'component': 0.4}": {
            "recipe": {**recipe, "rates": {"component": 0.3}}
        },
        "": {},
    }
    save(tmp_path / "committed" / "figure6.json", committed)
    for reason, other in others.items():
        save(tmp_path / "measured" / "figure6.json", dataclasses.replace(committed, **other))
        assert check_results(tmp_path / "measured", tmp_path / "committed")["figure6.json"].reason == reason
