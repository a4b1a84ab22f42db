"""A whole prediction: from paths to a file of records and a folder of annotated pictures."""

import collections
import contextlib

from fer_md.media.sources import count_frames, find_media, read_media
from fer_md.prediction.annotated_files import AnnotatedFiles
from fer_md.prediction.records import open_records
from fer_md.progress import Progress


def predict_media(predictor, paths, output=None, annotate=None, boxes_of=None, every=1, on_problem=None):
    """Predicts all faces in pictures, folders, videos or of a camera, in memory that does not grow with their number.

    Ctrl-C ends it as if there were no more frames: what was written so far is kept.

    Args:
        predictor: `fer_md.prediction.predictor.Predictor`.
        paths: see `fer_md.media.sources.find_media`.
        output: .jsonl or .csv file for the records; None for JSON lines on stdout.
        annotate: new or empty folder for annotated pictures and videos, or None.
        boxes_of: see `Predictor.stream`.
        every: look at every n-th frame of a video only.
        on_problem: function called with a FerMdError for each path that is missing or broken; it is skipped.

    Returns:
        ``collections.Counter`` with the numbers of ``frames``, ``faces``, frames ``without`` a face, and
        ``interrupted``, 1 after Ctrl-C.

    Raises:
        FerMdError: an output cannot be written.
    """
    media, counts = find_media(paths, on_problem), collections.Counter()
    with contextlib.ExitStack() as outputs:
        record = outputs.enter_context(open_records(output, predictor.expressions))
        pictures = outputs.enter_context(AnnotatedFiles(annotate, every)) if annotate else None
        progress = outputs.enter_context(Progress("predicting", count_frames(media, every), "frames"))
        try:
            for frame, faces in predictor.stream(read_media(media, every, on_problem), boxes_of):
                record(frame, faces)
                if pictures:
                    pictures.write(frame, faces)
                counts.update(frames=1, faces=len(faces), without=int(not faces))
                progress.advance()
        except KeyboardInterrupt:
            counts["interrupted"] = 1
    return counts
