"""Fig. 6: landmarks by the component, pre-trained on each of two data sets and fine-tuned on the other, and by others.

python experiments/landmarks.py --data=ytf_landmarks68.zip --run_dir=runs/landmarks --output=A.json --picture=B.png

D1 is the video frames of the zip, D2 faces drawn in the wild; without --data D1 is faces drawn in the lab. Component 1
learns D1, then D2, component 2 the other way round; the same networks without the exchange, HyperFace on D1, the
alignment cascade of D1 and the mean face are what they are compared with. All start from the same misplaced boxes.
The test people are read once, at the end. A run can be stopped and started again; what is done is not trained again.
"""

import dataclasses
import functools
import hashlib
import sys
import time
from pathlib import Path

import numpy as np

from fer_md import console
from fer_md.data.augment import Augmentation
from fer_md.data.pipeline import training_batches
from fer_md.errors import FerMdError
from fer_md.evaluation.landmark_error import LIMIT, errors_by_normaliser, summarize_methods
from fer_md.evaluation.predict import in_batches, logits_function
from fer_md.faces.cascade import Cascade
from fer_md.faces.cascade_training import CascadeRecipe, train_cascade
from fer_md.faces.crops import as_shares, cut_crops, from_shares
from fer_md.faces.face_frame import box_of, jitter_boxes
from fer_md.files import read_json, write_json
from fer_md.models.baselines import SMALL_CONFIGS, TINY_CONFIGS
from fer_md.models.baselines.hyperface import QUARTER, HyperFaceConfig, build_hyperface
from fer_md.models.component import build_component
from fer_md.models.config import HALF, SMALL, TINY, ComponentConfig
from fer_md.models.heads import landmark_component, start_at
from fer_md.readers.annotated import AnnotatedFaces, drawn_faces, video_faces
from fer_md.runs.results import write_result
from fer_md.runs.run_directory import load_model, open_run, plain_settings
from fer_md.training.crops import training_crops
from fer_md.training.objective import POINTS
from fer_md.training.presets import Recipe
from fer_md.training.task import Learner, Task
from fer_md.training.train import train_network
from pages.landmark_figures import cumulative_curves, draw_landmark_curves, landmark_errors
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

NETWORKS = {
    "pretrained1": ("component", 0, None),
    "pretrained2": ("component", 1, None),
    "component1": ("component", 1, "pretrained1"),
    "component2": ("component", 0, "pretrained2"),
    "alone1": ("component", 0, "pretrained1"),
    "alone2": ("component", 1, "pretrained2"),
    "hyperface": ("hyperface", 0, None),
}
"""What is trained: kind of network, data set to learn from, and the network from which it goes on."""

METHODS = {
    "both components, fused": ("component1", "component2"),
    "component 1: D1, then D2": ("component1",),
    "component 2: D2, then D1": ("component2",),
    "component, D1 alone": ("alone1",),
    "component, D2 alone": ("alone2",),
    "HyperFace, D1 alone": ("hyperface",),
}
"""Networks whose landmarks are averaged with equal weights (Sec. 3.2.2, for points in place of scores)."""

RECIPE = Recipe(
    epochs=1,
    batch_size=32,
    rate=0.4,
    warmup=0.05,
    weight_decay=5e-4,
    average=0.99,
    augmentation=Augmentation(contrast=0.25),
)
RATES = {"component": 0.4, "hyperface": 0.3}
"""Large, since the loss is small; HyperFace has no batch normalisation."""
FINE_TUNING = 0.3
"""Learning rate of the second stage as a share of the first's."""
DROPOUT = 0.0
"""In short trainings of a regression it only costs time."""
COPIES = 12
"""Crops of a face that are kept in memory; an epoch sees each face once, in one of them."""
UPDATE = 600
"""Faces of D2 that the cascade's incremental update learns."""
PLACES = np.linspace(0, 0.2, 81)


