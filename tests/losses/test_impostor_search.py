"""MDLoss with ``search_parts``: exact while the centers stand still and at the first step, late where they move."""

import numpy as np
import pytest
import tensorflow as tf

from fer_md.losses import MDLoss, adaptive_margin, center_update, md_loss
from fer_md.losses._distances import nearest_impostors
from fer_md.training.strategy import make_strategy

CLASSES, WIDTH, BATCH = 23, 6, 12


def batch(seed, start):
    """Labels with repetitions, one sample without a label, and embeddings around the centers."""
    rng = np.random.default_rng(seed)
    labels = rng.integers(0, CLASSES, BATCH).astype("i")
    labels[-1] = labels[0]
    embeddings = (start[labels] + rng.normal(size=(BATCH, WIDTH))).astype("f")
    labels[3] = -1
    return tf.constant(labels), tf.constant(embeddings)


def layer(parts, start, **options):
    made = MDLoss(CLASSES, WIDTH, search_parts=parts, **{"nearest": 2, "alpha": 0.3, **options})
    made.build()
    made.centers.assign(start)
    return made


def centers(seed=0):
    return np.random.default_rng(seed).normal(size=(CLASSES, WIDTH)).astype("f")


def exact(start, nearest):
    return np.sort(nearest_impostors(tf.range(CLASSES), tf.constant(start), nearest))


@pytest.mark.parametrize("parts", [2, 5, CLASSES])
@pytest.mark.parametrize(
    "options",
    [
        {},
        {"nearest": 1, "margin": "adaptive", "hinge": "relu", "variance_gradient": False},
        {"nearest": 16, "margin": 0.5, "variance": "sum"},
    ],
)
@pytest.mark.parametrize("jit_compile", [False, True])
def test_with_centers_that_stand_still_it_is_the_plain_loss_in_every_step(parts, options, jit_compile):
    start = centers()
    layers = [layer(count, start, **options, **{"alpha": 0.0}) for count in (1, parts)]

    def step(made):
        @tf.function(jit_compile=jit_compile)
        def call(y, x):
            with tf.GradientTape() as tape:
                tape.watch(x)
                loss = made(y, x, training=True)
            return loss, tape.gradient(loss, x)

        return call

    plain, searched = map(step, layers)
    for number in range(parts + 1):
        y, x = batch(number, start)
        for found, expected in zip(searched(y, x), plain(y, x), strict=True):
            np.testing.assert_allclose(found, expected, rtol=1e-4, atol=1e-5)
    np.testing.assert_array_equal(np.sort(layers[1].search.impostors), exact(start, layers[1].search.kept))


def test_the_first_step_is_exact_and_moves_the_centers_as_the_rule_says():
    start = centers()
    made, (y, x) = layer(4, start), batch(0, start)
    np.testing.assert_allclose(made(y, x, training=True), md_loss(y, x, start, 2), rtol=1e-5)
    np.testing.assert_allclose(made.centers, start - 0.3 * center_update(y, x, start), rtol=1e-5, atol=1e-6)


@pytest.mark.parametrize("nearest", [1, 3, 16])
def test_what_has_moved_is_found_after_a_turn_through_the_parts(nearest):
    """All centers move at once; after as many steps as parts, impostors and lambda are exact again."""
    moved, parts = centers(1), 4
    made, everyone = layer(parts, centers(), nearest=nearest, alpha=0.0), tf.range(CLASSES)
    made(everyone, centers(), training=True)
    made.centers.assign(moved)
    wrong = []
    for _ in range(parts):
        made.search(everyone, made.centers.value)
        wrong.append(np.mean(np.sort(made.search.impostors_of(everyone)) != exact(moved, nearest)))
    assert wrong[0] > 0.1 and wrong[-1] == 0 and sorted(wrong, reverse=True) == wrong
    np.testing.assert_allclose(made.search.margin(), adaptive_margin(moved), rtol=1e-4)
    rows = np.array(made.search.impostors)
    assert all(len(set(row)) == made.search.kept and label not in row for label, row in enumerate(rows))


def test_new_class_means_are_searched_everywhere():
    made, (y, x) = layer(4, centers()), batch(0, centers())
    made(y, x, training=True)
    made.set_to_class_means(np.arange(CLASSES), centers(1))
    np.testing.assert_allclose(made(y, x, training=True), md_loss(y, x, centers(1), 2), rtol=1e-4)


def test_outside_of_training_the_search_is_whole_and_remembers_nothing():
    made, (y, x) = layer(4, centers()), batch(0, centers())
    np.testing.assert_allclose(made(y, x), md_loss(y, x, centers(), 2), rtol=1e-5)
    assert not np.any(made.search.impostors) and not np.any(made.search.steps)


def test_replicas_equal_one_device_and_what_is_remembered_is_a_weight():
    """Over several steps; a layer that takes over the weights goes on alike."""
    found = []
    for strategy in (make_strategy("one"), make_strategy("mirrored", 2)):
        replicas = strategy.num_replicas_in_sync
        with strategy.scope():
            made = layer(3, centers())

        @tf.function
        def step(y, x, made=made):
            return made(y, x, training=True)

        losses = []
        for number in range(5):
            if number == 3 and replicas == 1:
                weights = [np.array(v) for v in made.variables]
                made = layer(3, centers())
                for variable, value in zip(made.variables, weights, strict=True):
                    variable.assign(value)
            parts = [np.split(array.numpy(), replicas) for array in batch(number, centers())]
            y, x = (
                strategy.experimental_distribute_values_from_function(
                    lambda context, part=part: tf.constant(part[context.replica_id_in_sync_group])
                )
                for part in parts
            )
            result = strategy.run(step, (y, x), {"made": made})
            losses.append(np.mean(strategy.experimental_local_results(result)))
        found.append((losses, np.array(made.centers), np.array(made.search.impostors), np.array(made.search.units)))
    for one, two in zip(*found, strict=True):
        np.testing.assert_allclose(two, one, rtol=1e-4, atol=1e-5)


def test_no_step_but_the_first_touches_all_centers():
    """The largest tensor of a later step is a part, or the impostors of the batch: never K x D."""
    made = MDLoss(512, 8, nearest=1, search_parts=16)
    made.build()
    step = tf.function(lambda y, x: made.search._look_through_a_part(y, made.centers.value, 3))
    graph = step.get_concrete_function(tf.zeros(4, tf.int32), tf.zeros((4, 8))).graph
    sizes = [t.shape.num_elements() for op in graph.get_operations() for t in op.outputs if t.shape.rank is not None]
    assert max(size for size in sizes if size) <= 32 * 8


@pytest.mark.parametrize(
    "options, message",
    [
        ({"search_parts": 0}, "search_parts must be at least 1, not 0"),
        ({"search_parts": 24}, "search_parts must be at most num_classes = 23, not 24"),
        ({"search_parts": 2, "nearest": None}, "search_parts = 2 needs nearest of at most 16"),
        ({"search_parts": 2, "learned": True}, "neither as_printed nor learned"),
        ({"search_parts": 2, "as_printed": True}, "neither as_printed nor learned"),
    ],
)
def test_arguments_are_checked(options, message):
    with pytest.raises(ValueError, match=message):
        MDLoss(CLASSES, WIDTH, **{"nearest": 1, **options})
