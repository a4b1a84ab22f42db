"""CenterLoss and MDLoss: Algorithm 1 in the training step, dtypes, replicas, weights of samples, refusals."""

import keras
import numpy as np
import pytest
import tensorflow as tf

from fer_md.losses import MD_FORMS, CenterLoss, MDLoss, center_loss, center_update, md_loss
from fer_md.training.strategy import make_strategy

LAYERS = (CenterLoss, MDLoss)


def example(batch=8, classes=4, width=5):
    rng = np.random.default_rng(0)
    embeddings = rng.normal(size=(batch, width)).astype("f")
    return rng.integers(0, classes, batch).astype("i"), embeddings


def call(layer, *arrays, **options):
    return layer(*map(tf.constant, arrays), **options)


def test_layer_returns_the_function_at_the_centers_before_the_update():
    labels, embeddings = example()
    layer = MDLoss(4, 5, nearest=2, alpha=0.3)
    layer.build()
    before = np.array(layer.centers)
    loss = call(layer, labels, embeddings, training=True)
    np.testing.assert_allclose(loss, md_loss(labels, embeddings, before, nearest=2), rtol=1e-6)
    assert not layer.losses, "who calls the layer adds up the terms"
    np.testing.assert_allclose(layer.centers, before - 0.3 * center_update(labels, embeddings, before), rtol=1e-5)


@pytest.mark.parametrize("kind", LAYERS)
def test_centers_move_only_in_training_and_only_of_classes_present(kind):
    labels, embeddings = example()
    labels[labels == 2] = 1
    labels[0] = -1
    layer = kind(4, 5)
    call(layer, labels, embeddings)
    before = np.array(layer.centers)
    call(layer, labels, embeddings)
    np.testing.assert_array_equal(layer.centers, before)
    call(layer, labels, embeddings, training=True)
    moved = np.any(np.array(layer.centers) != before, axis=1)
    np.testing.assert_array_equal(moved, [j in labels[1:] for j in range(4)])


def test_rule_reaches_the_class_means_and_the_printed_rule_flees():
    """METHODS 0.2: with Wen's sign the distance falls to almost nothing, with the printed one it explodes."""
    labels, embeddings = example(40)
    means = np.stack([embeddings[labels == j].mean(0) for j in range(4)])
    distances = {}
    for as_printed in (False, True):
        layer = MDLoss(4, 5, as_printed=as_printed, alpha=0.5)
        for _ in range(30):
            call(layer, labels, embeddings, training=True)
        distances[as_printed] = np.linalg.norm(np.array(layer.centers) - means, axis=1)
    assert distances[False].max() < 1e-3 and distances[True].min() > 1e3


@pytest.mark.parametrize("kind", LAYERS)
def test_learned_centers_have_a_gradient_and_the_rule_has_none(kind):
    labels, embeddings = example()
    for learned in (True, False):
        layer = kind(4, 5, learned=learned)
        layer.build()
        before = np.array(layer.centers)
        with tf.GradientTape() as tape:
            tape.watch(layer.centers.value)
            loss = call(layer, labels, embeddings, training=True)
        gradient = tape.gradient(loss, layer.centers.value)
        assert (gradient is not None) == learned == bool(layer.trainable_variables)
        assert np.array_equal(layer.centers, before) == learned


def test_class_means():
    labels, embeddings = example()
    labels[labels == 3] = -1
    layer = CenterLoss(4, 5)
    layer.build()
    before = np.array(layer.centers)
    layer.set_to_class_means(labels, embeddings)
    np.testing.assert_allclose(layer.centers[1], embeddings[labels == 1].mean(0), rtol=1e-6)
    np.testing.assert_array_equal(layer.centers[3], before[3])


@pytest.mark.parametrize("kind", LAYERS)
@pytest.mark.parametrize("policy", ["mixed_bfloat16", "mixed_float16"])
def test_mixed_precision_keeps_centers_float32(kind, policy):
    labels, embeddings = example()
    layer = kind(4, 5, dtype=policy)
    half = tf.cast(embeddings * 300, layer.compute_dtype)
    loss = layer(tf.constant(labels), half, training=True)
    assert layer.centers.dtype == "float32" == loss.dtype.name
    assert np.isfinite(loss) and np.all(np.isfinite(layer.centers))


def test_forms_by_name():
    """The default is the form "pulling"; each form makes a layer, and says all in which it differs from the default."""
    default = MDLoss(4, 5, name="md").get_config()
    assert MDLoss(4, 5, **MD_FORMS["pulling"], name="md").get_config() == default
    for form in MD_FORMS.values():
        config = MDLoss(4, 5, **form).get_config()
        assert {name: config[name] for name in form} == {**form, "nearest": form["nearest"] or 3}
    assert MD_FORMS["nearest"].keys() == MD_FORMS["pulling"].keys()


