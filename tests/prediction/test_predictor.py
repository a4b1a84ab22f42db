import io
import json
import pickle
import subprocess
import sys
import threading

import cv2
import numpy as np
import pytest
from PIL import Image

import fer_md
from fer_md.drawn.scenes import draw_scene
from fer_md.errors import FerMdError
from fer_md.evaluation.predict import embeddings_function, predict_probabilities
from fer_md.evaluation.prior import prior_shares, prior_shift
from fer_md.expressions import EXPRESSIONS
from fer_md.faces.alignment import chosen_crop, cut_face
from fer_md.faces.detection import Detection
from fer_md.files import write_json
from fer_md.media.sources import Frame, Medium
from fer_md.models import TINY, build_component
from fer_md.prediction.classifier import Classifier, load_classifier
from fer_md.prediction.predictor import Predictor
from fer_md.pretrained.store import load_components
from fer_md.serving.saved_model import export_saved_model
from fer_md.serving.served_network import ServedNetwork
from stub_predictor import StubDetector, brightness_classifier, save_run, stub_predictor

GRAY = np.full((60, 80, 3), 128, np.uint8)


class Several:
    """Finds the same faces in every picture."""

    def __init__(self, *detections):
        self.detections = list(detections)

    def detect(self, images):
        return [self.detections for _ in images]


def test_a_face_has_all_its_parts(tmp_path):
    cv2.imwrite(str(tmp_path / "gray.png"), GRAY)
    for (face,) in stub_predictor().predict([GRAY, GRAY[..., 0], tmp_path / "gray.png", str(tmp_path / "gray.png")]):
        assert face.box == (0, 0, 40, 60) and face.score == 0.9 and face.landmarks.shape == (5, 2)
        assert face.label == "happiness" and list(face.probabilities) == list(EXPRESSIONS)
        assert face.probabilities["happiness"] == pytest.approx(128 / 255)
        assert sum(face.probabilities.values()) == pytest.approx(1)


def test_pictures_without_a_face_and_no_pictures():
    assert [len(faces) for faces in stub_predictor().predict([GRAY[:5], GRAY, GRAY[:4]])] == [0, 1, 0]
    assert stub_predictor().predict([]) == []
    assert len(stub_predictor().predict(np.stack([GRAY] * 3))) == 3


def test_all_faces_or_the_largest():
    small, large, middle = (
        Detection((x, 0, side, side), score, None) for x, side, score in ((0, 10, 0.99), (20, 30, 0.9), (50, 20, 0.95))
    )
    detector = Several(small, middle, large)
    assert len(stub_predictor(detector=detector).predict([GRAY])[0]) == 3
    (faces,) = stub_predictor(detector=detector, max_faces=2).predict([GRAY])
    assert [face.score for face in faces] == [0.95, 0.9]


def test_own_boxes_are_clipped_and_keep_their_order():
    detector = StubDetector()
    image = GRAY.copy()
    image[:30] = 255
    boxes = [np.array([(-20, -20, 40, 40), (30, 40, 500, 500)]), None, np.zeros((0, 4)), []]
    own, found, *none = stub_predictor(detector=detector, max_faces=1).predict([image] * 4, boxes)
    assert [face.box for face in own] == [(0, 0, 20, 20), (30, 40, 50, 20)]
    assert [face.label for face in own] == ["happiness"] * 2 and own[0].probabilities["happiness"] == 1
    assert own[0].score is None and own[0].landmarks is None
    assert len(found) == 1 and list(map(len, none)) == [0, 0] and detector.calls == [[(60, 80, 3)]]
    (same,) = stub_predictor(detector=None).predict([image], boxes=np.array([[(30, 40, 500, 500)]]))
    assert same[0].probabilities == own[1].probabilities


@pytest.mark.parametrize(
    "boxes, message",
    [
        ([[(80, 0, 5, 5)]], "image 0: box .* has no pixel in the picture of 80x60"),
        ([[(0, 0, -5, 5)]], "has no pixel"),
        ([[(0, 0, np.nan, 5)]], "rows of finite"),
        ([[(0, 0, 5)]], "rows of finite x, y, width, height; found shape \\(1, 3\\)"),
        ([], "one entry for each picture; got 0 for 1"),
        (iter([None, None]), "one entry for each picture; one of the two ended before the other"),
    ],
)
def test_bad_boxes_are_named(boxes, message):
    with pytest.raises(FerMdError, match=message):
        stub_predictor().predict([GRAY], boxes)


