"""HyperFace with all its tasks (Ranjan, Patel and Chellappa, TPAMI 2018), and what the tasks bring for landmarks.

python experiments/hyperface.py --data=ytf_landmarks68.zip --run_dir=runs/hyperface --output=A.json

It learns to tell the training people's faces from other crops, with landmarks, their visibility and the head's pose,
and the expression of drawn faces, or of a prepared data set. Pose and visibility are those of a rigid head that
explains the landmarks. Everything is measured on the test people, once; with --held_out on training people who are not
learned, so that rate and dropout can be chosen. A run can be stopped and started again.
"""

import dataclasses
import functools
import itertools
import sys
from collections.abc import Mapping
from pathlib import Path

import cv2
import numpy as np

from fer_md import console
from fer_md.data.augment import Augmentation
from fer_md.data.pipeline import training_batches
from fer_md.data.records import Split, load_split, manifest_hash
from fer_md.drawn.face_model import NEUTRAL
from fer_md.drawn.scenes import draw_scene
from fer_md.errors import FerMdError
from fer_md.evaluation.detection_metrics import average_precision, precision_recall
from fer_md.evaluation.landmark_error import LIMIT, errors_by_normaliser, summarize_methods
from fer_md.evaluation.predict import in_batches, logits_function
from fer_md.expressions import EXPRESSIONS
from fer_md.faces.choice import choose_detector
from fer_md.faces.crops import as_shares, cut_crops, from_shares
from fer_md.faces.face_frame import box_of, jitter_boxes, landmarks_box
from fer_md.faces.pose import head_angles, head_rotations, visible_landmarks
from fer_md.files import read_json
from fer_md.models.baselines import TINY_CONFIGS
from fer_md.models.baselines.hyperface import QUARTER, HyperFaceConfig, build_whole_hyperface
from fer_md.models.heads import start_at
from fer_md.progress import Progress
from fer_md.readers.annotated import AnnotatedFaces, drawn_faces, fingerprint, video_faces
from fer_md.runs.results import write_result
from fer_md.runs.run_directory import load_model, open_run, plain_settings, read_settings
from fer_md.training.crops import crops_without_faces, training_crops
from fer_md.training.face_tasks import REIMPLEMENTED, WEIGHTS, face_targets, face_tasks, split_tasks
from fer_md.training.precision import precision_of_runs, set_precision
from fer_md.training.presets import Recipe
from fer_md.training.task import Learner, Task
from fer_md.training.train import train_to_end
from landmark_recipe import COPIES
from train_landmarks import apart

HEAD = NEUTRAL[:68]
LANDMARKS_ALONE = {**dict.fromkeys(WEIGHTS, 0.0), "landmarks": REIMPLEMENTED["landmarks"]}


@dataclasses.dataclass(frozen=True)
class Plan:
    """A network, the weights of its tasks, and its learning rate."""

    config: HyperFaceConfig
    weights: Mapping[str, float]
    rate: float


PLANS = {
    "whole": Plan(HyperFaceConfig(), WEIGHTS, 0.01),
    "quarter": Plan(QUARTER, WEIGHTS, 0.01),
    "quarter-reweighted": Plan(QUARTER, REIMPLEMENTED, 0.01),
    "quarter-landmarks": Plan(QUARTER, LANDMARKS_ALONE, 0.04),
    "tiny": Plan(TINY_CONFIGS["hyperface"], WEIGHTS, 0.01),
    "tiny-landmarks": Plan(TINY_CONFIGS["hyperface"], LANDMARKS_ALONE, 0.04),
}
"""The rates are the better ones of two on people held out (docs/results/hyperface_trials.json)."""

RECIPE = Recipe(epochs=1, warmup=0, average=0.99, augmentation=Augmentation(contrast=0.25))
BATCH = {"faces": 18, "no faces": 6, "expressions": 8}
"""Crops of each kind in a step, on average; landmarks alone are learned from the first kind."""
WARMUP = 0.02
"""Share of the training in which the learning rate grows."""
SCENES = 300
"""Drawn scenes without a face, which give a quarter of the crops that are none."""