CONFIGS = [
    (CenterLoss, {"alpha": 0.1, "learned": True}),
    (MDLoss, {"nearest": 2, "margin": 0.7, "variance": "sum", "hinge": None, "variance_gradient": False}),
    (MDLoss, {"as_printed": True, "centers_initializer": "zeros", "name": "md"}),
]


@pytest.mark.parametrize("kind, options", CONFIGS)
def test_config_round_trip(kind, options):
    layer = kind(4, 5, **options)
    before = layer.get_config()
    assert options.items() - {("centers_initializer", "zeros")} <= before.items()
    call(layer, *example())
    assert layer.get_config() == before
    assert kind.from_config(before).get_config() == before


@pytest.mark.parametrize(
    "kind, function, options",
    [
        (CenterLoss, center_loss, {}),
        (MDLoss, md_loss, {"nearest": 2, "hinge": None}),
    ],
)
@pytest.mark.parametrize("masked", [[0, 1, 5], [0, 1, 2, 3]], ids=["uneven", "all of a replica"])
@pytest.mark.parametrize("why", ["no label", "not finite"])
def test_samples_that_do_not_count_on_replicas_equal_one_device(kind, function, options, masked, why):
    """Loss, its gradient and the centers: the mean is over the samples of both replicas that count."""
    labels, embeddings = example()
    if why == "no label":
        labels[masked] = -1
    else:
        embeddings[masked, 1] = np.nan
    start, found = np.random.default_rng(2).normal(size=(4, 5)), []
    for strategy in (make_strategy("one"), make_strategy("mirrored", 2)):
        replicas = strategy.num_replicas_in_sync
        with strategy.scope():
            layer = kind(4, 5, **options)
            layer.build()
            layer.centers.assign(start)

        @tf.function
        def step(y, x, layer=layer):
            with tf.GradientTape() as tape:
                tape.watch(x)
                loss = layer(y, x, training=True)
            return loss, tape.gradient(loss, x)

        parts = list(zip(np.split(labels, replicas), np.split(embeddings, replicas), strict=True))
        y, x = (
            strategy.experimental_distribute_values_from_function(
                lambda context, parts=parts, i=i: tf.constant(parts[context.replica_id_in_sync_group][i])
            )
            for i in range(2)
        )
        losses, slopes = map(strategy.experimental_local_results, strategy.run(step, (y, x)))
        found.append((np.mean(losses), np.concatenate(slopes) / replicas, np.array(layer.centers)))
    np.testing.assert_allclose(found[0][0], function(labels, embeddings, start, **options), rtol=1e-5)
    assert np.any(found[0][1] != 0) and not np.any(found[0][1][masked])
    for one, two in zip(*found, strict=True):
        np.testing.assert_allclose(two, one, rtol=1e-5, atol=1e-6)


@pytest.mark.parametrize(
    "options, message",
    [
        ({"num_classes": 1}, "num_classes must be at least 2, not 1"),
        ({"embedding_dim": 0}, "embedding_dim must be at least 1, not 0"),
        ({"alpha": 1.5}, r"alpha must be in \[0, 1\], not 1.5"),
        ({"num_classes": "4"}, "num_classes must be a whole number, not '4'"),
        ({"embedding_dim": 5.0}, "embedding_dim must be a whole number, not 5.0"),
        ({"alpha": None}, r"alpha must be in \[0, 1\], not None"),
        ({"nearest": 4}, r"nearest must be a whole number in \[1, num_classes - 1 = 3\], not 4"),
        ({"nearest": 1.5}, r"nearest must be a whole number in \[1, num_classes - 1 = 3\], not 1.5"),
        ({"nearest": "3"}, "nearest must be a whole number in .*, not '3'"),
        ({"margin": "large"}, "margin must be 'adaptive', 'mean' or a number, not 'large'"),
        ({"margin": None}, "margin must be 'adaptive', 'mean' or a number, not None"),
        ({"variance": "half"}, "variance must be one of"),
        ({"variance": None}, "variance must be one of normalized, sum, not None"),
        ({"hinge": True}, "hinge must be 'relu', 'softplus' or None, not True"),
        ({"as_printed": True, "hinge": None}, "hinge, .* must keep their defaults with as_printed.*; not None"),
        ({"as_printed": True, "variance": "sum"}, "variance .* must keep their defaults with as_printed.*'sum'"),
        ({"as_printed": True, "variance_gradient": False}, "must keep their defaults with as_printed.* and False"),
    ],
)
def test_arguments_are_checked(options, message):
    with pytest.raises(ValueError, match=message):
        MDLoss(**{"num_classes": 4, "embedding_dim": 5, **options})


