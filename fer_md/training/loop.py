"""The training loop: resumes exactly, stops when told, evaluates after each epoch."""

import dataclasses
import math
import time
from pathlib import Path

import numpy as np

from fer_md.data.records import Split
from fer_md.errors import FerMdError, NotFiniteError
from fer_md.evaluation.predict import logits_function, validate
from fer_md.files import atomic_file, write_json
from fer_md.progress import Progress
from fer_md.runs.checkpoint import load_checkpoint, save_checkpoint
from fer_md.runs.metrics_log import MetricsLog
from fer_md.training.patience import is_flat
from fer_md.training.presets import learning_rate
from fer_md.training.stop import StopAsked, asked_of_any
from fer_md.training.stream import training_stream
from fer_md.training.trainer import Trainer


@dataclasses.dataclass(frozen=True)
class Job:
    """One network of a run.

    Attributes:
        name: of its file, ``NAME.keras``, and of its lines in the log.
        trainer: ``Trainer``.
        training: one ``Split`` a task of the trainer.
        held_out: dict from a data set's name to the head that scores it and the ``Split`` to measure after each
            epoch; never the test split.
    """

    name: str
    trainer: Trainer
    training: tuple
    held_out: dict[str, tuple[str, Split]]


def train(jobs, run_dir, seed, checkpoint_seconds=120.0, measure_start=False, patience=None):
    """Trains to the end of the recipe, from the last checkpoint if the run's folder has one.

    Several networks take turns, one step each.

    Args:
        jobs: sequence of ``Job``; their trainers share the recipe and the length of an epoch.
        run_dir: folder of the run; gets ``metrics.jsonl``, ``tensorboard/``, ``checkpoint.npz`` and at the end a
            ``.keras`` file for each job, and ``DONE``.
        seed: of the order of the examples and of the augmentation.
        checkpoint_seconds: longest time between two checkpoints.
        measure_start: measure the networks before the first step too, as a fine-tuning forgets most in its first epoch.
        patience: end after so many epochs in which no network got better at what it learns (``is_flat``; what
            ``measure_start`` found counts); None: only the recipe ends it. The last weights are kept, as without it,
            and ``time.json`` has the epochs that were trained.

    Returns:
        True if the run is complete, False if it was told to stop. The networks of a complete run hold the averaged
        weights.

    Raises:
        NotFiniteError: the loss or a weight is not finite; the log goes on to there, the checkpoint before it is kept.
        FerMdError: the checkpoint is damaged.
        ValueError: ``patience`` is below 1, or a data set that is learned is not among the held-out ones.
    """
    run_dir, first = Path(run_dir), jobs[0].trainer
    total = math.ceil(first.recipe.epochs * first.steps_per_epoch)
    step, seconds, elsewhere = _resume(jobs, run_dir)
    if (run_dir / "DONE").exists():
        if not step:
            raise FerMdError(f"{run_dir}: complete (DONE), but without checkpoint.npz; name another --run_dir")
        for job in jobs:
            job.trainer.use_average()
        return True
    log = MetricsLog(run_dir, step, first.is_chief)
    streams = [iter(training_stream(job.trainer, job.training, seed, step, total)) for job in jobs]
    forwards, any_worker = [_forwards(job) for job in jobs], asked_of_any(first.strategy)
    if measure_start and step == 0 and not log.rows:
        _log_validation(jobs, forwards, log, step)
    over = any_worker(_is_over(jobs, log, step, total, patience))
    started, saved, pending, note = time.monotonic() - seconds, time.monotonic(), [], ""
    with StopAsked() as stop, Progress(f"training {run_dir.name}", total, "steps", done=step) as progress:
        while not over:
            asked = time.monotonic()
            batches = [next(stream) for stream in streams]
            elsewhere += time.monotonic() - asked
            pending.append([job.trainer.train_step(b, step) for job, b in zip(jobs, batches, strict=True)])
            step, stopping = step + 1, any_worker(stop.asked)
            epoch_ends = int(step / first.steps_per_epoch) > int((step - 1) / first.steps_per_epoch) or step == total
            due = stopping or time.monotonic() - saved > checkpoint_seconds
            if epoch_ends or due or len(pending) == 50:
                note = _log_training(jobs, log, pending, step, time.monotonic() - started)
                pending.clear()
            progress.advance(note=note)
            asked = time.monotonic()
            if epoch_ends:
                _log_validation(jobs, forwards, log, step)
                over = any_worker(_is_over(jobs, log, step, total, patience))
            now = time.monotonic()
            elsewhere += now - asked
            if due or epoch_ends:
                _save(
                    jobs,
                    run_dir,
                    log,
                    {"step": step, "seconds": np.float64(now - started), "elsewhere": np.float64(elsewhere)},
                )
                saved = time.monotonic()
                elsewhere += saved - now
            if stopping and not over:
                return False
    _finish(jobs, run_dir, time.monotonic() - started, elsewhere, step)
    return True


