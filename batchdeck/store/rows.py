"""The rows of one table of a ledger: bytes as the files have them, until somebody looks at one."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, MutableMapping
from typing import Any

import msgspec

from batchdeck.errors import DeckDamaged

Record = dict[str, Any]
Written = msgspec.Raw | Record
"""A record as it lies in the ledger's files, at a quarter of the memory, or as it is looked at."""
WrittenDelta = dict[str, dict[str, Written | None]]
"""By table and record number: the record as it is now, or None where it was removed."""
DOCTOR = "Run `batchdeck doctor`; it says what is damaged and which copies there are. Nothing was changed."
_records = msgspec.json.Decoder(Record)


class WrittenRows(MutableMapping[str, Record]):
    """Rows by number. A record that nobody asks for is never made: of ten thousand batches, the typed views
    read each from its bytes, and a list at the start of the dashboard waits for nothing else."""

    def __init__(self, written: Mapping[str, Written]) -> None:
        self._written = dict(written)

    def __getitem__(self, number: str) -> Record:
        return record_of(self._written[number])

    def __setitem__(self, number: str, record: Written) -> None:
        self._written[number] = record

    def __delitem__(self, number: str) -> None:
        del self._written[number]

    def __contains__(self, number: object) -> bool:
        return number in self._written

    def __iter__(self) -> Iterator[str]:
        return iter(self._written)

    def __len__(self) -> int:
        return len(self._written)

    @property
    def written(self) -> Mapping[str, Written]:
        """The rows as they are kept."""
        return self._written


def write_row(record: Record) -> msgspec.Raw:
    """Return a record as it will lie in the ledger's files."""
    return msgspec.Raw(msgspec.json.encode(record))


def written_rows(rows: Mapping[str, Record]) -> Mapping[str, Written]:
    """Return rows without making records of what is still bytes."""
    return rows.written if isinstance(rows, WrittenRows) else rows


def record_of(written: Written) -> Record:
    """Read a record, where it is still bytes.

    Raises:
        DeckDamaged: it is none.
    """
    if isinstance(written, dict):
        return written
    try:
        return _records.decode(written)
    except (msgspec.MsgspecError, UnicodeDecodeError) as error:
        raise DeckDamaged(f"A record of the ledger cannot be read: {error}.", hint=DOCTOR) from error
