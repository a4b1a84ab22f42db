"""Every detector and alignment by name: in the library, in a script of data_prep and in fer-md predict."""

import csv
import json
from pathlib import Path

import cv2
import numpy as np
import pytest

from drawn_faces import drawn_landmarks
from fer_md import cli
from fer_md.data.records import load_split
from fer_md.errors import FerMdError
from fer_md.faces.alignment import align_eyes
from fer_md.faces.cascade_training import CascadeRecipe, train_cascade
from fer_md.faces.choice import READY, choose_alignment, choose_detector
from fer_md.faces.detection import Detection
from fer_md.faces.face_frame import face_box
from fer_md.faces.landmarks import five_points, place_landmarks
from fer_md.faces.mtcnn import MtcnnDetector
from fer_md.faces.region_detector import SelectiveSearchDetector
from fer_md.faces.region_network import build_region_network
from fer_md.faces.yunet import YunetDetector
from fer_md.readers.photographs import prepare
from photograph_trees import FixedDetector, listing, write_photograph
from scripts import run_script
from stub_predictor import save_run, stub_predictor

ROOT = Path(__file__).parents[2]


@pytest.fixture(scope="module")
def trained(tmp_path_factory):
    """A cascade that is trained on a few drawn faces, and a detector that is not trained: it finds faces anywhere."""
    folder = tmp_path_factory.mktemp("trained")
    recipe = CascadeRecipe(cells=(13, 9), components=6, frame=64, face=40.0, perturbations=2, penalty=10.0)
    train_cascade(*drawn_landmarks(60), recipe).save(folder / "cascade.npz")
    SelectiveSearchDetector(build_region_network(), threshold=0.0).save(folder / "detector")
    return folder


def test_what_is_named_is_loaded(trained):
    assert choose_detector("none") is None
    assert isinstance(choose_detector(), YunetDetector)
    assert isinstance(choose_detector("mtcnn", min_face=40), MtcnnDetector)
    assert choose_detector("mtcnn", min_score=0.95).threshold == 0.95
    assert choose_detector("region", trained / "detector").threshold == 0
    assert choose_detector("region", trained / "detector", min_score=0.5).threshold == 0.5
    assert choose_alignment("eyes") == ("eyes", None) and choose_alignment("box") == ("box", None)
    align, cascade = choose_alignment("cascade", trained / "cascade.npz")
    assert align == "eyes" and len(cascade.cells) == 2


@pytest.mark.parametrize(
    "call, arguments, message",
    [
        (choose_detector, ("viola",), "detector must be one of yunet, mtcnn, region, none; got 'viola'"),
        (choose_detector, ("region",), "detector=region needs detector_dir, which experiments/train_detector.py"),
        (choose_detector, ("region", "/nowhere"), "/nowhere/detector.json: no such file"),
        (choose_detector, ("mtcnn", "x"), "detector_dir=x is for detector=region; the detector asked for is mtcnn"),
        (choose_detector, ("none", None, None, 0.9), "min_score=0.9 is for a detector, and none is asked for"),
        (choose_alignment, ("nose",), "align must be one of eyes, cascade, box; got 'nose'"),
        (choose_alignment, ("cascade",), "align=cascade needs cascade, which experiments/train_alignment.py"),
        (choose_alignment, ("cascade", "/nowhere.npz"), "/nowhere.npz: no such file"),
        (choose_alignment, ("eyes", "x"), "cascade=x is for align=cascade; the align asked for is eyes"),
    ],
)
def test_wrong_choices_are_named(call, arguments, message):
    with pytest.raises(FerMdError, match=message):
        call(*arguments)


