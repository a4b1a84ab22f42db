"""benchmarks/predict.py: turns, the best of them, and what does not run."""

import runpy
import sys
from pathlib import Path

import pytest

pytestmark = pytest.mark.integration

SCRIPT = Path(__file__).parents[2] / "benchmarks" / "predict.py"


@pytest.fixture(scope="module")
def benchmark():
    """Its functions."""
    return runpy.run_path(str(SCRIPT))


def times(milliseconds):
    return {"milliseconds": milliseconds, "processor_milliseconds": 2 * milliseconds}


def test_the_best_of_the_turns_counts_and_a_failure_is_told(benchmark):
    code = 'import json; print("noise"); print(json.dumps({"faces": 2, "end to end": {"32": {"milliseconds": 3.5}}}))'
    fails = 'import sys; print("first", file=sys.stderr); sys.exit("no weights")'
    measured = benchmark["take_turns"]({"ours": [sys.executable, "-c", code], "peer": [sys.executable, "-c", fails]}, 3)
    assert measured == {
        "ours": {"faces": 2, "end to end": {"32": {"milliseconds": 3.5}}},
        "peer": {"does not run here": "no weights"},
    }
    one, other = ({"end to end": {"1": times(value)}} for value in (3, 2))
    assert benchmark["better"](one, other) == benchmark["better"](other, one) == other


def test_ratios_by_hand(benchmark):
    """2,000 / 4 = 500 for the classifier; 30 / 5 = 6 end to end, in processor time the same."""
    ours = {"classifier": {"32": times(4)}, "end to end": {"32": times(5)}}
    small = {"end to end": {"32": times(10)}}
    measured = {"ours": ours, "ours, faces from 20 pixels": small, "fer": {"end to end": {"32": times(30)}}}
    assert benchmark["compare"](measured) == {
        "paper's 2 s an image / classifier, batch 32": 500,
        "fer / ours, batch 32": 6,
        "fer / ours, faces from 20 pixels, batch 32": 3,
    }
    assert len(benchmark["compare"]({"ours": ours, "fer": {"does not run here": "x"}})) == 1


def test_pictures_are_taken_over_and_over(benchmark, tmp_path):
    pictures = benchmark["find_pictures"](tmp_path)
    assert len(pictures) == 32 and len(set(pictures)) == 8 == len(list(tmp_path.iterdir()))