def test_without_a_detector_a_picture_is_one_face():
    """It is fitted into the square, and its mirror image fills the rest: a third of it stays white."""
    image = np.zeros((20, 60, 3), np.uint8)
    image[:, 20:40] = 255
    ((face,),) = stub_predictor(detector=None).predict([image])
    assert face.box == (0, 0, 60, 20) and face.score is None
    assert face.probabilities["happiness"] == pytest.approx(1 / 3, abs=0.01)


def test_the_eyes_or_the_box_decide_the_crop():
    image = np.random.default_rng(0).integers(0, 256, (90, 120, 3), np.uint8)
    ((detection,),) = StubDetector().detect([image])
    for align in ("eyes", "box"):
        face = cut_face(image, detection, align)
        ((found,),) = stub_predictor(align=align).predict([image])
        assert chosen_crop(detection, align) == align and found.probabilities["happiness"] == pytest.approx(
            face.mean() / 255
        )


def test_mirror_averages_over_the_face_and_its_mirror_image():
    """By a rule that looks at the left half: white on the left and black on the right are 1, and mirrored 0."""
    rng = np.random.default_rng(0)
    image = rng.integers(0, 256, (48, 48, 3), np.uint8)

    def left(faces):
        bright = faces[:, :, :24].mean((1, 2)) / 255
        return np.stack([bright, 1 - bright], 1)

    def happy(mirror, picture):
        predictor = Predictor(Classifier(left, ("happiness", "neutral"), 48, ["left"]), None, mirror=mirror)
        return predictor.predict([picture])[0][0].probabilities["happiness"]

    once, mirrored = happy(False, image), happy(False, image[:, ::-1])
    assert once != mirrored
    assert happy(True, image) == pytest.approx((once + mirrored) / 2, abs=1e-12)
    image[:, :24], image[:, 24:] = 255, 0
    assert (happy(False, image), happy(True, image)) == (1, 0.5)


def test_a_named_prior_corrects_the_probabilities():
    """Gray 128 is happy with odds of 128 to 127, by a network that learned both alike; the prior has odds of 1 to 9."""
    classifier = Classifier(
        lambda faces: np.stack([faces.mean((1, 2)) / 255, 1 - faces.mean((1, 2)) / 255], 1),
        ("happiness", "neutral"),
        48,
        ["brightness"],
        np.array([0.5, 0.5]),
    )
    named = {"happiness": 0.1, "neutral": 0.9}
    for mirror in (False, True):
        for share, odds in ((0.0, 1), (0.5, 1 / 3), (None, 1 / 3), (1.0, 1 / 9)):
            predictor = Predictor(classifier, None, mirror=mirror, prior=named, prior_share=share)
            ((face,),) = predictor.predict([GRAY])
            happy = face.probabilities["happiness"]
            assert happy / (1 - happy) == pytest.approx(128 / 127 * odds)
            assert face.label == ("happiness" if share == 0 else "neutral")
        assert predictor.predict([]) == [] and list(map(len, predictor.predict([GRAY], [[]]))) == [0]
    assert classifier.classify(np.zeros((0, 48, 48), np.uint8)).shape == (0, 2)


def test_a_photograph_and_the_server_answer_alike_under_a_prior(tmp_path):
    """The served graph holds the prior, and no further one can be named for it."""
    save_run(tmp_path / "run", prior="uniform")
    model, faces = build_component(TINY, 0), np.random.default_rng(0).integers(0, 256, (3, 48, 48), np.uint8)
    predictor = Predictor(tmp_path / "run", None, prior="fer2013", prior_share=0.7)
    shift = prior_shift("fer2013", 0.7, predictor.classifier.prior, EXPRESSIONS)
    served = Predictor(export_saved_model(ServedNetwork(model, EXPRESSIONS, shift), tmp_path / "served"), None)
    images = [cv2.cvtColor(face, cv2.COLOR_GRAY2RGB) for face in faces]
    plain = Predictor(tmp_path / "run", None).predict(images)
    for own, other, without in zip(predictor.predict(images), served.predict(images), plain, strict=True):
        own, other, without = (list(found[0].probabilities.values()) for found in (own, other, without))
        np.testing.assert_allclose(own, other, atol=1e-6)
        assert np.abs(np.subtract(own, without)).max() > 1e-3
    assert served.classifier.classify(faces[:0]).shape == (0, 7)
    with pytest.raises(FerMdError, match="a SavedModel gets its prior when it is exported"):
        Predictor(tmp_path / "served", None, prior="uniform")


