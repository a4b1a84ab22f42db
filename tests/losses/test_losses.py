"""The pure functions: values by hand, an independent NumPy oracle, gradients, and the cases that break others."""

import functools

import loss_oracle as oracle
import numpy as np
import pytest
import tensorflow as tf

from fer_md.losses import (
    adaptive_margin,
    center_loss,
    center_update,
    feature_variance,
    md_loss,
    md_loss_as_printed,
    mean_margin,
)

TOLERANCE = {np.float64: 1e-10, np.float32: 1e-5}


def example(seed, dtype=np.float64, batch=12, classes=5, width=6):
    """Labels, embeddings around their centers, centers; few samples and many classes: labels repeated and absent."""
    rng = np.random.default_rng(seed)
    centers = rng.normal(size=(classes, width)) * 2
    labels = rng.integers(0, classes - 1, batch)
    embeddings = centers[labels] + rng.normal(size=(batch, width))
    return labels.astype(np.int32), embeddings.astype(dtype), centers.astype(dtype)


EMBEDDINGS = np.array([[1.0, 0.0], [0.0, 2.0], [3.0, 1.0]])
LABELS = np.array([0, 1, 0])
CENTERS = np.array([[1.0, 1.0], [0.0, 1.0], [4.0, 0.0]])
"""Own distances: |(0,-1)|^2 = 1, |(0,1)|^2 = 1, |(2,0)|^2 = 4."""


def test_center_loss_by_hand():
    """1/2 (1 + 1 + 4) = 3 as printed in Eq. 1; 1 as a mean over three samples."""
    np.testing.assert_allclose(center_loss(LABELS, EMBEDDINGS, CENTERS, "sum"), 3)
    np.testing.assert_allclose(center_loss(LABELS, EMBEDDINGS, CENTERS), 1)
    np.testing.assert_allclose(center_loss(LABELS, EMBEDDINGS, CENTERS, "none"), [0.5, 0.5, 2])


def test_center_update_by_hand():
    """Class 0: ((1,1) - (1,0) + (1,1) - (3,1)) / 3 = (-2, 1) / 3. Class 1: ((0,1) - (0,2)) / 2 = (0, -1/2)."""
    np.testing.assert_allclose(center_update(LABELS, EMBEDDINGS, CENTERS), [[-2 / 3, 1 / 3], [0, -0.5], [0, 0]])


def test_adaptive_margin_by_hand():
    """cos(c0, c1) = 1/sqrt 2, cos(c0, c2) = 1/sqrt 2, cos(c1, c2) = 0; each pair counts twice."""
    np.testing.assert_allclose(adaptive_margin(CENTERS), 4 / np.sqrt(2))


def test_mean_margin_by_hand():
    """Two of the three pairs have 1 + 1/sqrt 2, one has 1. Same directions give 2, two opposite ones 0."""
    np.testing.assert_allclose(mean_margin(CENTERS), 1 + 2 / 3 / np.sqrt(2))
    np.testing.assert_allclose(mean_margin(np.ones((4, 3))), 2)
    np.testing.assert_allclose(mean_margin(np.array([[1.0, 2.0], [-1.0, -2.0]])), 0, atol=1e-12)


def test_feature_variance_by_hand():
    """2 (1 + 1 + 4) / (3 - 1) = 6; 1/2 (1 + 1 + 4) = 3 as printed in Eq. 8."""
    np.testing.assert_allclose(feature_variance(LABELS, EMBEDDINGS, CENTERS), 6)
    np.testing.assert_allclose(feature_variance(LABELS, EMBEDDINGS, CENTERS, "sum"), 3)


def test_md_loss_by_hand():
    """ReLU, phi = 6, P = 1, margin 1. The center nearest to c0 is c1 (1 against 10), that of c1 is c0.

    Sample 0: 1/6 + 1 - |(1,-1)|^2 / 6 = 1 + (1 - 2) / 6. Sample 1: to c0 |(-1,1)|^2 = 2, hence the same.
    Sample 2: to c1 |(3,0)|^2 = 9, so 1 + (4 - 9) / 6. With margin 0.2 the hinge cuts sample 2: 0.2 - 5/6 < 0.
    """
    losses = md_loss(LABELS, EMBEDDINGS, CENTERS, nearest=1, margin=1.0, hinge="relu", reduction="none")
    np.testing.assert_allclose(losses, [5 / 6, 5 / 6, 1 / 6])
    losses = md_loss(LABELS, EMBEDDINGS, CENTERS, nearest=1, margin=0.2, hinge="relu", reduction="none")
    np.testing.assert_allclose(losses, [1 / 30, 1 / 30, 0])
    losses = md_loss(LABELS, EMBEDDINGS, CENTERS, nearest=1, margin=0.2, hinge=None)
    np.testing.assert_allclose(losses, (1 / 30 + 1 / 30 + 0.2 - 5 / 6) / 3)


