"""The network for 68 landmarks: its shapes, its size, and what it refuses."""

import numpy as np
import pytest

from fer_md.models.landmark_network import LandmarkConfig, build_landmark_network

TINY = LandmarkConfig(image_size=32, stem=4, filters=(4, 4))


def test_answers_points_within_the_crop():
    images = np.random.default_rng(0).integers(0, 256, (3, 32, 32, 1)).astype(np.float32)
    points = build_landmark_network(TINY)(images)["landmarks"]
    assert points.shape == (3, 68, 2) and points.dtype == "float32" and np.abs(points).max() < 0.5


def test_the_docstring_says_how_many_weights():
    network = build_landmark_network()
    count = sum(int(np.prod(weight.shape)) for weight in network.trainable_weights)
    assert f"has {count:,} trainable weights" in " ".join(build_landmark_network.__doc__.split())


@pytest.mark.parametrize("config", [{"image_size": 48}, {"filters": (0, 4)}, {"stem": 0}])
def test_refuses_impossible_widths(config):
    with pytest.raises(ValueError, match=next(iter(config))):
        LandmarkConfig(**config)
