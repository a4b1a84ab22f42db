"""Training of the region network: labelled regions, box regression, and a second pass on what it took for a face."""

import dataclasses
from collections.abc import Iterable, Sequence

import keras
import numpy as np

from fer_md.faces.region_detector import SelectiveSearchDetector
from fer_md.faces.region_network import build_region_network, warp_regions
from fer_md.faces.regions import iou, label_regions, steps_between
from fer_md.faces.selective_search import SelectiveSearch
from fer_md.progress import Progress


@dataclasses.dataclass(frozen=True)
class RegionRecipe:
    """How the region network is trained.

    Attributes:
        positives: regions with a face that are taken at most from a picture.
        negatives: regions without a face that are taken at most from a picture; half of them overlap a face.
        jittered: copies of each true box, misplaced at random, that are added to the regions.
        epochs: of the first pass. The second one, with the hard negatives, has half as many.
        batch_size: regions in a step.
        rate: greatest learning rate of Adam, from which a cosine leads to 0.
        mined: pictures that are searched for hard negatives: regions without a face that the network takes for one.
        mistakes: hard negatives that are taken at most from a picture.
        seed: of everything that is drawn at random.
    """

    positives: int = 12
    negatives: int = 24
    jittered: int = 6
    epochs: int = 6
    batch_size: int = 256
    rate: float = 2e-3
    mined: int = 600
    mistakes: int = 12
    seed: int = 0


@dataclasses.dataclass(frozen=True)
class Searched:
    """A picture with its proposals.

    Attributes:
        square: (side, side, 3) uint8, the scaled picture.
        regions: (N, 4) float32 boxes in pixels of ``square``.
        faces: (M, 4) float32 true boxes, likewise.
    """

    square: np.ndarray
    regions: np.ndarray
    faces: np.ndarray


Examples = tuple[np.ndarray, np.ndarray, np.ndarray]
"""R regions to learn from: crops (R, CROP, CROP, 3) uint8, labels (R,) float32 0 or 1, and steps (R, 4) float32, which
are 0 where the label is 0."""


def search_pictures(
    pictures: Iterable[tuple[np.ndarray, np.ndarray]], search: SelectiveSearch, total: int | None = None
) -> list[Searched]:
    """Proposes regions for pictures.

    Args:
        pictures: (image (H, W, 3) uint8, faces (M, 4) boxes in pixels) of each.
        search: proposes the regions.
        total: number of pictures, for the progress line.

    Returns:
        the pictures with their regions.
    """
    searched = []
    with Progress("searching regions", total, "pictures") as progress:
        for image, faces in pictures:
            square, factor = search.scaled(image)
            faces = (np.asarray(faces, np.float32) / factor).reshape(-1, 4)
            searched.append(Searched(square, search.propose(square).astype(np.float32), faces))
            progress.advance()
    return searched