def test_pulling_form_by_hand():
    """phi = 6, both impostors. Own distances 1, 1, 4; to the others sample 0 has 2, 9, sample 1 2, 20, sample 2 9, 2.

    log(1 + e^(lambda) (e^((1 - 2)/6) + e^((1 - 9)/6))) and so on, with lambda = 1 + 2 / (3 sqrt 2).
    """
    factor = np.exp(1 + 2 / 3 / np.sqrt(2))
    gaps = np.array([[1 - 2, 1 - 9], [1 - 2, 1 - 20], [4 - 9, 4 - 2]]) / 6
    expected = np.log(1 + factor * np.exp(gaps).sum(1))
    np.testing.assert_allclose(md_loss(LABELS, EMBEDDINGS, CENTERS, reduction="none"), expected)


def test_softplus_without_margin_is_the_cross_entropy_of_gaussian_prototypes():
    """Softmax over -||x - c_j||^2 / phi of all classes, the own one among them."""
    for seed in range(3):
        labels, embeddings, centers = example(seed)
        phi = feature_variance(labels, embeddings, centers)
        logits = -np.square(embeddings[:, None] - centers).sum(2) / phi
        expected = tf.nn.sparse_softmax_cross_entropy_with_logits(labels, logits)
        found = md_loss(labels, embeddings, centers, margin=0.0, reduction="none")
        np.testing.assert_allclose(found, expected, rtol=1e-10)


def test_loss_as_printed_by_hand():
    """phi = 3 (the sum), P = 2, margin 0: -2 d / 3 + log 2 with d = 1, 1, 4; the mean is log 2 - 4/3.

    With the variance of the batch itself the sum over the batch is N (margin + log P) - 4, whatever the features.
    """
    losses = md_loss_as_printed(LABELS, EMBEDDINGS, CENTERS, nearest=2, margin=0.0, reduction="none")
    np.testing.assert_allclose(losses, np.log(2) - 2 / 3 * np.array([1, 1, 4]))
    for seed in range(3):
        total = md_loss_as_printed(*example(seed), margin=0.5, nearest=2, reduction="sum")
        np.testing.assert_allclose(total, 12 * (0.5 + np.log(2)) - 4)


@pytest.mark.parametrize("dtype", TOLERANCE)
@pytest.mark.parametrize("batch", [1, 12])
@pytest.mark.parametrize("seed", range(3))
def test_functions_equal_the_oracle(seed, batch, dtype):
    data, tolerance = example(seed, dtype, batch), TOLERANCE[dtype]
    exact = example(seed, np.float64, batch)
    np.testing.assert_allclose(center_loss(*data), oracle.center_loss(*exact), rtol=tolerance)
    np.testing.assert_allclose(center_update(*data), oracle.center_update(*exact), rtol=tolerance, atol=tolerance)
    np.testing.assert_allclose(adaptive_margin(data[2]), oracle.adaptive_margin(exact[2]), rtol=5 * tolerance)
    np.testing.assert_allclose(mean_margin(data[2]), oracle.mean_margin(exact[2]), rtol=tolerance)
    for variance in ("normalized", "sum"):
        found = feature_variance(*data, variance)
        np.testing.assert_allclose(found, oracle.feature_variance(*exact, variance), rtol=tolerance)


@pytest.mark.parametrize("dtype", TOLERANCE)
@pytest.mark.parametrize(
    "options",
    [
        {},
        {"hinge": None},
        {"hinge": "relu", "margin": "adaptive"},
        {"margin": 0.0},
        {"hinge": "relu", "margin": 1.5, "variance": "sum"},
        {"hinge": None, "margin": "adaptive", "variance": "sum"},
    ],
)
@pytest.mark.parametrize("nearest", [1, 2, 3, 4, None])
def test_md_loss_equals_the_oracle(nearest, options, dtype):
    for seed, batch in ((0, 12), (1, 12), (2, 1)):
        data = example(seed, dtype, batch)
        phi = feature_variance(*data, options["variance"]) if "variance" in options else None
        choices = {name: value for name, value in options.items() if name != "variance"}
        found = md_loss(*data, nearest=nearest, phi=phi, **choices)
        expected = oracle.md_loss(*example(seed, np.float64, batch), nearest=nearest, **options)
        np.testing.assert_allclose(found, expected, rtol=TOLERANCE[dtype], atol=TOLERANCE[dtype])


