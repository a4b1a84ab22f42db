"""Convolution and ReLU of networks without batch normalisation."""

import keras


def conv_relu(x, filters, kernel_size, name, strides=1, padding="same"):
    """Convolution with bias and ReLU, from He's initial weights.

    Args:
        x: (B, H, W, C) tensor.
        filters, kernel_size, strides, padding: see ``keras.layers.Conv2D``.
        name: of the layer.

    Returns:
        (B, H / strides, W / strides, filters) tensor, smaller where ``padding`` is ``"valid"``.
    """
    return keras.layers.Conv2D(
        filters, kernel_size, strides, padding=padding, activation="relu", kernel_initializer="he_normal", name=name
    )(x)
