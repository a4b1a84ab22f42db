"""Faces keep their numbers through a video, and their probabilities are averaged along it."""

import json
import math

import numpy as np
import pytest

from drawn_videos import save_video
from fer_md.errors import FerMdError
from fer_md.media.sources import Frame, Medium
from fer_md.prediction.predict_media import predict_media
from fer_md.prediction.results import FacePrediction
from fer_md.prediction.tracks import Tracker, follow
from stub_predictor import stub_predictor

NAMES = ("anger", "happiness", "neutral")


def face(x, y=0.0, side=100.0, probabilities=(0.2, 0.3, 0.5)):
    label = NAMES[int(np.argmax(probabilities))]
    return FacePrediction((x, y, side, side), 0.9, None, label, dict(zip(NAMES, probabilities, strict=True)))


def numbers(frames, seconds=0.04):
    """Numbers of the faces in frames that are ``seconds`` apart; each frame is a list of faces."""
    tracker = Tracker()
    return [[found.track for found in tracker.update(faces, index * seconds)] for index, faces in enumerate(frames)]


def test_a_face_keeps_its_number_whatever_its_place_in_the_list():
    frames = [[face(0), face(300)], [face(302), face(5)], [face(10), face(304), face(600)], [face(601), face(306)]]
    assert numbers(frames) == [[0, 1], [1, 0], [0, 1, 2], [2, 1]]


def test_other_values_are_left_alone():
    before = face(0)
    (after,) = Tracker().update([before], 0.0)
    assert after == FacePrediction(before.box, 0.9, None, "neutral", before.probabilities, 0)


def test_faces_that_pass_each_other_are_told_apart_by_their_motion():
    """At 30 pixels a frame two of 100 pixels change sides, one lower: half of their areas overlap when they meet."""
    frames = [[face(30 * step, 0), face(300 - 30 * step, 30)] for step in range(11)]
    assert numbers(frames) == [[0, 1]] * 11


def test_a_fast_face_is_expected_where_it_goes():
    """45 pixels a frame: IoU 55 / 145 = 0.38 at first. Then 80: 20 / 180 = 0.11 from where it was, which is too little.

    Its velocity after three frames is (45 / 2 + 45) / 2 = 33.75. At 170 it overlaps the expected 90 + 33.75 = 123.75 by
    53.75: IoU 53.75 / 146.25 = 0.37.
    """
    places = (0, 45, 90, 170, 250, 330)
    assert numbers([[face(x)] for x in places]) == [[0]] * 6
    assert numbers([[face(x)] for x in (0, 80)]) == [[0], [1]]


def test_a_lost_face_has_a_second_to_come_back():
    for gap, found in ((24, 0), (27, 1)):
        frames = [[face(0)], *[[]] * gap, [face(3)]]
        assert numbers(frames)[-1] == [found]
    assert numbers([[face(0)], [face(3)], [face(4)]], seconds=5.0) == [[0], [0], [0]]  # every frame that there is


def test_the_mean_by_hand():
    """The second frame comes T log 2 later, when the first weighs 1/2: (0.5 * 0.9 + 0.3) / 1.5 = 0.5."""
    tracker = Tracker(smoothing=2.0)
    tracker.update([face(0, probabilities=(0.9, 0.1, 0.0))], 10.0)
    (found,) = tracker.update([face(0, probabilities=(0.3, 0.7, 0.0))], 10.0 + 2.0 * math.log(2))
    assert found.probabilities == pytest.approx({"anger": 0.5, "happiness": 0.5, "neutral": 0.0})
    (found,) = tracker.update([face(0, probabilities=(0.0, 0.0, 1.0))], 1000.0)
    assert found.track == 0 and found.label == "neutral" and found.probabilities["neutral"] == pytest.approx(1)


@pytest.mark.parametrize("seed", range(3))
def test_the_mean_against_its_definition(seed):
    rng = np.random.default_rng(seed)
    times, rows = np.cumsum(rng.uniform(0.01, 0.5, 30)), rng.dirichlet(np.ones(3), 30)
    tracker = Tracker(smoothing=0.4)
    for last, time in enumerate(times):
        (found,) = tracker.update([face(0, probabilities=rows[last])], time)
        weights = np.exp(-(time - times[: last + 1]) / 0.4)
        expected = weights @ rows[: last + 1] / weights.sum()
        np.testing.assert_allclose(list(found.probabilities.values()), expected, atol=1e-12)
        assert found.label == NAMES[expected.argmax()] and found.track == 0


def test_times_that_stand_still_are_no_division_by_zero():
    tracker = Tracker(smoothing=1.0)
    for x in (0, 5, 10):
        (found,) = tracker.update([face(x)], 0.0)
    assert found.track == 0 and sum(found.probabilities.values()) == pytest.approx(1)


@pytest.mark.parametrize("smoothing", [-1, math.nan, math.inf])
def test_no_other_smoothing(smoothing):
    with pytest.raises(FerMdError, match="smoothing must be a finite number of seconds, at least 0; got"):
        list(follow([], smoothing))


def test_each_video_begins_at_zero_and_pictures_have_no_number():
    films = [Medium("video", name, name) for name in ("a.mp4", "b.mp4")]
    picture = Medium("picture", "c.png", "c.png")
    image = np.zeros((9, 9, 3), np.uint8)
    frames = [Frame(films[0], image, 0, 0.0, 25.0), Frame(picture, image), Frame(films[1], image, 0, 0.0, 25.0)]
    found = follow([(frame, [face(0), face(200)]) for frame in frames], 1.0)
    assert [[each.track for each in faces] for _, faces in found] == [[0, 1], [None, None], [0, 1]]


def test_from_the_video_to_the_records(tmp_path):
    """The stub calls a face happy by its red: 0, 10, 20 and so on, which is averaged only where that is asked for."""
    save_video(tmp_path / "film.avi")

    def rows(**settings):
        predict_media(stub_predictor(), [tmp_path / "film.avi"], tmp_path / "out.jsonl", **settings)
        return [json.loads(line) for line in (tmp_path / "out.jsonl").read_text().splitlines()]

    plain, tracked, smooth = rows(), rows(track=True), rows(smoothing=1000.0)
    assert {row["track"] for row in plain} == {None} and {row["track"] for row in tracked + smooth} == {0}
    assert [row["probabilities"] for row in plain] == [row["probabilities"] for row in tracked]
    happy = [row["probabilities"]["happiness"] for row in plain]
    means = [row["probabilities"]["happiness"] for row in smooth]
    np.testing.assert_allclose(means, np.cumsum(happy) / np.arange(1, 21), atol=1e-3)
    predict_media(stub_predictor(), [tmp_path / "film.avi"], tmp_path / "out.csv", tmp_path / "drawn", track=True)
    assert (tmp_path / "out.csv").read_text().startswith("source,frame,time,face,track,x,")