@dataclasses.dataclass(frozen=True)
class Settings:
    data: str = console.flag("ytf_landmarks68.zip: frames with 68 landmarks, people apart in train and test.")
    run_dir: str = console.flag("Folder of the runs, one folder a network.")
    output: str = console.new_file("JSON file for the figures.")
    networks: tuple[str, ...] = console.flag(f"Networks to train, of {', '.join(PLANS)}.", ("whole",))
    epochs: int = console.flag("Passes over the faces of the frames.", 24, least=1)
    factors: tuple[float, ...] = console.flag("Factors of each network's own learning rate to try.", (1.0,))
    dropouts: tuple[float, ...] = console.flag(
        "Shares of dropout to try; with the paper's 0.5 it did not learn.", (0.0,)
    )
    held_out: float = console.flag("Share of the training people to measure on in place of the test people.", 0.0)
    expressions: str | None = console.flag("Prepared data set with expressions; without it faces are drawn.", None)
    drawn: int = console.flag(
        "Drawn faces to learn expressions from; a quarter as many are for the test.", 3400, least=28
    )
    seeds: tuple[int, ...] = console.flag("Of everything drawn; the first one draws what is measured on.", (0,))


@dataclasses.dataclass(frozen=True)
class Labelled:
    """Crops with expressions, to learn and to measure on, which data set they are, and a hash of its content."""

    training: Split
    test: Split
    name: str
    content: str


def main(settings: Settings) -> None:
    names = [console.one_of("networks", name, PLANS) for name in settings.networks]
    if not settings.held_out and (len(settings.factors) > 1 or len(settings.dropouts) > 1):
        raise FerMdError("several --factors or --dropouts need --held_out: the test people are not there to choose by")
    learned, test = apart(video_faces(settings.data, "train"), settings.held_out, settings.seeds[0])
    if not settings.held_out:
        test = video_faces(settings.data, "test")
    labelled = prepared(settings) if settings.expressions else drawn(settings)
    boxes, trained = face_boxes(learned), []
    for name, factor, *others in itertools.product(names, settings.factors, settings.dropouts, settings.seeds):
        dropout, seed = others
        config = dataclasses.replace(PLANS[name].config, dropout=dropout)
        plan = dataclasses.replace(PLANS[name], config=config, rate=factor * PLANS[name].rate)
        folder = Path(settings.run_dir) / f"{name}-rate{plan.rate:g}-dropout{dropout:g}-seed{seed}"
        train(settings, folder, plan, seed, learned, boxes, labelled)
        trained.append((name, folder))
    figures = measure(settings, trained, learned, test, labelled)
    write_result(
        settings.output,
        {
            "epochs": settings.epochs,
            "people": "held out of training" if settings.held_out else "test",
            "faces": {"training": len(learned.images), "measured": len(test.images)},
            "batch": BATCH,
            "expressions": labelled.name,
            "failure_above": LIMIT,
            "recipe": plain_settings(RECIPE),
            "precision": precision_of_runs(folder for _, folder in trained),
            **figures,
        },
    )
    print(f"written: {settings.output}")


