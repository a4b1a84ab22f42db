"""Ranjan, Patel, Chellappa, HyperFace, TPAMI 2018: fusion of intermediate layers, with a landmark head."""

import dataclasses

import keras

from fer_md.expressions import EXPRESSIONS
from fer_md.layers import Dropout, ResponseNorm, Standardize
from fer_md.layers.convolution import conv_relu
from fer_md.models.config import check_config
from fer_md.models.heads import LANDMARKS, apply_points
from fer_md.models.seeding import seed_initial_weights


@dataclasses.dataclass(frozen=True)
class HyperFaceConfig:
    """HyperFace on an AlexNet, at our input size.

    Public, in an independent reimplementation (takiyu/hyperface at 0ae8006): five convolutions of 96 to 384 filters.
    The maps of the first, third and fifth are brought to 6x6, joined, and reduced to 192 by a 1x1 convolution. A fully
    connected layer of 3,072 follows, then one of 512 for each task.

    Ours: 48 pixels in place of 227. This takes 5x5 kernels of stride 1 in place of 11x11 of stride 4, and poolings by
    2, and gives 6x6 as there. There are 68 landmarks in place of 21. Of the five tasks there are two: landmarks, and
    the expression in place of the gender, because that is what our data sets are labelled with.

    The default has 29,106,191 trainable weights.

    Attributes:
        image_size: edge of the input.
        num_classes: outputs of the expression head.
        filters: filters of the five convolutions.
        fused_filters: filters of the two convolutions that shrink a map, and of the one over the joined maps.
        fc_units: width of the layer that all tasks share, which gives the embeddings.
        task_units: width of each task's own layer.
        dropout: share that is dropped after these layers.
    """

    image_size: int = 48
    num_classes: int = len(EXPRESSIONS)
    filters: tuple[int, ...] = (96, 256, 384, 384, 256)
    fused_filters: tuple[int, ...] = (256, 192)
    fc_units: int = 3072
    task_units: int = 512
    dropout: float = 0.5

    def __post_init__(self) -> None:
        check_config(self)
        if len(self.filters) != 5:
            raise ValueError(f"filters must have five entries, one for each convolution, not {self.filters}")
        if self.image_size % 8:
            raise ValueError(f"image_size must be a multiple of 8 (three poolings by 2), not {self.image_size}")


QUARTER = HyperFaceConfig(filters=(24, 64, 96, 96, 64), fused_filters=(64, 48), fc_units=768, task_units=128)
"""A quarter of every width: a training step takes 1.5 times that of the component with ``HALF``."""


def apply_pool(x: keras.KerasTensor, name: str) -> keras.KerasTensor:
    """Max-pooling by 2, then response normalisation."""
    return ResponseNorm(name=f"{name}_norm")(keras.layers.MaxPooling2D(2, name=f"{name}_pool")(x))


def apply_task(x: keras.KerasTensor, config: HyperFaceConfig, seed: int, name: str) -> keras.KerasTensor:
    """A task's own fully connected layer: (B, fc_units) -> (B, task_units)."""
    x = keras.layers.Dense(config.task_units, "relu", kernel_initializer="he_normal", name=f"fc_{name}")(x)
    return Dropout(config.dropout, seed=seed, name=f"dropout_{name}")(x)


def fused_maps(x: keras.KerasTensor, config: HyperFaceConfig) -> keras.KerasTensor:
    """The early, middle and last maps of five convolutions, joined at an eighth of the input's edge."""
    filters, (shrunk, joined) = config.filters, config.fused_filters
    early = apply_pool(conv_relu(x, filters[0], 5, "conv1"), "conv1")
    x = apply_pool(conv_relu(early, filters[1], 5, "conv2"), "conv2")
    middle = conv_relu(x, filters[2], 3, "conv3")
    x = conv_relu(middle, filters[3], 3, "conv4")
    x = conv_relu(x, filters[4], 3, "conv5")
    last = keras.layers.MaxPooling2D(2, name="conv5_pool")(x)
    maps = [conv_relu(early, shrunk, 4, "conv1a", 4), conv_relu(middle, shrunk, 2, "conv3a", 2), last]
    return conv_relu(keras.layers.Concatenate(name="fusion")(maps), joined, 1, "conv_all")


def build_hyperface(config: HyperFaceConfig | None = None, seed: int = 0, name: str = "hyperface") -> keras.Model:
    """Builds the network.

    Args:
        config: the widths; None for the default.
        seed: of the initial weights and of dropout. Python's ``random`` is seeded too, see ``seed_initial_weights``.
        name: of the model.

    Returns:
        ``keras.Model`` from images (B, image_size, image_size, 1), gray levels in [0, 255], to a dict:
        ``embeddings`` (B, fc_units); ``logits`` (B, num_classes) float32; ``landmarks`` (B, 68, 2) float32, x and y
        measured from the middle of the image as shares of its edge, so that 0.5 is the right or lower border.
    """
    config = config or HyperFaceConfig()
    seed_initial_weights(seed)
    images = keras.Input((config.image_size, config.image_size, 1), name="images")
    x = fused_maps(Standardize(name="standardize")(images), config)
    x = keras.layers.Flatten(name="flatten")(x)
    x = keras.layers.Dense(config.fc_units, "relu", kernel_initializer="he_normal", name="fc_full")(x)
    embeddings = x
    x = Dropout(config.dropout, seed=3 * seed, name="dropout_full")(x)
    expression = apply_task(x, config, 3 * seed + 1, "expression")
    logits = keras.layers.Dense(config.num_classes, dtype="float32", name="logits")(expression)
    points = apply_task(x, config, 3 * seed + 2, "landmarks")
    outputs = {"embeddings": embeddings, "logits": logits, "landmarks": apply_points(points)}
    return keras.Model(images, outputs, name=name)


def build_whole_hyperface(
    config: HyperFaceConfig | None = None, seed: int = 0, name: str = "whole_hyperface"
) -> keras.Model:
    """Builds HyperFace with its five tasks: detection, landmarks, visibility, pose, and the expression for the gender.

    Args:
        config, seed, name: see `build_hyperface`.

    Returns:
        ``keras.Model`` with the outputs of `build_hyperface` and two more: ``face_tasks`` (B, 208) float32, one behind
        the other the logit of a face, the landmarks x and y of 68 points, their visibility, and yaw, pitch and roll in
        radians; and ``face`` (B, 1), its first number. Untrained, it gives all crops the same numbers.
        `fer_md.training.face_tasks` learns them together.
    """
    config = config or HyperFaceConfig()
    model = build_hyperface(config, seed, name)
    shared = model.get_layer("dropout_full").output
    widths = {"face": 1, "visibility": LANDMARKS, "pose": 3}
    answers = {}
    for number, (task, width) in enumerate(widths.items()):
        features = apply_task(shared, config, 3 * seed + 3 + number, task)
        answers[task] = keras.layers.Dense(width, kernel_initializer="zeros", dtype="float32", name=task)(features)
    points = keras.layers.Flatten(name="flat_landmarks", dtype="float32")(model.output["landmarks"])
    joined = [answers["face"], points, answers["visibility"], answers["pose"]]
    tasks = keras.layers.Concatenate(name="face_tasks", dtype="float32")(joined)
    return keras.Model(model.input, {**model.output, "face": answers["face"], "face_tasks": tasks}, name=name)
