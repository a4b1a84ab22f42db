"""Kim et al., Hierarchical committee of deep convolutional neural networks, JMUI 2016: one member of it."""

import dataclasses

import keras

from fer_md.expressions import EXPRESSIONS
from fer_md.layers import Dropout, Equalize, IsotropicSmoothing, Stretch
from fer_md.layers.convolution import conv_relu
from fer_md.models.config import check_config
from fer_md.models.seeding import seed_initial_weights

INPUTS = ("raw", "smoothed", "equalized")
"""What is done about the light, by name; see ``apply_illumination``."""

CONVOLUTIONS = {
    "small": ((3, 1), (3, 0), (3, 1)),
    "medium": ((5, 2), (4, 1), (5, 2)),
    "large": ((7, 3), (7, 2), (7, 3)),
}
"""Kernel size and padding of the three convolutions, by the size of their receptive fields."""

POOLINGS = {
    "small": ((2, 0), (2, 1), (2, 0)),
    "medium": ((3, 1), (3, 1), (3, 1)),
    "large": ((2, 0), (2, 1), (2, 0)),
}
"""Window of the three poolings of stride 2, and how many rows and columns of zeros are added at the top left."""

CROP = 42
"""Edge of the faces that the members see."""


@dataclasses.dataclass(frozen=True)
class KimConfig:
    """One member of the committee of Kim et al.

    Public, in the authors' own code (bokyeong1015/HierCommCNNs at 3c54b36): the three inputs, the three sets of
    kernels, all widths, paddings and poolings. The members have 851,367 (small, 512) to 5,092,007 (large, 3,072)
    weights, the default 3,361,703.

    Ours, so that all methods share one loop and recipe: batches, learning rates and augmentation. The face is shrunk
    from 48 to 42 pixels in the graph; the authors also train on four crops of that size. The initial weights are He's;
    the authors' have standard deviations of 0.01 and 0.001, biases of 0.1 and 0.01 and a last layer of zeros, for 100
    epochs of pre-training.

    Attributes:
        image_size: edge of the input.
        num_classes: outputs of the softmax.
        illumination: ``"raw"``, ``"smoothed"`` (see ``IsotropicSmoothing``) or ``"equalized"``; each in [0, 1].
        kernels: ``"small"``, ``"medium"`` or ``"large"``.
        filters: filters of the three convolutions.
        fc_units: width of the fully connected layer, which gives the embeddings (Kim et al.: 512 to 3,072).
        dropout: share that is dropped before the softmax (Kim et al.: 0.5 or 0.8).
    """

    image_size: int = 48
    num_classes: int = len(EXPRESSIONS)
    illumination: str = "raw"
    kernels: str = "medium"
    filters: tuple[int, ...] = (32, 32, 64)
    fc_units: int = 2048
    dropout: float = 0.5

    def __post_init__(self) -> None:
        check_config(self)
        if self.illumination not in INPUTS:
            raise ValueError(f"illumination must be one of {', '.join(INPUTS)}, not {self.illumination!r}")
        if self.kernels not in CONVOLUTIONS:
            raise ValueError(f"kernels must be one of {', '.join(CONVOLUTIONS)}, not {self.kernels!r}")
        if len(self.filters) != 3:
            raise ValueError(f"filters must have three entries, one for each convolution, not {self.filters}")


def apply_illumination(images: keras.KerasTensor, kind: str) -> keras.KerasTensor:
    """Turns gray levels in [0, 255] to values in [0, 1], by one of ``INPUTS``."""
    layers = {"raw": Stretch, "smoothed": IsotropicSmoothing, "equalized": Equalize}
    return layers[kind](name=kind)(images)


def apply_stage(
    x: keras.KerasTensor, filters: int, convolution: tuple[int, int], pooling: tuple[int, int], name: str
) -> keras.KerasTensor:
    """Convolution, ReLU and max-pooling of stride 2 with the authors' paddings: (B, H, W, C) -> (B, h, w, filters)."""
    (size, around), (window, before) = convolution, pooling
    if around:
        x = keras.layers.ZeroPadding2D(around, name=f"{name}_pad")(x)
    x = conv_relu(x, filters, size, name, padding="valid")
    if before:  # zeros do not win against what ReLU lets through
        x = keras.layers.ZeroPadding2D(((before, 0), (before, 0)), name=f"{name}_pool_pad")(x)
    return keras.layers.MaxPooling2D(window, 2, name=f"{name}_pool")(x)


def build_kim(config: KimConfig | None = None, seed: int = 0, name: str = "kim") -> keras.Model:
    """Builds one member. ``fer_md.models.baselines.committee`` fuses several.

    Args:
        config: the member; None for the default.
        seed: of the initial weights and of dropout. Python's ``random`` is seeded too, see ``seed_initial_weights``.
        name: of the model.

    Returns:
        ``keras.Model`` from images (B, image_size, image_size, 1), gray levels in [0, 255], to a dict:
        ``embeddings`` (B, fc_units) and ``logits`` (B, num_classes) float32.
    """
    config = config or KimConfig()
    seed_initial_weights(seed)
    images = keras.Input((config.image_size, config.image_size, 1), name="images")
    x = apply_illumination(images, config.illumination)
    x = keras.layers.Resizing(CROP, CROP, name="shrink")(x)
    stages = zip(config.filters, CONVOLUTIONS[config.kernels], POOLINGS[config.kernels], strict=True)
    for index, (filters, convolution, pooling) in enumerate(stages, 1):
        x = apply_stage(x, filters, convolution, pooling, f"conv{index}")  # 42 -> 21 -> 10 -> 5
    x = keras.layers.Flatten(name="flatten")(x)
    x = keras.layers.Dense(config.fc_units, "relu", kernel_initializer="he_normal", name="fc")(x)
    embeddings = x
    x = Dropout(config.dropout, seed=seed, name="dropout")(x)
    logits = keras.layers.Dense(config.num_classes, dtype="float32", name="logits")(x)
    return keras.Model(images, {"embeddings": embeddings, "logits": logits}, name=name)