def test_the_cascade_places_the_landmarks_of_all_faces(trained):
    """The eyes of drawn faces are nearer than those of the detector, which says the same of all faces."""
    _, cascade = choose_alignment("cascade", trained / "cascade.npz")
    images, landmarks, _ = drawn_landmarks(9, first=1000)
    images = [cv2.cvtColor(image, cv2.COLOR_GRAY2RGB) for image in images]
    boxes = face_box(landmarks)
    found = [[], *([Detection(tuple(box), 0.9, np.zeros((5, 2), np.float32))] for box in boxes[1:])]
    placed = place_landmarks(cascade, images, found)
    assert placed[0] == [] and place_landmarks(cascade, images[:1], [[]]) == [[]]
    eyes = five_points(landmarks)[1:, :2]
    errors = [np.hypot(*(face.landmarks[:2] - eye).T) for (face,), eye in zip(placed[1:], eyes, strict=True)]
    assert np.mean(errors) < 0.1 * np.hypot(*(eyes[:, 1] - eyes[:, 0]).T).mean()
    predictor = stub_predictor(cascade=cascade)
    (own,), (tiny,) = predictor.predict(images[1:3], boxes=[boxes[1:2], [(3, 4, 1, 1)]])
    np.testing.assert_allclose(own.landmarks, placed[1][0].landmarks, atol=1e-3)
    assert np.isfinite(tiny.landmarks).all()


def combinations(trained):
    detectors = {"yunet": [], "mtcnn": [], "region": [f"--detector_dir={trained / 'detector'}"], "none": []}
    alignments = {"eyes": [], "cascade": [f"--cascade={trained / 'cascade.npz'}"], "box": []}
    for detector, more in detectors.items():
        for align, further in alignments.items():
            yield detector, align, [f"--detector={detector}", f"--align={align}", *more, *further]


def test_each_in_fer_md_predict(trained, tmp_path, capsys, monkeypatch):
    monkeypatch.setattr(cli, "_quieten_decoders", lambda: None)
    save_run(tmp_path / "run")
    write_photograph(tmp_path / "one.png")
    for detector, align, flags in combinations(trained):
        assert cli.main(["predict", str(tmp_path / "one.png"), f"--model={tmp_path / 'run'}", *flags]) == 0
        rows = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
        assert rows and (len(rows) == 1 or detector == "region")
        assert all((row["landmarks"] is None) == (align != "cascade" and detector not in READY) for row in rows)


@pytest.mark.integration
@pytest.mark.slow
def test_each_in_a_script_of_data_prep(trained, tmp_path):
    for person in ("ann", "ben", "cleo"):
        write_photograph(tmp_path / "photos" / person / "happy" / "1.jpg", person, 3)
    for detector, align, flags in combinations(trained):
        output = tmp_path / f"{detector}-{align}"
        command = ["data_prep/collected.py", f"--source={tmp_path / 'photos'}", f"--output={output}"]
        answer = run_script(*command, *flags)
        assert answer.returncode == 0, answer.stderr
        with open(output / "crops.csv", newline="") as stream:
            crops = {row["crop"] for row in csv.DictReader(stream)}
        by_box = align == "box" or (detector == "region" and align == "eyes")
        assert crops == ({"center"} if detector == "none" else {"box"} if by_box else {"eyes"})
        settings = json.loads((output / "preparation.json").read_text())
        assert settings["align"] == align and settings["detector"] == detector
        assert ("cascade sha256" in settings) == (align == "cascade")


def test_a_cascade_in_prepare(trained, tmp_path):
    """The crop is that of the cascade's eyes, not of the detector's."""
    _, cascade = choose_alignment("cascade", trained / "cascade.npz")
    images, _, _ = drawn_landmarks(6)
    images = [cv2.cvtColor(image, cv2.COLOR_GRAY2RGB) for image in images]
    _, crops = prepare(listing(images), tmp_path / "out", FixedDetector(), cascade=cascade)
    placed = place_landmarks(cascade, [images[1]], FixedDetector().detect([images[1]]))
    expected = align_eyes(images[1], placed[0][0].landmarks)
    assert crops["eyes"] == 6
    assert np.abs(load_split(tmp_path / "out", "Training").images[0].astype(int) - expected).max() <= 1
