"""What a notebook shows of a value: a title, facts, notes and tables of plain text, made for eyes and ears.

A card holds text only. `batchdeck.notebook.render` turns it into HTML, or into lines for a console.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from itertools import islice

from batchdeck.domain.text import show

MOST_ROWS = 50
"""Rows of a table that are shown; of the others the count is."""
NOTHING = "–"
"""Stands where there is no value, so that a gap is never mistaken for a zero."""


@dataclass(frozen=True, slots=True)
class Table:
    """Rows of cells under their titles. The first cell of a row names it."""

    caption: str
    titles: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]
    right: frozenset[int] = frozenset()
    """Positions of the columns that are aligned to the right: numbers."""
    more: int = 0
    """How many rows are left out."""


@dataclass(frozen=True, slots=True)
class Card:
    """One value as it is shown."""

    title: str
    facts: tuple[tuple[str, str], ...] = ()
    notes: tuple[str, ...] = ()
    tables: tuple[Table, ...] = ()

    def __post_init__(self) -> None:
        # Titles and notes hold names and messages from outside.
        object.__setattr__(self, "title", show(self.title, 300))
        object.__setattr__(self, "notes", tuple(show(note, 400) for note in self.notes))


@dataclass(frozen=True, slots=True)
class Columns:
    """The columns of a table; `fill` makes the table."""

    titles: tuple[str, ...]
    right: frozenset[int] = field(default_factory=frozenset)

    def fill(
        self, caption: str, rows: Iterable[Sequence[object]], count: int, *, most: int = MOST_ROWS
    ) -> Table:
        """Return a table of the first `most` of `count` rows; values become safe text."""
        shown = tuple(tuple(map(cell, row)) for row in islice(rows, most))
        return Table(caption, self.titles, shown, self.right, max(0, count - len(shown)))


def cell(value: object) -> str:
    """Return a value as the text of a cell."""
    return NOTHING if value is None or value == "" else show(str(value), 120)


def facts(**values: object) -> tuple[tuple[str, str], ...]:
    """Return facts by their names, without those that have no value."""
    return tuple(
        (name.replace("_", " "), cell(value)) for name, value in values.items() if value not in (None, "")
    )


def lines(card: Card) -> Iterator[str]:
    """Return a card as lines for a console."""
    yield card.title
    for name, value in card.facts:
        yield f"  {name}: {value}"
    for note in card.notes:
        yield f"  ! {note}"
    for table in card.tables:
        yield from _table_lines(table)


def _table_lines(table: Table) -> Iterator[str]:
    cells = [table.titles, *table.rows]
    widths = [max(len(row[column]) for row in cells) for column in range(len(table.titles))]
    yield f"{table.caption}:"
    for row in cells:
        line = "  ".join(
            text.rjust(width) if column in table.right else text.ljust(width)
            for column, (text, width) in enumerate(zip(row, widths, strict=True))
        )
        yield line.rstrip()
    if table.more:
        yield f"… and {table.more:,} more"
