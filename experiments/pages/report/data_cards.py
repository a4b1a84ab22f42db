"""A card for each data set: counts, licence and duplicates."""

import html

from fer_md.data.overview import overview
from fer_md.data.records import read_info
from pages.blocks import table
from pages.report.page import commands, html_of
from pages.report.sources import Sources

LICENCES = {
    "fer2013": "Gathered by web search; nobody can license the images. For research, not to be passed on.",
    "facial_expressions": "Labels Apache-2.0; the photographs are other people's. For research, not to be passed on.",
    "sfew": "Research only, on request with a signed agreement; may not be redistributed.",
    "ckplus": "Research only, on request with a signed agreement.",
    "mmi": "Research only, on request with a signed agreement.",
    "video frames": "Of other people's videos. For research, not to be passed on.",
}
"""Terms by the data set's name; docs/DATA.md has the sources."""
DRAWN = "Synthetic: this project drew the faces; Apache-2.0 like it. Figures on them say nothing about people."
OWN = "Your own photographs: the terms are yours to know."


def data_section(sources: Sources) -> str:
    """The cards of the report's data sets, then of those that only Fig. 6 uses."""
    infos = [read_info(directory) for directory in dict.fromkeys((*sources.data, *sources.more_data))]
    found = sources.result("figure6")
    faces = found.faces if found else {}
    return "".join([*map(_card, infos), *(_short_card(name, counts) for name, counts in faces.items())])


def _title(name):
    licence = DRAWN if "synthetic" in name else LICENCES.get(name, OWN)
    return f"<h3>{html.escape(name)}</h3><p>{html.escape(licence)}</p>"


def _card(info):
    audit = info["audit"]
    rows = (
        {"split": split, "images": found["examples"], **found["classes"]} for split, found in info["splits"].items()
    )
    return (
        f"{_title(info['name'])}"
        f"{html_of([table(rows)])}"
        f"<p>{audit['duplicates']['groups']} groups of pixel-identical images, {audit['conflicts']['groups']} of them "
        f"with conflicting labels; {audit['leaked']['count']} Training images are also in a held-out split.</p>"
        f"<details><summary>Audit</summary>{commands([overview(info)])}</details>"
    )


def _short_card(name, counts):
    return f"{_title(name)}{html_of([table({'faces': kind, 'images': count} for kind, count in counts.items())])}"
