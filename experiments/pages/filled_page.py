"""Pages that people write and a script fills with figures, between two lines."""

from collections.abc import Iterable

from fer_md.errors import FerMdError
from pages.blocks import Block, markdown

START, END = "<!-- figures: made by python experiments/results.py -->", "<!-- end of the figures -->"


def filled(page: str, blocks: Iterable[Block], name: str) -> str:
    """The text of a page with the figures of today.

    Args:
        page: with the lines ``START`` and ``END``.
        blocks: the figures.
        name: of the page, for the error.

    Raises:
        FerMdError: the page lacks one of the lines.
    """
    if page.count(START) != 1 or page.count(END) != 1:
        raise FerMdError(f"{name} must have the lines {START} and {END}, once each")
    return f"{page.split(START)[0]}{START}\n\n{markdown(blocks)}\n{END}{page.split(END)[1]}"
