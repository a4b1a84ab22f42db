"""Pieces of the report's page: tables and pictures inside the HTML."""

import base64
import html

import cv2


def table(head, rows):
    """An HTML table that scrolls sideways where it is too wide; the cells are escaped."""

    def line(tag, cells):
        return "<tr>" + "".join(f"<{tag}>{html.escape(str(cell))}</{tag}>" for cell in cells) + "</tr>"

    return f'<div class="wide"><table>{line("th", head)}{"".join(line("td", row) for row in rows)}</table></div>'


def picture(png, text):
    """A PNG (bytes) inside the page, ``text`` for those who do not see it."""
    data = base64.b64encode(png).decode()
    return f'<p class="wide"><img alt="{html.escape(text)}" src="data:image/png;base64,{data}"></p>'


def encode_png(image):
    """(H, W) or (H, W, 3) uint8 to PNG bytes."""
    return cv2.imencode(".png", image)[1].tobytes()