def drawn(settings: Settings) -> Labelled:
    """Drawn faces, cut out as those of the frames are."""
    size, count = HyperFaceConfig.image_size, settings.drawn
    faces = [
        drawn_faces(number, f"expressions-{group}", settings.seeds[0], size=96)
        for group, number in (("learnt", count), ("tested", count // 4))
    ]
    crops = [training_crops(each, 2, size, settings.seeds[0]) for each in faces]
    splits = [
        dataclasses.replace(split, labels=np.tile(np.arange(len(split.labels) // 2) % len(EXPRESSIONS), 2))
        for split in crops
    ]
    return Labelled(*splits, "drawn faces", fingerprint(crops[0].images, crops[0].landmarks))


def prepared(settings: Settings) -> Labelled:
    """The splits Training and PublicTest of a prepared data set."""
    folder = Path(settings.expressions)
    training, test = (load_split(folder, split) for split in ("Training", "PublicTest"))
    return Labelled(training, test, f"{folder.name}, PublicTest", manifest_hash(folder))


def train(settings, folder, plan, seed, learned, boxes, labelled):
    """Trains a network into its folder; nothing where that is done.

    Raises:
        FerMdError: told to stop, or the folder holds a run with other settings.
    """
    alone = plan.weights is LANDMARKS_ALONE
    copies, size = min(settings.epochs, COPIES), plan.config.image_size
    batch = BATCH["faces"] if alone else sum(BATCH.values())
    steps = settings.epochs * len(learned.images) / BATCH["faces"]
    decisive = {
        "kind": "hyperface",
        "network": plain_settings(plan.config),
        "weights": dict(plan.weights),
        "recipe": plain_settings(dataclasses.replace(RECIPE, rate=plan.rate, batch_size=batch)),
        "steps": steps,
        "copies": copies,
        "faces_sha256": learned.sha256(),
        "expressions": labelled.content,
        "held_out": settings.held_out,
        "seed": seed,
        "precision": set_precision("auto", folder),
    }
    if (folder / "DONE").exists():
        open_run(folder, decisive)  # an error if it is another's
        return
    crops, targets = face_crops(learned, boxes, copies, size, seed, not alone)
    batches = functools.partial(training_batches, targets=targets)
    share = batch if alone else BATCH["faces"] + BATCH["no faces"]
    tasks = [Task("faces", crops, None, "face_tasks", share=share, objective=face_tasks(plan.weights), batches=batches)]
    if not alone:
        weight = plan.weights["expression"]
        tasks.append(Task("expressions", labelled.training, weight=weight, share=BATCH["expressions"]))
    examples = max(len(task.training.labels) for task in tasks)
    epochs = steps * batch / examples
    recipe = dataclasses.replace(RECIPE, epochs=epochs, rate=plan.rate, batch_size=batch, warmup=WARMUP * epochs)

    def build():
        model = build_whole_hyperface(plan.config, seed)
        start_at_means(model, targets)
        return model

    train_to_end(Learner(build, tasks), recipe, folder, decisive, seed)
    (folder / "checkpoint.npz").unlink()


def face_crops(faces, boxes, copies, size, seed, with_others):
    """Crops of the training people's faces, then, if wanted, of what is no face; and the targets of all."""
    crops = training_crops(faces, copies, size, seed)
    shares, (visible, angles) = as_shares(crops.landmarks, size), head_of(crops.landmarks)
    targets = face_targets(np.ones(len(shares), bool), shares, visible, angles)
    if not with_others:
        return crops, targets
    wanted = len(shares) * BATCH["no faces"] // BATCH["faces"]
    scenes = [gray_scene(seed, index) for index in range(SCENES)]
    others = [
        crops_without_faces(faces.images, boxes, wanted - wanted // 4, size, seed),
        crops_without_faces(scenes, [np.zeros((0, 4))] * SCENES, wanted // 4, size, seed + 1),
    ]
    images = np.concatenate([crops.images, *others])
    labels = np.full(len(images), -1, np.int32)
    targets = np.concatenate([targets, np.zeros((len(images) - len(targets), targets.shape[1]), np.float32)])
    keys = [*crops.keys, *(f"no face/{row}" for row in range(len(images) - len(crops.keys)))]
    return Split(images, labels, keys, None, None, [""] * len(images)), targets


def start_at_means(model, targets):
    """Lets a network begin with what is true of the mean face, so that the first steps do not destroy its features."""
    _, shares, visible, angles = split_tasks(targets[targets[:, 0] == 1])
    start_at(model, shares)
    model.get_layer("visibility").bias.assign(visible.mean(0))
    model.get_layer("pose").bias.assign(angles.mean(0))


def head_of(landmarks):
    """Which landmarks are visible, (N, 68) bool, and yaw, pitch and roll in degrees, (N, 3)."""
    rotations = head_rotations(landmarks, HEAD)
    return visible_landmarks(rotations, HEAD), head_angles(rotations)


def gray_scene(seed, index):
    return cv2.cvtColor(draw_scene(seed, index, faces=0).image, cv2.COLOR_RGB2GRAY)


def face_boxes(faces: AnnotatedFaces) -> list[np.ndarray]:
    """Boxes of the annotated face of each frame and of all others that YuNet finds there."""
    yunet, boxes = choose_detector("yunet"), []
    with Progress("looking for other faces", len(faces.images), "frames") as progress:
        for image, own in zip(faces.images, box_of(faces.landmarks), strict=True):
            found = [face.box for face in yunet.detect([cv2.cvtColor(image, cv2.COLOR_GRAY2RGB)])[0]]
            boxes.append(np.concatenate([own[None], landmarks_box(np.array(found).reshape(-1, 4))]))
            progress.advance()
    return boxes


def measure(settings, trained, learned, test, labelled):
    """Figures of each network on the same crops, and of the mean pose of the training faces.

    The landmarks are also compared with those of the first network.
    """
    size, truth = HyperFaceConfig.image_size, test.landmarks
    boxes = jitter_boxes(box_of(truth), np.random.default_rng(settings.seeds[0]))
    faces = cut_crops(test.images, boxes, size)
    others = crops_without_faces(test.images, face_boxes(test), 3 * len(faces), size, settings.seeds[0])
    visible, angles = head_of(truth)
    found, points = {}, {}
    for name, folder in trained:
        title, model, run = folder.name, load_model(folder), read_settings(folder)
        answers = in_batches(logits_function(model, "face_tasks"), np.concatenate([faces, others]))
        scores, shares, seen, pose = split_tasks(answers)
        seen, pose = seen[: len(faces)], pose[: len(faces)]
        points[title] = from_shares(shares[: len(faces)], boxes, size)
        own_visible, own_angles = head_of(points[title])
        found[title] = {
            "network": name,
            **{key: run["recipe"][key] for key in ("rate", "batch_size")},
            "dropout": run["network"]["dropout"],
            "seed": run["seed"],
            "steps": round(run["steps"]),
            "seconds": read_json(folder / "time.json")["seconds"],
            "by its landmarks": {"visibility": recalls(own_visible, visible), "pose": off(own_angles, angles)},
        }
        if run["weights"]["face"]:
            right = in_batches(logits_function(model), labelled.test.images).argmax(1) == labelled.test.labels
            found[title] |= {
                "detection": detection(scores, len(faces)),
                "visibility": recalls(seen > 0.5, visible),
                "pose": off(np.degrees(pose), angles),
                "expression": float(right.mean()),
            }
    errors = {title: errors_by_normaliser(each, truth) for title, each in points.items()}
    for title, summary in summarize_methods(errors, test.people).items():
        found[title]["landmarks"] = summary
        print(f"{title}: {tell(found[title])}")
    return {
        "crops": {"faces": len(faces), "no faces": len(others), "expressions": len(labelled.test.labels)},
        "hidden": float(1 - visible.mean()),
        "mean pose": off(head_of(learned.landmarks)[1].mean(0), angles),
        "networks": found,
    }


def detection(scores, faces):
    """Of logits, the faces' first: average precision, and the shares of faces and of others that are called a face."""
    right = np.arange(len(scores)) < faces
    _, precision, recall = precision_recall(scores, right, faces)
    return {
        "average_precision": average_precision(precision, recall),
        "recall": float((scores[:faces] > 0).mean()),
        "false_alarms": float((scores[faces:] > 0).mean()),
    }


def recalls(seen, visible):
    """Shares of the hidden points that are called hidden, and of the visible ones that are called visible."""
    return {"hidden": float(1 - seen[~visible].mean()), "visible": float(seen[visible].mean())}


def off(found, angles):
    """Mean absolute error in degrees of each angle."""
    return dict(zip(("yaw", "pitch", "roll"), np.abs(found - angles).mean(0).tolist(), strict=True))


def tell(figures):
    error = figures["landmarks"]["inter-ocular"]
    text = f"landmarks {100 * error['mean']:.2f} %, failures {100 * error['failures']:.1f} %"
    if "pose" in figures:
        text += f", AP {figures['detection']['average_precision']:.4f}, yaw {figures['pose']['yaw']:.1f} degrees"
        text += (
            f", hidden {100 * figures['visibility']['hidden']:.0f} %, expression {100 * figures['expression']:.1f} %"
        )
    return text


if __name__ == "__main__":
    sys.exit(console.run(main, Settings))
