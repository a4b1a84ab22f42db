"""Pieces of the report's page: sections, tables and pictures inside the HTML, and the frame around them."""

import base64
import html

import cv2

STYLE = """
:root { color-scheme: light dark; --ink: #1b2530; --soft: #5c6b7a; --paper: #fbfcfd; --card: #fff; --line: #dbe2e9;
        --mark: #0b62a8; --good: #1c7c45; --bad: #b3261e; --warn: #b26a00; }
@media (prefers-color-scheme: dark) { :root { --ink: #e4eaf0; --soft: #9aa8b6; --paper: #12171c; --card: #1a2128;
        --line: #323d48; --mark: #79b8f0; --good: #6bcf94; --bad: #ff8a80; --warn: #e8a33d; } }
* { box-sizing: border-box; }
body { font: 16px/1.55 system-ui, sans-serif; color: var(--ink); background: var(--paper); max-width: 68rem;
       margin: 0 auto; padding: 1rem clamp(.8rem, 3vw, 2rem) 4rem; overflow-wrap: anywhere; }
h1 { font-size: 1.7rem; margin: .6rem 0 0; line-height: 1.2; } h2 { font-size: 1.3rem; margin: 0 0 .6rem; }
h3 { font-size: 1.05rem; margin: 1.4rem 0 .4rem; } p { max-width: 46rem; margin: .5rem 0; }
nav { display: flex; flex-wrap: wrap; gap: .4rem; margin: 1rem 0; }
nav a { color: var(--mark); text-decoration: none; border: 1px solid var(--line); border-radius: 1rem;
        padding: .1rem .8rem; font-size: .9rem; background: var(--card); }
section { background: var(--card); border: 1px solid var(--line); border-radius: 10px; margin: 1rem 0;
          padding: 1rem clamp(.8rem, 2vw, 1.4rem); }
img { border-radius: 4px; background: #fff; height: auto; } .wide { overflow-x: auto; margin: .6rem 0; }
.wide img { display: block; max-width: max(100%, 34rem); } .wide img.plot { max-width: min(100%, 36rem); }
table { border-collapse: collapse; white-space: nowrap; font-variant-numeric: tabular-nums; font-size: .92rem; }
th, td { padding: .28rem .7rem; border-bottom: 1px solid var(--line); text-align: right; }
th { color: var(--soft); font-weight: 600; } tr:last-child td { border-bottom: 0; } .text { text-align: left; }
th:first-child, td:first-child { padding-left: 0; }
@media (max-width: 40rem) { th:first-child, td:first-child { white-space: normal; min-width: 6.5rem; } }
pre { overflow-x: auto; border: 1px solid var(--line); border-radius: 6px; padding: .6rem; font-size: 13px; }
.note { border-left: 4px solid var(--warn); padding-left: .7rem; } .soft { color: var(--soft); font-size: .9rem; }
.tiles { display: grid; grid-template-columns: repeat(auto-fill, minmax(9.5rem, 1fr)); gap: .7rem; margin: .8rem 0; }
.tile { border: 1px solid var(--line); border-radius: 8px; padding: .5rem .8rem; }
.tile b { display: block; font-size: 1.5rem; line-height: 1.3; } .tile span { color: var(--soft); font-size: .85rem; }
.pair { display: grid; grid-template-columns: repeat(auto-fit, minmax(min(100%, 28rem), 1fr)); gap: 0 1rem; }
.pair > * { min-width: 0; }
.faces { display: grid; grid-template-columns: repeat(auto-fill, minmax(5.4rem, 1fr)); gap: .7rem .5rem; }
.faces figure { margin: 0; font-size: .75rem; line-height: 1.3; } .faces img { width: 100%; display: block; }
.right { color: var(--good); } .wrong { color: var(--bad); }
@media (prefers-color-scheme: dark) { img.plot { filter: invert(.9) hue-rotate(180deg); } }
"""


def frame(title, sections):
    """The whole page.

    Args:
        title: of the page.
        sections: list of (heading, HTML).

    Returns:
        str of HTML that needs no other file and no script.
    """
    links = "".join(f'<a href="#s{i}">{html.escape(name)}</a>' for i, (name, _) in enumerate(sections))
    body = "".join(
        f'<section id="s{i}"><h2>{html.escape(name)}</h2>{text}</section>' for i, (name, text) in enumerate(sections)
    )
    return (
        f'<!doctype html><html lang="en"><head><meta charset="utf-8"><title>{html.escape(title)}</title>'
        '<link rel="icon" href="data:,"><meta name="viewport" content="width=device-width, initial-scale=1">'
        f"<style>{STYLE}</style></head><body><h1>{html.escape(title)}</h1><nav>{links}</nav>{body}</body></html>\n"
    )


def table(head, rows):
    """An HTML table that scrolls sideways where it is too wide; the cells are escaped, columns of numbers right."""
    columns = list(zip(*rows, strict=True)) or [()] * len(head)
    kinds = ["" if all(_is_number(cell) for cell in column) else ' class="text"' for column in columns]

    def line(tag, cells):
        parts = [f"<{tag}{kind}>{html.escape(str(cell))}</{tag}>" for cell, kind in zip(cells, kinds, strict=True)]
        return f"<tr>{''.join(parts)}</tr>"

    return f'<div class="wide"><table>{line("th", head)}{"".join(line("td", row) for row in rows)}</table></div>'


def _is_number(cell):
    return str(cell)[:1] in "0123456789+-–<"  # an empty cell as well


def picture(png, text):
    """A PNG (bytes) inside the page, ``text`` for those who do not see it."""
    return f'<div class="wide">{_image(png, text)}</div>'


def plot(png, text):
    """A drawing on white (PNG bytes), inverted where the page is dark."""
    return f'<div class="wide">{_image(png, text, "plot")}</div>'


def pair(*parts):
    """Pieces of HTML beside one another, or below where the page is narrow."""
    return f'<div class="pair">{"".join(f"<div>{part}</div>" for part in parts)}</div>'


def tiles(figures):
    """Large figures: list of (value, caption)."""
    cells = "".join(f'<div class="tile"><b>{html.escape(v)}</b><span>{html.escape(c)}</span></div>' for v, c in figures)
    return f'<div class="tiles">{cells}</div>'


def faces(images, captions, right):
    """Small pictures with captions.

    Args:
        images: (N, H, W) uint8.
        captions: N pairs of lines.
        right: N bool; the second line is green or red.
    """
    cells = [
        f"<figure>{_image(encode_png(image), f'{first}, {second}')}{html.escape(first)}<br>"
        f'<span class="{"right" if good else "wrong"}">{html.escape(second)}</span></figure>'
        for image, (first, second), good in zip(images, captions, right, strict=True)
    ]
    return f'<div class="faces">{"".join(cells)}</div>'


def commands(lines):
    """Commands as they are typed."""
    return f"<pre>{html.escape(chr(10).join(lines))}</pre>"


def _image(png, text, kind="photo"):
    data = base64.b64encode(png).decode()
    return f'<img class="{kind}" alt="{html.escape(text)}" src="data:image/png;base64,{data}">'


def encode_png(image):
    """(H, W) or (H, W, 3) uint8 to PNG bytes."""
    return cv2.imencode(".png", image)[1].tobytes()
