"""The two domains of the drawn faces, and what a linear classifier and the network make of them."""

import html
import itertools

from fer_md.drawn.synthetic import draw_faces
from fer_md.expressions import EXPRESSIONS
from fer_md.files import read_json
from fer_md.media.contact_sheet import contact_sheet
from pages.report.page import commands, encode_png, pair, picture, table


def drawn_section(sources):
    """The figures that benchmarks/drawn_faces.py measured, and a sheet of each domain; "" without its file."""
    if not sources.drawn_faces:
        return ""
    measured = read_json(sources.drawn_faces)
    head = ["domain", "linear on pixels", "network", "95 % interval", "drawn a processor second"]
    rows, sheets = [], []
    for domain, found in measured["domains"].items():
        linear, network = found["linear"], found["network"]
        low, high = network["accuracy_interval"]
        rows.append(
            [
                domain,
                f"{100 * linear['accuracy']:.1f} %",
                f"{100 * network['accuracy']:.1f} %",
                f"{100 * low:.1f} to {100 * high:.1f}",
                f"{found['faces_per_cpu_second']:.0f}",
            ]
        )
        drawn = list(itertools.islice(draw_faces(domain, 1000, measured["seed"]), 4 * len(EXPRESSIONS)))
        sheet = contact_sheet([face.image for face in drawn], [EXPRESSIONS[face.label] for face in drawn])
        sheets.append(picture(encode_png(sheet), f"drawn faces, domain {domain}"))
    return (
        f"<p>Accuracy on {html.escape(measured['split'])}, people who are not in Training.</p>"
        f"{table(head, rows)}{pair(*sheets)}{commands([measured['command']])}"
    )
