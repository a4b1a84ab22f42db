"""A card for each data set: counts, duplicates, licence."""

import html

from fer_md.data.overview import overview
from fer_md.data.records import read_info
from fer_md.report.page import commands, table

LICENCES = {
    "fer2013": "Gathered by web search; nobody can license the images. For research, not to be passed on.",
    "facial_expressions": "Labels Apache-2.0; the photographs are other people's. For research, not to be passed on.",
    "sfew": "Research only, on request with a signed agreement; may not be passed on.",
    "ckplus": "Research only, on request with a signed agreement.",
    "mmi": "Research only, on request with a signed agreement.",
}
"""Terms by the data set's name; docs/DATA.md has the sources."""
DRAWN = "Synthetic: drawn by this project, Apache-2.0 like it. Figures on it say nothing about people."
OWN = "Your own photographs: the terms are yours to know."


def data_section(sources):
    """The cards of the report's data sets."""
    return "".join(_card(read_info(directory)) for directory in dict.fromkeys(sources.data))


def _card(info):
    audit = info["audit"]
    rows = [[split, found["examples"], *found["classes"].values()] for split, found in info["splits"].items()]
    licence = DRAWN if info["name"].startswith("synthetic") else LICENCES.get(info["name"], OWN)
    return (
        f"<h3>{html.escape(info['name'])}</h3><p>{html.escape(licence)}</p>"
        f"{table(['split', 'images', *info['expressions']], rows)}"
        f"<p>{audit['duplicates']['groups']} groups of pixel-identical images, {audit['conflicts']['groups']} of them "
        f"with conflicting labels; {audit['leaked']['count']} Training images are also in a held-out split.</p>"
        f"<details><summary>Audit</summary>{commands([overview(info)])}</details>"
    )
