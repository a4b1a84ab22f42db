"""The residual block (He et al., Deep residual learning for image recognition, CVPR 2016)."""

import keras

from fer_md.layers.convolution import conv_bn, conv_bn_relu


def apply_residual(x: keras.KerasTensor, name: str) -> keras.KerasTensor:
    """``ReLU(x + F(x))`` with two 3x3 convolutions F: (B, H, W, C) -> (B, H, W, C)."""
    filters = x.shape[-1]
    moved = conv_bn(conv_bn_relu(x, filters, 3, f"{name}_first"), filters, 3, f"{name}_second")
    return keras.layers.ReLU(name=f"{name}_out")(keras.layers.Add(name=f"{name}_sum")([x, moved]))
