"""The component network of the paper's Fig. 4 as a Keras functional model."""

from collections.abc import Sequence

import keras

from fer_md.layers import BatchNorm, CReLU, Dropout, Standardize, inception_block
from fer_md.layers.convolution import conv_bn, conv_bn_relu
from fer_md.models.config import ComponentConfig
from fer_md.models.seeding import seed_initial_weights


def apply_crelu_stage(x: keras.KerasTensor, filters: int, kernel_size: int, name: str) -> keras.KerasTensor:
    """Convolution, CReLU and max-pooling: (B, H, W, C) -> (B, H/2, W/2, 2 filters)."""
    x = conv_bn(x, filters, kernel_size, name)
    return CReLU(pool_size=2, name=f"{name}_crelu_pool")(x)


def apply_relu_stage(x: keras.KerasTensor, filters: int, kernel_size: int, pool: int, name: str) -> keras.KerasTensor:
    """Convolution, max-pooling and ReLU (which commute): (B, H, W, C) -> (B, H/pool, W/pool, filters)."""
    x = conv_bn(x, filters, kernel_size, name)
    if pool > 1:
        x = keras.layers.MaxPooling2D(pool, name=f"{name}_pool")(x)
    return keras.layers.ReLU(name=f"{name}_relu")(x)


def apply_more_filters(x: keras.KerasTensor, index: int, config: ComponentConfig) -> keras.KerasTensor:
    """The further 3x3 convolution before a stage's own, where there is one: (B, H, W, C) -> (B, H, W, filters)."""
    filters = config.more_filters[index]
    return conv_bn_relu(x, filters, 3, f"conv{index + 1}_first") if filters else x


def apply_inception_stage(x: keras.KerasTensor, widths: Sequence[int], pool: int, name: str) -> keras.KerasTensor:
    """Inception module and max-pooling, in place of a convolution."""
    x = inception_block(x, widths, name)
    return keras.layers.MaxPooling2D(pool, name=f"{name}_stage_pool")(x) if pool > 1 else x


def build_component(config: ComponentConfig | None = None, seed: int = 0, name: str = "component") -> keras.Model:
    """Builds one of the paper's two identical component networks (Sec. 3.2.1, Fig. 4).

    The order is conv1 CReLU pool, conv2 CReLU pool, inception, conv3 pool, conv4 pool, conv5, FC, FC. The fifth pooling
    is left out: of 3x3 it would leave one pixel, or two that overlap the border.

    Args:
        config: the widths; None for the default.
        seed: of the initial weights and of dropout. Python's ``random`` is seeded too, see ``seed_initial_weights``.
        name: of the model.

    Returns:
        ``keras.Model`` from images (B, image_size, image_size, 1), gray levels in [0, 255] of any numeric dtype,
        to a dict: ``embeddings`` (B, config.embedding_dim), the paper's features x_i, and ``logits`` (B, num_classes)
        float32.
    """
    config = config or ComponentConfig()
    seed_initial_weights(seed)
    images = keras.Input((config.image_size, config.image_size, 1), name="images")
    x = Standardize(name="standardize")(images)
    sizes, filters = config.kernel_sizes, config.filters
    for index in (0, 1):
        x = apply_more_filters(x, index, config)
        x = apply_crelu_stage(x, filters[index], sizes[index], f"conv{index + 1}")
    if config.inception:
        x = inception_block(x, config.inception, "inception")
    for index, pool in ((2, 2), (3, 2), (4, 1)):
        x = apply_more_filters(x, index, config)
        if config.inception_stages:
            widths = tuple(2 * (index - 1) * width for width in config.inception)
            x = apply_inception_stage(x, widths, pool, f"inception{index + 1}")
        else:
            x = apply_relu_stage(x, filters[index], sizes[index], pool, f"conv{index + 1}")
    x = keras.layers.Flatten(name="flatten")(x)
    for index in (1, 2):
        x = keras.layers.Dense(config.fc_units, "relu", kernel_initializer="he_normal", name=f"fc{index}")(x)
        embeddings = x
        x = Dropout(config.dropout, seed=2 * seed + index, name=f"dropout{index}")(x)
    if config.embedding:
        x = keras.layers.Dense(config.embedding, use_bias=False, name="embedding")(x)
        embeddings = x = BatchNorm(name="embedding_bn")(x)
    logits = keras.layers.Dense(config.num_classes, dtype="float32", name="logits")(x)
    return keras.Model(images, {"embeddings": embeddings, "logits": logits}, name=name)
