"""The paper's face detector: Selective Search proposes regions; a small network classifies them and corrects boxes."""

import dataclasses
from collections.abc import Sequence
from pathlib import Path

import keras
import numpy as np
import tensorflow as tf

from fer_md.environment import check_process
from fer_md.errors import FerMdError
from fer_md.faces.detection import Detection, check_image, clip_box
from fer_md.faces.region_network import CROP, warp_regions
from fer_md.faces.regions import suppress, take_steps
from fer_md.faces.selective_search import SelectiveSearch
from fer_md.files import atomic_directory, read_json, write_json

FORMAT = 1
"""Version of a saved detector."""


class SelectiveSearchDetector:
    """Finds faces as the paper's Sec. 3.1 describes it: R-CNN on Selective Search's regions.

    Args:
        network: made by `fer_md.faces.region_network.build_region_network`.
        search: proposes the regions; None for the default.
        threshold: lowest score of a face, in [0, 1].
        overlap: greatest intersection over union of two faces in one image, in [0, 1].

    Raises:
        FerMdError: an argument is out of range.
    """

    def __init__(
        self, network: keras.Model, search: SelectiveSearch | None = None, threshold: float = 0.5, overlap: float = 0.3
    ):
        if not (0 <= threshold <= 1 and 0 <= overlap <= 1):
            raise FerMdError(f"threshold and overlap must be 0 to 1; got {threshold}, {overlap}")
        self.network, self.search = network, search or SelectiveSearch()
        self.threshold, self.overlap = threshold, overlap
        signature = [tf.TensorSpec((None, CROP, CROP, 3), tf.uint8)]
        self._judge = tf.function(lambda crops: network(crops, training=False), input_signature=signature)

    def __reduce__(self):
        return SelectiveSearchDetector, (self.network, self.search, self.threshold, self.overlap)

    def detect(self, images: Sequence[np.ndarray]) -> list[list[Detection]]:
        """Finds the faces, without landmarks; see `fer_md.faces.detection.Detector`.

        Raises:
            FerMdError: an image is not (H, W, 3) uint8; the message says which. Or this process was forked.
        """
        check_process()
        return [self._detect(check_image(image, index)) for index, image in enumerate(images)]

    def _detect(self, image):
        square, factor = self.search.scaled(image)
        boxes = self.search.propose(square)
        scores, steps = self.judge(square, boxes)
        likely = scores >= self.threshold
        boxes, scores = take_steps(boxes[likely], steps[likely]), scores[likely]
        rows = suppress(boxes, scores, self.overlap)
        found = [(clip_box(boxes[row] * factor, image.shape), float(scores[row])) for row in rows]
        return [Detection(box, score) for box, score in found if box]

    def judge(self, square: np.ndarray, boxes: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Scores (N,) in [0, 1] and steps (N, 4) of the boxes (N, 4), which are in pixels of ``square``."""
        if not len(boxes):
            return np.zeros(0), np.zeros((0, 4))
        outputs = self._judge(warp_regions(square, boxes))
        return tf.sigmoid(outputs["face"]).numpy()[:, 0].astype(float), outputs["step"].numpy().astype(float)

    def save(self, folder: Path | str, overwrite: bool = False) -> None:
        """Writes ``network.keras`` and ``detector.json`` into a folder that appears whole or not at all."""
        with atomic_directory(folder, overwrite) as partial:
            self.network.save(partial / "network.keras")
            write_json(
                partial / "detector.json",
                {
                    "format": FORMAT,
                    "search": dataclasses.asdict(self.search),
                    "threshold": self.threshold,
                    "overlap": self.overlap,
                },
            )

    @classmethod
    def load(cls, folder: Path | str, **settings: float) -> "SelectiveSearchDetector":
        """Reads a detector.

        Args:
            folder: what `save` wrote.
            **settings: ``threshold`` or ``overlap``, in place of the stored one.

        Raises:
            FerMdError: the folder holds no detector of this format, or the detector is damaged.
        """
        check_process()
        folder = Path(folder)
        stored = read_json(folder / "detector.json")
        try:
            if stored.pop("format") != FORMAT:
                raise FerMdError(f"{folder}: not a detector of format {FORMAT}; train it again")
            search = stored.pop("search")
            search = SelectiveSearch(**{**search, "scales": tuple(search["scales"])})
            network = keras.saving.load_model(folder / "network.keras")
            return cls(network, search, **{**stored, **settings})
        except FerMdError:
            raise
        except Exception as error:
            raise FerMdError(f"{folder}: not a detector, or damaged ({error})") from error
