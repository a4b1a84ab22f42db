"""What the forms of MD loss do to a small network in a few hundred steps: who is pulled, and what stays bounded."""

import keras
import numpy as np
import pytest
import tensorflow as tf

from fer_md.losses import MD_FORMS, MDLoss

CLASSES, WIDTH, BATCH = 5, 8, 32


def train(form, steps=300, softmax=0.0):
    """Trains two layers on overlapping clusters; the embeddings, their labels, and how the loss pulled at each step.

    Returns:
        (N, D) embeddings before and after, (N,) labels, and for each step the mean cosine between the step that the
        loss asks of an embedding and the way to its center.
    """
    rng = np.random.default_rng(0)
    labels = rng.choice(CLASSES, 600, p=[0.3, 0.3, 0.25, 0.1, 0.05]).astype("i")
    images = (2.0 * rng.normal(size=(CLASSES, 6))[labels] + rng.normal(size=(600, 6))).astype("f")
    start = [keras.initializers.GlorotUniform(seed) for seed in range(3)]
    network = keras.Sequential(
        [
            keras.layers.Dense(16, "relu", kernel_initializer=start[0]),
            keras.layers.Dense(WIDTH, kernel_initializer=start[1]),
        ]
    )
    before = network(images).numpy()
    head = keras.layers.Dense(CLASSES, kernel_initializer=start[2])
    head.build((None, WIDTH))
    layer = MDLoss(CLASSES, WIDTH, **form)
    layer.set_to_class_means(labels, before)
    variables = network.trainable_variables + head.trainable_variables
    optimizer = keras.optimizers.SGD(0.05, momentum=0.9)

    @tf.function
    def step(x, y):
        centers = tf.gather(tf.convert_to_tensor(layer.centers), y)
        with tf.GradientTape(persistent=True) as tape:
            embeddings = network(x)
            loss = layer(y, embeddings, training=True)
            crossentropy = tf.nn.sparse_softmax_cross_entropy_with_logits(y, head(embeddings))
            total = loss + softmax * tf.reduce_mean(crossentropy)
        gradients = tape.gradient(total, variables, unconnected_gradients="zero")
        optimizer.apply_gradients(zip(gradients, variables, strict=True))
        asked, way = -tape.gradient(loss, embeddings), centers - embeddings
        return tf.reduce_mean(tf.reduce_sum(tf.math.l2_normalize(asked, 1) * tf.math.l2_normalize(way, 1), 1))

    pulls = []
    for _ in range(steps):
        rows = rng.integers(0, len(labels), BATCH)
        pulls.append(float(step(tf.constant(images[rows]), tf.constant(labels[rows]))))
    return before, network(images).numpy(), labels, pulls


def size(embeddings):
    return np.linalg.norm(embeddings, axis=1).mean()


def spread(embeddings, labels):
    """The variance within classes over that between their means."""
    means = np.stack([embeddings[labels == j].mean(0) for j in range(CLASSES)])
    within = np.square(embeddings - means[labels]).sum(1).mean()
    return within / np.square(means[:, None] - means).sum(2).mean()


@pytest.mark.parametrize("softmax", [0.0, 1.0])
def test_the_default_pulls_and_neither_collapses_nor_blows_up(softmax):
    """Nearly each step pulls, classes become several times as compact, and embeddings keep their size.

    A step may push: where one sample of the batch is surely taken for another class, a larger phi lowers the loss.
    """
    before, after, labels, pulls = train(MD_FORMS["pulling"], softmax=softmax)
    assert np.mean(np.array(pulls) > 0) > 0.95 and np.mean(pulls) > 0.7
    assert spread(after, labels) < spread(before, labels) / 3
    assert 0.3 < size(after) / size(before) < 5


def test_without_the_gradient_through_phi_nothing_is_pulled_and_embeddings_run_away():
    before, after, _, pulls = train({**MD_FORMS["pulling"], "variance_gradient": False})
    assert np.mean(pulls) < 0.1
    assert size(after) / size(before) > 10


def test_the_nearest_form_pulls_nothing_and_embeddings_run_away():
    before, after, _, pulls = train(MD_FORMS["nearest"], steps=50)
    assert np.mean(pulls) < 0.1
    assert size(after) / size(before) > 10