@dataclasses.dataclass(frozen=True)
class Settings:
    data: str | None = console.flag("ytf_landmarks68.zip; without it faces are drawn.", None)
    run_dir: str = console.flag("Folder of the networks' runs.")
    output: str = console.flag("JSON file for the figures.")
    picture: str = console.flag("PNG file for the curves.")
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
    seed: int = console.flag("Seed of everything drawn.", 0, least=0)


@dataclasses.dataclass(frozen=True)
class DataSet:
    """Annotated faces to learn from and to test on, of different people."""

    name: str
    training: AnnotatedFaces
    test: AnnotatedFaces


def main(settings: Settings) -> None:
    data = [video_frames(settings) if settings.data else drawn(settings, "lab"), drawn(settings, "wild")]
    folders = {name: Path(settings.run_dir) / name for name in (*NETWORKS, "cascade")}
    train_alignment(settings, data, folders["cascade"])
    for name, (kind, number, source) in NETWORKS.items():
        train_landmarks(settings, name, kind, data[number].training, folders[source] if source else None, folders[name])
    errors, curves = measure(settings, data, folders)
    draw_landmark_curves(settings.picture, data[0].name, PLACES, curves[data[0].name])
    write_result(
        settings.output,
        Landmarks(
            seed=settings.seed,
            data=[each.name for each in data],
            faces={each.name: {"training": len(each.training.images), "test": len(each.test.images)} for each in data},
            network=settings.network,
            epochs={
                "pre-training": settings.epochs,
                "fine-tuning": settings.epochs // 2,
                "HyperFace": settings.epochs + settings.epochs // 2,
            },
            recipe=plain_recipe(settings),
            faces_sha256={each.name: [fingerprint(each.training), fingerprint(each.test)] for each in data},
            failure_above=LIMIT,
            errors=errors,
            places=PLACES.tolist(),
            curves=curves,
            seconds={name: read_json(folder / "time.json")["seconds"] for name, folder in folders.items()},
        ),
    )
    print(f"written: {settings.output}, {settings.picture}")


def video_frames(settings):
    return DataSet("video frames", video_faces(settings.data, "train"), video_faces(settings.data, "test"))


