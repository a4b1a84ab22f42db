"""The recipes: every number of a training run in one frozen object."""

import dataclasses
import math

from fer_md.data.augment import Augmentation


@dataclasses.dataclass(frozen=True)
class Finish:
    """The last epochs of a training, in which the faces are those that the network will meet.

    Where targets held votes alone before, they are the labels now; see ``fer_md.training.soft_targets.with_votes``. A
    teacher that was asked about the recipe's changes (``fer_md.training.teacher``) has no part in them any more.

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
        muon: base learning rate of the convolutions' kernels, scheduled as ``rate``, which Muon moves then; 0 for SGD
            as for all else (see ``fer_md.training.muon``).
        momentum: of Nesterov's SGD (the paper says SGD only).
        weight_decay: added to the gradient of convolution and FC weights, times the weight; not to what Muon moves.
        anchor: added to the gradient of convolution and FC weights, times what they have moved since the start, so that
            a fine-tuning stays near what was learned (L2-SP). Not with Muon.
        label_smoothing: share of the target spread evenly over the classes, in [0, 1).
        average: decay per step of the exponential moving average (EMA) of the weights, which is what is evaluated; 0
            for none.
        augmentation: see ``Augmentation``.
        finish: see ``Finish``.
        ramp: share of the training, in [0, 1], over which the factor of a metric loss grows from zero: its centers mean
            little at first.
    """

    epochs: float
    batch_size: int = 256
    schedule: str = "modern"
    rate: float = 0.1
    muon: float = 0.0
    warmup: float = 1.0
    momentum: float = 0.9
    weight_decay: float = 5e-4
    anchor: float = 0.0
    label_smoothing: float = 0.1
    average: float = 0.998
    augmentation: Augmentation = Augmentation()
    finish: Finish = Finish()
    ramp: float = 0.0

    def __post_init__(self) -> None:
        if not 0 <= self.ramp <= 1:
            raise ValueError(f"ramp must be in [0, 1], not {self.ramp!r}")
        if self.schedule not in ("paper", "modern"):
            raise ValueError(f"schedule must be 'paper' or 'modern', not {self.schedule!r}")
        if self.muon < 0 or (self.muon and (self.anchor or not self.rate)):
            raise ValueError(f"muon must be at least 0, and needs a rate and no anchor; got {self.muon!r}")


STRONG = Augmentation(flip=True, rotation=17, scale=0.2, shift=5, contrast=0.3, erase=0.5)
MILD = Augmentation(flip=True, rotation=10, scale=0.1, shift=3, contrast=0.2)
ROUGH = dataclasses.replace(MILD, blur=1.0, noise=20.0)
MEDIUM = Augmentation(flip=True, rotation=12, scale=0.15, shift=4, contrast=0.2, erase=0.3)

SMOKE = Recipe(epochs=24, rate=0.03, average=0.98, augmentation=MILD)
"""For drawn faces.

Source: ours.
Cost: 2.3 minutes with 4,800 faces.
Result: 81.3 % of PrivateTest (docs/results/drawn-faces.json, lab).
Command: ``python benchmarks/drawn_faces.py``.
"""

DRAWN = Recipe(epochs=6, batch_size=64, rate=0.04, average=0.98, augmentation=Augmentation(flip=True))
"""For drawn faces in ``make reproduce``, with network ``small``.

Source: ours.
Cost: 18 seconds with 3,200 faces.
Result: 71.5 % of PrivateTest (docs/results/synthetic/stages.json, lab).
Command: ``make reproduce``.
"""

DRAWN_FINETUNE = dataclasses.replace(DRAWN, epochs=2, rate=0.01, warmup=0.5)
"""The second stage of drawn faces: the exchange, and what it is compared with.

Source: ours.
Cost: 14 seconds for the exchange of both components.
Result: joint training takes component 1 from 71.5 to 74.3 % of PrivateTest, the exchange to 70.5 %, and going on alone
to 72.3 % (docs/results/synthetic/stages.json, lab).
Command: ``make reproduce``.
"""

QUICK = Recipe(epochs=40, batch_size=128, rate=0.04, average=0.999, augmentation=MILD)
"""For real faces in the time of a coffee break.

Source: ours.
Cost: 29.9 minutes on two cores with AVX2.
Result: 64.81 % of FER2013's PublicTest (docs/results/fer2013-quick-seed0).
Command: ``python experiments/pretrain.py --data=runs/data/fer2013 --run_dir=runs/quick/seed0 --preset=quick``.
"""

