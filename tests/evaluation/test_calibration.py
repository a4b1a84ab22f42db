"""Temperature, and accuracy by the quality of the pictures."""

import cv2
import numpy as np
import pytest

from fer_md.evaluation.calibration import apply_temperature, fit_temperature
from fer_md.evaluation.metrics import expected_calibration_error, negative_log_likelihood
from fer_md.evaluation.quality import accuracy_by_quality, contrast, sharpness


def test_temperature_by_hand():
    # p = (4/5, 1/5): at T = 2 the odds 4 become 2
    assert apply_temperature([[0.8, 0.2]], 2) == pytest.approx(np.array([[2 / 3, 1 / 3]]))
    # 3 of 4 are right at odds of 9: the likelihood is highest at odds of 3 = 9 ** (1 / 2)
    assert fit_temperature([[0.9, 0.1]] * 4, [0, 0, 0, 1]) == pytest.approx(2, rel=1e-6)


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
