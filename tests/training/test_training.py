"""SGD, the schedule, the step on replicas, checkpoints and exact resume."""

import dataclasses
import json
import shutil

import keras
import numpy as np
import pytest
import tensorflow as tf

from fer_md.data.augment import Augmentation
from fer_md.errors import FerMdError, NotFiniteError
from fer_md.evaluation.predict import logits_function, validate
from fer_md.files import write_json
from fer_md.models import TINY, build_component
from fer_md.runs.checkpoint import load_checkpoint, save_checkpoint
from fer_md.runs.lock import folder_lock
from fer_md.runs.metrics_log import log_rows
from fer_md.runs.run_directory import load_model, open_run, read_settings, settings_hash
from fer_md.training.loop import train
from fer_md.training.muon import Muon, orthogonalized
from fer_md.training.objective import CLASSES, SHARES
from fer_md.training.presets import MILD, PRESETS, Finish, Recipe, learning_rate, metric_factor
from fer_md.training.sgd import SGD
from fer_md.training.soft_targets import mix_votes, with_votes
from fer_md.training.strategy import make_strategy
from fer_md.training.stream import training_stream
from fer_md.training.task import Learner, Task, make_metric_loss
from fer_md.training.train import train_to_end
from fer_md.training.trainer import Trainer
from pages.result_files import read_run_config, read_run_time
from random_faces import random_split

RECIPE = Recipe(epochs=3, batch_size=8, rate=0.05, average=0.9, augmentation=MILD, ramp=0.8)


@pytest.fixture(autouse=True)
def begun(tmp_path):
    """Each test's folder is a run that was begun."""
    return open_run(tmp_path, {"seed": 3})


KINDS = ("labels", "votes", "MD loss", "votes, MD loss")


def make_task(kind="labels", config=TINY):
    """Learns from, and is measured on, 40 faces of noise."""
    split, metric_loss = random_split(40), None
    if kind.endswith("MD loss"):
        metric_loss = make_metric_loss("md", config.num_classes, config.embedding_dim, seed=4)
    objective = SHARES if kind.startswith("votes") else CLASSES
    return Task("data", split, split, metric_loss=metric_loss, loss_weight=0.1, objective=objective)


def make_trainer(recipe=RECIPE, strategy=None, task=None, config=TINY):
    learner = Learner(lambda: build_component(config, seed=1), [task or make_task()])
    return Trainer(learner, recipe, 40, strategy or make_strategy("one"))


def targets_of(split, kind):
    """Labels, or labels mixed with votes of ten taggers."""
    if not kind.startswith("votes"):
        return split.labels
    return mix_votes(split.labels, np.random.default_rng(5).multinomial(10, np.full(10, 0.1), len(split.labels)), 0.3)


def test_sgd_by_hand():
    """w = 1, g = 2, decay 0.5: g' = 2.5; m = -0.1 * 2.5 = -0.25; w = 1 + 0.9 m - 0.25 = 0.525.

    Second step, g = 0: g' = 0.2625; m = 0.9 * -0.25 - 0.02625 = -0.25125; w = 0.525 + 0.9 m - 0.02625 = 0.272625.
    """
    weight = keras.Variable(np.ones((1, 1), np.float32), name="kernel")
    sgd = SGD([weight], momentum=0.9, weight_decay=0.5)
    sgd.apply([tf.constant([[2.0]])], tf.constant(0.1))
    np.testing.assert_allclose(weight, [[0.525]], rtol=1e-6)
    sgd.apply([tf.constant([[0.0]])], tf.constant(0.1))
    np.testing.assert_allclose(weight, [[0.272625]], rtol=1e-5)


def test_anchor_pulls_a_kernel_back_to_where_it_started():
    """Gradient 2 at rate 0.1 moves 5 to 4.8; then the anchor 0.5 alone has the gradient 0.5 (4.8 - 5) = -0.1."""
    weight = keras.Variable([[5.0]], name="kernel")
    sgd = SGD([weight], momentum=0.0, anchor=0.5)
    sgd.apply([tf.constant([[2.0]])], tf.constant(0.1))
    np.testing.assert_allclose(weight, [[4.8]], rtol=1e-6)
    sgd.apply([tf.constant([[0.0]])], tf.constant(0.1))
    np.testing.assert_allclose(weight, [[4.81]], rtol=1e-6)


