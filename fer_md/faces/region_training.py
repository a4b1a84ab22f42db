"""Training of the region network: labelled regions, box regression, and a second pass on what it mistook for a face."""

import dataclasses

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
        positives, negatives: regions of each kind taken at most from a picture, half of the latter overlapping a face.
        jittered: copies of each true box, misplaced at random, among the regions.
        epochs: of the first pass; the second, with the hard negatives, has half as many.
        batch_size: regions a step.
        rate: greatest learning rate of Adam, from which a cosine leads to 0.
        mined: pictures searched for hard negatives, and mistakes: taken at most from each.
        seed: of everything drawn.
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
        regions: (N, 4) float32 boxes in pixels of ``square``; faces: (M, 4), the true ones.
    """

    square: np.ndarray
    regions: np.ndarray
    faces: np.ndarray


def search_pictures(pictures, search, total=None):
    """Proposes regions for pictures.

    Args:
        pictures: iterable of (image (H, W, 3) uint8, faces (M, 4) boxes in pixels).
        search: `SelectiveSearch`.
        total: number of pictures, for the progress line.

    Returns:
        list of `Searched`.
    """
    searched = []
    with Progress("searching regions", total, "pictures") as progress:
        for image, faces in pictures:
            square, factor = search.scaled(image)
            faces = (np.asarray(faces, np.float32) / factor).reshape(-1, 4)
            searched.append(Searched(square, search.propose(square).astype(np.float32), faces))
            progress.advance()
    return searched


def train_detector(searched, search=None, recipe=None):
    """Trains a detector.

    Args:
        searched: list of `Searched`.
        search: the `SelectiveSearch` that made it.
        recipe: `RegionRecipe`; None for the default.

    Returns:
        (detector, counts): `SelectiveSearchDetector`, and a dict of the numbers of regions.
    """
    recipe = recipe or RegionRecipe()
    rng = np.random.default_rng(recipe.seed)
    examples = _mirror_half(*_join([sample_regions(picture, recipe, rng) for picture in searched]), rng)
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


def sample_regions(picture, recipe, rng):
    """Chooses regions of a picture to learn from.

    Args:
        picture: `Searched`.
        recipe: `RegionRecipe`.
        rng: ``numpy.random.Generator``.

    Returns:
        (crops (R, CROP, CROP, 3) uint8, labels (R,) float32 0 or 1, steps (R, 4) float32, 0 where the label is 0).
    """
    regions = np.concatenate([picture.regions, _jitter(picture.faces, recipe.jittered, rng)])
    labels, nearest = label_regions(regions, picture.faces)
    beside = (iou(regions, picture.faces).max(1, initial=0) > 0.1) & (labels == 0)
    half = recipe.negatives // 2
    faces, beside_rows = np.flatnonzero(labels == 1), np.flatnonzero(beside)
    rows = [rng.permutation(faces)[: recipe.positives], rng.permutation(beside_rows)[:half]]
    rest = np.flatnonzero((labels == 0) & ~beside)
    rows = np.concatenate([*rows, rng.permutation(rest)[: recipe.negatives - len(rows[1])]])
    return _examples(picture, regions[rows], labels[rows], nearest[rows])


def mistaken_regions(picture, detector, most):
    """The regions without a face that the detector scores highest, above one half: at most ``most``, as examples."""
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


def _mirror_half(crops, labels, steps, rng):
    """The same examples, half of them, chosen at random, in a mirror."""
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
