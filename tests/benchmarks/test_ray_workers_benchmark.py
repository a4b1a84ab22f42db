"""benchmarks/ray_workers.py: what it measures is a result that the page of results shows."""

import pytest

from pages.blocks import markdown
from pages.result_files import read_named
from pages.sections.speed import worker_blocks
from pages.study_rows import EngineRate, RayWorkers
from scripts import run_script


def test_a_table_of_engines():
    rates = [EngineRate(engine="Ray, 2 workers", seconds_to_start=8.04, seconds=18.0, pictures_a_second=60.24)]
    text = markdown(worker_blocks(RayWorkers(pictures=1600, load_before=1.26, rates=rates)))
    assert "of 1,600 pictures" in text and "| Ray, 2 workers | 8.0 | 18.0 | 60 |" in text
    assert "was 1.3." in " ".join(text.split())


@pytest.mark.slow
def test_it_measures_one_process_and_both_numbers_of_workers(tmp_path):
    flags = ("--pictures=40", "--rounds=1", f"--output={tmp_path}/ray_workers.json")
    done = run_script("benchmarks/ray_workers.py", *flags)
    assert done.returncode == 0, done.stderr
    found = read_named(tmp_path, "ray_workers")
    assert [rate.engine for rate in found.rates] == ["one process", "Ray, 1 worker", "Ray, 2 workers"]
    for rate in found.rates:
        assert rate.pictures_a_second == pytest.approx(39 / (rate.seconds - rate.seconds_to_start))
