import numpy as np
import pytest
from matplotlib import pyplot

from fer_md.errors import FerMdError
from fer_md.media.sources import Frame, Medium
from fer_md.prediction.annotate import annotate
from fer_md.prediction.window import Window
from stub_predictor import stub_predictor


@pytest.fixture
def window(monkeypatch):
    """As on a machine with a display; matplotlib draws in memory."""
    monkeypatch.setattr("fer_md.prediction.window._can_show", lambda: True)
    yield Window()
    pyplot.close("all")


def frame(level):
    image = np.full((48, 64, 3), level, np.uint8)
    return Frame(Medium("camera", "camera 0", "camera0.mp4", 0), image, level, 0.0, 30.0)


def test_each_frame_is_shown_and_a_closed_window_ends_it(window):
    (face,) = stub_predictor().predict([frame(90).image], boxes=[[(4, 4, 30, 30)]])[0]
    for level in (10, 90):
        window.write(frame(level), [face])
    (picture,) = window._axes.images
    np.testing.assert_array_equal(picture.get_array(), annotate(frame(90).image, [face]))
    pyplot.close("all")
    with pytest.raises(KeyboardInterrupt):
        window.write(frame(10), [])


def test_without_a_display_it_says_what_to_do():
    pyplot.switch_backend("agg")
    with pytest.raises(FerMdError, match="--show needs a display.*fer-md demo shows a camera in a browser"):
        Window()


def test_frames_of_a_camera_do_not_wait_for_others():
    frames = (frame(level) for level in range(40))
    answers = stub_predictor().stream(frames, boxes_of=lambda one: [(4, 4, 30, 30)])
    next(answers)
    assert next(frames).index == 1