def test_sgd_equals_keras_and_spares_vectors_from_decay():
    rng = np.random.default_rng(0)
    start, gradients = rng.normal(size=(4,)).astype("f"), rng.normal(size=(5, 4)).astype("f")
    ours, stock = keras.Variable(start), keras.Variable(start)
    sgd, reference = SGD([ours], 0.9, weight_decay=0.1), keras.optimizers.SGD(0.05, 0.9, nesterov=True)
    reference.build([stock])
    for gradient in gradients:
        sgd.apply([tf.constant(gradient)], tf.constant(0.05))
        reference.apply([tf.constant(gradient)], [stock])
    np.testing.assert_allclose(ours, stock, rtol=1e-5)


def test_muon_by_hand():
    """A column (3, 4) has one singular value. Divided by its norm that is 1, and three iterations take it to 0.701,
    1.11362 and 0.720706, so that the step is 0.720706 (0.6, 0.8) times 2 * 0.1.
    """
    kernel = keras.Variable(np.ones((1, 1, 2, 1), np.float32), name="kernel")
    muon = Muon([kernel], momentum=0.5, weight_decay=0.1, factor=2.0)
    muon.apply([tf.constant([[[[3.0], [4.0]]]])], tf.constant(0.1))
    np.testing.assert_allclose(np.ravel(kernel), [1 - 0.2 * 0.4324236, 1 - 0.2 * 0.5765648], rtol=1e-5)


def test_a_kernel_with_more_filters_than_inputs_moves_further():
    """Two rows of eight columns: the step is twice as long, the root of 8 / 2, as 0.720706 (0.6, 0.8, 0, ...)."""
    kernel = keras.Variable(np.zeros((1, 1, 2, 8), np.float32), name="kernel")
    gradient = np.zeros((1, 1, 2, 8), np.float32)
    gradient[0, 0, 0, :2] = 3, 4
    Muon([kernel], momentum=0.5).apply([tf.constant(gradient)], tf.constant(0.1))
    np.testing.assert_allclose(np.asarray(kernel)[0, 0, 0, :3], [-0.2 * 0.4324236, -0.2 * 0.5765648, 0], rtol=1e-5)
    assert not np.asarray(kernel)[0, 0, 1].any()


@pytest.mark.parametrize("dtype, tolerance", [("float32", 0.0), ("bfloat16", 0.05)])
def test_a_gradient_of_zero_moves_nothing_and_16_bits_little_else(dtype, tolerance):
    rng = np.random.default_rng(0)
    start, gradient = (rng.normal(size=(3, 3, 2, 4)).astype("f") for _ in range(2))

    def moved(gradient, dtype):
        kernel = keras.Variable(start, name="kernel")
        Muon([kernel], dtype=dtype).apply([tf.constant(gradient)], tf.constant(1.0))
        return np.asarray(kernel) - start

    assert not moved(np.zeros_like(start), dtype).any()
    whole = moved(gradient, "float32")
    assert np.abs(moved(gradient, dtype) - whole).max() <= tolerance * np.abs(whole).max()


def test_a_recipe_decides_the_optimizer_and_its_rates():
    recipe = dataclasses.replace(RECIPE, rate=0.05, muon=0.02, momentum=0.7, weight_decay=0.1)
    muon, sgd = make_trainer(recipe).optimizer, make_trainer().optimizer
    assert type(muon) is Muon and type(sgd) is SGD
    assert muon.factor * recipe.rate == pytest.approx(0.02) and (muon.momentum, muon.weight_decay) == (0.7, 0.1)
    for wrong in ({"muon": -1.0}, {"muon": 0.1, "anchor": 0.1}, {"muon": 0.1, "rate": 0.0}):
        with pytest.raises(ValueError, match="muon must be at least 0, and needs a rate and no anchor"):
            dataclasses.replace(RECIPE, **wrong)


@pytest.mark.parametrize("shape", [(40, 12), (12, 40), (7, 7)])
def test_orthogonalized_keeps_the_singular_vectors_and_evens_out_the_values(shape):
    matrix = np.random.default_rng(0).normal(size=shape)
    u, s, v = np.linalg.svd(matrix, full_matrices=False)
    s /= np.linalg.norm(s)
    for _ in range(3):
        s = 3.4445 * s - 4.775 * s**3 + 2.0315 * s**5
    np.testing.assert_allclose(orthogonalized(tf.constant(matrix)), (u * s) @ v, rtol=1e-5, atol=1e-8)


