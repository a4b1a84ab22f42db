"""The networks of the comparison: sizes as stated, saving, seeds, precision, and a step with and without MD loss."""

import dataclasses
import math
import re

import keras
import numpy as np
import pytest
import tensorflow as tf

from fer_md.models import add_head
from fer_md.models.baselines import BASELINES, CONFIGS, TINY_CONFIGS
from fer_md.models.baselines.hyperface import HyperFaceConfig
from fer_md.models.baselines.kim import INPUTS, KimConfig, build_kim
from fer_md.models.baselines.meng import MengConfig
from fer_md.models.baselines.zhang import ZhangConfig, adapt_bridge
from fer_md.training.centers import start_centers
from fer_md.training.identity_aware import identity_aware_tasks, subject_numbers
from fer_md.training.presets import Recipe
from fer_md.training.stream import training_stream
from fer_md.training.task import Learner, Task, make_metric_loss
from fer_md.training.trainer import Trainer
from random_faces import random_split

RECIPE = Recipe(epochs=2, batch_size=16, rate=0.01, average=0.0, warmup=0.0)
BUILT = [name for name in BASELINES if name != "component"]


def size(model):
    return sum(math.prod(v.shape) for v in model.trainable_variables)


def tiny(name, seed=0, **changes):
    return BASELINES[name](dataclasses.replace(TINY_CONFIGS[name], **changes), seed)


def people(count=40):
    """Faces of ten persons, and two of nobody known."""
    return dataclasses.replace(random_split(count), subjects=["", "", *(f"p{i % 10}" for i in range(count - 2))])


@pytest.fixture
def images():
    return random_split(3).images[..., None]


@pytest.mark.parametrize("name", BUILT)
def test_the_docstring_states_the_number_of_weights(name):
    assert f"{size(BASELINES[name]()):,}" in re.sub(r"\s+", " ", CONFIGS[name].__doc__)


@pytest.mark.parametrize("name", ["component", "meng", "residual"])
def test_a_config_states_the_width_of_the_embeddings(name):
    assert tiny(name).output["embeddings"].shape == (None, TINY_CONFIGS[name].embedding_dim)


@pytest.mark.parametrize(
    "kernels, units, convolutions, stated",
    [
        ("small", 512, [9 * 1 * 32 + 32, 9 * 32 * 32 + 32, 9 * 32 * 64 + 64], "851,367"),
        ("medium", 1024, [25 * 1 * 32 + 32, 16 * 32 * 32 + 32, 25 * 32 * 64 + 64], None),
        ("large", 3072, [49 * 1 * 32 + 32, 49 * 32 * 32 + 32, 49 * 32 * 64 + 64], "5,092,007"),
    ],
)
def test_members_of_the_committee_have_the_published_sizes(kernels, units, convolutions, stated):
    """All paddings lead to 5x5x64 before the fully connected layer."""
    model = build_kim(KimConfig(kernels=kernels, fc_units=units))
    assert size(model) == sum(convolutions) + (1600 + 1) * units + (units + 1) * 7
    assert model.get_layer("flatten").output.shape == (None, 1600)
    assert stated is None or (f"{size(model):,}" == stated and stated in KimConfig.__doc__)


def test_hyperface_joins_maps_of_6x6():
    model = BASELINES["hyperface"]()
    assert model.get_layer("fusion").output.shape == (None, 6, 6, 768)
    assert model.output["landmarks"].shape == (None, 68, 2)


@pytest.mark.parametrize("name", BUILT)
def test_named_seeded_saved(name, images, tmp_path):
    """No layer has a name of Keras's making; the seed decides the weights; a file gives the same outputs."""
    model = tiny(name, seed=1)
    assert model.output["embeddings"].shape[0] is None and model.output["logits"].shape == (None, 7)
    made_up = [layer.name for layer in model.layers if re.fullmatch(r"[a-z]+[0-9]?d?_\d+|conv2d|dense", layer.name)]
    assert made_up == []
    for a, b in zip(model.weights, tiny(name, seed=1).weights, strict=True):
        np.testing.assert_array_equal(a, b)
    kernel = model.get_layer("conv1").kernel
    assert np.any(np.array(kernel) != np.array(tiny(name, seed=2).get_layer("conv1").kernel))
    model.save(tmp_path / "model.keras")
    again = keras.saving.load_model(tmp_path / "model.keras")
    for key, value in model(images).items():
        np.testing.assert_array_equal(value, again(images)[key])


@pytest.mark.parametrize("illumination", INPUTS)
def test_every_input_of_the_committee_survives_saving(illumination, images, tmp_path):
    model = tiny("kim", illumination=illumination)
    values = keras.Model(model.input, model.get_layer(illumination).output)(images).numpy()
    assert values.min() == 0 and values.max() == pytest.approx(1)
    model.save(tmp_path / "model.keras")
    again = keras.saving.load_model(tmp_path / "model.keras")
    np.testing.assert_array_equal(model(images)["logits"], again(images)["logits"])


@pytest.mark.parametrize("name", BUILT)
def test_mixed_precision_is_finite(name, images):
    policy = keras.config.dtype_policy()
    keras.config.set_dtype_policy("mixed_bfloat16")
    try:
        outputs = tiny(name)(images, training=True)
    finally:
        keras.config.set_dtype_policy(policy)
    assert outputs["logits"].dtype == tf.float32
    assert all(np.all(np.isfinite(tf.cast(value, tf.float32))) for value in outputs.values())


def make_trainer(model, tasks, recipe=RECIPE, examples=40):
    return Trainer(Learner(lambda: model, tasks), recipe, examples, tf.distribute.get_strategy())


