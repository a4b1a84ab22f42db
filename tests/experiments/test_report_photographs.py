"""The report's section on photographs."""

import base64
import re

import cv2
import numpy as np
import pytest

from fer_md.errors import FerMdError
from pages.report.photographs import MOST, photographs_sheet
from stub_predictor import stub_predictor


def write(folder, count):
    red = np.zeros((60, 80, 3), np.uint8)
    red[..., 2] = 255  # OpenCV writes blue first
    for index in range(count):
        cv2.imwrite(str(folder / f"{index:02}.png"), red)


def test_every_photograph_is_shown_in_its_colours_and_a_broken_one_named(tmp_path):
    write(tmp_path, 3)
    (tmp_path / "broken<.jpg").write_bytes(b"")
    section = photographs_sheet(stub_predictor(), tmp_path, "runs/<one>")
    assert "3 faces on 3 photographs" in section and "predicted by runs/&lt;one&gt;" in section
    assert "Skipped: " in section and "broken&lt;.jpg: the file is empty" in section
    assert section.count("<tr>") == 4 and '<td>02.png</td><td>1</td><td class="text">neutral 70 %' in section
    data = base64.b64decode(re.search('base64,([^"]*)"', section)[1])
    sheet = cv2.imdecode(np.frombuffer(data, np.uint8), cv2.IMREAD_COLOR)
    assert sheet.shape[1] > 4 * 480 and (np.all(sheet == (0, 0, 255), axis=2)).mean() > 0.1


def test_of_a_large_folder_the_first_are_shown(tmp_path):
    write(tmp_path, MOST + 2)
    section = photographs_sheet(stub_predictor(), tmp_path, "run")
    assert f"The first {MOST} of {MOST + 2} are shown" in section and section.count("<tr>") == MOST + 1


def test_a_folder_without_photographs_is_refused(tmp_path):
    with pytest.raises(FerMdError, match="no pictures or videos in this folder"):
        photographs_sheet(stub_predictor(), tmp_path, "run")
    with pytest.raises(FerMdError, match="no such file or folder"):
        photographs_sheet(stub_predictor(), tmp_path / "none", "run")
