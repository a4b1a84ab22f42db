"""TensorFlow keeps the graph of every custom gradient: those of our layers are traced once for all networks."""

import gc

import keras
import tensorflow as tf
from tensorflow.python.framework.func_graph import FuncGraph

from fer_md.layers import BatchNorm, CReLU


def train_a_network():
    images = keras.Input((8, 8, 3))
    x = BatchNorm()(keras.layers.Conv2D(5, 3, padding="same")(images))
    network = keras.Model(images, keras.layers.Flatten()(CReLU(pool_size=2)(x)))

    @tf.function(autograph=False)
    def step(batch):
        with tf.GradientTape() as tape:
            loss = tf.reduce_sum(network(batch, training=True) ** 2)
        return tape.gradient(loss, network.trainable_variables)

    step(tf.ones((4, 8, 8, 3)))


def graphs_left():
    train_a_network()
    keras.backend.clear_session()
    gc.collect()
    return sum(isinstance(each, FuncGraph) for each in gc.get_objects())


def test_networks_that_are_gone_leave_no_graph():
    assert graphs_left() == graphs_left()