def steps(trainer, count=2):
    stream = training_stream(trainer, seed=0, step=0, total=count)
    return [trainer.train_step(batch, step).numpy() for step, batch in enumerate(stream)]


@pytest.mark.parametrize("md", [False, True])
@pytest.mark.parametrize("name", ["zhang", "kim", "hyperface"])
def test_a_step_with_and_without_md_loss(name, md):
    split, model = random_split(40), tiny(name)
    before = [np.array(v) for v in model.trainable_variables]
    metric_loss = make_metric_loss("md" if md else "none", 7, model.output["embeddings"].shape[-1])
    trainer = make_trainer(model, [Task("data", split, metric_loss=metric_loss, loss_weight=0.1)])
    start_centers(trainer, 0)
    figures = np.array(steps(trainer))
    assert np.all(np.isfinite(figures)) and np.all((figures[..., 2] > 0) == md)
    unmoved = [v.path for v, old in zip(model.trainable_variables, before, strict=True) if np.all(v.numpy() == old)]
    assert all("landmarks" in path or "points" in path for path in unmoved), "expression labels do not train points"


@pytest.mark.parametrize("md", [False, True])
def test_identity_aware_training(md):
    """Each contrastive loss moves its own layer; MD loss takes the place of the expression-sensitive one."""
    split, model = people(), tiny("meng")
    tasks = identity_aware_tasks(split, make_metric_loss("md" if md else "none", 7, 8), 0.1 if md else 1.0)
    assert [(task.name, task.features) for task in tasks] == [("expression", "embeddings"), ("identity", "identity")]
    trainer = make_trainer(model, tasks)
    start_centers(trainer, 0)
    figures = np.array(steps(trainer))
    assert figures.shape == (2, 2, 4) and np.all(np.isfinite(figures)) and np.all(figures[..., 2] > 0)
    weight = [task.loss_weight for task in tasks]
    np.testing.assert_allclose(figures[..., 0], figures[..., 1] + weight * figures[..., 2], rtol=1e-5)
    state = trainer.state()
    assert ("centers/0000" in state) == md
    trainer.load_state(state)


def test_pairs_of_persons_need_persons():
    assert [task.name for task in identity_aware_tasks(random_split(8))] == ["expression"]
    np.testing.assert_array_equal(subject_numbers(["b", "", "a", "b"]), [1, -1, 0, 1])


def test_bridged_data_sets_with_partly_missing_labels():
    """Two data sets with a label space each, the second half labelled; a head learns from its own labels only."""
    split, other = random_split(40, 1), random_split(40, 2)
    other = dataclasses.replace(other, labels=np.where(np.arange(40) % 2, -1, other.labels % 3).astype(np.int32))
    model = add_head(tiny("zhang"), "logits_other", 3)
    adapt_bridge(model, np.concatenate([split.images, other.images]))
    assert np.any(np.array(model.get_layer("correspondence").coarse))
    tasks = [Task("first", split), Task("second", other, head="logits_other")]
    assert np.all(np.isfinite(steps(make_trainer(model, tasks))))
    unlabelled = dataclasses.replace(other, labels=np.full(40, -1, np.int32))
    tasks = [tasks[0], dataclasses.replace(tasks[1], training=unlabelled)]
    trainer = make_trainer(model, tasks, dataclasses.replace(RECIPE, weight_decay=0.0))
    kernel = model.get_layer("logits_other").kernel
    before = np.array(kernel)
    figures = steps(trainer)
    np.testing.assert_array_equal(before, kernel)
    assert np.all(np.array(figures)[:, 1] == 0) and np.all(np.array(figures)[:, 0, 0] > 0)


def test_the_bridging_layer_reads_the_code(images):
    model = adapt_bridge(tiny("zhang"), random_split(60).images)
    embeddings = model(images)["embeddings"].numpy()
    kernel = model.get_layer("bridge").kernel
    rows = np.array(kernel)
    rows[-6:] = 0  # two clusters, and two in each
    kernel.assign(rows)
    assert np.any(model(images)["embeddings"].numpy() != embeddings)


@pytest.mark.parametrize("name, options", [("kim", {"illumination": "equalized"}), ("zhang", {})])
def test_without_batch_norm_a_handful_of_faces_is_learnt(name, options):
    """Sixteen faces of noise by heart: paddings, poolings and response norm let the gradient through."""
    split, model = random_split(16), tiny(name, fc_units=64, dropout=0.0, **options)
    recipe = dataclasses.replace(RECIPE, label_smoothing=0.0, epochs=120, rate=0.02)
    trainer = make_trainer(model, [Task("data", split)], recipe, 16)
    figures = np.array(steps(trainer, 120))
    assert figures[-5:, 0, 0].mean() < 0.3 * figures[0, 0, 0]


@pytest.mark.parametrize(
    "config, change",
    [
        (ZhangConfig(), {"filters": (1,)}),
        (ZhangConfig(), {"image_size": 50}),
        (KimConfig(), {"illumination": "dark"}),
        (KimConfig(), {"kernels": "huge"}),
        (KimConfig(), {"filters": ()}),
        (HyperFaceConfig(), {"filters": ()}),
        (HyperFaceConfig(), {"image_size": 50}),
        (HyperFaceConfig(), {"fused_filters": (4, 0)}),
        (HyperFaceConfig(), {"dropout": 1}),
        (KimConfig(), {"dropout": -0.1}),
        (ZhangConfig(), {"num_classes": 1}),
        (MengConfig(), {"features": 0.5}),
        (MengConfig(), {"embedding": 64}),
    ],
)
def test_impossible_configs_are_refused(config, change):
    with pytest.raises(ValueError, match=next(iter(change))):
        dataclasses.replace(config, **change)
