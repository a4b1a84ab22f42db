"""Images per second of a training step: ours, stock Keras and PyTorch on the same network, in one run.

python benchmarks/training_step.py --output=docs/results/training_step.json

Ours and the alternatives take turns, so that a slow moment of the machine hits all of them; the best of the
rounds counts. PyTorch is an extra: pip install torch. Each runs in a process of its own, stock Keras and PyTorch as
they start by themselves; what oneDNN alone gives stock Keras, where TensorFlow leaves it off, is timed beside it. The
limit is the images/s of a step that does nothing but its convolutions and matrix products, each timed alone.
"""

from fer_md import console  # isort: skip  (first: on another backend of Keras it ends in one line)

import dataclasses
import importlib.util
import json
import os
import subprocess
import sys
import time

import keras
import training_step_keras
from bare_step import bare_step, noise
from processes import run
from step_limit import seconds_at_best

from fer_md.errors import FerMdError
from fer_md.layers import BatchNorm
from fer_md.models import NETWORKS, build_component
from fer_md.runs.results import write_result
from fer_md.runs.run_directory import plain_settings
from fer_md.training.precision import set_precision
from fer_md.training.trainer import AVERAGE_EVERY


@dataclasses.dataclass(frozen=True)
class Settings:
    variant: str | None = console.flag("Time only this variant, and print its images/s as JSON.", None)
    network: str = console.flag("What is trained.", "default", choices=list(NETWORKS))
    batch_size: int = console.flag("Images a step.", 256, least=1)
    steps: int = console.flag("Steps timed in each round; every eighth of ours averages the weights.", 8, least=1)
    rounds: int = console.flag("Turns of each variant.", 3, least=1)
    output: str | None = console.new_file("JSON file for the results.", None)
    torch_python: str = console.flag("Python in which PyTorch is installed.", sys.executable)


OURS = ("ours bfloat16", "ours float32")
STOCK = "stock Keras float32"
STOCK_ONEDNN = "stock Keras with oneDNN float32"
ON_THE_WAY = ("stock layers, our step float32", "and fused batch norm float32")
"""From stock Keras to ours float32; what is left is the pooled CReLU."""
LIMITS = ("limit bfloat16", "limit float32")
TORCH = (
    "torch float32",
    "torch channels_last float32",
    "torch channels_last bfloat16",
    "torch compiled channels_last float32",
    "torch compiled channels_last bfloat16",
)


def main(settings: Settings):
    if settings.variant:
        timed = time_limit if settings.variant in LIMITS else time_ours
        print(json.dumps(timed(settings, settings.variant)))
        return None
    variants = [*OURS, STOCK, STOCK_ONEDNN, *ON_THE_WAY, *LIMITS, *(TORCH if has_torch(settings) else ())]
    best, failed = take_turns(settings, variants)
    if all(variant in failed for variant in OURS):
        raise FerMdError(f"{OURS[0]}: does not run here ({failed[OURS[0]]})")
    fastest = max((variant for variant in OURS if variant in best), key=best.get)  # bfloat16 where there is hardware
    ours = best[fastest]
    torch = [best[variant] for variant in TORCH if variant in best]
    others = {"stock Keras": best.get(STOCK), "best PyTorch": max(torch, default=None)}
    ratios = {name: ours / rate for name, rate in others.items() if rate}
    limits = {variant: best.get(f"limit {precision_of(variant)}") for variant in OURS if variant in best}
    shares = {variant: best[variant] / limit for variant, limit in limits.items() if limit}
    for name, ratio in ratios.items():
        print(f"{fastest} / {name}: {ratio:.2f}")
    for variant, share in shares.items():
        print(f"{variant}: {100 * share:.0f} % of its limit")
    if settings.output:
        write_result(
            settings.output,
            {
                "network": widths(settings),
                "images_per_second": best,
                "does_not_run_here": failed,
                "fastest": fastest,
                "ratios": ratios,
                "shares_of_limit": shares,
                "batch_size": settings.batch_size,
            },
        )
    return None


def take_turns(settings: Settings, variants):
    """The best images/s of each variant that runs, and of each other one why it does not."""
    best, failed = {}, {}
    for number in range(settings.rounds):
        for variant in variants:
            if variant in failed:
                continue
            try:
                best[variant] = max(best.get(variant, 0.0), measure(settings, variant))
                print(f"round {number + 1}  {variant:40}{best[variant]:8.0f} images/s", flush=True)
            except FerMdError as error:
                best.pop(variant, None)
                failed[variant] = str(error)
                print(f"round {number + 1}  {variant:40} does not run here: {error}", flush=True)
    return best, failed


def widths(settings: Settings):
    """The network's configuration in plain values."""
    return plain_settings(NETWORKS[settings.network])


def precision_of(variant):
    return variant.rpartition(" ")[-1]


def has_torch(settings: Settings):
    if settings.torch_python == sys.executable:
        return importlib.util.find_spec("torch") is not None
    return subprocess.run([settings.torch_python, "-c", "import torch"], capture_output=True).returncode == 0


def measure(settings: Settings, variant):
    environment = dict(os.environ)
    arguments = [str(settings.batch_size), str(settings.steps), json.dumps(widths(settings))]
    if variant in TORCH:
        script = __file__.replace("training_step.py", "training_step_torch.py")
        command = [settings.torch_python, script, variant, *arguments]
    elif variant in (STOCK, STOCK_ONEDNN):
        command = [sys.executable, training_step_keras.__file__, *arguments]
        if variant == STOCK:
            del environment["TF_ENABLE_ONEDNN_OPTS"]  # which importing console has set
    else:
        command = [
            sys.executable,
            __file__,
            f"--variant={variant}",
            f"--network={settings.network}",
            f"--batch_size={settings.batch_size}",
            f"--steps={settings.steps}",
        ]
    return json.loads(run(command, environment)[-1])


def time_ours(settings: Settings, variant):
    set_precision(precision_of(variant))
    norms = dict(zip(ON_THE_WAY, (keras.layers.BatchNormalization, BatchNorm), strict=True))

    def build():
        if variant in norms:
            return stock_with_outputs(settings, norms[variant])
        return build_component(NETWORKS[settings.network])

    take_step = bare_step(build, noise(settings.batch_size))
    for step in range(AVERAGE_EVERY):  # the last of them compiles the averaging of the weights
        take_step(step).numpy()
    started = time.perf_counter()
    for step in range(settings.steps):
        figures = take_step(step)
    figures.numpy()
    return settings.steps * settings.batch_size / (time.perf_counter() - started)


def time_limit(settings: Settings, variant):
    set_precision(precision_of(variant))
    model = build_component(NETWORKS[settings.network])
    return settings.batch_size / seconds_at_best(model, settings.batch_size, settings.steps)


def stock_with_outputs(settings: Settings, norm):
    model = training_step_keras.component(widths(settings), norm)
    return keras.Model(model.input, {"embeddings": model.layers[-1].input, "logits": model.output})


if __name__ == "__main__":
    sys.exit(console.run(main, Settings))
