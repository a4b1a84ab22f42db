"""The recipes: every number of a training run in one frozen object."""

import dataclasses
import math

from fer_md.data.augment import Augmentation


@dataclasses.dataclass(frozen=True)
class Finish:
    """The last epochs of a training, in which the faces are those that the network will meet.

    Targets are the labels alone, whatever they were before.

    Attributes:
        epochs: how many of the recipe's epochs these are, at least 0; 0 for none.
        augmentation: in place of the recipe's.
    """

    epochs: float = 0
    augmentation: Augmentation = Augmentation()


@dataclasses.dataclass(frozen=True)
class Recipe:
    """How a component is trained.

    Attributes:
        epochs: passes over the Training split.
        batch_size: of the global batch (paper: 256).
        schedule: ``"paper"``: ``rate`` divided by 10 every 10,000 steps (Sec. 4);
            ``"modern"``: linear warm-up over ``warmup`` epochs, then a cosine to zero.
        rate: base learning rate, before the schedule (paper: 0.01).
        warmup: epochs.
        momentum: of Nesterov's SGD (the paper says SGD only).
        weight_decay: added to the gradient of convolution and FC weights, times the weight.
        label_smoothing: share of the target spread evenly over the classes, in [0, 1).
        average: decay per step of the exponential moving average (EMA) of the weights, which is what is evaluated; 0
            for none.
        augmentation: see ``Augmentation``.
        finish: see ``Finish``.
    """

    epochs: float
    batch_size: int = 256
    schedule: str = "modern"
    rate: float = 0.1
    warmup: float = 1.0
    momentum: float = 0.9
    weight_decay: float = 5e-4
    label_smoothing: float = 0.1
    average: float = 0.998
    augmentation: Augmentation = Augmentation()
    finish: Finish = Finish()

    def __post_init__(self):
        if self.schedule not in ("paper", "modern"):
            raise ValueError(f"schedule must be 'paper' or 'modern', not {self.schedule!r}")


STRONG = Augmentation(flip=True, rotation=17, scale=0.2, shift=5, contrast=0.3, erase=0.5)
MILD = Augmentation(flip=True, rotation=10, scale=0.1, shift=3, contrast=0.2)
MEDIUM = Augmentation(flip=True, rotation=12, scale=0.15, shift=4, contrast=0.2, erase=0.3)

PAPER = Recipe(
    epochs=200,
    schedule="paper",
    rate=0.01,
    momentum=0.9,
    weight_decay=0.0,
    label_smoothing=0.0,
    average=0.0,
    augmentation=Augmentation(flip=True),
)

PRESETS = {
    # For drawn faces: 81.3 % of PrivateTest in 2.3 minutes with 4,800 of them (docs/results/drawn-faces.json, lab).
    "smoke": Recipe(epochs=24, rate=0.03, average=0.98, augmentation=MILD),
    # For drawn faces in make reproduce: 47.8 % of PrivateTest in 51 seconds, with network "half", little dropout and
    # 3,200 of them (docs/results/synthetic/stages.json, lab).
    "drawn": Recipe(epochs=6, batch_size=128, rate=0.02, average=0.98, augmentation=MILD),
    # 64.81 % of FER2013's PublicTest in 29.9 minutes on two cores with AVX2 (docs/results/fer2013-quick-seed0).
    "quick": Recipe(epochs=40, batch_size=128, rate=0.04, average=0.999, augmentation=MILD),
    # Sec. 4 of the paper, as printed; momentum, decay and smoothing are not mentioned there. 54.42 % of FER2013's
    # PublicTest in 105 minutes on one core and two (docs/results/fer2013-paper-seed0-component1).
    "paper": PAPER,
    # Sec. 4, second stage, as printed: "learning rate 0.001". The Makefile ends it where the curves are flat, after 77
    # epochs and 104 minutes: component 1 has then 82.3 % of the other data set's PrivateTest, component 2 50.0 %
    # (docs/results/paper/stages.json).
    "paper-finetune": dataclasses.replace(PAPER, rate=0.001),
    # The same rate for few epochs: six of them, 14 minutes for both components beside other work, take component 1 on
    # PrivateTest from 65.5 to 49.9 % on its own data set and from 53.0 to 85.9 % on the other
    # (macro recall 50.5 to 34.9 %; docs/results/quick/stages.json).
    "finetune": Recipe(epochs=10, schedule="paper", rate=0.001, augmentation=MILD),
    # The long run (docs/SHIPPED.md says how it was chosen), not yet for 120 epochs. The networks that ship learned with
    # --epochs=70 and 46 at first (docs/results/fer2013-full-component1 and 2), and then with preset restart.
    "full": Recipe(epochs=120, batch_size=128, rate=0.04, average=0.999, augmentation=STRONG),
    # From the weights of a long run, whose strong changes of the faces leave it unfinished (76 % of Training): four
    # epochs with mild ones took 66.70 % of PublicTest to 67.15, with strong ones to 66.34, 30 with mild ones to 68.65
    # (docs/SHIPPED.md).
    "restart": Recipe(epochs=18, batch_size=128, rate=0.02, warmup=0.5, average=0.999, augmentation=MILD),
    # Long and mild at its end in one run, for network "deep"; not yet run to its end.
    "long": Recipe(
        epochs=80,
        batch_size=128,
        rate=0.04,
        label_smoothing=0.05,
        average=0.9995,
        augmentation=MEDIUM,
        finish=Finish(16, MILD),
    ),
}

FINETUNING = [name for name in PRESETS if name.endswith("finetune")]
"""The presets of the second stage and of what follows it."""


def learning_rate(recipe: Recipe, step: int, steps_per_epoch: float) -> float:
    """The learning rate of a step, a float.

    Args:
        recipe: ``Recipe``.
        step: from 0.
        steps_per_epoch: float, examples divided by the batch size.
    """
    if recipe.schedule == "paper":
        return recipe.rate * 0.1 ** (step // 10_000)
    warmup, total = recipe.warmup * steps_per_epoch, recipe.epochs * steps_per_epoch
    if step < warmup:
        return recipe.rate * (step + 1) / (warmup + 1)
    return recipe.rate * 0.5 * (1 + math.cos(math.pi * (step - warmup) / max(total - warmup, 1)))
