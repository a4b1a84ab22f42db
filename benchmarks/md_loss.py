"""What MD loss adds to a training step, against a NumPy loop and pytorch-metric-learning's nearest relative.

python benchmarks/md_loss.py --output=docs/results/md_loss.json

Softmax step and MD step take turns, so that a slow moment of the machine hits both; the best of the rounds counts.
K = 7 is this project's case; K = 10,000 (at D = 2048) that of somebody's face identities: memory must stay of the
order B K + K D, and (P + 1) B D for P up to 16. PyTorch and pytorch-metric-learning are extras; --torch_python names
a Python that has them.
"""

from fer_md import console  # isort: skip  (first: on another backend of Keras it ends in one line)

import dataclasses
import json
import sys
import time
from pathlib import Path

import numpy as np
import tensorflow as tf
from bare_step import bare_step, noise
from processes import run

from fer_md.errors import FerMdError
from fer_md.losses import MD_FORMS, MDLoss, feature_variance, md_loss
from fer_md.models import ComponentConfig, build_component
from fer_md.runs.results import write_result
from fer_md.training.precision import set_precision


@dataclasses.dataclass(frozen=True)
class Settings:
    classes: tuple[int, ...] = console.flag("Numbers of classes K.", (7, 10000), least=2)
    nearest: int = console.flag("P of the MD loss.", 1, least=1)
    batch_size: int = console.flag("Images a step.", 256, least=1)
    steps: int = console.flag("Steps timed in each round.", 5, least=1)
    rounds: int = console.flag("Turns of each variant.", 5, least=1)
    output: str | None = console.new_file("JSON file for the results.", None)
    torch_python: str | None = console.flag("Python with torch and pytorch-metric-learning; left out without it.", None)


WIDTH = 2048
RELATIVE = "pytorch-metric-learning ProxyNCALoss"


def main(settings: Settings):
    precision = set_precision()
    rows = [measure(settings, classes) for classes in settings.classes]
    if settings.output:
        write_result(
            settings.output,
            {
                "batch_size": settings.batch_size,
                "embedding_dim": WIDTH,
                "nearest": settings.nearest,
                "precision": precision,
                "rows": rows,
            },
        )


def measure(settings: Settings, classes):
    split = noise(settings.batch_size, classes)
    config = dataclasses.replace(ComponentConfig(), num_classes=classes)
    form = {**MD_FORMS["nearest"], "nearest": settings.nearest}
    losses = {"softmax": None, "softmax + MD": MDLoss(classes, WIDTH, **form)}
    takes = {name: bare_step(lambda: build_component(config), split, loss) for name, loss in losses.items()}
    steps = best_of(
        settings.rounds, {name: lambda t=take: t(0).numpy() for name, take in takes.items()}, settings.steps
    )
    alone = best_of(settings.rounds, loss_alone(settings, classes, split.labels), 1)
    relative, failed = torch_relative(settings, classes)
    row = {
        "classes": classes,
        "milliseconds_a_step": steps,
        "md_over_softmax": steps["softmax + MD"] / steps["softmax"],
        "milliseconds_forward_and_gradient": {**alone, **relative},
        "does_not_run_here": failed,
    }
    print(f"K = {classes}: the MD step takes {row['md_over_softmax']:.3f} x the softmax step")
    for name, value in {**row["milliseconds_a_step"], **row["milliseconds_forward_and_gradient"]}.items():
        print(f"  {name:45}{value:10.1f} ms", flush=True)
    for name, reason in failed.items():
        print(f"  {name:45} does not run here: {reason}", flush=True)
    return row


def loss_alone(settings: Settings, classes, labels):
    """Our loss with its gradient, and its forward pass in unvectorised NumPy, which walks over samples and centers."""
    rng = np.random.default_rng(1)
    embeddings = rng.normal(size=(settings.batch_size, WIDTH)).astype(np.float32)
    centers = rng.normal(size=(classes, WIDTH)).astype(np.float32)
    x, y, c = tf.constant(embeddings), tf.constant(labels), tf.Variable(centers)

    def loss(centers):
        """As ``MDLoss`` of the form takes it."""
        phi = tf.stop_gradient(feature_variance(y, x, centers))
        return md_loss(y, x, centers, settings.nearest, "adaptive", "relu", phi)

    @tf.function
    def ours():
        with tf.GradientTape() as tape:
            tape.watch(x)
            value = loss(tf.stop_gradient(c.value()))
        return tape.gradient(value, x)

    def loop():
        return numpy_loop(embeddings, labels, centers, settings.nearest)

    np.testing.assert_allclose(loss(c), loop(), rtol=1e-3)
    return {
        "ours": lambda: ours().numpy(),
        "NumPy loop, forward only": loop,
    }


def numpy_loop(embeddings, labels, centers, nearest):
    own = [np.square(x - centers[y]).sum() for x, y in zip(embeddings, labels, strict=True)]
    phi = 2 * sum(own) / (len(own) - 1)
    total_unit = sum(c / np.linalg.norm(c) for c in centers)
    margin = total_unit @ total_unit - len(centers)
    losses = []
    for x, y, distance in zip(embeddings, labels, own, strict=True):
        separations = [np.square(c - centers[y]).sum() if j != y else np.inf for j, c in enumerate(centers)]
        closest = np.argsort(separations)[:nearest]
        total = sum(np.exp(-np.square(x - centers[j]).sum() / phi) for j in closest)
        losses.append(max(distance / phi + margin + np.log(total), 0))
    return np.mean(losses)


def best_of(rounds, functions, calls):
    """The least milliseconds of a call, over rounds in which the functions take turns."""
    best = dict.fromkeys(functions, np.inf)
    for function in functions.values():
        function()
    for number in range(rounds):
        for name, function in functions.items():
            if number and best[name] > 20_000:
                continue  # a loop of minutes needs no second turn
            started = time.perf_counter()
            for _ in range(calls):
                function()
            best[name] = min(best[name], 1e3 * (time.perf_counter() - started) / calls)
    return best


def torch_relative(settings: Settings, classes):
    """ProxyNCALoss, one learned proxy a class, all of them impostors: its milliseconds, or why it does not run."""
    if not settings.torch_python:
        return {}, {}
    script = str(Path(__file__).with_name("md_loss_torch.py"))
    command = [settings.torch_python, script, str(classes), str(WIDTH), str(settings.batch_size), str(settings.rounds)]
    try:
        return {RELATIVE: json.loads(run(command)[-1])}, {}
    except FerMdError as error:
        return {}, {RELATIVE: str(error)}


if __name__ == "__main__":
    sys.exit(console.run(main, Settings))
