"""Convolution with what follows it: batch normalisation, ReLU, or both."""

import keras

from fer_md.layers.batch_norm import BatchNorm


def conv_relu(
    x: keras.KerasTensor, filters: int, kernel_size: int, name: str, strides: int = 1, padding: str = "same"
) -> keras.KerasTensor:
    """Convolution with bias, then ReLU; the initial weights are He's.

    Args:
        x: (B, H, W, C) tensor.
        filters, kernel_size, strides, padding: those of ``keras.layers.Conv2D``.
        name: of the layer.

    Returns:
        (B, H / strides, W / strides, filters) tensor, smaller where ``padding`` is ``"valid"``.
    """
    return keras.layers.Conv2D(
        filters, kernel_size, strides, padding=padding, activation="relu", kernel_initializer="he_normal", name=name
    )(x)


def conv_bn(x: keras.KerasTensor, filters: int, kernel_size: int, name: str, strides: int = 1) -> keras.KerasTensor:
    """Convolution without bias, then batch normalisation: (B, H, W, C) -> (B, H / strides, W / strides, filters)."""
    convolution = keras.layers.Conv2D(
        filters, kernel_size, strides, padding="same", use_bias=False, kernel_initializer="he_normal", name=name
    )
    return BatchNorm(name=f"{name}_bn")(convolution(x))


def conv_bn_relu(
    x: keras.KerasTensor, filters: int, kernel_size: int, name: str, strides: int = 1
) -> keras.KerasTensor:
    """``conv_bn``, then ReLU."""
    return keras.layers.ReLU(name=f"{name}_relu")(conv_bn(x, filters, kernel_size, name, strides))