def test_muon_moves_convolutions_and_leaves_the_rest_to_sgd():
    rng = np.random.default_rng(0)
    shapes = {"kernel": (3, 3, 2, 4), "bias": (4,), "dense": (4, 3)}
    starts = {name: rng.normal(size=shape).astype("f") for name, shape in shapes.items()}
    gradients = [[tf.constant(rng.normal(size=shape), tf.float32) for shape in shapes.values()] for _ in range(3)]

    def trained(optimizer, **options):
        found = [keras.Variable(start, name=name.replace("dense", "kernel")) for name, start in starts.items()]
        updates = optimizer(found, 0.9, weight_decay=0.1, **options)
        for own in gradients:
            updates.apply(own, tf.constant(0.05))
        return [np.asarray(variable) for variable in found]

    ours, sgd = trained(Muon, factor=0.4), trained(SGD)
    for one, other in zip(ours[1:], sgd[1:], strict=True):
        np.testing.assert_array_equal(one, other)
    weights, momentum = starts["kernel"].reshape(18, 4).astype(float), 0.0
    for own, *_ in gradients:
        gradient = own.numpy().reshape(18, 4)
        momentum = 0.9 * momentum + gradient
        step = orthogonalized(tf.constant(gradient + 0.9 * momentum, tf.float64)).numpy()
        weights -= 0.4 * 0.05 * step  # the kernel is upright, so that its scale is 1
    np.testing.assert_allclose(ours[0].reshape(18, 4), weights, rtol=1e-4, atol=1e-6)


def test_paper_schedule():
    """0.01, divided by 10 after every 10,000 iterations (Sec. 4)."""
    rates = [learning_rate(PRESETS["paper"], step, 112) for step in (0, 9_999, 10_000, 20_000)]
    np.testing.assert_allclose(rates, [0.01, 0.01, 0.001, 0.0001])


def test_modern_schedule_rises_and_falls_to_zero():
    """Ten epochs of 10 steps, one of warm-up: full rate after it, half of it midway, none at the end."""
    recipe = Recipe(epochs=10, rate=0.2)
    assert learning_rate(recipe, 0, 10) < 0.02
    np.testing.assert_allclose([learning_rate(recipe, s, 10) for s in (10, 55, 100)], [0.2, 0.1, 0], atol=1e-9)


def test_factor_of_the_metric_loss_rises_to_one_and_stays():
    """A fifth of ten epochs of 10 steps is 20 steps: 1/21, 11/21, and 1 from step 20 on. Without a ramp always 1."""
    factors = [metric_factor(Recipe(epochs=10, ramp=0.2), step, 10) for step in (0, 10, 20, 99)]
    np.testing.assert_allclose(factors, [1 / 21, 11 / 21, 1, 1])
    assert {metric_factor(Recipe(epochs=10), step, 10) for step in (0, 99)} == {1.0}
    with pytest.raises(ValueError, match=r"ramp must be in \[0, 1\], not 2"):
        Recipe(epochs=1, ramp=2)


def test_a_step_trains_on_the_metric_loss_times_its_factor(split):
    """3 epochs of 5 steps, ramp over 0.8 of them: in step 2 a factor of 3/13 before the weight 0.1."""
    batch = (tf.constant(split.images[:8, ..., None].astype("f")), tf.constant(split.labels[:8]))
    ramped = make_trainer(task=make_task("MD loss"))
    [[loss, softmax, metric, _]] = ramped.train_step((batch,), 2).numpy()
    np.testing.assert_allclose(loss, softmax + 3 / 13 * 0.1 * metric, rtol=1e-6)
    task = dataclasses.replace(make_task("MD loss"), loss_weight=3 / 13 * 0.1)
    constant = make_trainer(dataclasses.replace(RECIPE, ramp=0.0), task=task)
    constant.train_step((batch,), 2)
    for name, value in constant.state().items():
        np.testing.assert_allclose(ramped.state()[name], value, atol=1e-6, err_msg=name)


def test_a_metric_loss_belongs_to_one_trainer():
    """Two trainers would both move its centers."""
    task = make_task("MD loss")
    make_trainer(task=task)
    with pytest.raises(ValueError, match="metric_loss of task 'data' must be an unbuilt layer"):
        make_trainer(task=task)