@pytest.mark.parametrize("nearest", [3, 20, 29])
def test_many_classes_equal_the_oracle(nearest):
    """Above 16 impostors the distances come from a matrix product."""
    found = md_loss(*example(0, np.float64, 20, 30, 4), nearest=nearest)
    np.testing.assert_allclose(found, oracle.md_loss(*example(0, np.float64, 20, 30, 4), nearest=nearest), rtol=1e-10)


def test_loss_as_printed_equals_the_oracle():
    found = md_loss_as_printed(*example(4), nearest=3)
    expected = oracle.md_loss(*example(4), nearest=3, margin="adaptive", hinge=None, variance="sum", literal=True)
    np.testing.assert_allclose(found, expected, rtol=1e-10)


def gradients(function, *arrays):
    tensors = [tf.constant(array) for array in arrays]
    with tf.GradientTape() as tape:
        tape.watch(tensors)
        value = function(*tensors)
    return [tf.convert_to_tensor(g) for g in tape.gradient(value, tensors, unconnected_gradients="zero")]


def numeric_gradient(function, array, step=1e-6):
    result = np.zeros_like(array)
    for index in np.ndindex(array.shape):
        for sign in (1, -1):
            moved = array.copy()
            moved[index] += sign * step
            result[index] += sign * float(function(moved)) / (2 * step)
    return result


@pytest.mark.parametrize("nearest", [2, 4])
@pytest.mark.parametrize("hinge", ["relu", "softplus", None])
@pytest.mark.parametrize("margin", ["adaptive", "mean"])
def test_gradients_are_central_differences(nearest, hinge, margin):
    """With respect to embeddings and centers; phi, the margin and the choice of impostors stand still."""
    labels, embeddings, centers = example(0)
    phi = tf.constant(feature_variance(labels, embeddings, centers))
    number = float({"adaptive": adaptive_margin, "mean": mean_margin}[margin](centers))

    def fixed(x, c):
        return md_loss(labels, x, c, nearest, number, hinge, phi)

    found = gradients(lambda x, c: md_loss(labels, x, c, nearest, margin, hinge, phi), embeddings, centers)
    assert np.abs(found[0]).max() > 1e-3
    np.testing.assert_allclose(found[0], numeric_gradient(lambda x: fixed(x, centers), embeddings), atol=1e-8)
    np.testing.assert_allclose(found[1], numeric_gradient(lambda c: fixed(embeddings, c), centers), atol=1e-8)


@pytest.mark.parametrize("hinge", ["relu", "softplus", None])
def test_gradient_through_the_variance_is_a_central_difference(hinge):
    """Of the pure function, whose phi is that of the batch unless one is given."""
    labels, embeddings, centers = example(1)

    def loss(x):
        return md_loss(labels, x, centers, nearest=2, margin=1.0, hinge=hinge)

    found = gradients(loss, embeddings)[0]
    np.testing.assert_allclose(found, numeric_gradient(loss, embeddings), atol=1e-8)


def test_one_impostor_pushes_a_class_alike_and_pulls_no_sample():
    """With P = 1, phi fixed and an open hinge, dl/dx = 2 (x - c_y)/phi - 2 (x - c_j)/phi = 2 (c_j - c_y)/phi.

    x is not in it. Here phi = 6, c_0 = (1, 1), c_1 = (0, 1), each the other's nearest: samples 0 and 2 of class 0 have
    2 ((0, 1) - (1, 1))/6 = (-1/3, 0), wherever they are, and sample 1 of class 1 has (1/3, 0). The sum over the batch
    is differentiated. A step against it moves class 0 to the right; sample 2, to the right of c_0, leaves its center.
    """
    for hinge in ("relu", None):

        def loss(x, hinge=hinge):
            return md_loss(LABELS, x, CENTERS, 1, 5.0, hinge, tf.constant(6.0, tf.float64), "sum")

        for x in (EMBEDDINGS, EMBEDDINGS + np.array([[0.3, -0.8], [-0.5, 0.2], [0.1, 0.9]])):
            np.testing.assert_allclose(gradients(loss, x)[0], [[-1 / 3, 0], [1 / 3, 0], [-1 / 3, 0]], atol=1e-12)