def test_the_network_of_the_package_takes_a_prior():
    image = np.random.default_rng(0).integers(0, 256, (48, 48, 3), np.uint8)
    (plain,), (named,) = (
        fer_md.Predictor("fer2013", detector=None, **given).predict([image])[0]
        for given in ({}, {"prior": "facial_expressions", "prior_share": 1})
    )
    own = prior_shares("facial_expressions", EXPRESSIONS) / prior_shares("fer2013", EXPRESSIONS)
    expected = np.array(list(plain.probabilities.values())) * own
    np.testing.assert_allclose(list(named.probabilities.values()), expected / expected.sum(), atol=1e-6)


@pytest.mark.parametrize(
    "arguments, message",
    [
        ({"prior": "uniform"}, "prior is for a network whose own prior is known"),
        ({"prior_share": 0.5}, "prior_share=0.5 is for a prior"),
        ({"align": "nose"}, "align must be one of eyes, box; got 'nose'"),
        ({"max_faces": 0}, "max_faces must be None or at least 1; got 0"),
        ({"detector": "viola"}, "detector must be"),
        ({"model": "/nowhere"}, "/nowhere: neither a run directory"),
    ],
)
def test_bad_arguments(arguments, message):
    with pytest.raises(FerMdError, match=message):
        Predictor(**{"model": brightness_classifier(), "detector": None, **arguments})


@pytest.mark.parametrize(
    "images, message",
    [
        (GRAY, "write \\[image\\] for one"),
        ("a.jpg", "write \\[image\\] for one"),
        (b"", "write \\[image\\] for one"),
        (io.BytesIO(), "write \\[image\\] for one"),
        (Image.new("L", (5, 5)), "write \\[image\\] for one"),
        (None, "must be several pictures"),
        ([GRAY, GRAY.astype(float)], "image 1: .* found \\(60, 80, 3\\) float64"),
        ([GRAY[:0]], "image 0: .* found \\(0, 80, 3\\) uint8"),
        ([None], "image 0: .* found NoneType"),
        (["/no/such.jpg"], "/no/such.jpg: no such file"),
        ([b"no picture"], "image 0: not a PNG"),
    ],
)
def test_bad_pictures_are_named(images, message):
    with pytest.raises(FerMdError, match=message):
        stub_predictor().predict(images)


def test_a_bad_picture_holds_its_error_and_the_others_are_looked_at():
    pictures = (picture for picture in [GRAY, "/no/such.jpg", None, GRAY, GRAY])
    boxes = [None, None, None, [(80, 0, 5, 5)], [(0, 0, 20, 20)]]
    found = stub_predictor().predict(pictures, boxes, on_error="skip")
    assert [len(faces) for faces in found] == [1, 0, 0, 0, 1]
    assert [picture.source for picture in found] == [None, "/no/such.jpg", None, None, None]
    assert found[0].error is None and found[1].error == "/no/such.jpg: no such file"
    assert found[2].error.startswith("image 2: must be a path") and found[3].error.startswith("image 3: box")
    with pytest.raises(FerMdError, match="on_error must be one of raise, skip; got 'ignore'"):
        stub_predictor().predict([GRAY], on_error="ignore")


def test_of_a_generator_few_pictures_are_in_memory():
    alive = []

    class Watching(StubDetector):
        def detect(self, images):
            assert len(alive) - 32 * len(self.calls) == len(images) <= 32
            return super().detect(images)

    found = stub_predictor(detector=Watching()).predict(alive.append(index) or GRAY for index in range(100))
    assert len(found) == 100 and alive == list(range(100))