def test_unknown_schedule_is_refused():
    with pytest.raises(ValueError, match="schedule"):
        Recipe(epochs=1, schedule="step")


@pytest.mark.parametrize(
    "kind, embedding, muon",
    [("labels", None, 0.0), ("labels", None, 0.004), ("votes, MD loss", None, 0.0), ("MD loss", 6, 0.0)],
)
def test_two_replicas_equal_one_device(split, kind, embedding, muon):
    """Same global batches; batch norm statistics, dropout masks and a decay that can be seen included."""
    states, targets = [], targets_of(split, kind)
    recipe, config = (
        dataclasses.replace(RECIPE, rate=0.02, weight_decay=0.05, muon=muon),
        dataclasses.replace(TINY, embedding=embedding),
    )
    for strategy in (make_strategy("one"), make_strategy("mirrored", 2)):
        trainer = make_trainer(recipe, strategy, make_task(kind, config), config)
        for step in range(5):  # rounding decides a tie of a max-pooling sooner or later
            rows = slice(5 * step, 5 * step + 8)
            images, labels = split.images[rows, ..., None].astype("f"), targets[rows]
            replicas = strategy.num_replicas_in_sync
            if replicas > 1:
                parts = list(zip(np.split(images, 2), np.split(labels, 2), strict=True))
                batch = strategy.experimental_distribute_values_from_function(
                    lambda context, parts=parts: tuple(map(tf.constant, parts[context.replica_id_in_sync_group]))
                )
            else:
                batch = (tf.constant(images), tf.constant(labels))
            figures = trainer.train_step((batch,), step)
        states.append({**trainer.state(), "figures": figures.numpy()})
    for name, value in states[0].items():
        np.testing.assert_allclose(states[1][name], value, atol=2e-4, err_msg=name)


def test_mirrored_training_runs_to_the_end(tmp_path):
    trainer = make_trainer(strategy=make_strategy("mirrored", 2))
    assert train([trainer], tmp_path, seed=3)
    assert (tmp_path / "DONE").exists()


@pytest.mark.parametrize("kind, muon", [*((kind, 0.0) for kind in KINDS), ("labels", 0.02)])
def test_state_round_trip_and_exact_continuation(split, kind, muon):
    targets = targets_of(split, kind)

    def steps(trainer, first, last):
        for step in range(first, last):
            rows = slice(8 * (step % 5), 8 * (step % 5) + 8)
            images = tf.constant(split.images[rows, ..., None].astype("f"))
            trainer.train_step(((images, tf.constant(targets[rows])),), step)

    recipe = dataclasses.replace(RECIPE, muon=muon)
    whole, first, second = (make_trainer(recipe, task=make_task(kind)) for _ in range(3))
    steps(whole, 0, 12)
    steps(first, 0, 7)
    second.load_state(first.state())
    steps(second, 7, 12)
    for name, value in whole.state().items():
        np.testing.assert_array_equal(second.state()[name], value, err_msg=name)


def test_loop_writes_what_it_promises(tmp_path):
    assert train([make_trainer()], tmp_path, seed=3)
    rows = [json.loads(line) for line in (tmp_path / "metrics.jsonl").read_text().splitlines()]
    assert [row["step"] for row in rows if row["split"] == "validation"] == [5, 10, 15]
    assert {"checkpoint.npz", "model.keras", "DONE", "time.json"} <= {path.name for path in tmp_path.iterdir()}


def test_a_run_that_ended_before_its_files_were_written_gets_them(tmp_path):
    assert train([make_trainer()], tmp_path, seed=3)
    model = (tmp_path / "model.keras").read_bytes()
    for name in ("DONE", "model.keras", "time.json"):
        (tmp_path / name).unlink()
    again = make_trainer()
    assert train([again], tmp_path, seed=3) and (tmp_path / "DONE").exists()
    (tmp_path / "before.keras").write_bytes(model)
    for now, before in zip(
        again.model.weights, keras.saving.load_model(tmp_path / "before.keras").weights, strict=True
    ):
        np.testing.assert_array_equal(now, before)


