"""What a table shows: columns, cells, and the source that hands out rows only when they are looked at."""

from __future__ import annotations

import enum
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any, Generic, Protocol, TypeVar

from batchdeck.tui.glyphs import Sign, Tone

T = TypeVar("T")
Key = str | int
"""Names a row for as long as it exists, wherever it stands."""


class Align(enum.Enum):
    LEFT = enum.auto()
    RIGHT = enum.auto()


class Cut(enum.Enum):
    """Where a text that is too long loses its characters."""

    END = enum.auto()
    MIDDLE = enum.auto()
    """For file names, which differ at both ends."""


@dataclass(frozen=True, slots=True)
class Cell:
    """One cell's text and what it means. The text is shown as it is: no markup."""

    text: str
    tone: Tone = Tone.PLAIN

    @classmethod
    def sign(cls, sign: Sign) -> Cell:
        """Return a cell with a status: its glyph and its word."""
        return cls(str(sign), sign.tone)


Cells = tuple[Cell | str, ...]


@dataclass(frozen=True)  # No slots: with them, Python 3.11 cannot make a `Column[Record](...)`.
class Column(Generic[T]):
    """One column: how wide, how important, what it says of a record, and how it sorts."""

    id: str
    title: str
    cell: Callable[[T], Cell | str]
    width: int
    """The least width in terminal cells at which the column is worth showing."""
    grow: int = 0
    """Its share of the width that is left over; 0 keeps it at `width`."""
    widest: int = 0
    """Greatest width it grows to; 0 for no bound."""
    align: Align = Align.LEFT
    cut: Cut = Cut.END
    drop: int = 0
    """When it is dropped from a narrow terminal: 1 goes first, then 2 …; 0 never."""
    sort: Callable[[T], Any] | None = None
    """The value it sorts by; None for a column that does not sort."""
    letter: str = ""
    """Shift and this letter sort by it."""


class RowSource(Protocol):
    """A list of rows that cost nothing until they are shown. A source is a snapshot: what an index means does
    not change during its life, and new data comes as a new source."""

    @property
    def columns(self) -> Sequence[Column[Any]]: ...

    @property
    def positional(self) -> bool:
        """Whether the key of row i is i, for good: then marks and the cursor need no look-up."""

    def __len__(self) -> int: ...

    def key(self, index: int) -> Key: ...

    def index_of(self, key: Key) -> int | None: ...

    def cells(self, index: int) -> Cells:
        """Return the texts of one row, one for each column."""

    def text(self, index: int) -> str:
        """Return what a filter looks through."""

    def sort_value(self, column: str) -> Callable[[int], Any] | None:
        """Return what gives a row's sort value by its index, or None for a column that does not sort."""


@dataclass(slots=True)
class RecordRows(Generic[T]):
    """Rows made of records: any sequence, from a list to a view of a million pages on disk."""

    columns: Sequence[Column[T]]
    records: Sequence[T]
    key_of: Callable[[T], Key] | None = None
    """None when a row's place is its name for good, as for the pages of a job or the lines of a log."""
    text_of: Callable[[T], str] | None = None
    """What a filter looks through; None for the texts of all columns."""
    _places: dict[Key, int] | None = field(default=None, init=False, repr=False)

    @property
    def positional(self) -> bool:
        return self.key_of is None

    def __len__(self) -> int:
        return len(self.records)

    def key(self, index: int) -> Key:
        return index if self.key_of is None else self.key_of(self.records[index])

    def index_of(self, key: Key) -> int | None:
        if self.key_of is None:
            return key if isinstance(key, int) and 0 <= key < len(self.records) else None
        if self._places is None:
            self._places = {self.key_of(record): place for place, record in enumerate(self.records)}
        return self._places.get(key)

    def record(self, index: int) -> T:
        """Return what a row says."""
        return self.records[index]

    def cells(self, index: int) -> Cells:
        record = self.record(index)
        return tuple(column.cell(record) for column in self.columns)

    def text(self, index: int) -> str:
        if self.text_of is not None:
            return self.text_of(self.record(index))
        return " ".join(cell if isinstance(cell, str) else cell.text for cell in self.cells(index))

    def sort_value(self, column: str) -> Callable[[int], Any] | None:
        value_of = next((item.sort for item in self.columns if item.id == column), None)
        if value_of is None:
            return None
        records = self.records
        return lambda index: value_of(records[index])
