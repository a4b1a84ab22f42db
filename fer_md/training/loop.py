"""The training loop: resumes exactly, stops when told, evaluates after each epoch."""

import contextlib
import math
import time
from collections.abc import Sequence
from pathlib import Path

import numpy as np

from fer_md.errors import FerMdError, NotFiniteError
from fer_md.evaluation.predict import validate
from fer_md.files import atomic_file, write_json
from fer_md.progress import Progress
from fer_md.runs.checkpoint import load_checkpoint, save_checkpoint
from fer_md.runs.done import write_done
from fer_md.runs.metrics_log import MetricsLog
from fer_md.runs.run_directory import network_file, settings_hash
from fer_md.training.patience import is_flat
from fer_md.training.presets import learning_rate
from fer_md.training.stop import StopAsked, asked_of_any
from fer_md.training.strategy import check_alike
from fer_md.training.stream import training_stream
from fer_md.training.trainer import Trainer

LOG_EVERY = 50
"""At most so many steps are averaged in a line of the log."""


def train(
    trainers: Sequence[Trainer],
    run_dir: Path | str,
    seed: int,
    checkpoint_seconds: float = 120.0,
    measure_start: bool = False,
    patience: int | None = None,
) -> bool:
    """Trains to the end of the recipe, from the last checkpoint if the run's folder has one.

    Several networks take turns, one step each. Scripts call ``fer_md.training.train.train_networks``, which also opens
    the run and makes the trainers.

    Args:
        trainers: sequence of ``Trainer`` with one recipe, strategy and length of an epoch.
        run_dir: folder of the run, which holds ``config.json``; gets ``metrics.jsonl``, ``tensorboard/``,
            ``checkpoint.npz`` and at the end a ``.keras`` file for each network, what finishing them told in
            ``finish.json`` (``Learner.finish``), and ``DONE``, which lists the SHA-256 of all but the checkpoint.
        seed: of the order of the examples and of the augmentation.
        checkpoint_seconds: longest time between two checkpoints.
        measure_start: measure the networks before the first step too, as a fine-tuning forgets most in its first epoch.
        patience: end after so many epochs in which no network got better at what it learns (``is_flat``; what
            ``measure_start`` found counts); None: only the recipe ends it. The last weights are kept, as without it,
            and ``time.json`` has the epochs that were trained.

    Returns:
        True if the run is complete, False if it was told to stop. The networks of a complete run hold the averaged
        weights, and those that it leaves are finished; of one that was complete before they come from its files.

    Raises:
        NotFiniteError: the loss or a weight is not finite; the log goes on to there, the checkpoint before it is kept.
        FerMdError: the checkpoint is damaged or another run's; the workers start from different ones; config.json is
            gone or was changed; or a complete run lacks its checkpoint or a network's file.
        ValueError: ``patience`` is below 1, or a data set that is learned is not measured.
    """
    run_dir, first = Path(run_dir), trainers[0]
    total = math.ceil(first.recipe.epochs * first.steps_per_epoch)
    settings = settings_hash(run_dir)
    step, clock = _resume(trainers, run_dir, settings)
    check_alike(first.strategy, f"{settings} {step}", "the checkpoint that they start from")
    if (run_dir / "DONE").exists():
        return _completed(trainers, run_dir, step)
    log = MetricsLog(run_dir, step, first.is_chief)
    forwards, any_worker = [trainer.forwards() for trainer in trainers], asked_of_any(first.strategy)
    if measure_start and step == 0 and not log.rows:
        _log_validation(trainers, forwards, log, step)
    over = any_worker(_is_over(trainers, log, step, total, patience))
    streams = [] if over else [iter(training_stream(trainer, seed, step, total)) for trainer in trainers]
    clock.start()
    saved, pending, note = time.monotonic(), [], ""
    with StopAsked() as stop, Progress(f"training {run_dir.name}", total, "steps", done=step) as progress:
        while not over:
            with clock.not_training():
                batches = [next(stream) for stream in streams]
            pending.append([trainer.train_step(b, step) for trainer, b in zip(trainers, batches, strict=True)])
            step, stopping = step + 1, any_worker(stop.asked)
            epoch_ends = int(step / first.steps_per_epoch) > int((step - 1) / first.steps_per_epoch) or step == total
            due = stopping or time.monotonic() - saved > checkpoint_seconds
            if epoch_ends or due or len(pending) == LOG_EVERY:
                note = _log_training(trainers, log, pending, step, clock.seconds())
                pending.clear()
            progress.advance(note=note)
            if epoch_ends:
                with clock.not_training():
                    _check_finite(_state(trainers), log, step)
                    _log_validation(trainers, forwards, log, step)
                    over = any_worker(_is_over(trainers, log, step, total, patience))
            if due or over:
                with clock.not_training():
                    _save(trainers, run_dir, settings, log, step, clock)
                saved = time.monotonic()
            if stopping and not over:
                return False
    _finish(trainers, run_dir, clock, step)
    return True


class _Clock:
    """The time of a run over all its starts, and the part of it that waited for batches, validation and checkpoints.

    Args:
        seconds: of the earlier starts.
        elsewhere: the part of them that was no training.
    """

    def __init__(self, seconds=0.0, elsewhere=0.0):
        self._earlier, self.elsewhere = seconds, elsewhere
        self.start()

    def start(self):
        self._started = time.monotonic()

    def seconds(self):
        return self._earlier + time.monotonic() - self._started

    @contextlib.contextmanager
    def not_training(self):
        began = time.monotonic()
        yield
        self.elsewhere += time.monotonic() - began


