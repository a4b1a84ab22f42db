"""Fig. 6: landmarks by components that learn two data sets, one after the other or together, and by others.

python experiments/landmarks.py --data=ytf_landmarks68.zip --run_dir=runs/landmarks --output=A.json --picture=B.png

D1 is the video frames of the zip, D2 faces drawn in the wild; without --data D1 is faces drawn in the lab. The paper's
exchange: component 1 learns D1, then D2, component 2 the other way round. Joint training: each learns both at once,
component 1 more of D1, component 2 more of D2, with batch normalisation of its own for each data set. The same network
on one data set, HyperFace on D1, the alignment cascade of D1 and the mean face are what they are compared with. In
joint training a component sees as many faces of its own data set as a network alone does, and a third as many of the
other. All methods start from the same misplaced boxes. The test people are read once, at the end. With several seeds
everything is trained for each, and the errors of all are put together. A run can be stopped and started again; what is
done is not trained again.
"""

import dataclasses
import functools
import sys
import time
from pathlib import Path

import cv2
import numpy as np

from fer_md import console
from fer_md.data.pipeline import training_batches
from fer_md.evaluation.landmark_error import (
    LIMIT,
    describe_errors,
    errors_by_normaliser,
    summarize_errors,
    summarize_methods,
)
from fer_md.evaluation.predict import in_batches, logits_function
from fer_md.faces.cascade import Cascade
from fer_md.faces.cascade_training import CascadeRecipe, train_cascade
from fer_md.faces.crops import as_shares, cut_crops, from_shares
from fer_md.faces.face_frame import box_of, jitter_boxes
from fer_md.files import read_json, write_json
from fer_md.media.contact_sheet import contact_sheet
from fer_md.media.pictures import save_picture
from fer_md.models.baselines import SMALL_CONFIGS, TINY_CONFIGS
from fer_md.models.baselines.hyperface import QUARTER, HyperFaceConfig, build_hyperface
from fer_md.models.component import build_component
from fer_md.models.config import HALF, SMALL, TINY, ComponentConfig
from fer_md.models.heads import landmark_component, start_at
from fer_md.models.statistics import with_own_statistics
from fer_md.readers.annotated import AnnotatedFaces, drawn_faces, video_faces
from fer_md.runs.results import write_result
from fer_md.runs.run_directory import load_model, open_run, plain_settings
from fer_md.training.crops import training_crops
from fer_md.training.objective import POINTS
from fer_md.training.presets import Recipe
from fer_md.training.task import Learner, Task
from fer_md.training.train import train_to_end
from landmark_recipe import AUGMENTATION, COPIES, PLACEMENT
from pages.landmark_figures import PLACES, cumulative_curves, draw_landmark_curves, landmark_errors
from pages.rows import Landmarks

COMPONENTS = {"default": ComponentConfig(), "half": HALF, "small": SMALL, "tiny": TINY}
HYPERFACES = {
    "default": HyperFaceConfig(),
    "half": QUARTER,
    "small": SMALL_CONFIGS["hyperface"],
    "tiny": TINY_CONFIGS["hyperface"],
}
FEW_CELLS = CascadeRecipe(cells=(17, 11), components=8, perturbations=1)
CASCADES = {
    "default": CascadeRecipe(),
    "half": CascadeRecipe(perturbations=3),
    "small": FEW_CELLS,
    "tiny": FEW_CELLS,
}

LEAD = 3.0
"""Faces of its own data set for each of the other that a component sees in joint training."""

NETWORKS = {
    "joint1": ("component", (LEAD, 1.0), None),
    "joint2": ("component", (1.0, LEAD), None),
    "pretrained1": ("component", (1.0, 0.0), None),
    "pretrained2": ("component", (0.0, 1.0), None),
    "component1": ("component", (0.0, 1.0), "pretrained1"),
    "component2": ("component", (1.0, 0.0), "pretrained2"),
    "alone1": ("component", (1.0, 0.0), "pretrained1"),
    "alone2": ("component", (0.0, 1.0), "pretrained2"),
    "hyperface": ("hyperface", (1.0, 0.0), None),
}
"""What is trained: kind of network, shares of D1 and D2 among its faces, and the network from which it goes on."""

