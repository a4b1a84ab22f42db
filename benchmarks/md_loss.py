"""What MD loss adds to a training step, against a NumPy loop and pytorch-metric-learning's nearest relative.

python benchmarks/md_loss.py --output=docs/results/md_loss.json

Softmax step and MD step take turns, so that a slow moment of the machine hits both; the best of the rounds counts.
K = 7 is this project's case; K = 10,000 (at D = 2048) that of somebody's face identities: memory must stay of the
order B K + K D, and (P + 1) B D for P up to 16. PyTorch and pytorch-metric-learning are extras; --torch_python names
a Python that has them.
"""

import dataclasses
import json
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import tensorflow as tf
from absl import flags

from fer_md import console
from fer_md.losses import MDLoss, md_loss
from fer_md.models import ComponentConfig, build_component
from fer_md.runs.results import write_result
from fer_md.training.precision import set_precision
from fer_md.training.presets import Recipe
from fer_md.training.task import Task
from fer_md.training.trainer import Trainer

FLAGS = flags.FLAGS
flags.DEFINE_list("classes", ["7", "10000"], "Numbers of classes K.")
flags.DEFINE_integer("nearest", 1, "P of the MD loss.", lower_bound=1)
flags.DEFINE_integer("batch_size", 256, "Images a step.", lower_bound=1)
flags.DEFINE_integer("steps", 5, "Steps timed in each round.", lower_bound=1)
flags.DEFINE_integer("rounds", 5, "Turns of each variant.", lower_bound=1)
flags.DEFINE_string("output", None, "JSON file for the results.")
flags.DEFINE_string("torch_python", None, "Python with torch and pytorch-metric-learning; left out without it.")

WIDTH = 2048


def main():
    numbers = console.whole_numbers("classes", FLAGS.classes, 2)
    precision = set_precision()
    rows = [measure(classes) for classes in numbers]
    if FLAGS.output:
        write_result(
            FLAGS.output,
            {
                "batch_size": FLAGS.batch_size,
                "embedding_dim": WIDTH,
                "nearest": FLAGS.nearest,
                "precision": precision,
                "rows": rows,
            },
        )


def measure(classes):
    rng = np.random.default_rng(0)
    labels = rng.integers(0, classes, FLAGS.batch_size).astype(np.int32)
    images = rng.integers(0, 256, (FLAGS.batch_size, 48, 48, 1)).astype(np.float32)
    batch = ((tf.constant(images), tf.constant(labels)),)
    trainers = {"softmax": make_trainer(classes, md=False), "softmax + MD": make_trainer(classes, md=True)}
    steps = best_of({name: lambda t=t: t.train_step(batch, 0).numpy() for name, t in trainers.items()}, FLAGS.steps)
    alone = best_of(loss_alone(classes, labels), 1)
    row = {
        "classes": classes,
        "milliseconds_a_step": steps,
        "md_over_softmax": steps["softmax + MD"] / steps["softmax"],
        "milliseconds_forward_and_gradient": {**alone, **torch_relative(classes)},
    }
    print(f"K = {classes}: the MD step takes {row['md_over_softmax']:.3f} x the softmax step")
    for name, value in {**row["milliseconds_a_step"], **row["milliseconds_forward_and_gradient"]}.items():
        print(f"  {name:45}{value:10.1f} ms", flush=True)
    return row


def make_trainer(classes, md):
    config = dataclasses.replace(ComponentConfig(), num_classes=classes)
    maker = (lambda: MDLoss(classes, WIDTH, nearest=FLAGS.nearest)) if md else None
    recipe = Recipe(epochs=1, batch_size=FLAGS.batch_size)
    strategy = tf.distribute.get_strategy()
    task = Task(metric_loss=maker, loss_weight=0.1)
    return Trainer(lambda: build_component(config), recipe, 100 * FLAGS.batch_size, strategy, [task])


def loss_alone(classes, labels):
    """Our loss with its gradient, and its forward pass in unvectorised NumPy, which walks over samples and centers."""
    rng = np.random.default_rng(1)
    embeddings = rng.normal(size=(FLAGS.batch_size, WIDTH)).astype(np.float32)
    centers = rng.normal(size=(classes, WIDTH)).astype(np.float32)
    x, y, c = tf.constant(embeddings), tf.constant(labels), tf.Variable(centers)

    @tf.function
    def ours():
        with tf.GradientTape() as tape:
            tape.watch(x)
            loss = md_loss(y, x, tf.stop_gradient(c.value()), FLAGS.nearest)
        return tape.gradient(loss, x)

    expected = numpy_loop(embeddings, labels, centers)
    np.testing.assert_allclose(md_loss(y, x, c, FLAGS.nearest), expected, rtol=1e-3)
    return {"ours": lambda: ours().numpy(), "NumPy loop, forward only": lambda: numpy_loop(embeddings, labels, centers)}


def numpy_loop(embeddings, labels, centers):
    own = [np.square(x - centers[y]).sum() for x, y in zip(embeddings, labels, strict=True)]
    phi = 2 * sum(own) / (len(own) - 1)
    total_unit = sum(c / np.linalg.norm(c) for c in centers)
    margin = total_unit @ total_unit - len(centers)
    losses = []
    for x, y, distance in zip(embeddings, labels, own, strict=True):
        separations = [np.square(c - centers[y]).sum() if j != y else np.inf for j, c in enumerate(centers)]
        nearest = np.argsort(separations)[: FLAGS.nearest]
        total = sum(np.exp(-np.square(x - centers[j]).sum() / phi) for j in nearest)
        losses.append(max(distance / phi + margin + np.log(total), 0))
    return np.mean(losses)


def best_of(functions, calls):
    """The least milliseconds of a call, over rounds in which the functions take turns."""
    best = dict.fromkeys(functions, np.inf)
    for function in functions.values():
        function()
    for number in range(FLAGS.rounds):
        for name, function in functions.items():
            if number and best[name] > 20_000:
                continue  # a loop of minutes needs no second turn
            started = time.perf_counter()
            for _ in range(calls):
                function()
            best[name] = min(best[name], 1e3 * (time.perf_counter() - started) / calls)
    return best


def torch_relative(classes):
    """ProxyNCALoss: one learned proxy a class, all of them impostors."""
    if not FLAGS.torch_python:
        return {}
    script = str(Path(__file__).with_name("md_loss_torch.py"))
    command = [FLAGS.torch_python, script, str(classes), str(WIDTH), str(FLAGS.batch_size), str(FLAGS.rounds)]
    answer = subprocess.run(command, capture_output=True, text=True, check=True)
    return {"pytorch-metric-learning ProxyNCALoss": json.loads(answer.stdout.splitlines()[-1])}


if __name__ == "__main__":
    sys.exit(console.run(main))
