"""Blocks: what a page consists of once its rows are understood. How they are found is told elsewhere."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from batchdeck.sandbox.engine.shapes import Row
from batchdeck.sandbox.engine.tables import Table


@dataclass(frozen=True, slots=True)
class Paragraph:
    """Running text."""

    rows: tuple[Row, ...]
    is_print: bool = False
    """Program text and the like: row breaks and spaces mean something."""


@dataclass(frozen=True, slots=True)
class Heading:
    """A heading; `level` from 1 to 6."""

    rows: tuple[Row, ...]
    level: int


@dataclass(frozen=True, slots=True)
class Item:
    """One entry of a list, without its mark, and the list inside it."""

    rows: tuple[Row, ...]
    children: tuple[Item, ...] = ()
    style: str = "bullet"
    """What its mark was: bullet, number, letter or enclosed."""
    value: int = 0
    """What its mark says, where it is a number or a letter."""


@dataclass(frozen=True, slots=True)
class ItemList:
    """A list."""

    items: tuple[Item, ...]


@dataclass(frozen=True, slots=True)
class Contents:
    """Entries of a table of contents: text and page, a row each."""

    rows: tuple[Row, ...]


@dataclass(frozen=True, slots=True)
class TableBlock:
    """A table and the title printed above it."""

    table: Table
    caption: tuple[Row, ...] = ()


@dataclass(frozen=True, slots=True)
class Figure:
    """A picture and the caption printed below it."""

    box: tuple[float, float, float, float]
    caption: tuple[Row, ...] = ()


Block = Paragraph | Heading | ItemList | Contents | TableBlock | Figure


def rows_of(block: Block) -> Sequence[Row]:
    """Return the rows a block was made of, captions left out."""
    match block:
        case Paragraph() | Heading() | Contents():
            return block.rows
        case TableBlock():
            return [row for cells in block.table.rows for cell in cells for row in cell.rows]
        case ItemList():
            return _rows_of_items(block.items)
        case Figure():
            return ()


def _rows_of_items(items: Sequence[Item]) -> list[Row]:
    rows: list[Row] = []
    for item in items:
        rows.extend((*item.rows, *_rows_of_items(item.children)))
    return rows


@dataclass(frozen=True, slots=True)
class Look:
    """How a page's running text looks, against which everything else stands out."""

    size: float
    """In points."""
    gap: float
    """Empty height between two rows of one paragraph, in points; may be negative."""
    bold_is_usual: bool
    """Whether most of it is bold, so that bold says nothing."""
    in_contents: bool
    """Whether the page is part of a table of contents."""