FAST = dataclasses.replace(QUICK, epochs=13, batch_size=256, rate=0.06, muon=0.045, average=0.997)
"""For real faces in a third of ``QUICK``'s time.

Source: ours.
Cost: 2.4 minutes on two cores with AVX-512, where ``QUICK`` takes 8.2.
Result: with ``--votes=0.4`` 63.2 % of FER2013's PublicTest, without 62.2 %, where ``QUICK`` has 65.3 % after 40
epochs and 60.4 % after 13 (docs/results/time-to-accuracy.json).
Command: as ``QUICK``, with ``--preset=fast --votes=0.4``.
"""

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
"""The first stage as printed.

Source: Sec. 4 of the paper, which does not mention momentum, weight decay and label smoothing.
Cost: 105 minutes on one core and two.
Result: 54.42 % of FER2013's PublicTest (docs/results/fer2013-paper-seed0-component1).
Command: as ``QUICK``, with ``--preset=paper``.
"""

PAPER_FINETUNE = dataclasses.replace(PAPER, rate=0.001)
"""The second stage as printed. The Makefile ends it where the curves are flat.

Source: Sec. 4 of the paper, "learning rate 0.001".
Cost: 104 minutes, in which the curves became flat after 77 epochs.
Result: component 1 has 82.3 % of the other data set's PrivateTest, component 2 50.0 % (docs/results/paper/stages.json).
Command: ``python experiments/finetune.py --preset=paper-finetune --patience=10 ...``.
"""

FINETUNE = Recipe(epochs=10, schedule="paper", rate=0.001, augmentation=MILD)
"""The second stage in few epochs.

Source: the rate of Sec. 4; the rest is ours.
Cost: 14 minutes for six epochs of both components, beside other work.
Result: six epochs take component 1 on PrivateTest from 65.5 to 49.9 % on its own data set and from 53.0 to 85.9 % on
the other. Its macro recall there falls from 50.5 to 34.9 % (docs/results/quick/stages.json).
Command: ``python experiments/finetune.py --epochs=6 ...``.
"""

FULL = Recipe(epochs=120, batch_size=128, rate=0.04, average=0.999, augmentation=STRONG)
"""Long, with strong changes of the faces. It has not been run for all its 120 epochs.

Source: ours.
Cost and result: of 70 and 46 epochs, in docs/results/fer2013-full-component1 and 2.
Command: as ``QUICK``, with ``--preset=full --network=wide --epochs=70``.
"""

RESTART = Recipe(epochs=18, batch_size=128, rate=0.02, warmup=0.5, average=0.999, augmentation=MILD)
"""From the weights of a long run, whose strong changes of the faces leave it at 76 % of Training.

Source: ours.
Result: thirty epochs take 66.70 % of FER2013's PublicTest to 68.65 % (docs/results/fer2013-full-component1,
docs/results/fer2013-restart-component1).
Command: as ``QUICK``, with ``--preset=restart --network=wide --votes=0.3 --epochs=30 --start=RUN``.
"""

LONG = Recipe(
    epochs=80,
    batch_size=128,
    rate=0.04,
    label_smoothing=0.05,
    average=0.9995,
    augmentation=MEDIUM,
    finish=Finish(16, MILD),
)
"""Long, and mild at its end, in one run.

Source: ours.
Result: with 50 epochs 69.21 % of FER2013's PublicTest, 70.49 % averaged over ten crops
(docs/results/fer2013-long-deep0).
Cost: 163 minutes for these, on two cores shared with other work. Its 80 epochs have not been run.
Command: as ``QUICK``, with ``--preset=long --network=deep --votes=0.4 --epochs=50``.
"""

THOROUGH = dataclasses.replace(LONG, epochs=50, muon=0.03)
"""As ``LONG``, with Muon.

Source: ours.
Cost: 80 minutes on one core for network ``deep``, and 25 for the three networks of ``--unseen_by``.
Result: 69.57 % of FER2013's PublicTest, 71.19 % averaged over ten crops; with ``--votes=0.4`` alone 69.38 and 71.55 %,
but a higher log loss (docs/results/fer2013-long-unseen0, docs/results/fer2013-long-muon0).
Command: docs/FINDINGS.md, "One network on FER2013".
"""

