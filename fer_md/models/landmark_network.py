"""A small network for 68 landmarks: maps at a quarter of the crop's edge, and the places where they are high."""

import dataclasses

import keras

from fer_md.layers import SoftArgmax, Standardize
from fer_md.layers.convolution import conv_bn, conv_bn_relu
from fer_md.layers.residual import apply_residual
from fer_md.models.config import check_config
from fer_md.models.heads import LANDMARKS
from fer_md.models.seeding import seed_initial_weights


@dataclasses.dataclass(frozen=True)
class LandmarkConfig:
    """Widths of the network, all ours.

    Attributes:
        image_size: edge of the input, a multiple of 32.
        stem: filters of the first convolution, at half of the edge.
        filters: filters at a quarter of the edge, and at each half of that.
    """

    image_size: int = 96
    stem: int = 32
    filters: tuple[int, ...] = (32, 64, 128, 128)

    def __post_init__(self) -> None:
        check_config(self)
        if self.image_size % 2 ** (len(self.filters) + 1):
            raise ValueError(
                f"image_size must be a multiple of {2 ** (len(self.filters) + 1)} with {len(self.filters)} widths, "
                f"not {self.image_size}"
            )


def apply_merge(coarse: keras.KerasTensor, fine: keras.KerasTensor, name: str) -> keras.KerasTensor:
    """Adds a map to one of twice its edge, and smooths: (B, H, W, C), (B, 2H, 2W, D) -> (B, 2H, 2W, D)."""
    filters = fine.shape[-1]
    enlarged = keras.layers.UpSampling2D(2, name=f"{name}_up")(conv_bn(coarse, filters, 1, f"{name}_narrow"))
    return conv_bn_relu(keras.layers.Add(name=f"{name}_sum")([enlarged, fine]), filters, 3, f"{name}_smooth")


def build_landmark_network(
    config: LandmarkConfig | None = None, seed: int = 0, name: str = "landmark_network"
) -> keras.Model:
    """Builds the network: down to an eighth of its largest map, and up again by sums (Lin et al., CVPR 2017).

    Args:
        config: the widths; None for the default, which has 1,157,092 trainable weights.
        seed: of the initial weights. Python's ``random`` is seeded too, see ``seed_initial_weights``.
        name: of the model.

    Returns:
        ``keras.Model`` from images (B, image_size, image_size, 1), gray levels in [0, 255] of any numeric dtype, to a
        dict with ``landmarks`` (B, 68, 2) float32, x and y measured from the middle of the image as shares of its edge.
    """
    config = config or LandmarkConfig()
    seed_initial_weights(seed)
    images = keras.Input((config.image_size, config.image_size, 1), name="images")
    x = conv_bn_relu(Standardize(name="standardize")(images), config.stem, 5, "stem", 2)
    maps = []
    for level, filters in enumerate(config.filters):
        x = conv_bn_relu(x, filters, 3, f"down{level}", 2)
        x = apply_residual(x, f"block{level}")
        maps.append(x)
    for level in reversed(range(len(maps) - 1)):
        x = apply_merge(x, maps[level], f"up{level}")
    x = keras.layers.Conv2D(LANDMARKS, 1, dtype="float32", name="maps")(x)
    return keras.Model(images, {"landmarks": SoftArgmax(dtype="float32", name="landmarks")(x)}, name=name)
