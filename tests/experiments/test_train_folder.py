"""``fer-md train FOLDER`` on drawn faces, with a tiny network in place of the package's."""

import cv2
import pytest

import folder_training
from fer_md.expressions import EXPRESSIONS
from fer_md.files import read_json
from fer_md.models import NETWORKS, TINY, build_component
from fer_md.prediction.classifier import load_classifier
from fer_md.pretrained.description import read_description
from fer_md.pretrained.store import load_components, save_pretrained
from photograph_trees import write_photograph
from scripts import run_script

pytestmark = pytest.mark.integration

PEOPLE, CLASSES = ("ann", "ben", "cleo", "dora", "eve"), ("Joyful", "sad", "bored")


@pytest.fixture(scope="module")
def pictures(tmp_path_factory):
    folder = tmp_path_factory.mktemp("own") / "my faces"
    for person in PEOPLE:
        for index in range(4):
            for label, name in zip((3, 4, 6), CLASSES, strict=True):
                write_photograph(folder / name / person / f"{index}.png", person, label, 64)
    return folder


@pytest.fixture(scope="module", autouse=True)
def tiny_start(tmp_path_factory):
    """The package's network, for these tests."""
    folder = tmp_path_factory.mktemp("start")
    shares = dict.fromkeys(EXPRESSIONS, 1 / 7)
    description = {"expressions": EXPRESSIONS, "score_weights": [1.0], "temperature": 1.0, "prior": shares}
    description |= {"data": "fer2013", "manifest_sha256": "0" * 64}
    save_pretrained(folder, [(build_component(TINY, 3), TINY)], description)
    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(folder_training, "describe", lambda: read_description(folder))
        patched.setattr(folder_training, "load_components", lambda: load_components(folder))
        patched.setitem(NETWORKS, "small", TINY)
        yield


def train(pictures, folder, *flags):
    return run_script("experiments/train_folder.py", pictures, f"--run_dir={folder}", *flags)


@pytest.fixture(scope="module")
def trained(pictures, tmp_path_factory):
    folder = tmp_path_factory.mktemp("trained") / "run"
    answer = train(pictures, folder, "--epochs=2")
    assert answer.returncode == 0, answer.stderr
    return folder, answer.stdout


def test_what_was_found_is_said(trained):
    folder, text = trained
    for line in (
        "layout: class/person/picture",
        "expressions: joyful = happiness, sad = sadness",
        "classes of their own: bored",
        "people: 5, as they are named",
        "faces: each picture is taken for a face that is cut out already (detector none)",
        "kept: ",
        "my_faces PrivateTest: accuracy ",
        f"fer-md predict PICTURE --model={folder}/network.tflite",
    ):
        assert line in text
    assert cv2.imread(str(folder / "my_faces.png")).shape[1] > 8 * 48
    assert (folder / "report" / "index.html").stat().st_size > 10_000


def test_the_network_answers_in_all_its_forms(trained, pictures):
    """The run and the exported file say the same, in the classes of the folders."""
    folder, _ = trained
    face = cv2.resize(cv2.imread(str(pictures / "bored/ann/0.png"), cv2.IMREAD_GRAYSCALE), (48, 48))[None]
    run, file = load_classifier(folder), load_classifier(folder / "network.tflite")
    assert run.expressions == file.expressions == ("happiness", "sadness", "bored")
    assert run.classify(face) == pytest.approx(file.classify(face), abs=1e-4)
    assert sum(read_json(folder / "config.json")["settings"]["prior"].values()) == pytest.approx(1)


def test_once_more_changes_nothing(trained, pictures):
    folder, _ = trained
    before = (folder / "model.keras").read_bytes()
    answer = train(pictures, folder, "--epochs=2")
    assert answer.returncode == 0 and (folder / "model.keras").read_bytes() == before
    answer = train(pictures, folder, "--epochs=3")
    assert answer.returncode == 1 and "config.json: holds a run with recipe.epochs=" in answer.stderr
    answer = train(pictures, folder, "--epochs=2", "--detector=mtcnn")
    assert answer.returncode == 1 and "data/my_faces: was made of other pictures, labels or settings" in answer.stderr


def test_from_scratch_and_a_prepared_data_set(trained, tmp_path):
    """The prepared folder of one run is the source of another."""
    folder, _ = trained
    answer = train(folder / "data" / "my_faces", tmp_path / "run", "--epochs=1", "--from_scratch")
    assert answer.returncode == 0, answer.stderr
    assert read_json(tmp_path / "run/config.json")["settings"]["start"] is None
    assert [found["kept"] for found in read_json(tmp_path / "run/finish.json").values()] == ["trained"]
    assert not (tmp_path / "run/data").exists()


def test_what_the_network_knew_is_kept_and_measured(trained, tmp_path):
    """With --keep the run also answers in the seven expressions, and says how often as before."""
    folder, _ = trained
    answer = train(folder / "data" / "my_faces", tmp_path / "run", "--epochs=1", "--keep")
    assert answer.returncode == 0, answer.stderr
    assert "of the seven expressions it answers as before on" in answer.stdout
    assert 0 <= read_json(tmp_path / "run/finish.json")["model"]["agreement"] <= 1
    assert load_classifier(tmp_path / "run", data="fer2013").expressions == EXPRESSIONS
    assert load_classifier(tmp_path / "run/network.tflite").expressions == ("happiness", "sadness", "bored")


def test_two_folders_are_learned_together(trained, tmp_path):
    """With classes of their own each has a head and a network of its own."""
    folder, _ = trained
    for person in PEOPLE:
        for index in range(3):
            for label, name in enumerate(("angry", "neutral")):
                write_photograph(tmp_path / "others" / name / f"{person}_{index}.png", person, label, 64)
    answer = train(folder / "data" / "my_faces", tmp_path / "run", tmp_path / "others", "--epochs=1")
    assert answer.returncode == 0, answer.stderr
    assert "my_faces PrivateTest-my_faces-my_faces: accuracy" in answer.stdout
    assert load_classifier(tmp_path / "run/my_faces.tflite").expressions == ("happiness", "sadness", "bored")
    assert load_classifier(tmp_path / "run/others.tflite").expressions == ("anger", "neutral")
    assert load_classifier(tmp_path / "run", data="others").expressions == ("anger", "neutral")


@pytest.mark.parametrize(
    "words, message",
    [
        ([], "name at least one FOLDER"),
        (["none"], "none: cannot be read (No such file or directory)"),
        (["a", "b", "--keep"], "--keep is for one folder"),
        (["a", "--epochs=0"], "flag --epochs=0"),
    ],
)
def test_what_cannot_be_trained_is_one_line(tmp_path, words, message):
    answer = run_script("experiments/train_folder.py", *words, cwd=tmp_path)
    assert answer.returncode == 1 and message in answer.stderr and "Traceback" not in answer.stderr
