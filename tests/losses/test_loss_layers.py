"""CenterLoss and MDLoss: Algorithm 1 in the training step, dtypes, saving, replicas, and plain compile/fit."""

import keras
import numpy as np
import pytest
import tensorflow as tf

from fer_md.losses import CenterLoss, MDLoss, center_loss, center_update, md_loss
from fer_md.training.strategy import make_strategy

LAYERS = (CenterLoss, MDLoss)


def example(batch=8, classes=4, width=5):
    rng = np.random.default_rng(0)
    return rng.normal(size=(batch, width)).astype("f"), rng.integers(0, classes, batch).astype("i")


def call(layer, *arrays, **options):
    return layer(*map(tf.constant, arrays), **options)


def test_layer_returns_the_function_at_the_centers_before_the_update():
    embeddings, labels = example()
    layer = MDLoss(4, 5, nearest=2, alpha=0.3, loss_weight=0.1)
    layer.build((None, 5))
    before = np.array(layer.centers)
    loss = call(layer, embeddings, labels, training=True)
    np.testing.assert_allclose(loss, md_loss(embeddings, labels, before, nearest=2), rtol=1e-6)
    np.testing.assert_allclose(layer.losses, [0.1 * loss], rtol=1e-6)
    np.testing.assert_allclose(layer.centers, before - 0.3 * center_update(embeddings, labels, before), rtol=1e-5)


@pytest.mark.parametrize("kind", LAYERS)
def test_centers_move_only_in_training_and_only_of_classes_present(kind):
    embeddings, labels = example()
    labels[labels == 2] = 1
    labels[0] = -1
    layer = kind(4, 5)
    call(layer, embeddings, labels)
    before = np.array(layer.centers)
    call(layer, embeddings, labels)
    np.testing.assert_array_equal(layer.centers, before)
    call(layer, embeddings, labels, training=True)
    moved = np.any(np.array(layer.centers) != before, axis=1)
    np.testing.assert_array_equal(moved, [j in labels[1:] for j in range(4)])


def test_rule_reaches_the_class_means_and_the_literal_rule_flees():
    """METHODS 0.2: with Wen's sign the distance falls to almost nothing, with the printed one it explodes."""
    embeddings, labels = example(40)
    means = np.stack([embeddings[labels == j].mean(0) for j in range(4)])
    distances = {}
    for form in ("corrected", "literal"):
        layer = MDLoss(4, 5, form=form)
        for _ in range(30):
            call(layer, embeddings, labels, training=True)
        distances[form] = np.linalg.norm(np.array(layer.centers) - means, axis=1)
    assert distances["corrected"].max() < 1e-3 and distances["literal"].min() > 1e3


@pytest.mark.parametrize("kind", LAYERS)
def test_learned_centers_have_a_gradient_and_the_rule_has_none(kind):
    embeddings, labels = example()
    for learned in (True, False):
        layer = kind(4, 5, learned=learned)
        layer.build((None, 5))
        before = np.array(layer.centers)
        with tf.GradientTape() as tape:
            tape.watch(layer.centers.value)
            loss = call(layer, embeddings, labels, training=True)
        gradient = tape.gradient(loss, layer.centers.value)
        assert (gradient is not None) == learned == bool(layer.trainable_variables)
        assert np.array_equal(layer.centers, before) == learned


def test_class_means():
    embeddings, labels = example()
    labels[labels == 3] = -1
    layer = CenterLoss(4, 5)
    layer.build((None, 5))
    before = np.array(layer.centers)
    layer.set_to_class_means(embeddings, labels)
    np.testing.assert_allclose(layer.centers[1], embeddings[labels == 1].mean(0), rtol=1e-6)
    np.testing.assert_array_equal(layer.centers[3], before[3])


@pytest.mark.parametrize("kind", LAYERS)
@pytest.mark.parametrize("policy", ["mixed_bfloat16", "mixed_float16"])
def test_mixed_precision_keeps_centers_float32(kind, policy):
    embeddings, labels = example()
    layer = kind(4, 5, dtype=policy)
    half = tf.cast(embeddings * 300, layer.compute_dtype)
    loss = layer(half, tf.constant(labels), training=True)
    assert layer.centers.dtype == "float32" == loss.dtype.name
    assert np.isfinite(loss) and np.all(np.isfinite(layer.centers))


