"""From a photograph to its answer: Keras, `Predictor` and every exported format say the same."""

import dataclasses
import io

import cv2
import numpy as np
import pytest
import tensorflow as tf
from PIL import Image

import fer_md
from fer_md.drawn.scenes import draw_scene
from fer_md.environment import quiet_stderr
from fer_md.evaluation.predict import predict_probabilities
from fer_md.expressions import EXPRESSIONS
from fer_md.faces.alignment import fit_face
from fer_md.faces.detection import Detection
from fer_md.faces.face_frame import face_box
from fer_md.faces.landmarks import five_points
from fer_md.media.pictures import decode_rgb
from fer_md.models import TINY, build_component
from fer_md.serving.checks import example_faces
from fer_md.serving.litert_file import export_litert
from fer_md.serving.saved_model import OK, OUTSIDE, UNREADABLE, export_saved_model
from fer_md.serving.served_network import ServedNetwork

MOST = 0.02
"""Largest difference between two probabilities: in a graph a gray level may be another one by 1."""


@dataclasses.dataclass(frozen=True)
class Photograph:
    """A picture file, how it looks upright, and the face in it."""

    data: bytes
    image: np.ndarray
    face: Detection


class Known:
    """A detector that was told what there is, in the order of the pictures."""

    def __init__(self, faces):
        self.faces = faces

    def detect(self, images):
        return [[face] for face in self.faces]


def photographs():
    """Drawn scenes as JPEG and PNG, one of them lying on its side; the last is gray."""
    for number, (kind, orientation) in enumerate([("JPEG", 1), ("PNG", 1), ("JPEG", 6), ("PNG", 3), ("JPEG", 8)]):
        scene = draw_scene(5, number, faces=1, size=200)
        image = scene.image if number < 4 else scene.image[..., :1].repeat(3, 2)
        stored = np.rot90(image, {1: 0, 6: 1, 3: 2, 8: 3}[orientation])
        exif, stream = Image.Exif(), io.BytesIO()
        exif[0x0112] = orientation
        Image.fromarray(stored).save(stream, kind, exif=exif)
        box = tuple(float(value) for value in face_box(scene.landmarks[0]))
        yield Photograph(stream.getvalue(), image, Detection(box, 0.9, five_points(scene.landmarks)[0].astype("f4")))


def upright(photograph):
    """The decoded picture; a JPEG has lost a little."""
    image = decode_rgb(photograph.data, "a photograph")
    assert np.abs(image.astype(int) - photograph.image).mean() < 8
    return image


def crop(photograph):
    """What is in the box alone, as a file."""
    x, y, width, height = (round(max(value, 0)) for value in photograph.face.box)
    return cv2.imencode(".png", photograph.image[y : y + height, x : x + width, ::-1])[1].tobytes()


@pytest.fixture(scope="module")
def model():
    """Its logits have mean 0 and deviation 2 over faces, so that a face cut out in another way gets another answer."""
    model = build_component(TINY)
    logits, found = model.get_layer("logits"), model(example_faces(48))["logits"].numpy()
    logits.kernel.assign(logits.kernel * 2 / found.std(0))
    logits.bias.assign(-found.mean(0) * 2 / found.std(0))
    return model


@pytest.fixture(scope="module")
def exported(model, tmp_path_factory):
    network, folder = ServedNetwork(model, EXPRESSIONS), tmp_path_factory.mktemp("exported")
    with quiet_stderr():
        return export_saved_model(network, folder / "served"), export_litert(network, folder / "a.tflite")


PHOTOGRAPHS = list(photographs())
DATA = [photograph.data for photograph in PHOTOGRAPHS]
BOXES = np.array([photograph.face.box for photograph in PHOTOGRAPHS], np.float32)
LANDMARKS = np.array([photograph.face.landmarks for photograph in PHOTOGRAPHS])


def rows(predictions):
    return np.array([list(face.probabilities.values()) for (face,) in predictions])


def served(answer):
    assert [name.decode() for name in answer["label"].numpy()] == [
        EXPRESSIONS[best] for best in answer["probabilities"].numpy().argmax(1)
    ]
    return answer["probabilities"].numpy()


