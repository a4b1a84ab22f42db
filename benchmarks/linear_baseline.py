"""What a linear classifier on pixels reaches on a prepared data set: the floor that a network must clear.

Multinomial logistic regression on standardised pixels, the strength of the L2 penalty chosen on the validation
split; the test split is read once, at the end.

    python benchmarks/linear_baseline.py --data=runs/data/synthetic-lab --output=runs/linear-lab.json
"""

import dataclasses
import time

import numpy as np

from fer_md import console
from fer_md.data.records import load_split, read_info
from fer_md.errors import FerMdError
from fer_md.runs.results import write_result


@dataclasses.dataclass(frozen=True)
class Settings:
    data: str = console.flag("Prepared data set: a folder that a script in data_prep/ wrote.")
    output: str | None = console.new_file(
        "JSON file for the result, for example runs/linear.json. Default: only print it.", None
    )
    splits: tuple[str, ...] = console.flag(
        "Names of the training, validation and test splits.", ("Training", "PublicTest", "PrivateTest")
    )
    l2: tuple[float, ...] = console.flag("Penalties to choose from.", (0.001, 0.01, 0.1, 1.0))
    iterations: int = console.flag("Steps of the solver for each penalty.", 150)


def fit_logistic(images, labels, num_classes, penalties, iterations=150):
    """Fits one classifier for each penalty.

    Each step is Newton's with the curvature's fixed upper bound (1/2) X'X in place of the Hessian, which one
    eigendecomposition inverts for all penalties, and with Nesterov's momentum.

    Args:
        images: (N, D) float32, standardised.
        labels: (N,) int.
        num_classes: K.
        penalties: strengths of the penalty l2 / 2 * sum(weights**2) on the mean cross-entropy.
        iterations: steps for each penalty.

    Yields:
        (weights (D, K), bias (K,)) for each penalty in turn.

    Reference: D. Böhning, Multinomial logistic regression algorithm, Ann. Inst. Statist. Math. 44 (1992), 197-200.
    """
    curvature, axes = np.linalg.eigh(images.T @ images / len(images))
    rotated = np.column_stack([images @ axes, np.ones(len(images), np.float32)])  # (N, D + 1)
    curvature = np.append(np.maximum(curvature, 0), 1.0).astype(np.float32)[:, None]
    targets = np.eye(num_classes, dtype=np.float32)[labels]
    for l2 in penalties:
        penalty = np.full_like(curvature, l2)
        penalty[-1] = 0  # the bias is free
        weights = ahead = np.zeros((len(curvature), num_classes), np.float32)
        for step in range(iterations):
            gradient = rotated.T @ (softmax(rotated @ ahead) - targets) / len(images) + penalty * ahead
            moved = ahead - gradient / (0.5 * curvature + penalty + 1e-6)
            weights, ahead = moved, moved + step / (step + 3) * (moved - weights)
        yield axes @ weights[:-1], weights[-1]


def softmax(logits):
    """(N, K) probabilities of (N, K) ``logits``."""
    exponentials = np.exp(logits - logits.max(1, keepdims=True))
    return exponentials / exponentials.sum(1, keepdims=True)


def linear_baseline(data, splits, penalties, iterations):
    """Fits, chooses and tests; returns the result as a dict that JSON can hold."""
    info, start = read_info(data), time.monotonic()
    training, validation, test = (load_split(data, split) for split in splits)
    pixels = training.images.reshape(len(training.images), -1)
    mean, scale = pixels.mean(0, dtype=np.float32), pixels.std(0, dtype=np.float32) + 1e-3

    def accuracy(fit, split):
        flat = (split.images.reshape(len(split.images), -1) - mean) / scale
        return float(np.mean((flat @ fit[0] + fit[1]).argmax(1) == split.labels))

    fits = list(fit_logistic((pixels - mean) / scale, training.labels, len(info["expressions"]), penalties, iterations))
    validated = [accuracy(fit, validation) for fit in fits]
    best = int(np.argmax(validated))
    return {
        "data": info["name"],
        "manifest_sha256": info["manifest_sha256"],
        "model": "multinomial logistic regression on standardised pixels",
        "splits": dict(zip(("training", "validation", "test"), splits, strict=True)),
        "examples": [len(split.labels) for split in (training, validation, test)],
        "validation_accuracy_by_l2": dict(zip(map(str, penalties), validated, strict=True)),
        "l2": penalties[best],
        "training_accuracy": accuracy(fits[best], training),
        "validation_accuracy": validated[best],
        "test_accuracy": accuracy(fits[best], test),
        "seconds": round(time.monotonic() - start, 1),
    }


def main(settings: Settings):
    if len(settings.splits) != 3:
        raise FerMdError(f"--splits must be three: training, validation and test; found {', '.join(settings.splits)}")
    result = linear_baseline(settings.data, settings.splits, list(settings.l2), settings.iterations)
    print(f"{result['data']}: linear classifier, L2 {result['l2']:g}")
    for split in ("training", "validation", "test"):
        print(f"  {result['splits'][split]:<12} {100 * result[split + '_accuracy']:5.1f} %")
    if settings.output:
        write_result(settings.output, result)
        print(settings.output)


if __name__ == "__main__":
    console.run(main, Settings)
