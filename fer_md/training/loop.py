"""The training loop: resumes exactly, stops when told, evaluates after each epoch."""

import json
import math
import signal
import time
from pathlib import Path

import numpy as np

from fer_md.data.pipeline import training_batches
from fer_md.errors import FerMdError
from fer_md.evaluation.predict import logits_function
from fer_md.files import atomic_file, write_json
from fer_md.progress import Progress
from fer_md.training.checkpoint import load_checkpoint, save_checkpoint


class StopAsked:
    """True once SIGTERM or SIGINT came; the loop then writes a checkpoint and ends."""

    def __init__(self):
        self.asked = False

    def __enter__(self):
        self._old = {number: signal.signal(number, self._note) for number in (signal.SIGTERM, signal.SIGINT)}
        return self

    def _note(self, *_):
        self.asked = True

    def __exit__(self, *_):
        for number, handler in self._old.items():
            signal.signal(number, handler)


def train(trainer, training, held_out, run_dir, seed, checkpoint_seconds=120.0):
    """Trains to the end of the recipe, from the last checkpoint if the run's folder has one.

    Args:
        trainer: ``Trainer``.
        training: ``Split`` to learn from.
        held_out: ``Split`` to select on, evaluated after each epoch; never the test split.
        run_dir: folder of the run; gets ``metrics.jsonl``, ``checkpoint.npz`` and at the end ``model.keras``, ``DONE``.
        seed: of the order of the examples and of the augmentation.
        checkpoint_seconds: longest time between two checkpoints.

    Returns:
        True if the run is complete, False if it was told to stop.

    Raises:
        FerMdError: the loss is not finite, or the checkpoint is damaged.
    """
    run_dir = Path(run_dir)
    if (run_dir / "DONE").exists():
        return True
    total = math.ceil(trainer.recipe.epochs * trainer.steps_per_epoch)
    step, seconds = _resume(trainer, run_dir)
    log = MetricsLog(run_dir / "metrics.jsonl", step)
    batches = iter(training_stream(trainer, training, seed, step, total))
    label = f"training {run_dir.name}"
    started, saved = time.monotonic() - seconds, time.monotonic()
    pending, forward = [], logits_function(trainer.model)
    with StopAsked() as stop, Progress(label, total, "steps", done=step) as progress:
        while step < total:
            pending.append(trainer.train_step(next(batches), step))
            step += 1
            epoch_ends = int(step / trainer.steps_per_epoch) > int((step - 1) / trainer.steps_per_epoch)
            due = stop.asked or time.monotonic() - saved > checkpoint_seconds
            if epoch_ends or due or step == total or len(pending) == 50:
                means = _means(pending, step)
                pending.clear()
                log.write({"step": step, "epoch": step / trainer.steps_per_epoch, "split": "Training", **means,
                           "seconds": time.monotonic() - started})  # fmt: skip
            progress.advance(note=f"loss {means['loss']:.3f}" if log.rows else "")
            if epoch_ends or step == total:
                _evaluate(trainer, forward, held_out, log, step)
            if due or epoch_ends or step == total:
                elapsed = np.float64(time.monotonic() - started)
                _save(trainer, run_dir, log, {"step": step, "seconds": elapsed})
                saved = time.monotonic()
            if stop.asked and step < total:
                return False
    _finish(trainer, run_dir, time.monotonic() - started, total)
    return True


def _save(trainer, run_dir, log, position):
    state = trainer.state()
    if trainer.is_chief:
        log.flush()
        save_checkpoint(run_dir / "checkpoint.npz", {**state, **position})


def training_stream(trainer, training, seed, step, total):
    """The batches of steps ``step`` to ``total - 1``, each divided among the strategy's replicas."""
    strategy, recipe = trainer.strategy, trainer.recipe
    replicas = strategy.num_replicas_in_sync

    def for_worker(context):
        workers = context.num_input_pipelines
        own = training_batches(training, recipe.augmentation, recipe.batch_size, seed, step, total,
                               context.input_pipeline_id, workers)  # fmt: skip
        return own.unbatch().batch(recipe.batch_size // replicas) if replicas > workers else own

    if replicas == 1:
        return training_batches(training, recipe.augmentation, recipe.batch_size, seed, step, total)
    return strategy.distribute_datasets_from_function(for_worker)


def _resume(trainer, run_dir):
    path = run_dir / "checkpoint.npz"
    if not path.exists():
        return 0, 0.0
    arrays = load_checkpoint(path)
    try:
        trainer.load_state(arrays)
    except ValueError as error:
        raise FerMdError(f"{path}: not a checkpoint of this network ({error}); name another --run_dir") from None
    return int(arrays["step"]), float(arrays["seconds"])


def _means(pending, step):
    loss, accuracy = np.mean([[float(value) for value in pair] for pair in pending], axis=0)
    if not math.isfinite(loss):
        raise FerMdError(f"the loss is {loss} at step {step}: lower the learning rate; the last checkpoint is kept")
    return {"loss": float(loss), "accuracy": float(accuracy)}


def _evaluate(trainer, forward, split, log, step):
    own = trainer.use_average()
    correct, loss = 0, 0.0
    for start in range(0, len(split.labels), 512):
        labels = split.labels[start : start + 512]
        logits = forward(split.images[start : start + 512]).astype(np.float64)
        shifted = logits - logits.max(1, keepdims=True)
        loss += float((np.log(np.exp(shifted).sum(1)) - shifted[np.arange(len(labels)), labels]).sum())
        correct += int((logits.argmax(1) == labels).sum())
    trainer.restore(own)
    count = len(split.labels)
    log.write({"step": step, "epoch": step / trainer.steps_per_epoch, "split": "validation",
               "loss": loss / count, "accuracy": correct / count})  # fmt: skip


def _finish(trainer, run_dir, seconds, total):
    trainer.use_average()
    if not trainer.is_chief:
        return
    with atomic_file(run_dir / "model.keras") as partial:
        trainer.model.save(partial)
    images = total * trainer.recipe.batch_size
    write_json(run_dir / "time.json", {"seconds": seconds, "images_per_second": images / seconds})
    with atomic_file(run_dir / "DONE") as partial:
        partial.write_text("complete\n")


class MetricsLog:
    """``metrics.jsonl``: one JSON object a line; lines of steps after the checkpoint are dropped on resume."""

    def __init__(self, path, step):
        self.path = path
        self.rows = []
        if path.exists():
            rows = [json.loads(line) for line in path.read_text().splitlines() if line.endswith("}")]
            self.rows = [row for row in rows if row["step"] <= step]

    def write(self, row):
        """Adds a row; it is on disk after ``flush``."""
        self.rows.append(row)

    def flush(self):
        """Writes all rows, whole or not at all, just before the checkpoint they belong to."""
        with atomic_file(self.path) as partial:
            partial.write_text("".join(json.dumps(row) + "\n" for row in self.rows))
