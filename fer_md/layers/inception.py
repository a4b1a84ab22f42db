"""The inception module (Szegedy et al., CVPR 2015; the paper's Fig. 5)."""

from collections.abc import Sequence

import keras

from fer_md.layers.convolution import conv_bn_relu


def inception_block(x: keras.KerasTensor, widths: Sequence[int], name: str = "inception") -> keras.KerasTensor:
    """Four branches side by side: 1x1; 1x1 -> 3x3; 1x1 -> 5x5; 3x3 max-pool -> 1x1.

    Args:
        x: (B, H, W, C) tensor.
        widths: six numbers of filters: of the 1x1; of the reduction and the 3x3; of the reduction and the 5x5; of the
            1x1 after the pooling.
        name: prefix of the layers' names.

    Returns:
        (B, H, W, widths[0] + widths[2] + widths[4] + widths[5]) tensor.

    Raises:
        ValueError: ``widths`` does not hold six positive numbers.
    """
    if len(widths) != 6 or min(widths) < 1:
        raise ValueError(f"widths must be six positive numbers of filters, not {widths}")
    one, reduce_three, three, reduce_five, five, project = widths
    middle = conv_bn_relu(x, reduce_three, 1, f"{name}_3x3_reduce")
    middle = conv_bn_relu(middle, three, 3, f"{name}_3x3")
    wide = conv_bn_relu(x, reduce_five, 1, f"{name}_5x5_reduce")
    wide = conv_bn_relu(wide, five, 5, f"{name}_5x5")
    pooled = keras.layers.MaxPooling2D(3, strides=1, padding="same", name=f"{name}_pool")(x)
    branches = [
        conv_bn_relu(x, one, 1, f"{name}_1x1"),
        middle,
        wide,
        conv_bn_relu(pooled, project, 1, f"{name}_pool_1x1"),
    ]
    return keras.layers.Concatenate(name=f"{name}_concat")(branches)
