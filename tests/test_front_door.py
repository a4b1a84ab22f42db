"""What ``import fer_md`` gives, and what it does not load, in processes of their own."""

import json
import subprocess
import sys
from pathlib import Path

import pytest

import fer_md
from fer_md import environment
from fer_md.drawn.scenes import draw_scene
from fer_md.expressions import EXPRESSIONS
from fer_md.losses import MDLoss, MetricLossModel
from fer_md.media.pictures import save_picture
from fer_md.models import TINY, build_component
from fer_md.pretrained.expression_classifier import ExpressionClassifier

pytestmark = pytest.mark.integration

ROOT = Path(__file__).parents[1]

WRITE_OUR_CLASSES = """
import keras
print(*sorted(name for name in keras.saving.get_custom_objects() if name.startswith("fer_md>")))
"""


def run(code, *arguments):
    answer = subprocess.run([sys.executable, "-c", code, *map(str, arguments)], capture_output=True, text=True)
    assert answer.returncode == 0, answer.stderr
    return answer


def test_every_name_is_there_and_shown():
    assert set(fer_md.__all__) <= set(dir(fer_md))
    assert all(hasattr(fer_md, name) for name in fer_md.__all__)
    assert fer_md.MDLoss is MDLoss and fer_md.build_component is build_component
    with pytest.raises(AttributeError, match="module 'fer_md' has no attribute 'MdLoss'"):
        _ = fer_md.MdLoss


def test_import_loads_neither_tensorflow_nor_keras():
    run("import sys, fer_md; fer_md.EXPRESSIONS, dir(fer_md); assert not {'tensorflow', 'keras'} & {*sys.modules}")


PREDICT_WITHOUT = """
import importlib.abc, sys
absent = {"tensorflow", "keras", "matplotlib", "pandas", "mtcnn", "joblib"}
class Absent(importlib.abc.MetaPathFinder):
    def find_spec(self, name, path=None, target=None):
        if name.split(".")[0] in absent:
            raise ModuleNotFoundError(f"No module named {name!r}", name=name)
sys.meta_path.insert(0, Absent())
import fer_md
faces = fer_md.Predictor(prior="uniform", mirror=True).predict([sys.argv[1]])[0]
assert len(faces) == 2 and all(face.landmarks.shape == (5, 2) for face in faces)
from fer_md import cli
assert cli.main(["predict", sys.argv[1], "--annotate", sys.argv[2]]) == 0
assert cli.main(["info"]) == 0
assert not absent & {*sys.modules}
"""


def test_prediction_needs_no_tensorflow(tmp_path):
    """As in an environment without it: to import it fails."""
    save_picture(tmp_path / "scene.png", draw_scene(0, 1, faces=2, size=512).image)
    answer = run(PREDICT_WITHOUT, tmp_path / "scene.png", tmp_path / "drawn")
    said = [line for line in answer.stderr.splitlines() if "predicting" not in line]  # progress, on a slow machine
    assert said == ["frames 1, faces 2, frames without a face 0, problems 0"]
    assert (tmp_path / "drawn" / "scene.png").is_file()


def test_prediction_imports_no_tensorflow_where_there_is_one(tmp_path):
    save_picture(tmp_path / "scene.png", draw_scene(0, 1, faces=1, size=256).image)
    run(
        "import sys, fer_md; assert len(fer_md.Predictor().predict([sys.argv[1]]).expressions) == 7;"
        "assert not {'tensorflow', 'keras', 'pandas', 'matplotlib'} & {*sys.modules}",
        tmp_path / "scene.png",
    )


WANTED = "this needs Keras on TensorFlow, and its backend is jax; set KERAS_BACKEND=tensorflow"


@pytest.mark.parametrize("installed", [True, False])
@pytest.mark.parametrize(
    "code",
    [
        "import fer_md; fer_md.MDLoss",
        "import fer_md; fer_md.load_pretrained()",
        "import fer_md.models",
        "import fer_md; fer_md.Predictor(sys.argv[1])",
        "from fer_md import cli; cli.main(['predict', 'a.png', '--model', sys.argv[1]])",
        "from fer_md import console; import fer_md.models",
    ],
)
def test_another_backend_of_keras_is_named(tmp_path, monkeypatch, code, installed):
    """Whether it is installed or not; of a command, in one line. A stub of Keras stands for one that runs on JAX."""
    monkeypatch.setenv("KERAS_BACKEND", "jax")
    (tmp_path / "config.json").write_text("{}")
    stub = tmp_path / "stub" / "keras"
    stub.mkdir(parents=True)
    text = "class config:\n    backend = staticmethod(lambda: 'jax')\n" if installed else "import jax\n"
    (stub / "__init__.py").write_text(text)
    monkeypatch.setenv("PYTHONPATH", f"{stub.parent}:{ROOT}")
    code = f"import sys; {code}"
    done = subprocess.run([sys.executable, "-c", code, tmp_path], capture_output=True, text=True)
    assert done.returncode == (0 if "cli" in code else 1) and done.stderr.splitlines()[-1].endswith(WANTED), done.stderr
    if "cli" in code or "console" in code:
        assert done.stderr == f"error: {WANTED}\n"


def test_keras_on_another_backend_is_left_alone(tmp_path, monkeypatch):
    """Its user may predict with fer_md still."""
    (tmp_path / "keras.py").write_text("class config:\n    backend = staticmethod(lambda: 'jax')\n")
    monkeypatch.setenv("PYTHONPATH", f"{tmp_path}:{ROOT}")
    run("import fer_md, keras; fer_md.Predictor('fer2013', None)")
    run("import keras, fer_md; fer_md.Predictor('fer2013', None)")


@pytest.mark.parametrize(
    "stated, named, backend", [("jax", None, "jax"), ("jax", "torch", "torch"), (None, None, "tensorflow")]
)
def test_the_backend_is_that_of_the_variable_or_of_the_file(tmp_path, monkeypatch, stated, named, backend):
    monkeypatch.delitem(sys.modules, "keras")
    monkeypatch.setenv("KERAS_HOME", str(tmp_path))
    monkeypatch.delenv("KERAS_BACKEND", raising=False)
    if stated:
        (tmp_path / "keras.json").write_text(json.dumps({"backend": stated}))
    if named:
        monkeypatch.setenv("KERAS_BACKEND", named)
    assert environment.keras_backend() == backend


@pytest.mark.parametrize(
    "imports",
    [
        "import fer_md",
        "import fer_md, importlib.util; importlib.util.find_spec('keras')",
        "import keras, fer_md",
        "import fer_md.layers",
        "import fer_md.losses",
        "import fer_md.models",
    ],
)
def test_keras_knows_all_our_classes_in_whatever_order_they_are_imported(imports):
    found = run(imports + WRITE_OUR_CLASSES).stdout.split()
    assert {"fer_md>MDLoss", "fer_md>MetricLossModel", "fer_md>CReLU", "fer_md>Standardize"} <= set(found)


def test_saved_networks_open_in_plain_keras_after_import_fer_md(tmp_path):
    network = build_component(TINY)
    network.save(tmp_path / "component.keras")
    MetricLossModel(network, MDLoss(TINY.num_classes, TINY.fc_units)).save(tmp_path / "own.keras")
    ExpressionClassifier(network, EXPRESSIONS).save(tmp_path / "classifier.keras")
    code = "import sys, fer_md, keras; [keras.saving.load_model(path) for path in sys.argv[1:]]"
    run(code, *(tmp_path / f"{name}.keras" for name in ("component", "own", "classifier")))
