"""What a search for impostors in parts changes: how often it is late, and what a network learns.

python benchmarks/impostor_search.py --output=docs/results/impostor_search.json

Two layers learn 1,000 overlapping clusters with softmax and the "nearest" form of MD loss. After each step of the
second half, its impostors and lambda are compared with those of a whole search at the same centers. The accuracy is
that on other samples of the clusters. Each seed draws clusters, weights and batches of its own, which all numbers of
parts share.
"""

from fer_md import console  # isort: skip  (first: on another backend of Keras it ends in one line)

import dataclasses
import sys

import keras
import numpy as np
import tensorflow as tf

from fer_md.losses import MD_FORMS, MDLoss, adaptive_margin
from fer_md.losses._distances import distances_to_chosen, nearest_impostors
from fer_md.runs.results import write_result


@dataclasses.dataclass(frozen=True)
class Settings:
    classes: int = console.flag("Clusters.", 1000, least=2)
    batch_size: int = console.flag("Samples a step.", 256, least=1)
    steps: int = console.flag("Steps of a training.", 1500, least=2)
    parts: tuple[int, ...] = console.flag("Numbers of parts of the search.", (1, 4, 16, 64), least=1)
    seeds: tuple[int, ...] = console.flag("Of clusters, weights and batches.", (0, 1, 2), least=0)
    output: str | None = console.new_file("JSON file for the results.", None)


INPUTS, WIDTH = 32, 64


def main(settings: Settings):
    rows = []
    for parts in settings.parts:
        runs = [train(settings, parts, seed) for seed in settings.seeds]
        rows.append({"parts": parts, **{name: [run[name] for run in runs] for name in runs[0]}})
        means = "  ".join(f"{name} {np.mean(rows[-1][name]):.4f}" for name in runs[0])
        print(f"{parts:3} parts: {means}", flush=True)
    if settings.output:
        sizes = {"classes": settings.classes, "batch_size": settings.batch_size, "steps": settings.steps}
        write_result(settings.output, {**sizes, "seeds": list(settings.seeds), "rows": rows})


def train(settings: Settings, parts, seed):
    """The figures of one training; all but the accuracy are means over the second half of the steps."""
    rng = np.random.default_rng(seed)
    means = rng.normal(size=(settings.classes, INPUTS)).astype("f")
    start = [keras.initializers.GlorotUniform(seed * 3 + number) for number in range(3)]
    hidden = keras.layers.Dense(128, "relu", kernel_initializer=start[0])
    embed = keras.layers.Dense(WIDTH, kernel_initializer=start[1])
    classify = keras.layers.Dense(settings.classes, kernel_initializer=start[2])
    loss = MDLoss(settings.classes, WIDTH, **MD_FORMS["nearest"], search_parts=parts)
    loss.build()
    optimizer = keras.optimizers.SGD(0.05, momentum=0.9)

    def draw(count):
        labels = rng.integers(0, settings.classes, count).astype("i")
        return (means[labels] + rng.normal(size=(count, INPUTS))).astype("f"), labels

    first, labels = draw(20 * settings.classes)
    loss.set_to_class_means(labels, embed(hidden(first)).numpy())

    @tf.function
    def step(samples, labels):
        with tf.GradientTape() as tape:
            embeddings = embed(hidden(samples))
            softmax = tf.nn.sparse_softmax_cross_entropy_with_logits(labels, classify(embeddings))
            value = tf.reduce_mean(softmax) + 0.1 * loss(labels, embeddings, training=True)
        variables = [v for layer in (hidden, embed, classify) for v in layer.trainable_variables]
        optimizer.apply_gradients(zip(tape.gradient(value, variables), variables, strict=True))

    @tf.function
    def compare(labels, before):
        """The share of impostors that are the nearest, their squared distance over its, and the error of lambda."""
        found, nearest = loss.search.impostors_of(labels), nearest_impostors(labels, before, 1)
        own = tf.gather(before, labels)
        ratio = tf.divide(
            *(distances_to_chosen(own, tf.gather(before, indices)) for indices in (found, nearest)),
        )
        margin, exact = loss.search.margin(), adaptive_margin(before)
        right = tf.cast(found == nearest, tf.float32)
        return tf.reduce_mean(right), tf.reduce_mean(ratio), tf.abs(margin - exact) / tf.abs(exact)

    compared = []
    classify.build((None, WIDTH))
    for number in range(settings.steps):
        samples, labels = draw(settings.batch_size)
        before = loss.centers.numpy()
        step(samples, labels)
        if parts > 1 and number >= settings.steps // 2:
            compared.append([value.numpy() for value in compare(labels, before)])
    right, ratio, error = np.mean(compared, axis=0) if compared else (1.0, 1.0, 0.0)
    samples, labels = draw(20 * settings.classes)
    accuracy = np.mean(np.argmax(classify(embed(hidden(samples))), 1) == labels)
    figures = {"share_nearest": right, "distance_over_nearest": ratio, "margin_error": error, "accuracy": accuracy}
    return {name: float(value) for name, value in figures.items()}


if __name__ == "__main__":
    sys.exit(console.run(main, Settings))
