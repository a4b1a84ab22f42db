import keras
import numpy as np
import pytest

from fer_md.data.face import Face
from fer_md.data.records import write_dataset
from fer_md.errors import FerMdError
from fer_md.evaluation.peer import load_peer
from fer_md.runs.results import read_result
from pages.sections.robustness import robustness_blocks
from pages.study_rows import Robustness
from random_faces import random_split
from scripts import run_script


def peer(side):
    """A network with the shape of fer's."""
    inputs = keras.Input((side, side, 1))
    return keras.Model(inputs, keras.layers.Dense(7, activation="softmax")(keras.layers.Flatten()(inputs)))


@pytest.fixture(scope="module")
def data(tmp_path_factory):
    split, folder = random_split(14), tmp_path_factory.mktemp("robustness") / "noise"
    labels = np.arange(14) % 7
    write_dataset(
        (Face(key=str(i), image=split.images[i], label=int(labels[i]), split="PublicTest") for i in range(14)),
        folder,
        "noise",
    )
    return folder


def test_robustness_of_a_shipped_network_and_a_peer(data, tmp_path):
    peer(64).save(tmp_path / "peer.h5")
    output = tmp_path / "robustness.json"
    flags = [f"--data={data}", "--networks=fer2013", f"--fer={tmp_path / 'peer.h5'}", f"--output={output}"]
    assert run_script("experiments/robustness.py", *flags).returncode == 0
    found = read_result(Robustness, output)
    assert len(found.rows) == 2 * (1 + 8 * 5)
    frame = robustness_blocks(found)[1].frame
    assert list(frame.columns) == ["corruption", "network", "undamaged", "1", "2", "3", "4", "5"]
    assert len(frame) == 2 * 8


def test_unknown_network(data):
    result = run_script("experiments/robustness.py", f"--data={data}", "--networks=best")
    assert result.returncode and "--networks must be one of fer2013, photographs; got best" in result.stderr


def test_other_files_are_no_peer(tmp_path):
    (tmp_path / "model.h5").write_bytes(b"no")
    with pytest.raises(FerMdError, match=r"cannot be read as fer's emotion_model\.hdf5"):
        load_peer(tmp_path / "model.h5")
    peer(48).save(tmp_path / "small.h5")
    with pytest.raises(FerMdError, match="takes faces of"):
        load_peer(tmp_path / "small.h5")
