"""Marked rows: one byte a row, so that marking a million rows costs a megabyte and no waiting."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from batchdeck.tui.widgets.row_table.order import Order
from batchdeck.tui.widgets.row_table.rows import RowSource


class Marks:
    """Which rows of one source are marked, by their index in it."""

    def __init__(self, size: int = 0) -> None:
        self._flags = bytearray(size)
        self._count = 0

    def __len__(self) -> int:
        return self._count

    def __contains__(self, index: int) -> bool:
        return 0 <= index < len(self._flags) and self._flags[index] == 1

    def __iter__(self) -> Iterator[int]:
        """Yield the marked indices, ascending."""
        index = self._flags.find(1)
        while index >= 0:
            yield index
            index = self._flags.find(1, index + 1)

    def toggle(self, index: int) -> None:
        self._flags[index] ^= 1
        self._count += 1 if self._flags[index] else -1

    def add(self, indices: Iterable[int]) -> None:
        """Mark rows; those that are marked stay so."""
        if isinstance(indices, range) and indices == range(len(self._flags)):
            self._flags = bytearray(b"\x01") * len(self._flags)
        else:
            for index in indices:
                self._flags[index] = 1
        self._count = self._flags.count(1)

    def count_in(self, order: Order) -> int:
        """Return how many of the rows in `order` are marked."""
        if not self._count:
            return 0
        return self._count if isinstance(order, range) else sum(map(self._flags.__getitem__, order))

    def clear(self) -> None:
        self._flags = bytearray(len(self._flags))
        self._count = 0

    def moved_to(self, old: RowSource, new: RowSource) -> Marks:
        """Return the marks as they stand in a newer source: rows that are gone lose theirs."""
        moved = Marks(len(new))
        if not self._count:
            return moved
        if old.positional and new.positional:
            moved._flags[:] = self._flags[: len(new)].ljust(len(new), b"\x00")
        else:
            for index in self:
                place = new.index_of(old.key(index))
                if place is not None:
                    moved._flags[place] = 1
        moved._count = moved._flags.count(1)
        return moved
