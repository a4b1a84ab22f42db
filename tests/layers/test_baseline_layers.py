"""The layers of the baselines: response normalisation, illumination, equalisation, and the correspondence code."""

import keras
import numpy as np
import pytest
import tensorflow as tf

from fer_md.faces.hog import hog_at
from fer_md.layers import Correspondence, Equalize, IsotropicSmoothing, ResponseNorm
from fer_md.layers.correspondence import k_means, oriented_grid
from fer_md.layers.preprocessing import CLIPPED, MARGIN, SMOOTHNESS
from random_faces import random_split


def faces(count=3):
    return random_split(count).images[..., None]


def test_response_norm_by_hand():
    """Channels 3, 4: both see 9 + 16 = 25, so 3 / (2 + 0.0025)^0.75."""
    x = np.array([[[[3.0, 4.0]]]], np.float32)
    np.testing.assert_allclose(ResponseNorm()(x), x / 2.0025**0.75, rtol=1e-6)
    y = ResponseNorm(dtype="mixed_bfloat16")(tf.cast(x, tf.bfloat16))
    assert y.dtype == tf.bfloat16


def test_equalize_by_hand():
    """Levels 7, 7, 9, 200: nothing is darker than 7, two pixels than 9, three than 200."""
    x = np.array([7, 7, 9, 200], np.uint8).reshape(1, 2, 2, 1)
    np.testing.assert_allclose(np.ravel(Equalize()(x)), [0, 0, 2 / 3, 1], rtol=1e-6)
    np.testing.assert_array_equal(Equalize()(np.full((1, 4, 4, 1), 9.0)), np.zeros((1, 4, 4, 1)))


def test_equalize_only_sees_the_order():
    x = faces() // 2
    np.testing.assert_array_equal(Equalize()(x), Equalize()(2 * x + 1))
    assert np.array(Equalize()(x)).std() == pytest.approx(12**-0.5, rel=0.02)  # that of even shares


def smoothed(image):
    """The light by the dense system of equations, and the reflectance, in float64."""
    gray = image.astype(np.float64)
    gray = np.pad((gray - gray.min()) / np.ptp(gray), MARGIN, "symmetric") + 1e-3
    size = len(gray)
    second = 2 * np.eye(size) - np.eye(size, k=1) - np.eye(size, k=-1)
    system = np.eye(size**2) + SMOOTHNESS * (np.kron(second, np.eye(size)) + np.kron(np.eye(size), second))
    reflected = (gray / np.linalg.solve(system, gray.ravel()).reshape(size, size))[MARGIN:-MARGIN, MARGIN:-MARGIN]
    ordered, cut = np.sort(reflected.ravel()), int(CLIPPED * reflected.size)
    low, high = ordered[cut], ordered[-1 - cut]
    return (np.clip(reflected, low, high) - low) / (high - low)


def test_isotropic_smoothing_solves_its_equations():
    x = random_split(2, size=16).images
    found = IsotropicSmoothing()(x[..., None])
    for image, result in zip(x, found, strict=True):
        np.testing.assert_allclose(result[..., 0], smoothed(image), atol=1e-4)


def test_isotropic_smoothing_takes_out_slow_light():
    """The same face under a light that falls off to one side: the raw images differ more than the results."""
    x = 60 + 0.3 * faces(1).astype(np.float32)
    shaded = x * np.linspace(1, 0.4, 48, dtype=np.float32)[:, None]
    flat, other = (np.ravel(IsotropicSmoothing()(image)) for image in (x, shaded))
    assert np.corrcoef(flat, other)[0, 1] > np.corrcoef(np.ravel(x), np.ravel(shaded))[0, 1]
    assert np.all(np.isfinite(IsotropicSmoothing()(np.full((1, 48, 48, 1), 128.0))))


def test_grid_equals_the_library_s_histograms():
    """One cell around the middle of a 5x5 image is hog_at's one cell, up to the length both are divided by."""
    image = random_split(1, size=5).images
    found = oriented_grid(image[..., None], 1)[0]
    expected = hog_at(image, np.array([[[2.0, 2.0]]]), cell=5, cells=1)[0]
    np.testing.assert_allclose(found, expected / np.linalg.norm(expected), atol=5e-3)


def test_grid_by_hand():
    """A ramp of 2 gray levels a pixel along x: all gradients point along bin 0, in both cells of the upper row."""
    ramp = np.tile(2.0 * np.arange(8), (8, 1))[None, :, :, None]
    found = oriented_grid(ramp, 2).numpy().reshape(4, 8)
    assert np.all(found[:, 0] > 0.4) and np.all(found[:, 1:] == 0)
    np.testing.assert_allclose(np.linalg.norm(found), 1, rtol=1e-6)
    assert not np.any(oriented_grid(np.full((1, 8, 8, 1), 5), 2))


def test_k_means_finds_separated_clusters():
    rng = np.random.default_rng(0)
    points = np.concatenate([rng.normal(size=(50, 2)) / 10 + center for center in ([0, 0], [5, 0])])
    centers, owners = k_means(points, 2, np.random.default_rng(1))
    assert len(set(owners[:50])) == len(set(owners[50:])) == 1 and owners[0] != owners[50]
    np.testing.assert_allclose(centers[owners[0]], points[:50].mean(0))
    assert k_means(points[:0], 3, rng)[0].shape == (3, 2)


def test_correspondence_names_cluster_and_cluster_within(tmp_path):
    """Codes are one-hot twice, the second within the first; adapted clusters are used, saved and fixed by the seed."""
    images = random_split(60).images
    layer, again, other = Correspondence(3), Correspondence(3), Correspondence(3)
    for made, seed in ((layer, 1), (again, 1), (other, 2)):
        made.build((None, 48, 48, 1))
        made.adapt(images, seed)
    codes = layer(images[..., None]).numpy()
    assert codes.shape == (60, 12)
    np.testing.assert_array_equal(codes[:, :3].argmax(1), codes[:, 3:].argmax(1) // 3)
    np.testing.assert_array_equal(np.sort(codes, axis=1)[:, -2:], np.ones((60, 2)))
    assert len(np.unique(codes[:, 3:].argmax(1))) > 3
    np.testing.assert_array_equal(layer.fine, again.fine)
    assert np.any(np.array(layer.fine) != np.array(other.fine))
    inputs = keras.Input((48, 48, 1))
    model = keras.Model(inputs, layer(inputs))
    model.save(tmp_path / "model.keras")
    np.testing.assert_array_equal(keras.saving.load_model(tmp_path / "model.keras")(images[..., None]), codes)


def test_one_cluster_is_refused():
    with pytest.raises(ValueError, match="clusters must be at least 2, not 1"):
        Correspondence(1)
