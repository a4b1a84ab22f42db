"""Early stopping: when curves are flat, and a run that ends by it, also where it was stopped on the way."""

import json

import pytest
from test_training import RECIPE, make_trainer

from fer_md.files import read_json
from fer_md.runs.run_directory import open_run
from fer_md.training.loop import train
from fer_md.training.patience import is_flat
from fer_md.training.task import Task


def rows_of(network, data, *accuracies):
    return [{"split": "validation", "network": network, "data": data, "accuracy": value} for value in accuracies]


@pytest.mark.parametrize(
    ("accuracies", "flat"),
    [
        ((), False),
        ((0.5,), False),
        ((0.5, 0.4), False),
        ((0.5, 0.4, 0.4), True),
        ((0.5, 0.4, 0.6), False),
        ((0.5, 0.5, 0.5), True),
        ((0.5, 0.6, 0.6, 0.6), True),
    ],
)
def test_a_curve_is_flat_two_measurements_after_its_best(accuracies, flat):
    assert is_flat(rows_of("a", "new", *accuracies), {"a": ["new"]}, 2) == flat


def test_every_network_must_be_flat_on_what_it_learns():
    """Of the other data set it only forgets."""
    rows = rows_of("a", "new", 0.5, 0.4, 0.4) + rows_of("a", "own", 0.5, 0.6, 0.7)
    rows += [{"split": "Training", "network": "a", "data": "new", "accuracy": 0.9}]
    assert is_flat(rows, {"a": ["new"]}, 2)
    assert not is_flat(rows, {"a": ["new", "own"]}, 2)
    assert not is_flat(rows + rows_of("b", "own", 0.4, 0.5, 0.6), {"a": ["new"], "b": ["own"]}, 2)


def test_what_cannot_be_waited_for_is_refused(split, tmp_path):
    with pytest.raises(ValueError, match="patience must be at least 1, not 0"):
        is_flat([], {"a": ["new"]}, 0)
    open_run(tmp_path, {})
    unmeasured = make_trainer(task=Task("data", split))
    with pytest.raises(ValueError, match="patience: model learns data, which it is not measured on"):
        train([unmeasured], tmp_path, seed=3, patience=1)


def test_a_flat_run_ends_and_says_after_how_many_epochs(tmp_path, monkeypatch):
    """The second of three epochs is no better than the first; stopped before it is complete, it ends there too."""
    open_run(tmp_path, {})
    accuracies = iter([0.5, 0.5])
    monkeypatch.setattr("fer_md.training.loop.validate", lambda *_: {"accuracy": next(accuracies)})
    with monkeypatch.context() as patched, pytest.raises(ZeroDivisionError):
        patched.setattr("fer_md.training.loop._finish", lambda *_: 1 / 0)
        train([make_trainer()], tmp_path, seed=3, patience=1)
    assert not (tmp_path / "DONE").exists()
    assert train([make_trainer()], tmp_path, seed=3, patience=1)
    rows = [json.loads(line) for line in (tmp_path / "metrics.jsonl").read_text().splitlines()]
    assert max(row["step"] for row in rows) == 10 and RECIPE.epochs == 3
    assert read_json(tmp_path / "time.json")["epochs"] == 2
    assert (tmp_path / "DONE").exists()