CONFIGS = [
    (CenterLoss, {"alpha": 0.1, "learned": True, "loss_weight": 0.003}),
    (MDLoss, {"nearest": 2, "margin": 0.7, "variance": "sum", "hinge": False, "variance_gradient": True}),
    (MDLoss, {"form": "literal", "centers_initializer": "zeros", "name": "md"}),
]


@pytest.mark.parametrize("kind, options", CONFIGS)
def test_config_round_trip(kind, options):
    layer = kind(4, 5, **options)
    before = layer.get_config()
    assert options.items() - {("centers_initializer", "zeros")} <= before.items()
    call(layer, *example())
    assert layer.get_config() == before
    assert kind.from_config(before).get_config() == before


def classifier(kind=MDLoss, **options):
    images, labels = keras.Input((6,), name="images"), keras.Input((), dtype="int32", name="labels")
    embeddings = keras.layers.Dense(5, name="embeddings")(images)
    loss = kind(4, 5, loss_weight=0.5, name="metric", **options)(embeddings, labels)
    logits = keras.layers.Dense(4, name="logits")(embeddings)
    model = keras.Model({"images": images, "labels": labels}, {"logits": logits, "metric": loss})
    optimizer = keras.optimizers.SGD(0.05, momentum=0.9)
    model.compile(optimizer, {"logits": keras.losses.SparseCategoricalCrossentropy(from_logits=True)})
    return model


def inputs(count=64):
    rng = np.random.default_rng(1)
    labels = rng.integers(0, 4, count).astype("i")
    images = rng.normal(size=(count, 6)).astype("f") + 2 * np.eye(4, 6, dtype="f")[labels]
    return {"images": images, "labels": labels}, {"logits": labels}


@pytest.mark.parametrize("options", [{}, {"learned": True, "hinge": False}, {"nearest": 1}])
def test_plain_fit_and_keras_file(tmp_path, options):
    model = classifier(**options)
    before = np.array(model.get_layer("metric").centers)
    history = model.fit(*inputs(), batch_size=16, epochs=5, verbose=0).history["loss"]
    assert history[-1] < history[0]
    centers = np.array(model.get_layer("metric").centers)
    assert np.abs(centers - before).max() > 0.1
    model.save(tmp_path / "model.keras")
    again = keras.saving.load_model(tmp_path / "model.keras")
    np.testing.assert_array_equal(again.get_layer("metric").centers, centers)
    np.testing.assert_allclose(again.evaluate(*inputs(), verbose=0), model.evaluate(*inputs(), verbose=0), rtol=1e-6)


def test_checkpoint_round_trip(tmp_path):
    model, other = classifier(), classifier()
    tf.train.Checkpoint(model=model).write(str(tmp_path / "checkpoint"))
    tf.train.Checkpoint(model=other).read(str(tmp_path / "checkpoint")).assert_consumed()
    np.testing.assert_array_equal(other.get_layer("metric").centers, model.get_layer("metric").centers)


@pytest.mark.parametrize(
    "kind, options",
    [
        (CenterLoss, {}),
        (MDLoss, {}),
        (MDLoss, {"learned": True, "hinge": False}),
        (MDLoss, {"variance_gradient": True, "hinge": False}),
    ],
)
def test_plain_fit_on_replicas_equals_one_device(kind, options):
    """Twelve steps of compile/fit: loss, weights and centers; the batches are the same, halved on two replicas."""
    models, losses, start = [], [], classifier(kind, **options).get_weights()
    for strategy in (make_strategy("one"), make_strategy("mirrored", 2)):
        with strategy.scope():
            models.append(classifier(kind, **options))
        models[-1].set_weights(start)
        history = models[-1].fit(*inputs(), batch_size=16, epochs=3, shuffle=False, verbose=0).history
        losses.append(history["loss"])
    np.testing.assert_allclose(losses[1], losses[0], rtol=1e-5)
    for one, two in zip(models[0].weights, models[1].weights, strict=True):
        np.testing.assert_allclose(two, one, atol=1e-5, err_msg=one.path)