def test_the_variance_draws_each_sample_to_its_center():
    """dl/dx_i = dl/dx_i at fixed phi + dL/dphi 4 (x_i - c_y)/(B - 1), a pull where dL/dphi > 0.

    Without margin ``dL/dphi = 1/B sum_i sum_j p_ij (d_ij - d_i)/phi^2`` with ``p_ij`` the softmax over all classes of
    -d_ij/phi, from the cross-entropy's gradient p_ij - [j = y_i].
    """
    labels, embeddings, centers = example(1)
    phi = oracle.feature_variance(labels, embeddings, centers)
    distances = np.square(embeddings[:, None] - centers).sum(2)
    p = np.exp(-distances / phi)
    p /= p.sum(1, keepdims=True)
    own = distances[np.arange(12), labels]
    slope = np.mean(np.sum(p * (distances - own[:, None]), axis=1)) / phi**2
    fixed = gradients(lambda x: md_loss(labels, x, centers, margin=0.0, phi=tf.constant(phi)), embeddings)[0]
    through = gradients(lambda x: md_loss(labels, x, centers, margin=0.0), embeddings)[0]
    pull = slope * 4 * (embeddings - centers[labels]) / 11
    np.testing.assert_allclose(through - fixed, pull, atol=1e-12)
    assert slope > 0 and np.all(np.sum(-through * (centers[labels] - embeddings), axis=1) > 0)


def test_center_loss_gradient_is_equation_3():
    labels, embeddings, centers = example(2)
    found = gradients(lambda x: center_loss(labels, x, centers, "sum"), embeddings)[0]
    np.testing.assert_allclose(found, embeddings - centers[labels])


def test_intended_stop_gradients_are_zero():
    labels, embeddings, centers = example(3)
    assert not np.any(gradients(adaptive_margin, centers)[0])
    moved = gradients(lambda x, c: tf.reduce_sum(center_update(labels, x, c)), embeddings, centers)
    assert not np.any(moved[0]) and not np.any(moved[1])


def test_loss_as_printed_trains_nothing_with_the_variance_of_its_batch():
    """METHODS: the gradient cancels, since the own distances over their own sum are constant."""
    labels, embeddings, centers = example(3)

    def loss(x, phi=None):
        return md_loss_as_printed(labels, x, centers, phi=phi, reduction="sum")

    through = gradients(lambda x: loss(x, feature_variance(labels, x, centers, "sum")), embeddings)[0]
    stopped = gradients(loss, embeddings)[0]
    assert np.abs(through).max() < 1e-9
    outward = embeddings - centers[labels]
    assert np.all(np.sum(-stopped * outward, axis=1) > 0), "descent moves each sample away from its center"


def test_samples_without_a_label_do_not_count():
    labels, embeddings, centers = example(5)
    masked = np.where(np.arange(12) % 3 == 0, -1, labels)
    kept = masked >= 0
    for function in (center_loss, center_update, feature_variance, md_loss, md_loss_as_printed):
        found, expected = function(masked, embeddings, centers), function(labels[kept], embeddings[kept], centers)
        np.testing.assert_allclose(found, expected, rtol=1e-12, err_msg=function.__name__)
    nobody = np.full(12, -1)
    assert float(md_loss(nobody, embeddings, centers)) == 0 and float(center_loss(nobody, embeddings, centers)) == 0
    assert not np.any(center_update(nobody, embeddings, centers))


@pytest.mark.parametrize("centers", [np.zeros((4, 3)), np.ones((4, 3)), np.eye(4, 3)], ids=["zero", "same", "one zero"])
def test_degenerate_centers_stay_finite(centers):
    """Coincident and zero-norm centers (Eq. 7 divides by norms), and all samples on their center (phi -> 0)."""
    labels = np.array([0, 1, 2, 3, 3])
    for embeddings in (centers[labels], centers[labels] + 1.0):
        for hinge in ("relu", "softplus", None):
            value = md_loss(labels, embeddings, centers, nearest=2, hinge=hinge)
            gradient = gradients(lambda x, h=hinge: md_loss(labels, x, centers, nearest=2, hinge=h), embeddings)[0]
            assert np.isfinite(value) and np.all(np.isfinite(gradient))
    assert float(adaptive_margin(np.zeros((4, 3)))) == 0
    np.testing.assert_allclose(adaptive_margin(np.ones((4, 3))), 12)
    assert float(mean_margin(np.zeros((4, 3)))) == 1