def test_a_complete_run_gives_the_network_that_it_left(tmp_path):
    """Finished: ``model.keras`` holds logits of half the size, and so do the first call's network and the second's."""

    def halve(network, name):
        layer = network.get_layer("logits")
        layer.set_weights([values / 2 for values in layer.get_weights()])
        return {}

    def trained():
        learner = Learner(lambda: build_component(TINY, seed=1), [make_task()], finish=halve)
        return train_to_end(learner, RECIPE, tmp_path, {"seed": 3})

    first, second = trained(), trained()
    for left, one, other in zip(load_model(tmp_path).weights, first.weights, second.weights, strict=True):
        np.testing.assert_array_equal(one, left)
        np.testing.assert_array_equal(other, left)


def test_a_folder_that_another_process_holds_gets_no_settings(tmp_path):
    """Of two that begin a run together, with other settings each, the second must not write over the first's."""
    folder = tmp_path / "new"
    folder.mkdir()
    learner = Learner(lambda: build_component(TINY), [make_task()])
    with folder_lock(folder), pytest.raises(FerMdError, match="another process is working in it"):
        train_to_end(learner, RECIPE, folder, {"seed": 4})
    assert not (folder / "config.json").exists()


def test_a_complete_run_without_its_checkpoint_is_refused(tmp_path):
    (tmp_path / "DONE").write_text("complete")
    with pytest.raises(FerMdError, match=r"complete \(DONE\), but without checkpoint.npz"):
        train([make_trainer()], tmp_path, seed=3)


def test_what_cannot_go_on_without_a_stopped_run_says_so(tmp_path, monkeypatch):
    monkeypatch.setattr("fer_md.training.train.train", lambda *options: False)
    learner = Learner(lambda: build_component(TINY), [make_task()])
    with pytest.raises(FerMdError, match=f"^{tmp_path}: stopped; start it again to go on$"):
        train_to_end(learner, RECIPE, tmp_path, {"seed": 3})


def test_not_a_number_stops_the_run(tmp_path):
    with pytest.raises(NotFiniteError, match="the loss is nan at step .* lower the learning rate"):
        train([make_trainer(dataclasses.replace(RECIPE, rate=1e30))], tmp_path, seed=3)
    assert not (tmp_path / "DONE").exists() and (tmp_path / "metrics.jsonl").exists()


@pytest.mark.parametrize(("last", "seconds"), [(9, 120.0), (0, 0.0)])
def test_weights_that_are_not_finite_are_not_stored(tmp_path, monkeypatch, last, seconds):
    """An update spoils a weight, which no loss tells: the end of the epoch does, or a checkpoint before it."""
    trainer = make_trainer()
    step = trainer.train_step

    def spoiled(batches, number):
        figures = step(batches, number)
        if number == last:
            kernel = trainer.model.trainable_variables[0]
            kernel.assign(kernel * np.nan)
        return figures

    monkeypatch.setattr(trainer, "train_step", spoiled)
    with pytest.raises(NotFiniteError, match=f"a weight is not finite at step {last + 1}: lower the learning rate"):
        train([trainer], tmp_path, seed=3, checkpoint_seconds=seconds)
    assert not (tmp_path / "checkpoint.npz").exists()
    assert train([make_trainer()], tmp_path, seed=3)


def test_the_start_is_measured_once(split, tmp_path, monkeypatch):
    """Stopped between the log and its checkpoint, a run starts anew and keeps the row of the start."""
    trainer = make_trainer()
    before = validate(logits_function(trainer.model), split)
    with monkeypatch.context() as patched, pytest.raises(ZeroDivisionError):
        patched.setattr("fer_md.training.loop.save_checkpoint", lambda *_: 1 / 0)
        train([trainer], tmp_path, seed=3, measure_start=True)
    assert train([make_trainer()], tmp_path, seed=3, measure_start=True)
    rows = [json.loads(line) for line in (tmp_path / "metrics.jsonl").read_text().splitlines()]
    measured = [row for row in rows if row["split"] == "validation"]
    assert [row["step"] for row in measured] == [0, 5, 10, 15] and measured[0]["epoch"] == 0
    assert {name: measured[0][name] for name in before} == pytest.approx(before)


def test_truncated_checkpoint_is_named(tmp_path):
    path = tmp_path / "checkpoint.npz"
    save_checkpoint(path, {"a": np.arange(1000)})
    path.write_bytes(path.read_bytes()[:500])
    with pytest.raises(FerMdError, match=r"checkpoint.npz: truncated or damaged"):
        load_checkpoint(path)