def test_a_pickled_predictor_is_built_anew_in_another_process(tmp_path):
    """That of the package with all that can be chosen; the other process has neither its threads nor its networks."""
    predictor = fer_md.Predictor("fer2013", align="box", max_faces=2, mirror=True, prior="uniform")
    image = draw_scene(0, 1, faces=2, size=256).image
    (tmp_path / "predictor").write_bytes(pickle.dumps((predictor, image)))
    (tmp_path / "found").write_bytes(pickle.dumps(predictor.predict([image])))
    code = """if True:
        import pathlib, pickle, sys
        predictor, image = pickle.loads(pathlib.Path(sys.argv[1]).read_bytes())
        found = predictor.predict([image])
        assert found == pickle.loads(pathlib.Path(sys.argv[2]).read_bytes()) and len(found[0]) == 2
        assert found.expressions == predictor.expressions
    """
    command = [sys.executable, "-c", code, str(tmp_path / "predictor"), str(tmp_path / "found")]
    done = subprocess.run(command, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr


def test_a_pickled_predictor_of_a_run_or_with_rules_of_its_own(tmp_path):
    save_run(tmp_path / "run")
    images = np.random.default_rng(0).integers(0, 256, (2, 48, 48, 3), np.uint8)
    for predictor in (
        Predictor(tmp_path / "run", None),
        Predictor(Classifier(_first_is_certain, "ab", 48, ["x"]), None),
    ):
        assert pickle.loads(pickle.dumps(predictor)).predict(images) == predictor.predict(images)


def _first_is_certain(faces):
    return np.eye(2)[np.zeros(len(faces), int)]


def test_embeddings_of_the_package_are_those_of_its_components_in_keras():
    """Beside each other; LiteRT's weights and activations have 8 bits."""
    scenes = [cv2.cvtColor(draw_scene(0, index, faces=1, size=128).image, cv2.COLOR_RGB2GRAY) for index in range(4)]
    faces = np.stack([cv2.resize(scene, (48, 48)) for scene in scenes])
    found, models = load_classifier("photographs").embed(faces), load_components()
    expected = np.concatenate([embeddings_function(model)(faces) for model in models], axis=1)
    assert found.dtype == np.float32 and found.shape == expected.shape and found.shape[1] >= 2048 * len(models)
    for own, other in zip(found, expected, strict=True):
        assert np.linalg.norm(own - other) < 0.1 * np.linalg.norm(other)
        assert own @ other > 0.995 * np.linalg.norm(own) * np.linalg.norm(other)


def test_embeddings_come_on_request_alone(tmp_path):
    save_run(tmp_path / "run", {"first": EXPRESSIONS, "second": EXPRESSIONS})
    images = np.random.default_rng(0).integers(0, 256, (3, 48, 48, 3), np.uint8)
    predictor = Predictor(tmp_path / "run", None)
    assert all(faces[0].embedding is None for faces in predictor.predict(images))
    faces = np.stack([cv2.cvtColor(image, cv2.COLOR_RGB2GRAY) for image in images])
    models = [build_component(TINY, seed) for seed in (0, 1)]
    expected = np.concatenate([embeddings_function(model)(faces) for model in models], axis=1)
    found = predictor.predict(images, embeddings=True)
    np.testing.assert_allclose([own[0].embedding for own in found], expected, atol=1e-5)
    assert len(json.dumps(found[0][0].as_dict()["embedding"]).split(",")) == expected.shape[1]
    assert predictor.predict([images[0]], [[]], embeddings=True)[0].faces == ()
    with pytest.raises(FerMdError, match="brightness: gives no embeddings; networks of the package and runs do"):
        stub_predictor().predict([GRAY], embeddings=True)


def test_threads_share_a_predictor():
    predictor, images = fer_md.Predictor("fer2013"), [draw_scene(0, seed, faces=1, size=256).image for seed in range(4)]
    expected, found = [predictor.predict([image]) for image in images], [[] for _ in images]

    def work(index):
        found[index] = [predictor.predict([images[index]]) for _ in range(5)]

    threads = [threading.Thread(target=work, args=[index]) for index in range(len(images))]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert found == [[answer] * 5 for answer in expected]


def test_what_runs_in_tensorflow_refuses_a_forked_process(tmp_path, monkeypatch):
    """It would wait forever; what was loaded before the fork, and what is loaded after it."""
    save_run(tmp_path / "run")
    export_saved_model(ServedNetwork(build_component(TINY, 0), EXPRESSIONS), tmp_path / "served")
    loaded = [load_classifier(tmp_path / name) for name in ("run", "served")]
    monkeypatch.setattr("os.getpid", lambda: 1)
    for classifier in loaded:
        with pytest.raises(FerMdError, match="TensorFlow does not work in a forked process: make the Predictor after"):
            classifier.classify(np.zeros((1, 48, 48), np.uint8))
    for name in ("run", "served"):
        with pytest.raises(FerMdError, match="does not work in a forked process"):
            load_classifier(tmp_path / name)
    assert fer_md.Predictor("fer2013", None).predict([GRAY])


def test_frames_are_batched_across_files_a_bounded_number_at_a_time():
    seen, detector, alive = [], StubDetector(), []

    def frames():
        for index in range(100):
            alive.append(index)
            yield Frame(Medium("picture", f"{index}.png", f"{index}.png"), GRAY)

    predictor = Predictor(brightness_classifier(seen), detector)
    for number, (frame, faces) in enumerate(predictor.stream(frames())):
        assert frame.medium.name == f"{number}.png" and len(faces) == 1
        assert len(alive) <= number + 32
    assert seen == [32, 32, 32, 4] == [len(call) for call in detector.calls]
    large = np.zeros((4000, 5000, 3), np.uint8)
    assert len(predictor.predict([large] * 5)) == 5
    assert [len(call) for call in detector.calls[4:]] == [2, 2, 1]


def test_run_export_and_keras_model_agree(tmp_path):
    save_run(tmp_path / "run")
    model = build_component(TINY, 0)
    faces = np.random.default_rng(0).integers(0, 256, (40, 48, 48), np.uint8)
    expected = predict_probabilities(model, faces)
    for version in (9, 10):
        export_saved_model(ServedNetwork(model, EXPRESSIONS), tmp_path / "served", version)
    for path in (tmp_path / "run", tmp_path / "served", tmp_path / "served" / "9"):
        classifier = load_classifier(path)
        assert classifier.expressions == EXPRESSIONS and classifier.image_size == 48
        np.testing.assert_allclose(classifier.classify(faces), expected, atol=1e-5)
    assert classifier.networks == ("9",) and load_classifier(tmp_path / "served").networks == ("10",)
    images = np.random.default_rng(1).integers(0, 256, (2, 48, 48, 3), np.uint8)
    (face,), _ = fer_md.Predictor(tmp_path / "run", detector=None).predict(images)
    gray = cv2.cvtColor(images[0], cv2.COLOR_RGB2GRAY)
    (expected,) = predict_probabilities(model, gray[None])
    np.testing.assert_allclose(list(face.probabilities.values()), expected, atol=1e-5)


def test_the_networks_of_a_fine_tuning_are_fused(tmp_path):
    save_run(tmp_path / "run", {"first": EXPRESSIONS, "second": EXPRESSIONS})
    faces = np.random.default_rng(0).integers(0, 256, (5, 48, 48), np.uint8)
    expected = np.mean([predict_probabilities(build_component(TINY, seed), faces) for seed in (0, 1)], axis=0)
    classifier = load_classifier(tmp_path / "run")
    np.testing.assert_allclose(classifier.classify(faces), expected, atol=1e-5)
    assert classifier.networks == ("component1", "component2")


def test_a_run_that_learned_no_expressions_is_refused(tmp_path):
    write_json(tmp_path / "config.json", {"settings": {"epochs": 2}})
    with pytest.raises(FerMdError, match="learned no expressions; name a run of fer-md train"):
        load_classifier(tmp_path)


def test_several_label_spaces_must_be_chosen_from(tmp_path):
    other = ("contempt", *EXPRESSIONS[1:])
    save_run(tmp_path / "run", {"first": EXPRESSIONS, "second": other})
    with pytest.raises(FerMdError, match="several label spaces; data must name one of first, second"):
        load_classifier(tmp_path / "run")
    with pytest.raises(FerMdError, match="component2 has no head for first"):
        load_classifier(tmp_path / "run", "first")
    with pytest.raises(FerMdError, match="nowhere: not a prepared data set"):
        load_classifier(tmp_path / "run", "nowhere")


def test_a_damaged_saved_model_is_named(tmp_path):
    (tmp_path / "saved_model.pb").write_bytes(b"nothing")
    with pytest.raises(FerMdError, match="not a SavedModel of fer-md export, or damaged"):
        load_classifier(tmp_path)
    with pytest.raises(FerMdError, match="a SavedModel has one label space"):
        load_classifier(tmp_path, "fer2013")


@pytest.mark.integration
def test_importing_the_package_is_quick():
    code = "import sys, fer_md, fer_md.cli; sys.exit('tensorflow' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code]).returncode == 0
    assert fer_md.Predictor is Predictor and "Predictor" in fer_md.__all__
    with pytest.raises(AttributeError, match="no attribute 'Nothing'"):
        fer_md.Nothing  # noqa: B018