METHODS = {
    "joint, fused": ("joint1", "joint2"),
    "joint, component 1": ("joint1",),
    "joint, component 2": ("joint2",),
    "exchange, fused": ("component1", "component2"),
    "exchange, component 1: D1, then D2": ("component1",),
    "exchange, component 2: D2, then D1": ("component2",),
    "component, D1 alone": ("alone1",),
    "component, D2 alone": ("alone2",),
    "HyperFace, D1 alone": ("hyperface",),
}
"""Networks whose landmarks are averaged with equal weights (Sec. 3.2.2, for points in place of scores)."""

RECIPE = Recipe(
    epochs=1,
    batch_size=32,
    rate=0.4,
    weight_decay=5e-4,
    average=0.99,
    augmentation=AUGMENTATION,
)
RATES = {"component": 0.4, "hyperface": 0.3}
"""Large, since the loss is small; HyperFace has no batch normalisation."""
SOURCES = {source for _, _, source in NETWORKS.values() if source}
"""Networks that others go on from: these learn for as long as pre-training takes, and others without a source for as
long as both stages take."""

FINE_TUNING = 0.3
"""Learning rate of the second stage as a share of the first's."""
DROPOUT = 0.0
"""In short trainings of a regression it only costs time."""
UPDATE = 600
"""Faces of D2 that the cascade's incremental update learns."""
DRAWN = ("true points", "joint, fused", "exchange, fused", "component, D1 alone", "cascade, D1")
"""Methods whose points are drawn into faces."""
DRAWN_FACES = 3


@dataclasses.dataclass(frozen=True)
class Settings:
    data: str | None = console.flag("ytf_landmarks68.zip; without it faces are drawn.", None)
    run_dir: str = console.flag("Folder of the networks' runs.")
    output: str = console.new_file("JSON file for the figures.")
    picture: str = console.new_file("PNG file for the curves.")
    faces: str | None = console.new_file("PNG file for drawn test faces with the points that some methods find.", None)
    drawn: int = console.flag(
        "Training faces of a drawn data set; a quarter as many, of other people, are for the test.", 3400, least=40
    )
    epochs: int = console.flag("Epochs of pre-training; fine-tuning has half as many.", 12, least=2)
    network: str = console.flag(
        "Widths of the networks; half: fully connected layers of 1,024, and a quarter of HyperFace's widths; small: "
        "an eighth of these, and a coarser alignment cascade.",
        "half",
        choices=list(COMPONENTS),
    )
    image_size: int = console.flag("Edge of the crops that the networks see.", 48, least=16)
    others: bool = console.flag("Train HyperFace and the alignment cascade beside the components.", True)
    seeds: tuple[int, ...] = console.flag("Seeds of everything drawn; all is trained with each.", (0,))


@dataclasses.dataclass(frozen=True)
class DataSet:
    """Annotated faces to learn from and to test on, of different people; ``key`` is D1 or D2."""

    key: str
    name: str
    training: AnnotatedFaces
    test: AnnotatedFaces