@pytest.mark.parametrize("dtype", [tf.bfloat16, tf.float16])
def test_large_embeddings_of_half_precision_stay_finite(dtype):
    """1e4 squared overflows float16; everything is computed in float32."""
    rng = np.random.default_rng(0)
    embeddings = tf.cast(rng.normal(size=(8, 64)) * 1e4, dtype)
    labels, centers = np.arange(8) % 3, rng.normal(size=(3, 64)).astype(np.float32) * 1e4
    for function in (functools.partial(md_loss, hinge=None), center_loss):
        value = function(labels, embeddings, centers)
        assert value.dtype == tf.float32 and np.isfinite(value)
        (gradient,) = gradients(lambda x, loss=function: loss(labels, x, centers), embeddings)
        values = tf.cast(gradient, tf.float32).numpy()
        assert gradient.dtype == dtype and np.any(values != 0) and np.all(np.isfinite(values))
    assert np.all(np.isfinite(center_update(labels, embeddings, centers)))
    assert np.isfinite(adaptive_margin(centers * np.float32(1e10)))


@pytest.mark.parametrize(
    "options, message",
    [
        ({"nearest": 0}, r"nearest must be a whole number in \[1, num_classes - 1 = 4\], not 0"),
        ({"nearest": 5}, "nearest must be"),
        ({"nearest": 1.5}, "nearest must be a whole number in .*, not 1.5"),
        ({"margin": "adaptve"}, "margin must be 'adaptive', 'mean' or a number, not 'adaptve'"),
        ({"margin": None}, "margin must be 'adaptive', 'mean' or a number, not None"),
        ({"margin": np.nan}, "margin must be 'adaptive', 'mean' or a number, not nan"),
        ({"reduction": "max"}, "reduction must be"),
    ],
)
@pytest.mark.parametrize("function", [md_loss, md_loss_as_printed])
def test_unknown_choices_raise(function, options, message):
    with pytest.raises(ValueError, match=message):
        function(*example(0), **options)


def test_unknown_hinge_raises():
    for hinge in (True, False, "hard"):
        with pytest.raises(ValueError, match="hinge must be 'relu', 'softplus' or None, not"):
            md_loss(*example(0), hinge=hinge)


def test_unknown_variance_raises():
    for variance in ("half", "", None):
        with pytest.raises(ValueError, match="variance must be one of normalized, sum, not"):
            feature_variance(*example(0), variance)


def test_one_class_is_refused():
    for function in (md_loss, md_loss_as_printed):
        with pytest.raises(ValueError, match="at least 2 classes, not 1"):
            function([0, 0], np.zeros((2, 3)), np.zeros((1, 3)))


@pytest.mark.parametrize("classes, nearest", [(500, 3), (500, 16), (500, 17), (500, None), (7, 1), (7, 6), (40, 39)])
def test_no_tensor_is_larger_than_the_centers_or_the_distances(classes, nearest):
    """B K + K D numbers, or (P + 1) B D of up to 16 impostors one by one and the own center: B K D for K <= 17."""
    batch, width = 64, 128
    spec = [tf.TensorSpec((batch, width)), tf.TensorSpec((batch,), tf.int32), tf.TensorSpec((classes, width))]

    @tf.function(input_signature=spec)
    def step(x, y, c):
        with tf.GradientTape() as tape:
            tape.watch([x, c])
            loss = md_loss(y, x, c, nearest)
        return tape.gradient(loss, [x, c]), center_update(y, x, c)

    sizes = [
        output.shape.num_elements() or 0
        for op in step.get_concrete_function().graph.get_operations()
        for output in op.outputs
        if output.shape.is_fully_defined()
    ]
    one_by_one = 1 + nearest if nearest and nearest <= 16 else 1
    assert max(sizes) <= max(batch * classes + classes * width, one_by_one * batch * width)


def test_unknown_batch_size_inside_a_function():
    spec = [tf.TensorSpec((None, 6), tf.float64), tf.TensorSpec((None,), tf.int32)]
    labels, embeddings, centers = example(0)
    compiled = tf.function(lambda x, y: (md_loss(y, x, centers, 2), center_update(y, x, centers)), input_signature=spec)
    np.testing.assert_allclose(compiled(embeddings, labels)[0], md_loss(labels, embeddings, centers, 2))
    np.testing.assert_allclose(compiled(embeddings, labels)[1], center_update(labels, embeddings, centers))
