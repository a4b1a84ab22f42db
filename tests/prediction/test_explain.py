"""What decided a face's label, as arrays and as figures."""

import sys

import cv2
import numpy as np
import pytest

from fer_md import cli
from fer_md.errors import FerMdError
from fer_md.expressions import EXPRESSIONS
from fer_md.faces.alignment import cut_face
from fer_md.faces.detection import Detection
from fer_md.media.sources import Frame, Medium
from fer_md.prediction.classifier import Classifier
from fer_md.prediction.explain import WEAKEST, draw_explanation
from fer_md.prediction.explained_files import ExplainedFiles
from fer_md.prediction.predictor import Predictor
from stub_predictor import StubDetector, stub_predictor

NOISE = np.random.default_rng(0).integers(0, 256, (90, 120, 3), np.uint8)


def mouth_predictor(**arguments):
    """Calls a face happy by how bright its lower left quarter is."""

    def forward(faces):
        happy = faces[:, 24:, :24].mean((1, 2)) / 255
        probabilities = np.zeros((len(faces), 7))
        probabilities[:, 3], probabilities[:, 6] = happy, 1 - happy
        return probabilities

    return Predictor(Classifier(forward, EXPRESSIONS, 48, ["mouth"]), StubDetector(), **arguments)


def test_an_explanation_shows_the_crop_and_where_the_network_looked():
    predictor = mouth_predictor()
    ((face,),) = predictor.predict([NOISE])
    found = predictor.explain(NOISE, face)
    crop = cut_face(NOISE, Detection(face.box, face.score, face.landmarks), "eyes", 48)
    np.testing.assert_array_equal(found.crop, crop)
    assert found.heat.shape == (48, 48) and np.abs(found.heat[24:, :24]).max() > 0
    assert not found.heat[:16].any() and not found.heat[:, 32:].any(), (
        "squares of 12 from the quarter's edge do not reach it"
    )
    assert found == predictor.explain(NOISE, face)


def test_with_the_mirror_image_both_sides_count():
    predictor = mouth_predictor(mirror=True)
    ((face,),) = predictor.predict([NOISE])
    heat = predictor.explain(NOISE, face).heat
    assert np.abs(heat[24:, 36:]).max() > 0 and not heat[:16].any()


def test_the_figure_has_the_face_the_map_and_the_bars():
    predictor = mouth_predictor()
    ((face,),) = predictor.predict([NOISE])
    explanation = predictor.explain(NOISE, face)
    seen, explained, bars, scale = draw_explanation(explanation, face, "photo.jpg, face 0").axes
    np.testing.assert_array_equal(seen.images[0].get_array(), explanation.crop)
    np.testing.assert_array_equal(explained.images[1].get_array(), explanation.heat)
    assert explained.images[1].get_clim() == (-WEAKEST, WEAKEST), "a weak effect is not blown up to full colour"
    assert face.label in explained.get_title() and scale.get_ylabel()
    assert [label.get_text() for label in bars.get_yticklabels()] == list(EXPRESSIONS)
    assert [bar.get_width() for bar in bars.patches] == pytest.approx(list(face.probabilities.values()))


def test_one_file_for_each_face_of_pictures_and_videos(tmp_path):
    problems, predictor = [], stub_predictor()
    files = ExplainedFiles(tmp_path / "explained", predictor, problems.append)
    faces = predictor.predict([NOISE, NOISE], [[(0, 0, 20, 20), (5, 5, 40, 40)], None])
    for frame, found in (
        (Frame(Medium("picture", "a/x.png", "a/x.png"), NOISE), faces[0]),
        (Frame(Medium("picture", "b/a/x.png", "a/x.png"), NOISE), faces[1]),
        (Frame(Medium("video", "film.mp4", "film.mp4"), NOISE, 12, 0.5, 25.0), faces[1]),
    ):
        files.write(frame, found)
    names = sorted(str(path.relative_to(tmp_path / "explained")) for path in tmp_path.rglob("*.png"))
    assert names == ["a/x.png-0-2.png", "a/x.png-0.png", "a/x.png-1.png", "film.mp4-12-0.png"]
    assert cv2.imread(str(tmp_path / "explained" / names[0])).shape[2] == 3 and not problems
    (tmp_path / "explained" / "y.png").mkdir()
    long = Frame(Medium("picture", "long", "n" * 260), NOISE)
    files.write(long, faces[1])
    assert len(problems) == 1 and "cannot be written" in str(problems[0])
    with pytest.raises(FerMdError, match="not an empty folder"):
        ExplainedFiles(tmp_path / "explained", predictor)


def test_the_command_line_explains(tmp_path, capsys, monkeypatch):
    monkeypatch.setattr(cli, "_quieten_decoders", lambda: None)
    cv2.imwrite(str(tmp_path / "x.png"), NOISE)
    command = ["predict", str(tmp_path / "x.png"), "--detector=none", "--model=fer2013"]
    assert cli.main([*command, f"--explain={tmp_path / 'explained'}"]) == 0
    assert [path.name for path in (tmp_path / "explained").iterdir()] == ["x.png-0.png"]
    assert cli.main([*command, f"--explain={tmp_path}"]) == 1
    assert "is not an empty folder" in capsys.readouterr().err


def test_without_matplotlib_the_command_says_what_to_install(tmp_path, capsys, monkeypatch):
    monkeypatch.setattr(cli, "_quieten_decoders", lambda: None)
    monkeypatch.delitem(sys.modules, "fer_md.prediction.explained_files")
    monkeypatch.delitem(sys.modules, "fer_md.prediction.explain")
    monkeypatch.delitem(sys.modules, "fer_md.evaluation.figures")
    monkeypatch.setitem(sys.modules, "matplotlib.figure", None)
    cv2.imwrite(str(tmp_path / "x.png"), NOISE)
    assert cli.main(["predict", str(tmp_path / "x.png"), "--detector=none", f"--explain={tmp_path / 'explained'}"]) == 1
    assert capsys.readouterr().err.startswith("error: this needs matplotlib")
