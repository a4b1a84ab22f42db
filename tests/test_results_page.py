"""docs/RESULTS.md says what the committed result files say."""

from pathlib import Path

from fer_md.evaluation.results_page import results_markdown

DOCS = Path(__file__).parents[1] / "docs"


def test_results_page_is_not_stale():
    stale = "docs/RESULTS.md is stale: run python experiments/results.py"
    assert (DOCS / "RESULTS.md").read_text(encoding="utf-8") == results_markdown(DOCS / "results"), stale


def test_missing_files_are_left_out(tmp_path):
    page = results_markdown(tmp_path)
    assert page.startswith("# Results") and page.count("##") == 2


def test_tables_without_data_say_what_they_need(tmp_path):
    page = results_markdown(tmp_path)
    assert "Needs the data: CK+" in page and "`make reproduce-table2 DATA_ROOT=DIR`" in page
    assert "Needs the data: MMI" in page and "`make reproduce-table3 DATA_ROOT=DIR`" in page