@pytest.mark.parametrize(
    "kind, function, options",
    [
        (CenterLoss, center_loss, {}),
        (MDLoss, md_loss, {"nearest": 2, "hinge": False}),
    ],
)
@pytest.mark.parametrize("masked", [[0, 1, 5], [0, 1, 2, 3]], ids=["uneven", "all of a replica"])
def test_samples_without_a_label_on_replicas_equal_one_device(kind, function, options, masked):
    """Loss, its gradient and the centers: the mean is over the labelled samples of both replicas."""
    embeddings, labels = example()
    labels[masked] = -1
    start, found = np.random.default_rng(2).normal(size=(4, 5)), []
    for strategy in (make_strategy("one"), make_strategy("mirrored", 2)):
        replicas = strategy.num_replicas_in_sync
        with strategy.scope():
            layer = kind(4, 5, **options)
            layer.build((None, 5))
            layer.centers.assign(start)

        @tf.function
        def step(x, y, layer=layer):
            with tf.GradientTape() as tape:
                tape.watch(x)
                loss = layer(x, y, training=True)
            return loss, tape.gradient(loss, x)

        parts = list(zip(np.split(embeddings, replicas), np.split(labels, replicas), strict=True))
        x, y = (
            strategy.experimental_distribute_values_from_function(
                lambda context, parts=parts, i=i: tf.constant(parts[context.replica_id_in_sync_group][i])
            )
            for i in range(2)
        )
        losses, slopes = map(strategy.experimental_local_results, strategy.run(step, (x, y)))
        found.append((np.mean(losses), np.concatenate(slopes) / replicas, np.array(layer.centers)))
    np.testing.assert_allclose(found[0][0], function(embeddings, labels, start, **options), rtol=1e-5)
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
        ({"loss_weight": "0.1"}, "loss_weight must be a finite number of at least 0, not '0.1'"),
        ({"nearest": 4}, r"nearest must be a whole number in \[1, num_classes - 1 = 3\], not 4"),
        ({"nearest": 1.5}, r"nearest must be a whole number in \[1, num_classes - 1 = 3\], not 1.5"),
        ({"nearest": "3"}, "nearest must be a whole number in .*, not '3'"),
        ({"margin": "large"}, "margin must be 'adaptive' or a number, not 'large'"),
        ({"margin": None}, "margin must be 'adaptive' or a number, not None"),
        ({"loss_weight": -1}, "loss_weight must be a finite number of at least 0, not -1"),
        ({"loss_weight": np.nan}, "loss_weight must be a finite number of at least 0, not nan"),
        ({"variance": "half"}, "variance must be one of"),
        ({"form": "printed"}, "form must be one of"),
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
            layer(tf.zeros(embeddings), labels)
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
        MDLoss(4, 5)(keras.KerasTensor((None, 5)), labels)


@pytest.mark.parametrize("function", [md_loss, center_loss, center_update])
def test_pure_functions_refuse_the_same(function):
    embeddings, labels = example()
    for wrong in (np.eye(8, 4), labels + 0.5):
        with pytest.raises(ValueError, match="labels must be class numbers of"):
            function(embeddings, wrong, np.eye(4, 5))
    with pytest.raises(ValueError, match=r"embeddings must be \(B, 5\), not \(8, 1, 5\)"):
        function(embeddings[:, None], labels, np.eye(4, 5))


def test_class_numbers_of_every_kind_are_the_same():
    """NumPy and TensorFlow, a column, shapes that a graph does not know; what it does not know fails in it."""
    embeddings, labels = example()
    layer = MDLoss(4, 5)
    expected = call(layer, embeddings, labels)
    for same in (labels.astype("u1"), labels.astype("i8"), labels[:, None], tf.constant(labels)):
        assert layer(embeddings, same) == expected
    unknown = tf.function(layer, input_signature=[tf.TensorSpec(None), tf.TensorSpec(None, tf.int32)])
    np.testing.assert_allclose(unknown(embeddings, labels[:, None]), expected, rtol=1e-6)
    with pytest.raises(tf.errors.InvalidArgumentError):
        unknown(embeddings[:1], np.eye(4, dtype="i")[:1])
