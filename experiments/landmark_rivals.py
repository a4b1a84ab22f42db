"""Fig. 6's rivals on the video frames, from the boxes from which experiments/landmarks.py measures our networks.

python experiments/landmark_rivals.py --data=ytf_landmarks68.zip --joint=runs/joint/joint.npz --run_dir=runs/rivals \
    --output=A.json --picture=B.png

The joint cascade (Chen et al. 2014) was trained by experiments/train_detector.py --method=joint. The elastic parts
(Li et al. 2013) find parts, not landmarks: a ridge regression, trained on the training people, leads from the places of
all parts to the 68 points. dlib's regression trees (Kazemi and Sullivan 2014), where dlib is installed
(pip install fer_md[peers]), are trained on the same crops. What is trained is kept in run_dir and not trained again.
"""

import dataclasses
import sys
import time
from pathlib import Path

import numpy as np

from fer_md import console
from fer_md.array_files import read_arrays
from fer_md.errors import FerMdError
from fer_md.evaluation.landmark_error import LIMIT, describe_errors, errors_by_normaliser, summarize_methods
from fer_md.evaluation.timing import time_calls
from fer_md.faces.crops import SIDE, as_shares, cut_crops, from_shares
from fer_md.faces.elastic_parts import CROP, ElasticParts
from fer_md.faces.face_frame import box_of, jitter_boxes
from fer_md.faces.joint_cascade import JointCascade
from fer_md.faces.ridge import RidgeRegression
from fer_md.files import atomic_file, read_json, write_json
from fer_md.readers.annotated import video_faces
from fer_md.runs.results import read_result, write_result
from fer_md.runs.run_directory import open_run
from fer_md.training.crops import training_crops
from pages.landmark_figures import PLACES, cumulative_curves, draw_landmark_curves, landmark_errors
from pages.rows import Landmarks

FRAMES = "video frames"
"""Name of the data set in files of experiments/landmarks.py."""
STARTS = 2
"""Crops of each training face, the second one in a mirror."""
PARTS = {"parts": 128, "patches": 40_000, "rounds": 12}
PENALTY = 0.1
TREES = {
    "cascade_depth": 10,
    "num_trees_per_cascade_level": 200,
    "tree_depth": 4,
    "nu": 0.1,
    "num_test_splits": 20,
    "feature_pool_size": 400,
    "oversampling_amount": 1,
}
"""dlib's defaults, but 200 trees in place of 500, and each crop from one start in place of 20."""
BESIDE = ("joint, fused", "component, D1 alone", "HyperFace, D1 alone", "cascade, D1", "mean face")
"""Methods of experiments/landmarks.py that are drawn beside the rivals."""
TREE_CROP = 160
"""Side in pixels of the crops for dlib, which answers in whole pixels."""


@dataclasses.dataclass(frozen=True)
class Settings:
    data: str = console.flag("ytf_landmarks68.zip: frames with 68 landmarks, with different people in train and test.")
    joint: str = console.flag("joint.npz of experiments/train_detector.py --method=joint.")
    run_dir: str = console.flag("Folder for what is trained.")
    output: str = console.new_file("JSON file for the figures.")
    picture: str = console.new_file("PNG file for the curves.")
    figure6: str | None = console.flag("figure6.json, whose curves on the same faces are drawn as well.", None)
    seed: int = console.flag("Seed of the boxes and of everything drawn.", 0, least=0)


def main(settings: Settings) -> None:
    others = read_curves(settings.figure6) if settings.figure6 else {}
    joint = JointCascade.load(settings.joint)
    training, test = (video_faces(settings.data, split) for split in ("train", "test"))
    boxes = jitter_boxes(box_of(test.landmarks), np.random.default_rng(settings.seed))
    folder = Path(settings.run_dir)
    align = {"joint cascade": joint.align, "elastic parts": trained_parts(settings, training, folder / "parts")}
    if trees := trained_trees(settings, training, folder / "trees"):
        align["dlib's regression trees"] = trees
    errors, times = {}, {}
    for method, find in align.items():
        errors[method] = errors_by_normaliser(find(test.images, boxes), test.landmarks)
        times[method] = time_calls(lambda find=find: find(test.images[:100], boxes[:100]), 100, 2)
    summaries = landmark_errors(summarize_methods(errors, test.people))
    for method, found in summaries.items():
        print(f"{method:28}{describe_errors(vars(found['inter-ocular']))}")
    curves = cumulative_curves(errors)
    drawn = {name: {**own, **others.get(name, {})} for name, own in curves.items()}
    draw_landmark_curves(settings.picture, FRAMES, drawn)
    plain = {
        method: {name: dataclasses.asdict(error) for name, error in own.items()} for method, own in summaries.items()
    }
    write_result(
        settings.output,
        {
            "seed": settings.seed,
            "faces": {"training": len(training.images), "test": len(test.images)},
            "starts": STARTS,
            "elastic parts": {**PARTS, "penalty": PENALTY},
            "dlib": TREES,
            "failure_above": LIMIT,
            "errors": plain,
            "places": PLACES.tolist(),
            "curves": curves,
            "per_face": times,
            "seconds": {path.parent.name: read_json(path)["seconds"] for path in sorted(folder.glob("*/time.json"))},
        },
    )
    print(f"written: {settings.output}, {settings.picture}")