def _completed(trainers, run_dir, step):
    """True; the networks of a run that was complete before get the weights that it left."""
    if not step:
        raise FerMdError(f"{run_dir}: complete (DONE), but without checkpoint.npz; name another folder")
    for trainer in trainers:
        trainer.use_average()
        for name, network in trainer.answers().items():
            path = network_file(run_dir, name)
            if network is trainer.model:  # others are made of it, and only their files are finished
                network.load_weights(path)
    return True


def _is_over(trainers, log, step, total, patience):
    """Whether a run ends at this step: by the recipe, or as the curves are flat."""
    if patience is None:
        return step >= total
    learned = {trainer.learner.name: [task.name for task in trainer.tasks] for trainer in trainers}
    for trainer in trainers:
        name = trainer.learner.name
        if missing := set(learned[name]) - set(trainer.learner.measured()):
            raise ValueError(f"patience: {name} learns {', '.join(sorted(missing))}, which it is not measured on")
    return step >= total or is_flat(log.rows, learned, patience)


def _state(trainers):
    return {f"{t.learner.name}/{name}": value for t in trainers for name, value in t.state().items()}


def _check_finite(state, log, step):
    if not all(np.isfinite(value).all() for value in state.values()):
        raise _not_finite(log, "a weight is not finite", step)


def _save(trainers, run_dir, settings, log, step, clock):
    if trainers[0].is_chief and settings_hash(run_dir) != settings:
        raise FerMdError(f"{run_dir}/config.json: was changed during the training; start it again in another folder")
    state = _state(trainers)
    _check_finite(state, log, step)
    log.flush()
    if trainers[0].is_chief:
        times = {"seconds": np.float64(clock.seconds()), "elsewhere": np.float64(clock.elsewhere)}
        save_checkpoint(run_dir / "checkpoint.npz", {**state, "settings": settings, "step": step, **times})


def _resume(trainers, run_dir, settings):
    """The step of the checkpoint, from which the trainers take their state, and the clock; 0 where there is none."""
    path = run_dir / "checkpoint.npz"
    if not path.exists():
        return 0, _Clock()
    arrays = load_checkpoint(path)
    if str(arrays.get("settings")) != settings:
        raise FerMdError(f"{path}: learned with other settings than config.json states; name another folder")
    try:
        for trainer in trainers:
            prefix = f"{trainer.learner.name}/"
            own = {name.removeprefix(prefix): value for name, value in arrays.items() if name.startswith(prefix)}
            trainer.load_state(own)
        return int(arrays["step"]), _Clock(float(arrays["seconds"]), float(arrays["elsewhere"]))
    except (ValueError, TypeError, KeyError) as error:
        raise FerMdError(f"{path}: not a checkpoint of this network ({error}); name another folder") from None


def _log_training(trainers, log, pending, step, seconds):
    """Logs the means of the pending steps; returns the note for the progress line."""
    notes = []
    for index, trainer in enumerate(trainers):
        means = np.mean([figures[index].numpy() for figures in pending], axis=0)  # (tasks, 4)
        for task, layer, row in zip(trainer.tasks, trainer.metric_losses, means.tolist(), strict=True):
            loss, own, metric, score = row
            if not math.isfinite(loss):
                raise _not_finite(log, f"the loss is {loss}", step)
            terms = {"softmax_loss": own, "metric_loss": metric} if layer is not None else {}
            log.write(
                {
                    **_place(trainer, step, "Training", task.name),
                    "loss": loss,
                    **terms,
                    task.objective.score: score,
                    "learning_rate": learning_rate(trainer.recipe, step - 1, trainer.steps_per_epoch),
                    "seconds": seconds,
                }
            )
            notes.append(f"{loss:.3f}")
    return f"loss {' '.join(notes)}"


def _not_finite(log, what, step):
    log.flush()  # the way to it is what one wants to see; a resumed run drops it again
    return NotFiniteError(f"{what} at step {step}: lower the learning rate; the last checkpoint is kept")


def _place(trainer, step, split, data):
    epoch = step / trainer.steps_per_epoch
    return {"step": step, "epoch": epoch, "split": split, "network": trainer.learner.name, "data": data}


def _log_validation(trainers, forwards, log, step):
    """Measures every network on every data set it knows: what learning one does to the others is in the log."""
    for trainer, own_forwards in zip(trainers, forwards, strict=True):
        own = trainer.use_average()
        for name, (_, split) in trainer.learner.measured().items():
            log.write({**_place(trainer, step, "validation", name), **validate(own_forwards[name], split)})
        trainer.restore(own)


def _finish(trainers, run_dir, clock, steps):
    for trainer in trainers:
        trainer.use_average()
    if not trainers[0].is_chief:
        return
    seconds, files, notes = clock.seconds(), [], {}
    for trainer in trainers:
        for name, network in trainer.answers().items():
            if trainer.learner.finish:
                notes[name] = trainer.learner.finish(network, name)
            with atomic_file(run_dir / f"{name}.keras") as partial:
                network.save(partial)
            files.append(f"{name}.keras")
    if notes:
        write_json(run_dir / "finish.json", notes)
        files.append("finish.json")
    images = steps * sum(trainer.recipe.batch_size for trainer in trainers)
    write_json(
        run_dir / "time.json",
        {
            "epochs": steps / trainers[0].steps_per_epoch,  # fewer than the recipe's where the curves were flat
            "seconds": seconds,
            "images_per_second": images / seconds,
            "not_training": clock.elsewhere / seconds,  # share of waiting for batches, validation and checkpoints
        },
    )
    write_done(run_dir, ["config.json", "metrics.jsonl", "time.json", *files])
