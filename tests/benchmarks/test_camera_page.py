"""benchmarks/camera_page.py: what it measures is a result that the page of results shows."""

import pytest

from pages.blocks import markdown
from pages.result_files import read_named
from pages.sections.speed import camera_blocks
from pages.study_rows import CameraPage, CameraRate
from scripts import run_script


def test_a_table_of_views_and_faces():
    rates = [CameraRate(view="in the page", faces=1, frames_a_second=19.96)]
    text = " ".join(
        markdown(camera_blocks(CameraPage(browser="Chrome/156", seconds_to_load=1.04, rates=rates))).split()
    )
    assert "in Chrome/156" in text and "is ready 1.0 s after" in text and "| in the page | 1 | 20.0 |" in text


@pytest.mark.slow
def test_it_measures_both_views_with_all_faces_found(tmp_path):
    done = run_script("benchmarks/camera_page.py", "--seconds=1", f"--output={tmp_path}/camera_page.json")
    assert done.returncode == 0, done.stderr
    found = read_named(tmp_path, "camera_page")
    views = [(rate.view, rate.faces) for rate in found.rates]
    assert views == [("in the page", 1), ("on the server", 1), ("in the page", 3), ("on the server", 3)]
    assert all(rate.frames_a_second > 0 for rate in found.rates) and "hrome" in found.browser