def train_detector(
    searched: Sequence[Searched], search: SelectiveSearch | None = None, recipe: RegionRecipe | None = None
) -> tuple[SelectiveSearchDetector, dict[str, int]]:
    """Trains a detector.

    Args:
        searched: the pictures to learn from.
        search: what proposed their regions; None for the default.
        recipe: how to train; None for the default.

    Returns:
        (detector, counts), with the numbers of the regions that it learned from.
    """
    recipe = recipe or RegionRecipe()
    rng = np.random.default_rng(recipe.seed)
    examples = _mirror_half(_join([sample_regions(picture, recipe, rng) for picture in searched]), rng)
    network = build_region_network(recipe.seed)
    detector = SelectiveSearchDetector(network, search or SelectiveSearch())
    _fit(network, examples, recipe, recipe.epochs, recipe.rate)
    mistakes = _mine([searched[row] for row in rng.permutation(len(searched))[: recipe.mined]], detector, recipe)
    counts = {
        "positive": int(examples[1].sum()),
        "negative": int((1 - examples[1]).sum()),
        "hard negative": len(mistakes[1]),
    }
    _fit(network, _join([examples, mistakes]), recipe, max(1, recipe.epochs // 2), recipe.rate / 2)
    return detector, counts


def sample_regions(picture: Searched, recipe: RegionRecipe, rng: np.random.Generator) -> Examples:
    """Chooses regions of a picture to learn from.

    Args:
        picture: where to choose.
        recipe: how many to choose.
        rng: draws the choice.

    Returns:
        `Examples`.
    """
    regions = np.concatenate([picture.regions, _jitter(picture.faces, recipe.jittered, rng)])
    labels, nearest = label_regions(regions, picture.faces)
    beside = (iou(regions, picture.faces).max(1, initial=0) > 0.1) & (labels == 0)
    half = recipe.negatives // 2
    faces, beside_rows = np.flatnonzero(labels == 1), np.flatnonzero(beside)
    chosen = [rng.permutation(faces)[: recipe.positives], rng.permutation(beside_rows)[:half]]
    rest = np.flatnonzero((labels == 0) & ~beside)
    rows = np.concatenate([*chosen, rng.permutation(rest)[: recipe.negatives - len(chosen[1])]])
    return _examples(picture, regions[rows], labels[rows], nearest[rows])


def mistaken_regions(picture: Searched, detector: SelectiveSearchDetector, most: int) -> Examples:
    """The ``most`` regions without a face that the detector scores highest, as far as they are above one half."""
    labels, nearest = label_regions(picture.regions, picture.faces)
    rows = np.flatnonzero(labels == 0)
    scores, _ = detector.judge(picture.square, picture.regions[rows])
    rows = rows[np.argsort(-scores)[: min(most, int((scores > 0.5).sum()))]]
    return _examples(picture, picture.regions[rows], labels[rows], nearest[rows])


def _mine(searched, detector, recipe):
    parts = []
    with Progress("looking for mistakes", len(searched), "pictures") as progress:
        for picture in searched:
            parts.append(mistaken_regions(picture, detector, recipe.mistakes))
            progress.advance()
    return _join(parts)


def _jitter(faces, copies, rng):
    """Misplaced copies (M * copies, 4) of boxes (M, 4), from very near to about one half overlap."""
    faces = np.repeat(faces, copies, axis=0)
    noise = rng.uniform(0.1, 1, (len(faces), 1)) * rng.uniform(-1, 1, (len(faces), 4))
    sides = faces[:, 2:] * np.exp(0.3 * noise[:, 2:])
    centers = faces[:, :2] + faces[:, 2:] / 2 + 0.25 * noise[:, :2] * faces[:, 2:]
    return np.concatenate([centers - sides / 2, sides], 1)


def _examples(picture, regions, labels, nearest):
    steps = np.zeros((len(regions), 4), np.float32)
    faces = labels == 1
    steps[faces] = steps_between(regions[faces], picture.faces[nearest[faces]])
    return warp_regions(picture.square, regions), labels.astype(np.float32), steps


def _mirror_half(examples, rng):
    """The same examples, half of them, chosen at random, in a mirror."""
    crops, labels, steps = examples
    rows = rng.random(len(labels)) < 0.5
    crops, steps = crops.copy(), steps.copy()
    crops[rows] = crops[rows, :, ::-1]
    steps[rows, 0] *= -1
    return crops, labels, steps


def _join(parts):
    return tuple(np.concatenate(values) for values in zip(*parts, strict=True))


def _fit(network, examples, recipe, epochs, rate):
    crops, labels, steps = examples
    total = epochs * -(-len(labels) // recipe.batch_size)
    network.compile(
        keras.optimizers.Adam(keras.optimizers.schedules.CosineDecay(rate, total)),
        loss={
            "face": keras.losses.BinaryCrossentropy(from_logits=True),
            "step": keras.losses.Huber(),
        },
    )
    with Progress("training the network", total, "steps") as progress:
        count = keras.callbacks.LambdaCallback(on_train_batch_end=lambda step, logs: progress.advance())
        network.fit(
            crops,
            {"face": labels[:, None], "step": steps},
            recipe.batch_size,
            epochs,
            verbose=0,
            sample_weight={"face": np.ones_like(labels), "step": labels},
            callbacks=[count],
        )