def read_curves(path: str) -> dict[str, dict[str, list[float]]]:
    """Curves of the methods of ``BESIDE`` on the frames, by normaliser, from a file of experiments/landmarks.py.

    Raises:
        FerMdError: there is no such file, or it is not about the frames, or lacks a method.
    """
    found = read_result(Landmarks, path).curves
    if FRAMES not in found:
        raise FerMdError(f"{path}: has no curves of {FRAMES}; found {', '.join(found)}")
    for own in found[FRAMES].values():
        if missing := [method for method in BESIDE if method not in own]:
            raise FerMdError(f"{path}: has no curve of {', '.join(missing)}; make it with landmarks.py, with --others")
    return {name: {method: own[method] for method in BESIDE} for name, own in found[FRAMES].items()}


def trained_parts(settings, training, folder):
    """A function from images and boxes to landmarks: elastic parts and the regression from their places."""
    path = folder / "parts.npz"
    open_run(folder, {**decisive(settings, training), **PARTS, "penalty": PENALTY})
    if not path.exists():
        started = time.perf_counter()
        split = training_crops(training, STARTS, CROP, settings.seed)
        model = ElasticParts.fit(split.images, **PARTS, seed=settings.seed)
        places = with_ones(model.find(split.images).places)
        targets = as_shares(split.landmarks, CROP).reshape(len(places), -1)
        weights = RidgeRegression.fit([(places, targets)], PENALTY).weights
        write_json(folder / "time.json", {"seconds": time.perf_counter() - started})
        with atomic_file(path) as partial, open(partial, "wb") as stream:
            np.savez(stream, **vars(model), regression=weights)
    model, weights = load_parts(path)

    def find(images, boxes):
        places = with_ones(model.find(cut_crops(images, boxes, CROP)).places)
        return from_shares((places @ weights).reshape(-1, 68, 2), boxes, CROP)

    return find


def load_parts(path):
    """The `ElasticParts` of a file that this script wrote, and the regression from their places.

    Raises:
        FerMdError: the file is missing, damaged, or another one.
    """
    arrays = read_arrays(path, "make it with experiments/landmark_rivals.py")
    try:
        model = ElasticParts(arrays["means"], arrays["variances"], arrays["shares"], float(arrays["weight"]))
        return model, arrays["regression"]
    except (KeyError, TypeError) as error:
        raise FerMdError(f"{path}: not the parts of experiments/landmark_rivals.py ({error})") from None


def with_ones(places):
    """(N, K, 2) places as rows of a regression, (N, 2 K + 1)."""
    rows = places.reshape(len(places), -1).astype(np.float64)
    return np.column_stack([rows, np.ones(len(rows))])


def trained_trees(settings, training, folder):
    """A function from images and boxes to landmarks: dlib's regression trees. None where dlib is not installed."""
    try:
        import dlib
    except ImportError:
        print("dlib is not installed (pip install fer_md[peers]): left out")
        return None
    path, middle = folder / "trees.dat", crop_rectangle(dlib)
    open_run(folder, {**decisive(settings, training), **TREES, "crop": TREE_CROP})
    if not path.exists():
        started = time.perf_counter()
        split = training_crops(training, STARTS, TREE_CROP, settings.seed)
        faces = [
            [dlib.full_object_detection(middle, [dlib.point(int(x), int(y)) for x, y in np.rint(points)])]
            for points in split.landmarks
        ]
        options = dlib.shape_predictor_training_options()
        for name, value in TREES.items():
            setattr(options, name, value)
        options.num_threads, options.random_seed, options.be_verbose = 1, str(settings.seed), True
        predictor = dlib.train_shape_predictor(list(split.images), faces, options)
        write_json(folder / "time.json", {"seconds": time.perf_counter() - started})
        with atomic_file(path) as partial:
            predictor.save(str(partial))
    predictor = dlib.shape_predictor(str(path))

    def find(images, boxes):
        crops = cut_crops(images, boxes, TREE_CROP)
        points = [[(point.x, point.y) for point in predictor(crop, middle).parts()] for crop in crops]
        return from_shares(as_shares(np.array(points, np.float64).reshape(-1, 68, 2), TREE_CROP), boxes, TREE_CROP)

    return find


def crop_rectangle(dlib):
    """The box around the landmarks in a crop: all but the edges that `fer_md.faces.crops.SIDE` adds."""
    edge = round(TREE_CROP * (1 - 1 / SIDE) / 2)
    return dlib.rectangle(edge, edge, TREE_CROP - edge, TREE_CROP - edge)


def decisive(settings, training):
    """What the content of a folder depends on besides its own settings."""
    return {"faces_sha256": training.sha256(), "starts": STARTS, "seed": settings.seed}


if __name__ == "__main__":
    sys.exit(console.run(main, Settings))