def test_checkpoint_of_another_network_is_refused(tmp_path):
    known = {"settings": settings_hash(tmp_path), "step": 3, "seconds": 1.0}
    save_checkpoint(tmp_path / "checkpoint.npz", {**known, "model/0000": np.zeros(3)})
    with pytest.raises(FerMdError, match="not a checkpoint of this network"):
        train([make_trainer()], tmp_path, seed=3)


def test_a_run_whose_settings_are_lost_is_not_taken_for_another(tmp_path):
    """Started again with another seed, it was called complete, and the new seed was written beside the old weights."""
    train([make_trainer()], tmp_path, seed=3)
    (tmp_path / "config.json").unlink()
    with pytest.raises(FerMdError, match="holds DONE, but no config.json any more"):
        open_run(tmp_path, {"seed": 4})
    for name in ("DONE", "model.keras"):
        (tmp_path / name).unlink()
    with pytest.raises(FerMdError, match="holds checkpoint.npz, but no config.json any more"):
        open_run(tmp_path, {"seed": 4})
    write_json(tmp_path / "config.json", {"settings": {"seed": 4}})
    with pytest.raises(FerMdError, match="checkpoint.npz: learned with other settings than config.json states"):
        train([make_trainer()], tmp_path, seed=4)


def test_a_folder_that_is_deleted_during_the_training_ends_it(tmp_path, monkeypatch):
    trainer = make_trainer()
    step = trainer.train_step

    def deleting(batches, number):
        if number == 7:
            shutil.rmtree(tmp_path)
        return step(batches, number)

    monkeypatch.setattr(trainer, "train_step", deleting)
    with pytest.raises(FerMdError, match="not a run directory"):
        train([trainer], tmp_path, seed=3)
    assert not (tmp_path / "checkpoint.npz").exists()


@pytest.mark.parametrize(
    "name, change, read",
    [
        ("config.json", lambda data: data.replace(b"3", b"4"), read_settings),
        ("config.json", lambda data: data.replace(b"3", b"4"), read_run_config),
        ("metrics.jsonl", lambda data: data.replace(b'"accuracy": 0.', b'"accuracy": 1.', 1), log_rows),
        ("model.keras", lambda data: data[:-1] + bytes([data[-1] ^ 1]), load_model),
        ("time.json", lambda data: data.replace(b"seconds", b"minutes"), read_run_time),
    ],
)
def test_a_file_of_a_complete_run_that_was_changed_is_refused(tmp_path, name, change, read):
    """Another run's model.keras, other settings, another accuracy: none of them can be seen in the file itself."""
    train([make_trainer()], tmp_path, seed=3)
    read(tmp_path)
    (tmp_path / name).write_bytes(change((tmp_path / name).read_bytes()))
    with pytest.raises(FerMdError, match=f"{name}: was changed after the run was complete"):
        read(tmp_path)


@pytest.mark.parametrize(
    "line", ["[]", "null", "{}", '{"step": 1}', "1" * 5000, "[" * 100_000, '{"step": -1, "epoch": NaN, "split": "a"}']
)
def test_a_line_that_is_no_row_of_the_log(tmp_path, line):
    (tmp_path / "metrics.jsonl").write_text(f'{{"step": 1, "epoch": 0.5, "split": "Training"}}\n{line}\n')
    with pytest.raises(FerMdError, match="metrics.jsonl: line 2: "):
        log_rows(tmp_path)


@pytest.mark.parametrize("start", [0, 7, 12])
def test_the_last_epochs_have_faces_and_targets_of_their_own(split, start):
    """40 faces in batches of 8: 3 epochs are 15 steps, of which the last 1.2 epochs, 6 steps, are the finish."""
    recipe = dataclasses.replace(RECIPE, finish=Finish(1.2, Augmentation()))
    split = dataclasses.replace(split, votes=np.eye(10, dtype=int)[split.labels])
    task = with_votes(Task("data", split), 0.4)
    trainer = make_trainer(recipe, task=task)
    stream = list(training_stream(trainer, 3, start, 15))
    assert len(stream) == 15 - start
    for step, ((images, targets),) in enumerate(stream, start):
        make, augmentation = (task.batches, MILD) if step < 9 else (task.finish_batches, Augmentation())
        ((expected, wanted),) = make(split, augmentation, 8, 3, step, step + 1)
        np.testing.assert_array_equal(images, expected)
        np.testing.assert_array_equal(targets, wanted)
        assert (np.max(targets, 1) == 1).all() == (step >= 9)
