"""Trains the network for 68 landmarks that ships with the package; experiments/ship_landmarks.py makes its file.

python experiments/train_landmarks.py --data=ytf_landmarks68.zip --run_dir=runs/landmarks68

It learns the training people's frames and drawn faces together, from misplaced, turned and mirrored boxes. With
--held_out some of the people are kept aside, and the network is measured on them: so settings are chosen. The test
people are not read. A run can be stopped and started again.
"""

import dataclasses
import functools
import sys

import numpy as np

from fer_md import console
from fer_md.data.pipeline import training_batches
from fer_md.errors import FerMdError
from fer_md.evaluation.landmark_error import errors_by_normaliser, summarize_errors
from fer_md.evaluation.predict import in_batches, logits_function
from fer_md.faces.crops import as_shares, cut_crops, from_shares
from fer_md.faces.face_frame import box_of, jitter_boxes
from fer_md.models.landmark_network import LandmarkConfig, build_landmark_network
from fer_md.readers.annotated import AnnotatedFaces, drawn_faces, video_faces
from fer_md.runs.run_directory import plain_settings
from fer_md.training.crops import training_crops
from fer_md.training.objective import POINTS
from fer_md.training.precision import set_precision
from fer_md.training.presets import Recipe
from fer_md.training.task import Learner, Task
from fer_md.training.train import train_to_end
from landmark_recipe import AUGMENTATION, COPIES, PLACEMENT

NETWORKS = {
    "default": LandmarkConfig(),
    "tiny": LandmarkConfig(stem=4, filters=(4, 4)),
}
RECIPE = Recipe(
    epochs=1,
    batch_size=32,
    rate=4.0,
    weight_decay=5e-4,
    average=0.998,
    augmentation=AUGMENTATION,
)
"""The rate is large, since the loss is small."""

WARMUP = 1.0
"""Epochs in which the learning rate grows."""


@dataclasses.dataclass(frozen=True)
class Settings:
    data: str = console.flag("ytf_landmarks68.zip: frames with 68 landmarks, people apart in train and test.")
    run_dir: str = console.flag("Folder of the run.")
    drawn: int = console.flag("Drawn faces to learn beside the frames.", 1200, least=0)
    epochs: int = console.flag("Passes over all faces.", 48, least=1)
    held_out: float = console.flag("Share of the training people to measure on instead of learning them.", 0.0)
    network: str = console.flag("Widths of the network.", "default", choices=list(NETWORKS))
    seed: int = console.flag("Of everything drawn.", 0, least=0)


def main(settings: Settings) -> None:
    precision = set_precision(run_dir=settings.run_dir)
    learned, held_out = apart(video_faces(settings.data, "train"), settings.held_out, settings.seed)
    faces = together(learned, drawn_faces(settings.drawn, "points-learnt", settings.seed, size=144))
    config, copies = NETWORKS[settings.network], min(settings.epochs, COPIES)
    split = training_crops(faces, copies, config.image_size, settings.seed, PLACEMENT)
    shares = as_shares(split.landmarks, config.image_size)
    recipe = dataclasses.replace(RECIPE, epochs=settings.epochs / copies, warmup=WARMUP / copies)
    batches = functools.partial(training_batches, targets=shares)
    task = Task("landmarks", split, head="landmarks", objective=POINTS, batches=batches)
    learner = Learner(lambda: build_landmark_network(config, settings.seed), [task])
    decisive = {
        "kind": "landmark network",
        "network": plain_settings(config),
        "recipe": plain_settings(recipe),
        "placement": plain_settings(PLACEMENT),
        "copies": copies,
        "faces_sha256": faces.sha256(),
        "frames": len(learned.images),
        "drawn": settings.drawn,
        "held_out": settings.held_out,
        "seed": settings.seed,
        "precision": precision,
    }
    model = train_to_end(learner, recipe, settings.run_dir, decisive, settings.seed)
    if held_out.images:
        tell(model, held_out, config.image_size, settings.seed)


def apart(faces: AnnotatedFaces, share: float, seed: int) -> tuple[AnnotatedFaces, AnnotatedFaces]:
    """The faces of some people, and those of a share of them who are held out.

    Raises:
        FerMdError: the share, which is the setting ``held_out``, is not in [0, 1), or is that of less than one person.
    """
    if not 0 <= share < 1:
        raise FerMdError(f"--held_out must be in [0, 1); got {share}")
    names = sorted(set(faces.people))
    count = round(share * len(names))
    if share and not 0 < count < len(names):
        raise FerMdError(f"--held_out={share:g} of {len(names)} people is {count}; some must be held out, not all")
    chosen = set(np.random.default_rng(seed).permutation(names)[:count])
    aside = np.array([person in chosen for person in faces.people])
    return faces.rows(np.flatnonzero(~aside)), faces.rows(np.flatnonzero(aside))


def together(first: AnnotatedFaces, second: AnnotatedFaces) -> AnnotatedFaces:
    if not second.images:
        return first
    landmarks = np.concatenate([first.landmarks, second.landmarks])
    return AnnotatedFaces(first.images + second.images, landmarks, first.people + second.people)


def tell(model, faces, size, seed):
    """Prints the error on faces from misplaced boxes."""
    boxes = jitter_boxes(box_of(faces.landmarks), np.random.default_rng(seed))
    shares = in_batches(logits_function(model, "landmarks"), cut_crops(faces.images, boxes, size))
    errors = errors_by_normaliser(from_shares(shares, boxes, size), faces.landmarks)["inter-ocular"]
    found = summarize_errors(errors)
    print(
        f"{len(errors)} frames of people held out: error {100 * found['mean']:.2f} %, "
        f"failures {100 * found['failures']:.1f} %"
    )


if __name__ == "__main__":
    sys.exit(console.run(main, Settings))