def main(settings: Settings) -> None:
    found: dict[str, dict[str, dict[str, list]]] = {}
    times, people = {}, {}
    for seed in settings.seeds:
        data = [
            video_frames(settings) if settings.data else drawn(settings, "D1", "lab", seed),
            drawn(settings, "D2", "wild", seed),
        ]
        folders = train_all(settings, seed, data)
        times[seed] = {name: read_json(folder / "time.json")["seconds"] for name, folder in folders.items()}
        for each in data:
            people.setdefault(each.name, []).extend(each.test.people)
            points = find(settings, seed, each, folders)
            for method, own in points.items():
                for name, values in errors_by_normaliser(own, each.test.landmarks).items():
                    found.setdefault(each.name, {}).setdefault(method, {}).setdefault(name, []).append(values)
    together = {
        each: {
            method: {name: np.concatenate(values) for name, values in errors.items()} for method, errors in own.items()
        }
        for each, own in found.items()
    }
    errors = {each: landmark_errors(summarize_methods(own, people[each])) for each, own in together.items()}
    curves = {each: cumulative_curves(own) for each, own in together.items()}
    if settings.faces:
        draw_points(settings.faces, data[1].test, {**points, "true points": data[1].test.landmarks})
    draw_landmark_curves(settings.picture, data[0].name, curves[data[0].name])
    for each, methods in errors.items():
        for method, error in methods.items():
            tell(each, method, error["inter-ocular"])
    write_result(
        settings.output,
        Landmarks(
            seeds=list(settings.seeds),
            data=[each.name for each in data],
            faces={each.name: {"training": len(each.training.images), "test": len(each.test.images)} for each in data},
            network=settings.network,
            image_size=settings.image_size,
            epochs={
                "pre-training": settings.epochs,
                "fine-tuning": settings.epochs // 2,
                **({"HyperFace": settings.epochs + settings.epochs // 2} if settings.others else {}),
                "joint training": round((settings.epochs + settings.epochs // 2) * (1 + 1 / LEAD)),
            },
            recipe=plain_recipe(settings),
            faces_sha256={each.name: [each.training.sha256(), each.test.sha256()] for each in data},
            failure_above=LIMIT,
            errors=errors,
            single={each: by_seed(own) for each, own in found.items()},
            places=PLACES.tolist(),
            curves=curves,
            seconds={name: float(np.mean([own[name] for own in times.values()])) for name in times[settings.seeds[0]]},
        ),
    )
    print(f"written: {settings.output}, {settings.picture}")


def train_all(settings, seed, data):
    """Trains everything with a seed; its folders by name."""
    names = [name for name, (kind, *_) in NETWORKS.items() if settings.others or kind == "component"]
    if settings.others:
        names.append("cascade")
    folders = {name: Path(settings.run_dir) / f"seed{seed}" / name for name in names}
    if settings.others:
        train_alignment(settings, seed, data, folders["cascade"])
    for name, network in NETWORKS.items():
        if name in folders:
            train_landmarks(settings, seed, network, data, folders, folders[name])
    return folders


def video_frames(settings):
    return DataSet("D1", "video frames", video_faces(settings.data, "train"), video_faces(settings.data, "test"))


def drawn(settings, key, domain, seed):
    training = drawn_faces(settings.drawn, f"{domain}-learnt", seed, domain, size=96)
    test = drawn_faces(settings.drawn // 4, f"{domain}-tested", seed, domain, size=96)
    return DataSet(key, f"faces drawn in the {domain} (synthetic)", training, test)


def cascade_recipe(settings, seed):
    return dataclasses.replace(CASCADES[settings.network], seed=seed)


def plain_recipe(settings):
    """How everything is trained besides its epochs, as JSON values."""
    shared = {name: value for name, value in plain_settings(RECIPE).items() if name not in ("epochs", "rate")}
    return {
        **shared,
        "rates": RATES,
        "fine_tuning": FINE_TUNING,
        "lead": LEAD,
        "dropout": DROPOUT,
        "copies": COPIES,
        "placement": plain_settings(PLACEMENT),
        "cascade": plain_settings(cascade_recipe(settings, settings.seeds[0])),
        "update": UPDATE,
    }


def train_alignment(settings, seed, data, folder):
    """Trains the cascade on D1 and updates a copy of it on some of D2; nothing where that is done.

    Raises:
        FerMdError: the folder holds a cascade with other settings.
    """
    recipe, faces, more = cascade_recipe(settings, seed), data[0].training, data[1].training.first(UPDATE)
    open_run(
        folder,
        {
            "faces_sha256": [faces.sha256(), more.sha256()],
            "kind": "cascade",
            "recipe": plain_settings(recipe),
            "seed": seed,
        },
    )
    if (folder / "DONE").exists():
        return
    started = time.perf_counter()
    cascade = train_cascade(faces.images, faces.landmarks, faces.people, recipe)
    cascade.save(folder / "cascade.npz")
    cascade.update(more.images, more.landmarks, recipe.perturbations, seed)
    cascade.save(folder / "updated.npz")
    write_json(folder / "time.json", {"seconds": time.perf_counter() - started})
    (folder / "DONE").touch()


def train_landmarks(settings, seed, network, data, folders, folder):
    """Trains one of ``NETWORKS`` into its folder; nothing where that is done.

    Raises:
        FerMdError: told to stop, or the folder holds a run with other settings.
    """
    kind, shares, source = network
    fine_tuning = settings.epochs // 2
    epochs = fine_tuning if source else settings.epochs if folder.name in SOURCES else settings.epochs + fine_tuning
    epochs = round(epochs * sum(shares) / max(shares))
    copies = min(epochs, COPIES)
    rate = RATES[kind] * (FINE_TUNING if source else 1)
    recipe = dataclasses.replace(RECIPE, epochs=epochs / copies, rate=rate, warmup=1 / copies)
    widths = (COMPONENTS if kind == "component" else HYPERFACES)[settings.network]
    config = dataclasses.replace(widths, dropout=DROPOUT, image_size=settings.image_size)
    learned = [(each, share) for each, share in zip(data, shares, strict=True) if share]
    decisive = {
        "faces_sha256": [each.training.sha256() for each, _ in learned],
        "shares": [share for _, share in learned],
        **({"networks": [each.key for each, _ in learned]} if len(learned) > 1 else {}),
        "kind": kind,
        "network": plain_settings(config),
        "recipe": plain_settings(recipe),
        "placement": plain_settings(PLACEMENT),
        "copies": copies,
        "start": source,
        "seed": seed,
    }
    if (folder / "DONE").exists():
        open_run(folder, decisive)  # an error if it is another's
        return
    tasks = [landmark_task(each, share, copies, config.image_size, seed) for each, share in learned]

    def build():
        if source:
            return load_model(folders[source])
        if kind == "component":
            model = landmark_component(build_component(config, seed))
        else:
            model = build_hyperface(config, seed)
        start_at(model, np.concatenate([as_shares(task.training.landmarks, config.image_size) for task in tasks]))
        return with_own_statistics(model, len(tasks)) if len(tasks) > 1 else model

    train_to_end(Learner(build, tasks), recipe, folder, decisive, seed)
    (folder / "checkpoint.npz").unlink()


def landmark_task(data, share, copies, size, seed):
    """The landmarks of one data set's training faces, as a share of each batch."""
    split = training_crops(data.training, copies, size, seed, PLACEMENT)
    batches = functools.partial(training_batches, targets=as_shares(split.landmarks, size))
    return Task(data.key, split, head="landmarks", share=share, objective=POINTS, batches=batches)


def find(settings, seed, data, folders):
    """Landmarks (N, 68, 2) of a data set's test faces by each method, from the same boxes."""
    faces = data.test
    methods = {method: names for method, names in METHODS.items() if set(names) <= set(folders)}
    boxes = jitter_boxes(box_of(faces.landmarks), np.random.default_rng(seed))
    crops = cut_crops(faces.images, boxes, settings.image_size)
    points = {}
    for network in dict.fromkeys(network for names in methods.values() for network in names):
        joint = all(NETWORKS[network][1])  # and so it has statistics of its own for each data set
        forward = logits_function(load_model(folders[network], data.key if joint else "model"), "landmarks")
        points[network] = from_shares(in_batches(forward, crops), boxes, settings.image_size)
    found = {method: np.mean([points[network] for network in names], axis=0) for method, names in methods.items()}
    return {**found, **align(folders["cascade"], faces.images, boxes)} if settings.others else found


def align(folder, images, boxes):
    """Landmarks of the mean face and of the cascade, before and after its update, by method."""
    cascade, updated = (Cascade.load(folder / f"{name}.npz") for name in ("cascade", "updated"))
    methods = {"mean face": (cascade, 0), "cascade, D1": (cascade, None), "cascade, D1, updated on D2": (updated, None)}
    return {method: model.align(images, boxes, levels) for method, (model, levels) in methods.items()}


def draw_points(path, faces, points):
    """Writes some faces, a row each, with the points (N, 68, 2) of the methods in ``DRAWN``."""
    images, captions, shown = [], [], [method for method in DRAWN if method in points]
    for row in range(DRAWN_FACES):
        for method in shown:
            image = cv2.cvtColor(cv2.resize(faces.images[row], None, fx=2, fy=2), cv2.COLOR_GRAY2RGB)
            for x, y in np.rint(2 * points[method][row]).astype(int).tolist():
                cv2.circle(image, (x, y), 2, (80, 255, 120), -1, cv2.LINE_AA)
            images.append(image)
            captions.append(method)
    save_picture(path, contact_sheet(images, captions, len(shown), scale=1))


def by_seed(errors):
    """Mean error and failures by the eyes of each training, by method, from lists of one (N,) a seed."""
    return {
        method: [
            {name: summarize_errors(values)[name] for name in ("mean", "failures")} for values in own["inter-ocular"]
        ]
        for method, own in errors.items()
    }


def tell(data, method, error):
    print(f"{data:36}{method:30}{describe_errors(vars(error))}", flush=True)


if __name__ == "__main__":
    sys.exit(console.run(main, Settings))
