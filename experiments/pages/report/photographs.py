"""The report's section on photographs: every face with its expression, on one sheet."""

import html
import time
from pathlib import Path

import cv2

from fer_md.errors import FerMdError
from fer_md.media.sources import find_media, read_media
from fer_md.prediction.annotate import annotated_sheet
from fer_md.prediction.predictor import Predictor
from pages.blocks import table
from pages.report.page import encode_png, html_of, picture
from pages.report.sources import Sources

MOST = 24
"""Photographs shown; a folder may hold thousands."""


def photographs_section(sources: Sources) -> str:
    """What the first run's network says of the faces on the photographs; "" without a folder of them."""
    if not sources.photographs:
        return ""
    return photographs_sheet(Predictor(sources.runs[0]), sources.photographs, sources.runs[0])


def photographs_sheet(predictor: Predictor, folder: Path, network: Path | str) -> str:
    """HTML of an annotated contact sheet and a table of the faces found.

    Args:
        predictor: finds the faces and answers.
        folder: with photographs; the first `MOST` of it are shown, by name. One that cannot be read is named.
        network: what the page says has answered.

    Raises:
        FerMdError: the folder is missing or holds no photograph that can be read.
    """
    problems = []
    media = [medium for medium in find_media([folder], problems.append) if medium.kind == "picture"]
    frames = list(read_media(media[:MOST], on_problem=problems.append))
    if not frames:
        raise FerMdError(problems[0] if problems else f"{folder}: no photographs in this folder")
    started = time.perf_counter()
    found = [faces for _, faces in predictor.stream(iter(frames))]
    milliseconds = 1000 * (time.perf_counter() - started) / len(frames)
    names = [frame.medium.name for frame in frames]
    sheet = annotated_sheet([frame.image for frame in frames], found, [Path(name).name for name in names])
    rows = [
        {
            "photograph": name,
            "faces": len(faces),
            "expressions": ", ".join(f"{face.label} {100 * face.probabilities[face.label]:.0f} %" for face in faces),
        }
        for name, faces in zip(names, found, strict=True)
    ]
    count = sum(map(len, found))
    text = f"{count} faces on {len(frames)} photographs, {milliseconds:.0f} ms each; predicted by {network}."
    shown = f" The first {len(frames)} of {len(media)} are shown." if len(media) > MOST else ""
    skipped = "".join(f" Skipped: {error}." for error in problems)
    return (
        f"<p>{html.escape(text + shown + skipped)}</p>"
        f"{picture(encode_png(cv2.cvtColor(sheet, cv2.COLOR_RGB2BGR)), 'photographs with boxes and probabilities')}"
        f"{html_of([table(rows)])}"
    )
