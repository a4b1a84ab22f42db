"""Images per second of a training step: ours, stock Keras and PyTorch on the same network, in one run.

python benchmarks/training_step.py --output=docs/results/training_step.json

Ours and the alternatives take turns, so that a slow moment of the machine hits all of them; the best of the
rounds counts. PyTorch is an extra: pip install torch. Each runs in a process of its own, stock Keras and PyTorch as
they start by themselves; what oneDNN alone gives stock Keras, where TensorFlow leaves it off, is timed beside it. For
comparison: the images/s of a step that does nothing but its multiplications, as fast as one large matrix product.
"""

import importlib.util
import json
import math
import os
import subprocess
import sys
import time

import keras
import numpy as np
import tensorflow as tf
import training_step_keras
from absl import flags

from fer_md import console
from fer_md.layers import BatchNorm
from fer_md.models import ComponentConfig, build_component
from fer_md.runs.results import write_result
from fer_md.runs.run_directory import plain_settings
from fer_md.training.precision import set_precision
from fer_md.training.presets import Recipe
from fer_md.training.trainer import AVERAGE_EVERY, Trainer

FLAGS = flags.FLAGS
flags.DEFINE_string("variant", None, "Time only this variant, and print its images/s as JSON.")
flags.DEFINE_integer("batch_size", 256, "Images a step.", lower_bound=1)
flags.DEFINE_integer("steps", 8, "Steps timed in each round; every eighth of ours averages the weights.", lower_bound=1)
flags.DEFINE_integer("rounds", 3, "Turns of each variant.", lower_bound=1)
flags.DEFINE_string("output", None, "JSON file for the results.")
flags.DEFINE_string("torch_python", sys.executable, "Python in which PyTorch is installed.")

OURS = ("ours bfloat16", "ours float32")
STOCK = "stock Keras float32"
STOCK_ONEDNN = "stock Keras with oneDNN float32"
ON_THE_WAY = ("stock layers, our step float32", "and fused batch norm float32")
"""From stock Keras to ours float32; what is left is the pooled CReLU."""
PRODUCT = "matrix product float32"
TORCH = ("torch float32", "torch channels_last float32", "torch channels_last bfloat16")


def main():
    if FLAGS.variant:
        print(json.dumps(time_product() if FLAGS.variant == PRODUCT else time_ours(FLAGS.variant)))
        return None
    variants = [*OURS, STOCK, STOCK_ONEDNN, *ON_THE_WAY, PRODUCT, *(TORCH if has_torch() else ())]
    best = dict.fromkeys(variants, 0.0)
    for number in range(FLAGS.rounds):
        for variant in variants:
            best[variant] = max(best[variant], measure(variant))
            print(f"round {number + 1}  {variant:32}{best[variant]:8.0f} images/s", flush=True)
    fastest = max(OURS, key=best.get)  # bfloat16 where the processor computes in it
    ours = best[fastest]
    ratios = {"stock Keras": ours / best[STOCK]}
    if has_torch():
        ratios["best PyTorch"] = ours / max(best[variant] for variant in TORCH)
    for name, ratio in ratios.items():
        print(f"{fastest} / {name}: {ratio:.2f}")
    if FLAGS.output:
        write_result(
            FLAGS.output,
            {
                "network": plain_settings(ComponentConfig()),
                "images_per_second": best,
                "fastest": fastest,
                "ratios": ratios,
                "batch_size": FLAGS.batch_size,
            },
        )
    return None


def has_torch():
    if FLAGS.torch_python == sys.executable:
        return importlib.util.find_spec("torch") is not None
    return subprocess.run([FLAGS.torch_python, "-c", "import torch"], capture_output=True).returncode == 0


def measure(variant):
    environment, sizes = dict(os.environ), [str(FLAGS.batch_size), str(FLAGS.steps)]
    if variant in TORCH:
        script = __file__.replace("training_step.py", "training_step_torch.py")
        command = [FLAGS.torch_python, script, variant, *sizes]
    elif variant in (STOCK, STOCK_ONEDNN):
        command = [sys.executable, training_step_keras.__file__, *sizes]
        if variant == STOCK:
            del environment["TF_ENABLE_ONEDNN_OPTS"]  # which importing console has set
    else:
        command = [
            sys.executable,
            __file__,
            f"--variant={variant}",
            f"--batch_size={FLAGS.batch_size}",
            f"--steps={FLAGS.steps}",
        ]
    answer = subprocess.run(command, capture_output=True, text=True, check=True, env=environment)
    return json.loads(answer.stdout.splitlines()[-1])


def batch():
    rng = np.random.default_rng(0)
    size = FLAGS.batch_size
    return rng.integers(0, 256, (size, 48, 48, 1)).astype(np.float32), rng.integers(0, 7, size).astype(np.int32)


def time_ours(variant):
    set_precision("bfloat16" if variant == OURS[0] else "float32")
    recipe = Recipe(epochs=1, batch_size=FLAGS.batch_size)
    norms = dict(zip(ON_THE_WAY, (keras.layers.BatchNormalization, BatchNorm), strict=True))

    def build():
        return stock_with_outputs(norms[variant]) if variant in norms else build_component()

    trainer = Trainer(build, recipe, 100 * FLAGS.batch_size, tf.distribute.get_strategy())
    data = (tuple(map(tf.constant, batch())),)
    for step in range(AVERAGE_EVERY):  # the last of them compiles the averaging of the weights
        trainer.train_step(data, step).numpy()
    started = time.perf_counter()
    for step in range(FLAGS.steps):
        figures = trainer.train_step(data, step)
    figures.numpy()
    return FLAGS.steps * FLAGS.batch_size / (time.perf_counter() - started)


def time_product(size=2048):
    """Images per second if the multiplications of a step, forward and twice as many back, ran at this rate."""
    matrix = tf.random.stateless_normal((size, size), (0, 0))
    product = tf.function(lambda: tf.reduce_sum(tf.matmul(matrix, matrix)))
    product().numpy()
    started = time.perf_counter()
    for _ in range(FLAGS.steps):
        product().numpy()
    rate = FLAGS.steps * size**3 / (time.perf_counter() - started)
    return rate / (3 * multiplications(build_component()))


def multiplications(model):
    """Multiplications of convolutions and fully connected layers for one image, forward."""
    total = 0
    for layer in model.layers:
        if hasattr(layer, "kernel"):
            places = layer.output.shape[1] * layer.output.shape[2] if len(layer.kernel.shape) == 4 else 1
            total += places * math.prod(layer.kernel.shape)
    return total


def stock_with_outputs(norm):
    model = training_step_keras.component(norm)
    return keras.Model(model.input, {"embeddings": model.layers[-1].input, "logits": model.output})


if __name__ == "__main__":
    sys.exit(console.run(main))
