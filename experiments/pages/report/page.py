"""Pieces of the report's page: sections, tables and pictures inside the HTML, and the frame around them."""

import base64
import html
import re
from collections.abc import Iterable, Sequence

import cv2
import numpy as np

from pages.blocks import Block, Commands, Text

LONG = 16
"""Letters beyond which a cell of a table may take two lines."""

STYLE = """
:root { color-scheme: light dark; --ink: #1b2530; --soft: #5c6b7a; --paper: #fbfcfd; --card: #fff; --line: #dbe2e9;
        --mark: #0b62a8; --good: #1c7c45; --bad: #b3261e; --warn: #b26a00; }
@media (prefers-color-scheme: dark) { :root { --ink: #e4eaf0; --soft: #9aa8b6; --paper: #12171c; --card: #1a2128;
        --line: #323d48; --mark: #79b8f0; --good: #6bcf94; --bad: #ff8a80; --warn: #e8a33d; } }
* { box-sizing: border-box; }
body { font: 16px/1.55 system-ui, sans-serif; color: var(--ink); background: var(--paper); max-width: 78rem;
       margin: 0 auto; padding: 1rem clamp(.8rem, 3vw, 2rem) 4rem; overflow-wrap: anywhere; }
h1 { font-size: 1.9rem; margin: .8rem 0 .6rem; line-height: 1.2; }
header p { font-size: 1.06rem; max-width: 60rem; } h2 { font-size: 1.3rem; margin: 0 0 .6rem; }
h3 { font-size: 1.05rem; margin: 1.4rem 0 .4rem; } p { max-width: 46rem; margin: .5rem 0; }
nav { display: flex; flex-wrap: wrap; gap: .4rem; margin: 1rem 0; }
nav a { color: var(--mark); text-decoration: none; border: 1px solid var(--line); border-radius: 1rem;
        padding: .1rem .8rem; font-size: .9rem; background: var(--card); }
section { background: var(--card); border: 1px solid var(--line); border-radius: 10px; margin: 1rem 0;
          padding: 1rem clamp(.8rem, 2vw, 1.4rem); }
img { border-radius: 4px; background: #fff; height: auto; } .wide { overflow-x: auto; margin: .6rem 0; }
.wide img { display: block; max-width: max(100%, 34rem); } .wide img.plot { max-width: min(100%, 36rem); }
table { border-collapse: collapse; font-variant-numeric: tabular-nums; font-size: .9rem; overflow-wrap: normal; }
th, td { padding: .28rem .55rem; border-bottom: 1px solid var(--line); text-align: right; vertical-align: top; }
td { white-space: nowrap; } td.text, td.long { white-space: normal; } .text { text-align: left; }
th { color: var(--soft); font-weight: 600; vertical-align: bottom; } tr:last-child td { border-bottom: 0; }
th:first-child, td:first-child { position: sticky; left: 0; background: var(--card); padding-left: 0; }
.group th { padding-top: .7rem; color: var(--ink); }
@media (max-width: 40rem) { th, td { padding: .28rem .4rem; } .wide table { font-size: .85rem; }
        th:first-child, td:first-child { min-width: 6rem; overflow-wrap: anywhere; } .group th { white-space: normal; }
        td.long { min-width: 6.5rem; } }
code { font-size: .92em; overflow-wrap: anywhere; }
pre { overflow-x: auto; border: 1px solid var(--line); border-radius: 6px; padding: .6rem; font-size: 13px; }
.note { border-left: 4px solid var(--warn); padding-left: .7rem; } .soft { color: var(--soft); font-size: .9rem; }
.tiles { display: grid; grid-template-columns: repeat(auto-fit, minmax(9.5rem, 1fr)); gap: .7rem; margin: .8rem 0; }
.tile { border: 1px solid var(--line); border-radius: 8px; padding: .5rem .8rem; }
.tile b { display: block; font-size: 1.5rem; line-height: 1.3; }
.tile span { color: var(--soft); font-size: .85rem; line-height: 1.4; display: block; }
.pair { display: grid; grid-template-columns: repeat(auto-fit, minmax(min(100%, 28rem), 1fr)); gap: 0 1rem; }
.pair > * { min-width: 0; }
.faces { display: grid; grid-template-columns: repeat(auto-fill, minmax(4.5rem, 1fr)); gap: .7rem .5rem; }
.faces.large { grid-template-columns: repeat(auto-fit, minmax(5rem, 1fr)); gap: .7rem; margin: 1rem 0; }
.faces.large figure { font-size: .95rem; }
.faces figure { margin: 0; font-size: .75rem; line-height: 1.3; } .faces img { width: 100%; display: block; }
.right { color: var(--good); } .wrong { color: var(--bad); }
@media (prefers-color-scheme: dark) { img.plot { filter: invert(.9) hue-rotate(180deg); } }
"""


