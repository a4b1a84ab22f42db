"""The whole of ``fer-md predict``: from paths to a file of records and a folder of annotated pictures."""

import collections
import contextlib
from collections.abc import Callable, Iterable
from pathlib import Path

from fer_md.errors import FerMdError
from fer_md.faces.detection import Box
from fer_md.media.sources import Frame, count_frames, find_media, read_media
from fer_md.prediction.annotated_files import AnnotatedFiles
from fer_md.prediction.predictor import Predictor
from fer_md.prediction.records import open_records
from fer_md.prediction.tracks import chosen_tracks
from fer_md.progress import Progress


def predict_media(
    predictor: Predictor,
    paths: Iterable[Path | str],
    output: Path | str | None = None,
    annotate: Path | str | None = None,
    boxes_of: Callable[[Frame], list[Box] | None] | None = None,
    every: int = 1,
    track: bool = False,
    smoothing: float = 0.0,
    explain: Path | str | None = None,
    show: bool = False,
    on_problem: Callable[[FerMdError], object] | None = None,
) -> collections.Counter[str]:
    """Predicts all faces in pictures, folders, videos or of a camera, in memory that does not grow with their number.

    Ctrl-C ends it as if there were no more frames: what was written so far is kept.

    Args:
        predictor: finds and classifies the faces.
        paths: see `fer_md.media.sources.find_media`.
        output: .jsonl or .csv file for the records; None for JSON lines on stdout.
        annotate: new or empty folder for annotated pictures and videos, or None.
        boxes_of: see `Predictor.stream`.
        every: n, to look only at every n-th frame of a video.
        track: give the faces of a video numbers that they keep from frame to frame, see `fer_md.prediction.tracks`.
        smoothing: seconds over which the probabilities of such a face are averaged, which ``track`` is not needed for;
            0 for none.
        explain: new or empty folder for a figure of each face, see `fer_md.prediction.explain`, or None. It needs
            matplotlib, which the small installation lacks.
        show: show the frames in a window as they are looked at; see `fer_md.prediction.window`.
        on_problem: function called with an error for each path that is missing or broken, which is skipped, and for
            each annotated file or figure that cannot be written. None raises the error instead.

    Returns:
        the numbers of ``frames``, of ``faces`` and of frames ``without`` a face; after Ctrl-C also ``interrupted``, 1.

    Raises:
        FerMdError: an output cannot be written, ``smoothing`` is not a finite number of at least 0, or, without
            ``on_problem``, a path is missing or broken.
    """
    counts: collections.Counter[str] = collections.Counter()
    followed = chosen_tracks(track, smoothing)
    media = find_media(paths, on_problem)
    with contextlib.ExitStack() as outputs:
        record = outputs.enter_context(
            open_records(
                output,
                predictor.expressions,
                predictor.prior,
                predictor.prior_share,
                landmarks68=predictor.landmark_finder is not None,
            )
        )
        writers = [record]
        if annotate:
            writers.append(outputs.enter_context(AnnotatedFiles(annotate, every, on_problem)).write)
        if explain:
            from fer_md.prediction.explained_files import ExplainedFiles  # loads matplotlib

            writers.append(ExplainedFiles(explain, predictor, on_problem).write)
        if show:
            from fer_md.prediction.window import Window  # loads matplotlib

            writers.append(Window().write)
        progress = outputs.enter_context(Progress("predicting", count_frames(media, every), "frames"))
        predictions = predictor.stream(read_media(media, every, on_problem), boxes_of)
        try:
            for frame, faces in followed(predictions):
                for write in writers:
                    write(frame, faces)
                counts.update(frames=1, faces=len(faces), without=int(not faces))
                progress.advance()
        except KeyboardInterrupt:
            counts["interrupted"] = 1
    return counts