def drawn(settings, domain):
    training = drawn_faces(settings.drawn, f"{domain}-learnt", settings.seed, domain, size=96)
    test = drawn_faces(settings.drawn // 4, f"{domain}-tested", settings.seed, domain, size=96)
    return DataSet(f"faces drawn in the {domain} (synthetic)", training, test)


def fingerprint(faces):
    """SHA-256 of the pixels and landmarks, which names the exact data."""
    digest = hashlib.sha256(faces.landmarks.tobytes())
    for image in faces.images:
        digest.update(np.ascontiguousarray(image))
    return digest.hexdigest()


def cascade_recipe(settings):
    return dataclasses.replace(CASCADES[settings.network], seed=settings.seed)


def plain_recipe(settings):
    """How everything is trained besides its epochs, as JSON values."""
    shared = {name: value for name, value in plain_settings(RECIPE).items() if name not in ("epochs", "rate")}
    return {
        **shared,
        "rates": RATES,
        "fine_tuning": FINE_TUNING,
        "dropout": DROPOUT,
        "copies": COPIES,
        "cascade": plain_settings(cascade_recipe(settings)),
        "update": UPDATE,
    }


def train_alignment(settings, data, folder):
    """Trains the cascade on D1 and updates a copy of it on some of D2; nothing where that is done.

    Raises:
        FerMdError: the folder holds a cascade with other settings.
    """
    recipe, faces, more = cascade_recipe(settings), data[0].training, data[1].training.first(UPDATE)
    open_run(
        folder,
        {
            "faces_sha256": [fingerprint(faces), fingerprint(more)],
            "kind": "cascade",
            "recipe": plain_settings(recipe),
            "seed": settings.seed,
        },
    )
    if (folder / "DONE").exists():
        return
    started = time.perf_counter()
    cascade = train_cascade(faces.images, faces.landmarks, faces.people, recipe)
    cascade.save(folder / "cascade.npz")
    cascade.update(more.images, more.landmarks, recipe.perturbations, settings.seed)
    cascade.save(folder / "updated.npz")
    write_json(folder / "time.json", {"seconds": time.perf_counter() - started})
    (folder / "DONE").touch()


def train_landmarks(settings, name, kind, faces, source, folder):
    """Trains one network into its folder; nothing where that is done.

    Raises:
        FerMdError: told to stop, or the folder holds a run with other settings.
    """
    epochs = settings.epochs // 2 if source else settings.epochs + (settings.epochs // 2 if kind == "hyperface" else 0)
    copies = min(epochs, COPIES)
    rate = RATES[kind] * (FINE_TUNING if source else 1)
    recipe = dataclasses.replace(RECIPE, epochs=epochs / copies, rate=rate, warmup=RECIPE.warmup * epochs / copies)
    config = dataclasses.replace((COMPONENTS if kind == "component" else HYPERFACES)[settings.network], dropout=DROPOUT)
    decisive = {
        "faces_sha256": fingerprint(faces),
        "kind": kind,
        "network": plain_settings(config),
        "recipe": plain_settings(recipe),
        "copies": copies,
        "start": source and source.name,
        "seed": settings.seed,
    }
    if (folder / "DONE").exists():
        open_run(folder, decisive)  # an error if it is another's
        return
    split = training_crops(faces, copies, config.image_size, settings.seed)
    shares = as_shares(split.landmarks, config.image_size)

    def build():
        if source:
            return load_model(source)
        if kind == "component":
            model = landmark_component(build_component(config, settings.seed))
        else:
            model = build_hyperface(config, settings.seed)
        start_at(model, shares)
        return model

    batches = functools.partial(training_batches, targets=shares)
    task = Task(name, split, head="landmarks", objective=POINTS, batches=batches)
    if train_network(Learner(build, [task]), recipe, folder, decisive, settings.seed) is None:
        raise FerMdError(f"{folder}: stopped; start it again to go on")
    (folder / "checkpoint.npz").unlink()


def measure(settings, data, folders):
    """Errors and cumulative curves of each method on the test people of each data set, from the same boxes."""
    networks = dict.fromkeys(name for names in METHODS.values() for name in names)
    forward = {name: logits_function(load_model(folders[name]), "landmarks") for name in networks}
    results, curves = {}, {}
    for each in data:
        images, truth = each.test.images, each.test.landmarks
        boxes = jitter_boxes(box_of(truth), np.random.default_rng(settings.seed))
        crops = cut_crops(images, boxes, COMPONENTS[settings.network].image_size)
        points = {name: from_shares(in_batches(f, crops), boxes, crops.shape[1]) for name, f in forward.items()}
        found = {method: np.mean([points[name] for name in names], axis=0) for method, names in METHODS.items()}
        found |= align(folders["cascade"], images, boxes)
        errors = {method: errors_by_normaliser(landmarks, truth) for method, landmarks in found.items()}
        results[each.name] = landmark_errors(summarize_methods(errors, each.test.people))
        curves[each.name] = cumulative_curves(errors, PLACES)
        for method, by_normaliser in results[each.name].items():
            tell(each.name, method, by_normaliser["inter-ocular"])
    return results, curves


def align(folder, images, boxes):
    """Landmarks of the mean face and of the cascade, before and after its update, by method."""
    cascade, updated = (Cascade.load(folder / f"{name}.npz") for name in ("cascade", "updated"))
    methods = {"mean face": (cascade, 0), "cascade, D1": (cascade, None), "cascade, D1, updated on D2": (updated, None)}
    return {method: model.align(images, boxes, levels) for method, (model, levels) in methods.items()}


def tell(data, method, error):
    print(
        f"{data:36}{method:30}error {100 * error.mean:6.2f} %  median {100 * error.median:6.2f} %  "
        f"AUC {error.auc:.3f}  failures {100 * error.failures:5.1f} %",
        flush=True,
    )


if __name__ == "__main__":
    sys.exit(console.run(main, Settings))