def frame(title: str, lead: str, sections: Sequence[tuple[str, str]]) -> str:
    """The whole page.

    Args:
        title: of the page.
        lead: HTML that comes first.
        sections: heading and HTML of each.

    Returns:
        HTML that needs no other file and no script.
    """
    links = "".join(f'<a href="#s{i}">{html.escape(name)}</a>' for i, (name, _) in enumerate(sections))
    body = "".join(
        f'<section id="s{i}"><h2>{html.escape(name)}</h2>{text}</section>' for i, (name, text) in enumerate(sections)
    )
    return (
        f'<!doctype html><html lang="en"><head><meta charset="utf-8"><title>{html.escape(title)}</title>'
        '<link rel="icon" href="data:,"><meta name="viewport" content="width=device-width, initial-scale=1">'
        f"<style>{STYLE}</style></head><body><header><h1>{html.escape(title)}</h1>{lead}</header><nav>{links}</nav>"
        f"{body}</body></html>\n"
    )


def html_of(blocks: Iterable[Block]) -> str:
    """Blocks as HTML; everything in them is escaped."""
    return "".join(_html(block) for block in blocks)


def _html(block):
    if isinstance(block, Text):
        return paragraph(block.text)
    if isinstance(block, Commands):
        return commands(block.lines)
    return _table(block)


def paragraph(text: str, kind: str = "") -> str:
    """A paragraph; what is between `backticks` is code."""
    inside = re.sub("`([^`]+)`", r"<code>\1</code>", html.escape(text, quote=False))
    return f'<p class="{kind}">{inside}</p>' if kind else f"<p>{inside}</p>"


def _table(block):
    """Scrolls sideways where the page is narrow. Columns of numbers are right, short ones on one line."""
    texts = block.frame.drop(columns=list(block.groups)).map(str)
    classes = [_column_class(texts.iloc[:, column]) for column in range(texts.shape[1])]

    def line(tag, cells):
        parts = [f"<{tag}{kind}>{_cell(cell)}</{tag}>" for cell, kind in zip(cells, classes, strict=True)]
        return f"<tr>{''.join(parts)}</tr>"

    lines, above = [line("th", texts.columns)], None
    for group, row in zip(_groups(block), texts.to_numpy().tolist(), strict=True):
        if group != above:
            lines.append(f'<tr class="group"><th class="text" colspan="{len(row)}">{html.escape(group)}</th></tr>')
        lines.append(line("td", row))
        above = group
    return f'<div class="wide"><table>{"".join(lines)}</table></div>'


def _groups(block):
    """The group of each row as text; None where there are none."""
    if not block.groups:
        return [None] * len(block.frame)
    return [", ".join(map(str, row)) for row in block.frame[list(block.groups)].to_numpy().tolist()]


def _cell(text):
    """Escaped; what is in brackets stays on one line where it is two words."""
    return re.sub(r"\((\S+) (\S+)\)", "(\\1\N{NO-BREAK SPACE}\\2)", html.escape(text))


def _column_class(cells):
    """An empty cell counts as a number as well."""
    if any(cell[:1] not in "0123456789+-–<" for cell in cells):
        return ' class="text"'
    return ' class="long"' if any(len(cell) > LONG for cell in cells) else ""


def picture(png: bytes, text: str) -> str:
    """A PNG (bytes) inside the page, ``text`` for those who do not see it."""
    return f'<div class="wide">{_image(png, text)}</div>'


def plot(png: bytes, text: str) -> str:
    """A drawing on white (PNG bytes), inverted where the page is dark."""
    return f'<div class="wide">{_image(png, text, "plot")}</div>'


def pair(*parts: str) -> str:
    """Pieces of HTML beside one another, or below where the page is narrow."""
    return f'<div class="pair">{"".join(f"<div>{part}</div>" for part in parts)}</div>'


def tiles(figures: Iterable[tuple[str, str]]) -> str:
    """Large figures: list of (value, caption)."""
    cells = "".join(f'<div class="tile"><b>{html.escape(v)}</b><span>{html.escape(c)}</span></div>' for v, c in figures)
    return f'<div class="tiles">{cells}</div>'


def faces(images: np.ndarray, captions: Sequence[tuple[str, str]], right: Sequence[bool], kind: str = "faces") -> str:
    """Small pictures with captions.

    Args:
        images: (N, H, W) uint8.
        captions: N pairs of lines.
        right: N; the second line is green where true, else red.
        kind: "faces", or "faces large".
    """
    cells = [
        f"<figure>{_image(encode_png(image), f'{first}, {second}')}{html.escape(first)}<br>"
        f'<span class="{"right" if good else "wrong"}">{html.escape(second)}</span></figure>'
        for image, (first, second), good in zip(images, captions, right, strict=True)
    ]
    return f'<div class="{kind}">{"".join(cells)}</div>'


def commands(lines: Iterable[str]) -> str:
    """Commands as they are typed."""
    return f"<pre>{html.escape(chr(10).join(lines))}</pre>"


def _image(png, text, kind="photo"):
    data = base64.b64encode(png).decode()
    return f'<img class="{kind}" alt="{html.escape(text)}" src="data:image/png;base64,{data}">'


def encode_png(image: np.ndarray) -> bytes:
    """(H, W) or (H, W, 3) uint8 to PNG bytes."""
    return cv2.imencode(".png", image)[1].tobytes()
