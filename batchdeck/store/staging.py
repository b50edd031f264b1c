"""TinyDB over one transaction: its tables, with what the transaction changes noted record by record.

TinyDB itself copies and writes every table at every change; here only the records that differ are kept, so
a commit costs what it changes.
"""

from __future__ import annotations

import copy
from collections.abc import Callable, Iterator, Mapping, MutableMapping
from typing import Any, cast

from tinydb import TinyDB
from tinydb.storages import Storage
from tinydb.table import Table

from batchdeck.store.journal import Tables
from batchdeck.store.rows import Record, Written, WrittenDelta, record_of, write_row


class StagedRows(MutableMapping[str, Record]):
    """One table as the transaction sees it: the committed rows under its own changes."""

    def __init__(self, committed: Mapping[str, Record]) -> None:
        self._committed = committed
        self.changes: dict[str, Written | None] = {}

    def __getitem__(self, number: str) -> Record:
        record = self.changes[number] if number in self.changes else self._committed.get(number)
        if record is None:
            raise KeyError(number)
        return record_of(record)

    def __setitem__(self, number: str, record: Record) -> None:
        self.changes[number] = write_row(record)  # a job's documents may be thousands

    def __delitem__(self, number: str) -> None:
        self[number]
        self.changes[number] = None

    def __iter__(self) -> Iterator[str]:
        yield from (number for number in self._committed if self.changes.get(number, True) is not None)
        yield from (
            number
            for number, record in self.changes.items()
            if record is not None and number not in self._committed
        )

    def __len__(self) -> int:
        return sum(1 for _ in self)

    def writable(self, number: str) -> Record:
        """Return a record that may be changed in place: the transaction's own copy."""
        record = self.changes.get(number)
        if not isinstance(record, dict):
            record = self.changes[number] = copy.deepcopy(self[number])
        return record

    def delta(self) -> dict[str, Written | None]:
        """Return what really differs from the committed rows."""
        return {number: written for number, written in self.changes.items() if self._differs(number, written)}

    def _differs(self, number: str, written: Written | None) -> bool:
        committed = self._committed.get(number)
        if written is None or committed is None:
            return written is not committed
        return record_of(written) != committed


class _NumberedRows(MutableMapping[int, Record]):
    """Rows by their integer number, as TinyDB's updaters take them. What is read may be changed in place."""

    def __init__(self, rows: StagedRows) -> None:
        self._rows = rows

    def __getitem__(self, number: int) -> Record:
        return self._rows.writable(str(number))

    def __setitem__(self, number: int, record: Record) -> None:
        self._rows[str(number)] = record

    def __delitem__(self, number: int) -> None:
        del self._rows[str(number)]

    def __contains__(self, number: object) -> bool:
        return str(number) in self._rows

    def __iter__(self) -> Iterator[int]:
        return map(int, self._rows)

    def __len__(self) -> int:
        return len(self._rows)


class StagedStorage(Storage):
    """TinyDB's storage for the length of one transaction. Nothing reaches the disk from here."""

    def __init__(self, committed: Tables) -> None:
        super().__init__()
        self._committed = committed
        self._rows: dict[str, StagedRows] = {}

    def rows(self, name: str) -> StagedRows:
        """Return one table, empty when there is none yet."""
        if name not in self._rows:
            self._rows[name] = StagedRows(self._committed.get(name, {}))
        return self._rows[name]

    def read(self) -> dict[str, dict[str, Any]]:
        """Return every table as the transaction sees it."""
        names = dict.fromkeys((*self._committed, *self._rows))
        return cast("dict[str, dict[str, Any]]", {name: self.rows(name) for name in names})

    def write(self, data: Mapping[str, Mapping[str, Any]]) -> None:
        """Take over `data` as the whole content (TinyDB drops tables this way)."""
        for name in self.read():
            rows, wanted = self.rows(name), data.get(name, {})
            for number in [number for number in rows if number not in wanted]:
                del rows[number]
        for name, records in data.items():
            rows = self.rows(name)
            for number, record in records.items():
                if rows.get(number) != record:
                    rows[number] = dict(record)

    def delta(self) -> WrittenDelta:
        """Return what the transaction changes, by table and number."""
        changed = {name: rows.delta() for name, rows in self._rows.items()}
        return {name: rows for name, rows in changed.items() if rows}


class StagedTable(Table):
    """TinyDB's table without its query cache and without copying a table to change one record."""

    default_query_cache_capacity = 0

    def _update_table(self, updater: Callable[[dict[int, Mapping[str, Any]]], None]) -> None:
        rows = cast("StagedStorage", self._storage).rows(self.name)
        updater(cast("dict[int, Mapping[str, Any]]", _NumberedRows(rows)))


class StagedDB(TinyDB):
    """TinyDB for the length of one transaction."""

    table_class = StagedTable

    def __init__(self, committed: Tables) -> None:
        super().__init__(committed, storage=StagedStorage)

    def delta(self) -> WrittenDelta:
        """Return what the transaction changes."""
        return cast("StagedStorage", self.storage).delta()
