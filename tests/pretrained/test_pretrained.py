"""Weights that ship: compression, a round trip through the files, what is refused, and the package's own network."""

import dataclasses
import json
from pathlib import Path

import keras
import numpy as np
import pytest

import fer_md
from fer_md.drawn.synthetic import draw_face
from fer_md.errors import FerMdError
from fer_md.evaluation.predict import predict_probabilities
from fer_md.evaluation.prior import prior_shares
from fer_md.expressions import EXPRESSIONS
from fer_md.files import file_sha256, read_json
from fer_md.litert.network import load_network
from fer_md.models import TINY, build_component
from fer_md.models.fused import fuse
from fer_md.pretrained.description import FOLDER, read_description
from fer_md.pretrained.lite import load_lite
from fer_md.pretrained.networks import NETWORKS, UNIFORM_SHARE, describe
from fer_md.pretrained.store import (
    INT8_FROM,
    LITERT_MOST,
    compress,
    decompress,
    load_components,
    load_fused,
    save_litert,
    save_pretrained,
)
from random_faces import random_split

DOCS = Path(__file__).parents[2] / "docs"


def test_large_matrix_is_off_by_half_a_scale_at_most():
    weights = np.random.default_rng(0).normal(size=(INT8_FROM // 256, 256)).astype(np.float32)
    weights[:, 3] = 0
    coded = compress(weights)
    assert coded["values"].dtype == np.int8 and coded["scale"].shape == (256,)
    assert (np.abs(decompress(coded) - weights) <= coded["scale"] / 2 + 1e-7).all()
    assert np.abs(coded["values"]).max(0)[np.arange(256) != 3].min() == 127


@pytest.mark.parametrize(
    ("values", "dtype"), [([0.1, -2.5, 0], "float16"), ([1e6], "float32"), ([0.5, 1e-9], "float16")]
)
def test_the_rest_is_float16_where_it_fits(values, dtype):
    coded = compress(np.array(values, np.float32))
    assert coded["values"].dtype == dtype
    assert decompress(coded) == pytest.approx(values, rel=1 / 2048, abs=3e-8)


@pytest.fixture
def shipped(tmp_path):
    components = [(build_component(TINY, seed), TINY) for seed in (0, 1)]
    description = {"expressions": list(EXPRESSIONS), "score_weights": [0.25, 0.75], "temperature": 1.5, "prior": None}
    save_pretrained(tmp_path, components, description)
    return tmp_path, components


def test_round_trip_keeps_the_fused_scores(shipped):
    folder, components = shipped
    faces = random_split(20).images
    exact = fuse([predict_probabilities(model, faces) for model, _ in components], [0.25, 0.75]) ** (1 / 1.5)
    exact /= exact.sum(1, keepdims=True)
    assert predict_probabilities(load_fused(folder), faces) == pytest.approx(exact, abs=3e-3)
    again = load_components(folder)
    assert [set(model.output) for model in again] == [{"embeddings", "logits"}] * 2
    assert isinstance(load_fused(folder), keras.Model)


def test_files_hold_no_pickle_and_say_what_they_are(shipped):
    folder, _ = shipped
    assert sorted(path.name for path in folder.iterdir()) == ["description.json", "weights.npz"]
    with np.load(folder / "weights.npz", allow_pickle=False) as arrays:
        assert all(arrays[name].dtype != object for name in arrays.files)
    assert json.loads((folder / "description.json").read_text())["temperature"] == 1.5


@pytest.mark.parametrize(
    ("name", "message"),
    [
        ("weights.npz", "weights.npz: damaged"),
        ("description.json", "description.json: not valid JSON"),
    ],
)
def test_damaged_file_is_named(shipped, name, message):
    folder, _ = shipped
    path = folder / name
    path.write_bytes(path.read_bytes()[:-20])
    with pytest.raises(FerMdError, match=message):
        load_fused(folder)


@pytest.mark.parametrize(
    "change", [{"temperature": -1.3}, {"temperature": "1"}, {"expressions": list(EXPRESSIONS[:3])}, {"sha256": None}]
)
def test_description_with_another_value_is_named(shipped, change):
    folder, _ = shipped
    path = folder / "description.json"
    path.write_text(json.dumps({**json.loads(path.read_text()), **change}))
    with pytest.raises(FerMdError, match="description.json: damaged, its values have not the SHA-256"):
        read_description(folder)


def test_no_bit_of_a_description_changes_a_value_unnoticed(tmp_path):
    """400 bits of the one that ships; those that leave all values as they were are spaces and line ends."""
    path, rng = tmp_path / "description.json", np.random.default_rng(0)
    content, expected = (FOLDER / path.name).read_bytes(), read_description()
    for bit in rng.choice(8 * len(content), 400, replace=False):
        changed = bytearray(content)
        changed[bit // 8] ^= 1 << bit % 8
        path.write_bytes(changed)
        try:
            assert read_description(tmp_path) == expected, bit
        except FerMdError as error:
            assert "description.json" in str(error)


def test_a_single_component_ships_too(tmp_path):
    model = build_component(TINY)
    description = {"expressions": list(EXPRESSIONS), "score_weights": [1.0], "temperature": 1.0, "prior": None}
    save_pretrained(tmp_path, [(model, TINY)], description)
    faces = random_split(5).images
    exact = predict_probabilities(model, faces)
    assert predict_probabilities(load_fused(tmp_path), faces) == pytest.approx(exact, abs=3e-3)


def test_missing_file_is_named(shipped):
    folder, _ = shipped
    (folder / "weights.npz").unlink()
    with pytest.raises(FerMdError, match="weights.npz: cannot be read"):
        load_fused(folder)


@pytest.mark.parametrize("name", NETWORKS)
def test_published_figures_are_those_of_the_shipped_weights(name):
    """Weights that were changed without measuring again fail here."""
    assert file_sha256(FOLDER / "weights.npz") == read_description()["npz_sha256"]
    results = DOCS / "results" / "pretrained" / ("" if name == "fer2013" else name)
    published = sorted(results.glob("P*/metrics.json"))
    assert len(published) >= 4
    for path in published:
        assert read_json(path)["models"] == describe(name)["weights"], path


def test_model_card_has_the_fitted_numbers():
    description = read_description()
    assert list(description["prior"].values()) == pytest.approx(prior_shares("fer2013", EXPRESSIONS))
    card = " ".join((DOCS / "MODEL_CARD.md").read_text(encoding="utf-8").split())
    assert description["score_weights"] == [0.5, 0.5] and "The mean of their probabilities is then calibrated" in card
    assert f"temperature of {description['temperature']:.3f}" in card
    sizes = [(FOLDER / name).stat().st_size / 2**20 for name in ("network.tflite", "weights.npz")]
    assert "`network.tflite`, {:.1f} MiB; `weights.npz` has the rest for Keras, {:.1f} MiB".format(*sizes) in card


def test_photographs_hold_less_of_the_prior():
    """Probabilities over the prior to the power of ``UNIFORM_SHARE``; the prior that is left is stated."""
    faces = random_split(9).images
    learned = np.array(list(describe()["prior"].values()))
    expected = predict_probabilities(fer_md.load_pretrained(), faces) * learned**-UNIFORM_SHARE
    found = predict_probabilities(fer_md.load_pretrained("photographs"), faces)
    np.testing.assert_allclose(found, expected / expected.sum(1, keepdims=True), atol=1e-5)
    left = learned ** (1 - UNIFORM_SHARE)
    np.testing.assert_allclose(list(describe("photographs")["prior"].values()), left / left.sum())


def test_unknown_network_is_refused():
    with pytest.raises(ValueError, match="name must be one of fer2013, photographs, not 'affectnet'"):
        fer_md.load_pretrained("affectnet")


@pytest.mark.parametrize("name", NETWORKS)
def test_package_has_its_networks(name):
    model = fer_md.load_pretrained(name)
    probabilities = predict_probabilities(model, random_split(3).images)
    assert probabilities.shape == (3, len(EXPRESSIONS))
    assert probabilities.sum(1) == pytest.approx([1, 1, 1])


@pytest.mark.parametrize("name", NETWORKS)
def test_litert_answers_as_keras_does(name):
    """On drawn faces, in batches of several sizes; the bound is that of the file when it was made."""
    faces = np.stack([draw_face(i, f"person {i}", EXPRESSIONS[i % 7], ("lab", "wild")[i % 2]).image for i in range(40)])
    expected = predict_probabilities(fer_md.load_pretrained(name), faces)
    network = load_lite(name)
    found = np.concatenate([network(part) for part in np.split(faces, [1, 8, 39])])
    assert found.dtype == np.float64
    np.testing.assert_allclose(found.sum(1), 1, atol=1e-6)
    np.testing.assert_allclose(found, expected, atol=LITERT_MOST)
    sure = np.diff(np.sort(expected), axis=1)[:, -1] > 2 * LITERT_MOST
    assert sure.any() and (found.argmax(1) == expected.argmax(1))[sure].all()


def test_matrices_that_litert_has_too_are_stored_once(tmp_path):
    """fc1 and fc2 of this network are large enough for int8; its answers are the same to the last bit."""
    config = dataclasses.replace(TINY, fc_units=1024)
    description = {"expressions": list(EXPRESSIONS), "score_weights": [1.0], "temperature": 1.0, "prior": None}
    save_pretrained(tmp_path, [(build_component(config), config)], description)
    faces, before = random_split(9).images, read_description(tmp_path)
    expected = predict_probabilities(load_fused(tmp_path), faces)
    large = (tmp_path / "weights.npz").stat().st_size
    for _ in range(2):  # from the whole file, then from one without the matrices
        save_litert(tmp_path, faces)
        with np.load(tmp_path / "weights.npz") as stored:
            left_out = [name for name in stored.files if name.endswith(":place")]
            assert len(left_out) == 2 and not any(stored[name].dtype == np.int8 for name in stored.files)
        assert (tmp_path / "weights.npz").stat().st_size < large / 5
        np.testing.assert_array_equal(predict_probabilities(load_fused(tmp_path), faces), expected)
    after = read_description(tmp_path)
    assert after["weights_sha256"] == before["weights_sha256"] == before["npz_sha256"] != after["npz_sha256"]
    (tmp_path / "network.tflite").write_bytes(b"another network")
    with pytest.raises(FerMdError, match="network.tflite: damaged, not the file that"):
        load_fused(tmp_path)


def test_the_package_stores_no_matrix_twice():
    with np.load(FOLDER / "weights.npz") as stored:
        assert not any(stored[name].dtype == np.int8 for name in stored.files)


def test_litert_file_is_made_of_the_weights_beside_it():
    """After weights that ship anew without it: python experiments/ship.py --data=DATA."""
    description = read_description()
    assert description["litert"]["weights_sha256"] == description["weights_sha256"]
    assert description["litert"]["largest_difference"] <= LITERT_MOST


def test_litert_file_is_written_and_noted(shipped):
    folder, _ = shipped
    faces = random_split(20).images
    save_litert(folder, faces)
    noted = read_description(folder)["litert"]
    network = load_network(folder / "network.tflite", noted["sha256"])
    difference = np.abs(network(faces[..., None]) - predict_probabilities(load_fused(folder), faces)).max()
    assert difference == pytest.approx(noted["largest_difference"], abs=1e-3)
    assert noted["weights_sha256"] == file_sha256(folder / "weights.npz")
