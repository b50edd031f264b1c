"""The rows of one table of a ledger: bytes as the snapshot has them, until somebody looks at one."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, MutableMapping
from typing import Any

import msgspec

from batchdeck.errors import DeckDamaged

Record = dict[str, Any]
Written = msgspec.Raw | Record
"""A record as it lies in the snapshot, or as a commit since has set it."""
DOCTOR = "Run `batchdeck doctor`; it says what is damaged and which copies there are. Nothing was changed."
_records = msgspec.json.Decoder(Record)


class WrittenRows(MutableMapping[str, Record]):
    """Rows by number. A record that nobody asks for is never made: of ten thousand batches, the typed views
    read each from its bytes, and a list at the start of the dashboard waits for nothing else."""

    def __init__(self, written: Mapping[str, Written]) -> None:
        self._written = dict(written)

    def __getitem__(self, number: str) -> Record:
        written = self._written[number]
        return written if isinstance(written, dict) else record_of(written)

    def __setitem__(self, number: str, record: Record) -> None:
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


def written_rows(rows: Mapping[str, Record]) -> Mapping[str, Written]:
    """Return rows without making records of what is still bytes."""
    return rows.written if isinstance(rows, WrittenRows) else rows


def record_of(written: msgspec.Raw) -> Record:
    """Read a record.

    Raises:
        DeckDamaged: it is none.
    """
    try:
        return _records.decode(written)
    except (msgspec.MsgspecError, UnicodeDecodeError) as error:
        raise DeckDamaged(f"ledger.json cannot be read: {error}.", hint=DOCTOR) from error
