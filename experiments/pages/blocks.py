"""What a section says, before it is Markdown or HTML: paragraphs, tables and commands."""

import dataclasses
import textwrap
from collections.abc import Iterable, Mapping
from typing import Any

import pandas as pd


@dataclasses.dataclass(frozen=True)
class Text:
    """A paragraph."""

    text: str


@dataclasses.dataclass(frozen=True)
class Table:
    """A table of texts and numbers, under its headings; see ``table``.

    Attributes:
        frame: headings and cells.
        groups: headings of its first columns, by which its rows are grouped; a narrow page shows a line for each group
            in place of these columns.
    """

    frame: pd.DataFrame
    groups: tuple[str, ...] = ()


@dataclasses.dataclass(frozen=True)
class Commands:
    """Commands as they are typed, one a line."""

    lines: tuple[str, ...]


Block = Text | Table | Commands


def table(rows: Iterable[Mapping[str, Any]], groups: tuple[str, ...] = ()) -> Table:
    """A ``Table`` of rows, each from a heading to its cell; a cell that a row lacks is empty."""
    return Table(pd.DataFrame(list(rows), dtype=object).fillna(""), groups)


def markdown(blocks: Iterable[Block]) -> str:
    """The blocks as Markdown, with an empty line between them."""
    return "\n".join(_markdown(block) for block in blocks)


def _markdown(block):
    if isinstance(block, Text):
        return textwrap.fill(block.text, 120, break_long_words=False, break_on_hyphens=False) + "\n"
    if isinstance(block, Commands):
        return "".join(f"`{line}`  \n" for line in block.lines)
    lines = [list(block.frame.columns), ["---"] * block.frame.shape[1], *block.frame.to_numpy().tolist()]
    return "".join(f"| {' | '.join(map(str, line))} |\n" for line in lines)