def _is_over(jobs, log, step, total, patience):
    """Whether a run ends at this step: by the recipe, or as the curves are flat."""
    if patience is None:
        return step >= total
    learned = {job.name: [task.name for task in job.trainer.tasks] for job in jobs}
    for job in jobs:
        if missing := set(learned[job.name]) - set(job.held_out):
            raise ValueError(f"patience: {job.name} learns {', '.join(sorted(missing))}, which it is not measured on")
    return step >= total or is_flat(log.rows, learned, patience)


def _state(jobs):
    return {f"{job.name}/{name}": value for job in jobs for name, value in job.trainer.state().items()}


def _save(jobs, run_dir, log, position):
    state = _state(jobs)
    if not all(np.isfinite(value).all() for value in state.values()):
        log.rows = [row for row in log.rows if (row["step"], row["split"]) != (position["step"], "validation")]
        raise _not_finite(log, "a weight is not finite", position["step"])
    log.flush()
    if jobs[0].trainer.is_chief:
        save_checkpoint(run_dir / "checkpoint.npz", {**state, **position})


def _resume(jobs, run_dir):
    path = run_dir / "checkpoint.npz"
    if not path.exists():
        return 0, 0.0, 0.0
    arrays = load_checkpoint(path)
    try:
        for job in jobs:
            prefix = f"{job.name}/"
            own = {name.removeprefix(prefix): value for name, value in arrays.items() if name.startswith(prefix)}
            job.trainer.load_state(own)
    except ValueError as error:
        raise FerMdError(f"{path}: not a checkpoint of this network ({error}); name another --run_dir") from None
    return int(arrays["step"]), float(arrays["seconds"]), float(arrays["elsewhere"])


def _log_training(jobs, log, pending, step, seconds):
    """Logs the means of the pending steps; returns the note for the progress line."""
    notes = []
    for index, job in enumerate(jobs):
        means = np.mean([figures[index].numpy() for figures in pending], axis=0)  # (tasks, 4)
        for task, layer, row in zip(job.trainer.tasks, job.trainer.metric_losses, means.tolist(), strict=True):
            loss, own, metric, score = row
            if not math.isfinite(loss):
                raise _not_finite(log, f"the loss is {loss}", step)
            terms = {"softmax_loss": own, "metric_loss": metric} if layer is not None else {}
            log.write(
                {
                    **_place(job, step, "Training", task.name),
                    "loss": loss,
                    **terms,
                    task.objective.score: score,
                    "learning_rate": learning_rate(job.trainer.recipe, step - 1, job.trainer.steps_per_epoch),
                    "seconds": seconds,
                }
            )
            notes.append(f"{loss:.3f}")
    return f"loss {' '.join(notes)}"


def _not_finite(log, what, step):
    log.flush()  # the way to it is what one wants to see; a resumed run drops it again
    return NotFiniteError(f"{what} at step {step}: lower the learning rate; the last checkpoint is kept")


def _place(job, step, split, data):
    epoch = step / job.trainer.steps_per_epoch
    return {"step": step, "epoch": epoch, "split": split, "network": job.name, "data": data}


def _forwards(job):
    return {head: logits_function(job.trainer.model, head) for head, _ in job.held_out.values()}


def _log_validation(jobs, forwards, log, step):
    """Measures every network on every data set it knows: what learning one does to the others is in the log."""
    for job, own_forwards in zip(jobs, forwards, strict=True):
        own = job.trainer.use_average()
        for name, (head, split) in job.held_out.items():
            log.write({**_place(job, step, "validation", name), **validate(own_forwards[head], split)})
        job.trainer.restore(own)


def _finish(jobs, run_dir, seconds, elsewhere, steps):
    for job in jobs:
        job.trainer.use_average()
    if not jobs[0].trainer.is_chief:
        return
    for job in jobs:
        with atomic_file(run_dir / f"{job.name}.keras") as partial:
            job.trainer.model.save(partial)
    images = steps * sum(job.trainer.recipe.batch_size for job in jobs)
    write_json(
        run_dir / "time.json",
        {
            "epochs": steps / jobs[0].trainer.steps_per_epoch,  # fewer than the recipe's where the curves were flat
            "seconds": seconds,
            "images_per_second": images / seconds,
            "not_training": elsewhere / seconds,  # share of waiting for batches, validation and checkpoints
        },
    )
    with atomic_file(run_dir / "DONE") as partial:
        partial.write_text("complete\n")