@pytest.mark.parametrize(
    "embeddings, labels, message",
    [
        ((2, 6), np.zeros(2, "i"), r"embeddings must be \(B, 5\), not \(2, 6\)"),
        ((2, 3, 3, 5), np.zeros(2, "i"), r"embeddings must be \(B, 5\), not \(2, 3, 3, 5\)"),
        (
            (4, 5),
            np.eye(4, dtype="i"),
            r"of shape \(B = 4,\) or \(B = 4, 1\), not \(4, 4\); take the argmax of one-hot",
        ),
        ((1, 5), np.eye(4)[:1], r"labels must be class numbers of shape .*, not \(1, 4\)"),
        ((4, 5), np.zeros(3, "i"), r"labels must be class numbers of shape .*, not \(3,\)"),
        ((4, 5), np.zeros((), "i"), r"labels must be class numbers of shape .*, not \(\)"),
        ((4, 5), np.full(4, 0.9), "labels must be class numbers of an integer dtype, not float64"),
    ],
)
@pytest.mark.parametrize("kind", LAYERS)
def test_samples_of_another_kind_are_refused(kind, embeddings, labels, message):
    """At the first call and at a later one, which Keras does not build the layer for."""
    layer = kind(4, 5)
    for _ in range(2):
        with pytest.raises(ValueError, match=message):
            layer(labels, tf.zeros(embeddings))
        call(layer, *example())


@pytest.mark.parametrize(
    "labels, message",
    [
        (keras.KerasTensor((None, 4), "int32"), r"of shape \(B,\) or \(B, 1\), not \(None, 4\)"),
        (keras.KerasTensor((None,)), 'integer dtype, not float32; cast them, and give their Input dtype="int32"'),
    ],
)
def test_labels_of_another_kind_are_refused_before_training(labels, message):
    with pytest.raises(ValueError, match=message):
        MDLoss(4, 5)(labels, keras.KerasTensor((None, 5)))


@pytest.mark.parametrize("function", [md_loss, center_loss, center_update])
def test_pure_functions_refuse_the_same(function):
    labels, embeddings = example()
    for wrong in (np.eye(8, 4), labels + 0.5):
        with pytest.raises(ValueError, match="labels must be class numbers of"):
            function(wrong, embeddings, np.eye(4, 5))
    with pytest.raises(ValueError, match=r"embeddings must be \(B, 5\), not \(8, 1, 5\)"):
        function(labels, embeddings[:, None], np.eye(4, 5))


def test_class_numbers_of_every_kind_are_the_same():
    """NumPy and TensorFlow, a column, shapes that a graph does not know; what it does not know fails in it."""
    labels, embeddings = example()
    layer = MDLoss(4, 5)
    expected = call(layer, labels, embeddings)
    for same in (labels.astype("u1"), labels.astype("i8"), labels[:, None], tf.constant(labels)):
        assert layer(same, embeddings) == expected
    unknown = tf.function(layer, input_signature=[tf.TensorSpec(None, tf.int32), tf.TensorSpec(None)])
    np.testing.assert_allclose(unknown(labels[:, None], embeddings), expected, rtol=1e-6)
    with pytest.raises(tf.errors.InvalidArgumentError):
        unknown(np.eye(4, dtype="i")[:1], embeddings[:1])


@pytest.mark.parametrize("kind", LAYERS)
def test_a_sample_of_weight_zero_is_as_good_as_absent(kind):
    """Loss and centers are those of the other samples alone; weights of (B,) and (B, 1) are the same."""
    labels, embeddings = example()
    weights = np.array([0, 1, 1, 0, 1, 1, 0, 1], "f")
    kept, start = weights > 0, np.random.default_rng(2).normal(size=(4, 5))
    found = []
    for arrays in (
        (labels, embeddings, weights),
        (labels, embeddings, weights[:, None]),
        (labels[kept], embeddings[kept]),
    ):
        layer = kind(4, 5)
        layer.build()
        layer.centers.assign(start)
        found.append((call(layer, *arrays, training=True), np.array(layer.centers)))
    for weighted in found[:2]:
        for one, two in zip(weighted, found[2], strict=True):
            np.testing.assert_allclose(one, two, rtol=1e-6)


def test_weights_of_samples_scale_their_losses():
    """By hand: distances 1, 1, 4, so losses 1/2, 1/2, 2; with weights 2, 0, 1/4 (1 + 1/2) / 2 samples = 3/4.

    Class 0 moves as without weights: by half of ((1,1) - (1,0) + (1,1) - (3,1)) / 3 = (-2, 1) / 3. Class 1 rests.
    """
    layer = CenterLoss(3, 2)
    layer.build()
    layer.centers.assign([[1.0, 1.0], [0.0, 1.0], [4.0, 0.0]])
    embeddings = np.array([[1.0, 0.0], [0.0, 2.0], [3.0, 1.0]], "f")
    loss = call(layer, np.array([0, 1, 0]), embeddings, np.array([2.0, 0.0, 0.25], "f"), training=True)
    np.testing.assert_allclose(loss, 0.75)
    np.testing.assert_allclose(layer.centers, [[4 / 3, 5 / 6], [0, 1], [4, 0]], rtol=1e-6)
