"""What decided the label of each face, as one figure a face in a folder."""

from collections.abc import Callable, Sequence
from pathlib import Path

from fer_md.errors import FerMdError
from fer_md.evaluation.figures import save_figure
from fer_md.media.sources import Frame
from fer_md.prediction.annotated_files import check_folder, free_name
from fer_md.prediction.explain import draw_explanation
from fer_md.prediction.predictor import Predictor
from fer_md.prediction.results import FacePrediction


class ExplainedFiles:
    """Writes a figure for each face of each frame, ``NAME-FACE.png``; of a video, ``NAME-FRAME-FACE.png``.

    Args:
        folder: new or empty folder.
        predictor: found the faces.
        on_problem: function called with an error for each figure that cannot be written; the others are. None raises
            the error instead.

    Raises:
        FerMdError: the folder holds something, or, without ``on_problem``, a figure cannot be written.
    """

    def __init__(
        self, folder: Path | str, predictor: Predictor, on_problem: Callable[[FerMdError], object] | None = None
    ):
        check_folder(folder)
        self.folder, self._predictor, self._on_problem = Path(folder), predictor, on_problem
        self._names: set[Path] = set()

    def write(self, frame: Frame, faces: Sequence[FacePrediction]) -> None:
        """Explains the faces of a frame."""
        place = "" if frame.index is None else f"-{frame.index}"
        for number, face in enumerate(faces):
            path = self.folder / free_name(Path(f"{frame.medium.name}{place}-{number}.png"), self._names)
            explanation = self._predictor.explain(frame.image, face)
            try:
                save_figure(path, draw_explanation(explanation, face, f"{frame.medium.name}{place}, face {number}"))
            except (FerMdError, OSError) as error:
                if self._on_problem is None:
                    raise
                self._on_problem(FerMdError(f"{path}: cannot be written ({error})"))
