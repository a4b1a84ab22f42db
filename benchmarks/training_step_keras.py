"""The stock Keras side of training_step.py; needs nothing but Keras and TensorFlow, as they start by themselves.

python benchmarks/training_step_keras.py 256 8
"""

import json
import sys
import time

import keras
import numpy as np

FILTERS, KERNEL_SIZES, INCEPTION = (16, 16, 64, 96, 128), (5, 3, 3, 3, 3), (16, 24, 32, 4, 8, 8)


def component(norm=keras.layers.BatchNormalization):
    """The network of ``fer_md.models.ComponentConfig()``, as one writes it in Keras."""
    layers = keras.layers

    def conv_bn(x, filters, size):
        return norm()(layers.Conv2D(filters, size, padding="same", use_bias=False)(x))

    def conv_relu(x, filters, size):
        return layers.ReLU()(conv_bn(x, filters, size))

    images = keras.Input((48, 48, 1))
    x = layers.Rescaling(1 / 128, -1)(images)
    for index in (0, 1):
        x = conv_bn(x, FILTERS[index], KERNEL_SIZES[index])
        x = layers.MaxPooling2D(2)(layers.ReLU()(layers.Concatenate()([x, -x])))
    one, reduce_three, three, reduce_five, five, project = INCEPTION
    middle = conv_relu(conv_relu(x, reduce_three, 1), three, 3)
    wide = conv_relu(conv_relu(x, reduce_five, 1), five, 5)
    pooled = conv_relu(layers.MaxPooling2D(3, 1, "same")(x), project, 1)
    x = layers.Concatenate()([conv_relu(x, one, 1), middle, wide, pooled])
    for index, pool in ((2, 2), (3, 2), (4, 1)):
        x = conv_relu(x, FILTERS[index], KERNEL_SIZES[index])
        x = layers.MaxPooling2D(pool)(x) if pool > 1 else x
    x = layers.Flatten()(x)
    for _ in range(2):
        x = layers.Dropout(0.35)(layers.Dense(2048, "relu")(x))
    return keras.Model(images, layers.Dense(7)(x))


def main(batch_size, steps):
    model = component()
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
    main(int(sys.argv[1]), int(sys.argv[2]))