def assert_alike(answers, expected):
    for name, found in answers.items():
        np.testing.assert_allclose(found, expected, atol=MOST, err_msg=name)
        assert (found.argmax(1) == expected.argmax(1)).all(), name


@pytest.mark.parametrize("align", ["eyes", "box"])
def test_a_photograph_gets_one_answer(align, model, exported):
    saved_model, litert = exported
    signatures = tf.saved_model.load(saved_model).signatures
    faces = [fer_md.cut_face(upright(one), one.face, align) for one in PHOTOGRAPHS]
    expected = predict_probabilities(model, np.stack(faces))
    found = {
        path.name: fer_md.Predictor(path, Known([one.face for one in PHOTOGRAPHS]), align).predict(DATA)
        for path in exported
    }
    answers = {name: rows(predictions) for name, predictions in found.items()}
    if align == "eyes":
        answers["photographs_landmarks"] = served(
            signatures["photographs_landmarks"](image_bytes=tf.constant(DATA), box=BOXES, landmarks=LANDMARKS)
        )
    else:
        answers["photographs"] = served(signatures["photographs"](image_bytes=tf.constant(DATA), box=BOXES))
        answers["boxes of the user"] = rows(fer_md.Predictor(litert).predict(DATA, [[box] for box in BOXES]))
    assert_alike(answers, expected)
    assert len(set(expected.argmax(1))) > 1


def test_a_crop_gets_one_answer(model, exported):
    crops = [crop(photograph) for photograph in PHOTOGRAPHS]
    images = [cv2.imdecode(np.frombuffer(data, np.uint8), cv2.IMREAD_COLOR_RGB) for data in crops]
    expected = predict_probabilities(model, np.stack([fit_face(image) for image in images]))
    signature = tf.saved_model.load(exported[0]).signatures["serving_default"]
    answers = {path.name: rows(fer_md.Predictor(path, None).predict(crops)) for path in exported}
    answers["serving_default"] = served(signature(image_bytes=tf.constant(crops)))
    assert_alike(answers, expected)


def test_no_photograph_gets_no_answer(exported):
    signatures = tf.saved_model.load(exported[0]).signatures
    none = tf.constant([], tf.string)
    for name, more in {
        "serving_default": {},
        "photographs": {"box": BOXES[:0]},
        "photographs_landmarks": {"box": BOXES[:0], "landmarks": LANDMARKS[:0]},
    }.items():
        answer = signatures[name](image_bytes=none, **more)
        assert answer["probabilities"].shape == (0, 7) and answer["label"].shape == (0,)


BROKEN = {"empty": b"", "text": b"no picture", "cut off": DATA[1][:2000], "a JPEG's beginning": DATA[0][:40]}


@pytest.mark.parametrize("name", ["serving_default", "photographs", "photographs_landmarks"])
def test_what_is_broken_harms_no_neighbour(name, exported):
    """Each sound picture has the answer that it has alone; of the others the status says why there is none."""
    signature = tf.saved_model.load(exported[0]).signatures[name]
    more = {"photographs": 1, "photographs_landmarks": 2}.get(name, 0)
    data = [DATA[0], *BROKEN.values(), DATA[1], *[DATA[2]] * 2 * bool(more)]
    given = dict(
        list({"box": np.repeat(BOXES[:1], len(data), 0), "landmarks": np.repeat(LANDMARKS[:1], len(data), 0)}.items())[
            :more
        ]
    )
    if more:
        given["box"][-2:] = (900, 0, 10, 10), (0, np.nan, 10, 10)
    answer = {key: value.numpy() for key, value in signature(image_bytes=tf.constant(data), **given).items()}
    sound = np.array([content in DATA[:2] for content in data])
    statuses = [status.decode() for status in answer["status"]]
    assert [status == OK for status in statuses] == sound.tolist()
    assert statuses[1:5] == [UNREADABLE] * 4 and statuses[6:] == [OUTSIDE] * 2 * bool(more)
    assert not answer["probabilities"][~sound].any() and set(answer["label"][~sound]) == {b""}
    for place in np.flatnonzero(sound):
        alone = signature(
            image_bytes=tf.constant(data[place : place + 1]),
            **{key: value[place : place + 1] for key, value in given.items()},
        )
        np.testing.assert_allclose(answer["probabilities"][place], alone["probabilities"][0], atol=1e-5)
