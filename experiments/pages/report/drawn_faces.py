"""The two domains of the drawn faces, and what a linear classifier and the network make of them."""

import itertools

from fer_md.drawn.synthetic import draw_faces
from fer_md.expressions import EXPRESSIONS
from fer_md.media.contact_sheet import contact_sheet
from fer_md.runs.results import read_result
from pages.report.page import commands, encode_png, html_of, pair, picture
from pages.report.sources import Sources
from pages.sections.drawn import drawn_blocks
from pages.study_rows import DrawnFaces


def drawn_section(sources: Sources) -> str:
    """The figures that benchmarks/drawn_faces.py measured, and a sheet of each domain; "" without its file."""
    if not sources.drawn_faces:
        return ""
    found = read_result(DrawnFaces, sources.drawn_faces)
    sheets = (_sheet(domain, found.seed) for domain in found.domains)
    return pair(*sheets) + html_of(drawn_blocks(found)) + commands([found.command])


def _sheet(domain, seed):
    drawn = list(itertools.islice(draw_faces(domain, 1000, seed), 4 * len(EXPRESSIONS)))
    sheet = contact_sheet([face.image for face in drawn], [EXPRESSIONS[face.label] for face in drawn])
    return picture(encode_png(sheet), f"drawn faces, domain {domain}")
