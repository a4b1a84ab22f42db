"""docs/RESULTS.md says what the committed result files say."""

from pathlib import Path

from fer_md.evaluation.results_page import results_markdown

DOCS = Path(__file__).parents[1] / "docs"


def test_results_page_is_not_stale():
    stale = "docs/RESULTS.md is stale: run python experiments/results.py"
    assert (DOCS / "RESULTS.md").read_text(encoding="utf-8") == results_markdown(DOCS / "results"), stale


def test_missing_files_are_left_out(tmp_path):
    assert results_markdown(tmp_path).startswith("# Results") and "##" not in results_markdown(tmp_path)