JOINT = Recipe(
    epochs=12,
    batch_size=128,
    rate=0.03,
    warmup=0.5,
    label_smoothing=0.05,
    average=0.9995,
    augmentation=MILD,
)
"""Several data sets at once, from a network that knows the leading one.

Source: ours.
Cost: 32 minutes on one core for ten epochs of network ``deep``.
Result: these take 65.48 % of FER2013's PublicTest to 65.12 %, where FER2013 alone takes it to 66.29 %. On the press
photographs, under a quarter of their prior, they reach 84.64 %, and FER2013 alone 76.29 %
(docs/results/fer2013-facial_expressions-joint-component1, docs/results/fer2013-joint-alone).
Command: ``python experiments/joint.py --data=DIR,DIR --start=RUN --run_dir=RUN``.
"""

JOINT_ROUGH = dataclasses.replace(JOINT, augmentation=ROUGH)
"""As ``JOINT``, with blur and noise among the changes of the faces.

Source: ours.
Cost: as ``JOINT``.
Result: 65.34 % of FER2013's PublicTest with ten epochs, ``--statistics=shared``, ``--shares=1,1``, ``--sampling=1,1``
and ``--dataset_weights=1,0.6``, where ``JOINT`` has 65.51 %
(docs/results/fer2013-facial_expressions-joint-rough1 and joint-shared1).
Command: as ``JOINT``, with ``--preset=joint-rough``.
"""

JOINT_LONG = dataclasses.replace(
    JOINT_ROUGH,
    epochs=40,
    augmentation=dataclasses.replace(MEDIUM, blur=ROUGH.blur, noise=ROUGH.noise),
    finish=Finish(12, ROUGH),
)
"""As ``JOINT_ROUGH``, for longer, with stronger changes until its last epochs.

Source: ours.
Cost: two hours on one core for network ``deep``.
Result: 66.20 % of FER2013's PublicTest with ``--statistics=shared``, ``--shares=3,1`` and ``--sampling=1,1``, where
``JOINT_ROUGH`` has 65.34 %, but fewer of the press photographs (docs/results/fer2013-facial_expressions-joint-long1).
Command: as ``JOINT``, with ``--preset=joint-long``.
"""

JOINT_THOROUGH = dataclasses.replace(JOINT_LONG, epochs=78, rate=0.04, muon=0.03, warmup=1.0)
"""Several data sets at once from new weights, with Muon.

Source: ours.
Cost: 65 minutes on one core for network ``wide``.
Result: 68.15 % of FER2013's PublicTest (docs/results/fer2013-facial_expressions-bundled-component2).
Command: docs/SHIPPED.md, step 3.
"""

TRANSFER = Recipe(
    epochs=20,
    batch_size=32,
    rate=0.003,
    label_smoothing=0.05,
    average=0.98,
    augmentation=MILD,
)
"""Few pictures of one's own: a bundled network with a new head for them.

Source: ours.
Cost: 50 seconds of training on one core for 800 drawn faces (synthetic); it stopped after 15 epochs.
Result: 59 % of a hundred others, 49 to 69 (docs/results/synthetic/synthetic-wild-few-transfer).
Command: ``fer-md train FOLDER``; FOLDER here by ``data_prep/synthetic.py --domain=wild --count=1000``.
"""

SCRATCH = dataclasses.replace(SMOKE, epochs=60, batch_size=32)
"""Few pictures of one's own, from nothing.

Source: ours.
Cost: 17 seconds of training on one core for 800 drawn faces (synthetic); it stopped after 20 epochs.
Result: 40 % of a hundred others, 31 to 49 (docs/results/synthetic/synthetic-wild-few-scratch).
Command: ``fer-md train FOLDER --from_scratch``.
"""

PRESETS = {
    "smoke": SMOKE,
    "drawn": DRAWN,
    "drawn-finetune": DRAWN_FINETUNE,
    "quick": QUICK,
    "fast": FAST,
    "paper": PAPER,
    "paper-finetune": PAPER_FINETUNE,
    "finetune": FINETUNE,
    "full": FULL,
    "restart": RESTART,
    "long": LONG,
    "thorough": THOROUGH,
    "joint": JOINT,
    "joint-rough": JOINT_ROUGH,
    "joint-long": JOINT_LONG,
    "joint-thorough": JOINT_THOROUGH,
    "transfer": TRANSFER,
    "scratch": SCRATCH,
}

FINETUNING = [*(name for name in PRESETS if name.endswith("finetune")), "joint"]
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


def metric_factor(recipe: Recipe, step: int, steps_per_epoch: float) -> float:
    """What the factors of the metric losses are multiplied with at a step, a float in (0, 1].

    Args: as ``learning_rate``.
    """
    return min(1.0, (step + 1) / (recipe.ramp * recipe.epochs * steps_per_epoch + 1))
