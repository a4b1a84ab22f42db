"""Temperature and biases, and accuracy by the quality of the pictures."""

import cv2
import numpy as np
import pytest

from fer_md.evaluation.calibration import apply_temperature, fit_biases, fit_temperature
from fer_md.evaluation.metrics import expected_calibration_error, negative_log_likelihood
from fer_md.evaluation.prior import apply_shift
from fer_md.evaluation.quality import accuracy_by_quality, contrast, sharpness


def test_temperature_by_hand():
    # p = (4/5, 1/5): at T = 2 the odds 4 become 2
    assert apply_temperature([[0.8, 0.2]], 2) == pytest.approx(np.array([[2 / 3, 1 / 3]]))
    # 3 of 4 are right at odds of 9: the likelihood is highest at odds of 3 = 9 ** (1 / 2)
    assert fit_temperature([[0.9, 0.1]] * 4, [0, 0, 0, 1]) == pytest.approx(2, rel=1e-6)


def test_biases_by_hand():
    """Every face has odds of 4, and of four labels one is the first: odds of 1 / 3 need a factor of 1 / 12."""
    biases = fit_biases(np.array([[0.8, 0.2]] * 4), [0, 1, 1, 1])
    assert biases == pytest.approx([-np.log(12) / 2, np.log(12) / 2])


def test_fitted_biases_are_the_minimum_of_a_convex_loss():
    """Its gradient, the mean answer minus the frequency of the labels, is zero; each step aside is worse."""
    rng = np.random.default_rng(0)
    probabilities, labels = rng.dirichlet(np.ones(7), 300), np.arange(300) % 6 + 1
    biases = fit_biases(probabilities, labels)
    answered = apply_shift(probabilities, biases)
    assert answered.mean(0) == pytest.approx(np.maximum(np.bincount(labels), 0.5) / 300.5, abs=1e-4)
    assert np.isfinite(biases).all() and biases.mean() == pytest.approx(0)
    least = negative_log_likelihood(labels, answered)
    for aside in 0.1 * np.eye(7)[1:]:
        for sign in (1, -1):
            assert negative_log_likelihood(labels, apply_shift(probabilities, biases + sign * aside)) > least


def test_fitted_biases_find_the_ratio_of_two_priors():
    rng = np.random.default_rng(1)
    true = rng.dirichlet(np.ones(7), 20_000)
    labels = (true.cumsum(1) > rng.random((20_000, 1))).argmax(1)
    shift = np.log(rng.dirichlet(np.ones(7)))
    assert fit_biases(apply_shift(true, shift), labels) == pytest.approx(shift.mean() - shift, abs=0.1)


def test_fitted_temperature_undoes_overconfidence():
    rng = np.random.default_rng(0)
    true = rng.dirichlet(np.ones(7) * 0.5, 4000)
    labels = np.array([rng.choice(7, p=row) for row in true])
    sure = apply_temperature(true, 0.5)
    temperature = fit_temperature(sure, labels)
    assert temperature == pytest.approx(2, rel=0.1)
    calibrated = apply_temperature(sure, temperature)
    assert (calibrated.argmax(1) == sure.argmax(1)).all()
    assert negative_log_likelihood(labels, calibrated) < negative_log_likelihood(labels, sure)
    assert expected_calibration_error(labels, calibrated) < 0.03 < expected_calibration_error(labels, sure)


def test_no_sample_is_refused():
    with pytest.raises(ValueError, match="at least one"):
        fit_temperature(np.ones((0, 7)), [])


def test_blur_and_faint_contrast_are_the_lowest_thirds():
    rng = np.random.default_rng(0)
    sharp = rng.integers(0, 256, (2, 48, 48)).astype(np.uint8)
    blurred = np.stack([cv2.GaussianBlur(image, (9, 9), 3) for image in sharp])
    faint = (sharp // 16 + 120).astype(np.uint8)
    assert sharpness(blurred).max() < sharpness(sharp).min()
    assert contrast(faint).max() < contrast(sharp).min()
    images = np.concatenate([sharp, blurred, faint])
    found = accuracy_by_quality(images, np.array([1, 1, 0, 0, 0, 1], bool))
    assert found["contrast"]["lowest third"] == 0.5  # the faint ones
    assert found["contrast"]["highest third"] == 1.0  # the sharp ones
    assert found["sharpness"]["highest third"] == 1.0
