"""The stock Keras side of training_step.py; needs nothing but Keras and TensorFlow, as they start by themselves.

python benchmarks/training_step_keras.py 256 8 '{"filters": [16, 16, 64, 96, 128], "more_filters": [0, 0, 0, 0, 0],
    "kernel_sizes": [5, 3, 3, 3, 3], "inception": [16, 24, 32, 4, 8, 8], "fc_units": 2048, "dropout": 0.35}'
"""

import json
import sys
import time

import keras
import numpy as np


def component(widths, norm=keras.layers.BatchNormalization):
    """A network of ``fer_md.models.build_component``, as one writes it in Keras.

    Args:
        widths: dict of the fields of a ``fer_md.models.ComponentConfig``.
    """
    layers = keras.layers

    def conv_bn(x, filters, size):
        return norm()(layers.Conv2D(filters, size, padding="same", use_bias=False)(x))

    def conv_relu(x, filters, size):
        return layers.ReLU()(conv_bn(x, filters, size))

    def stage(x, index, conv):
        if more := widths["more_filters"][index]:
            x = conv_relu(x, more, 3)
        return conv(x, widths["filters"][index], widths["kernel_sizes"][index])

    images = keras.Input((48, 48, 1))
    x = layers.Rescaling(1 / 128, -1)(images)
    for index in (0, 1):
        x = stage(x, index, conv_bn)
        x = layers.MaxPooling2D(2)(layers.ReLU()(layers.Concatenate()([x, -x])))
    one, reduce_three, three, reduce_five, five, project = widths["inception"]
    middle = conv_relu(conv_relu(x, reduce_three, 1), three, 3)
    wide = conv_relu(conv_relu(x, reduce_five, 1), five, 5)
    pooled = conv_relu(layers.MaxPooling2D(3, 1, "same")(x), project, 1)
    x = layers.Concatenate()([conv_relu(x, one, 1), middle, wide, pooled])
    for index, pool in ((2, 2), (3, 2), (4, 1)):
        x = stage(x, index, conv_relu)
        x = layers.MaxPooling2D(pool)(x) if pool > 1 else x
    x = layers.Flatten()(x)
    for _ in range(2):
        x = layers.Dropout(widths["dropout"])(layers.Dense(widths["fc_units"], "relu")(x))
    return keras.Model(images, layers.Dense(7)(x))


def main(batch_size, steps, widths):
    model = component(widths)
    optimizer = keras.optimizers.SGD(0.1, 0.9, nesterov=True, weight_decay=5e-4, use_ema=True, ema_momentum=0.998)
    model.compile(optimizer, keras.losses.SparseCategoricalCrossentropy(from_logits=True), jit_compile=False)
    rng = np.random.default_rng(0)
    images = rng.integers(0, 256, (batch_size, 48, 48, 1)).astype(np.float32)
    labels = rng.integers(0, 7, batch_size).astype(np.int32)
    images, labels, clock = np.tile(images, (steps + 3, 1, 1, 1)), np.tile(labels, steps + 3), Clock()
    model.fit(images, labels, batch_size, verbose=0, callbacks=[clock])
    print(json.dumps(steps * batch_size / (clock.ends[-1] - clock.ends[2])))


class Clock(keras.callbacks.Callback):
    """When each batch ended. The end of ``fit`` itself may pause for seconds, and is not counted."""

    def __init__(self):
        super().__init__()
        self.ends = []

    def on_train_batch_end(self, batch, logs=None):
        self.ends.append(time.perf_counter())


if __name__ == "__main__":
    main(int(sys.argv[1]), int(sys.argv[2]), json.loads(sys.argv[3]))
