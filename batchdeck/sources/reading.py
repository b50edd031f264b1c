"""Reading single records of a kept source by their number, through an index of where each begins."""

from __future__ import annotations

import os
import struct
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, BinaryIO

import msgspec

from batchdeck.domain.documents import FileKind
from batchdeck.domain.text import show
from batchdeck.errors import DeckDamaged, NotFound
from batchdeck.sources.opening import Unusable
from batchdeck.sources.records import Lines, Record, parse_csv_record, parse_object, read_records

_PLACE = struct.Struct("<QQ")
"""Offset and length in bytes of each record, in their order; before the first, those of the header."""
_LABEL_LIMIT = 200
_MOST = 64 * 1024 * 1024
"""Bytes of a record: more than any scan lets through, so that records are numbered as they were then."""


@dataclass(frozen=True, slots=True)
class Told:
    """What a plan needs to know of one record."""

    number: int
    label: str
    model: str = ""
    """Of a ready-made request."""
    max_tokens: int = 0


def read_places(path: str | Path, kind: FileKind) -> Iterator[bytes]:
    """Yield the index of a source, to be written to a file."""
    with open(path, "rb", buffering=1 << 18) as file:
        for record in read_records(Lines(file, _MOST), kind, _MOST):
            if record.number == 1:
                yield _PLACE.pack(0, record.offset)
            yield _PLACE.pack(record.offset, record.length)


def tell_records(path: str | Path, kind: FileKind, *, id_column: str, are_requests: bool) -> Iterator[Told]:
    """Yield what a plan needs to know of each record; of one that cannot be read, its number alone."""
    with open(path, "rb", buffering=1 << 18) as file:
        for record in read_records(Lines(file, _MOST), kind, _MOST):
            if are_requests:
                yield _told(record)
            else:
                label = record.values.get(id_column) if id_column else None
                shown = "" if label is None else show(str(label), _LABEL_LIMIT)
                yield Told(record.number, shown or str(record.number))


def _told(record: Record) -> Told:
    name, params = record.values.get("custom_id"), record.values.get("params")
    if not isinstance(name, str) or not isinstance(params, dict):
        return Told(record.number, str(record.number))
    model, tokens = params.get("model"), params.get("max_tokens")
    return Told(
        record.number,
        name,
        model if isinstance(model, str) else "",
        tokens if isinstance(tokens, int) else 0,
    )


class _RawRequest(msgspec.Struct):
    custom_id: str
    params: msgspec.Raw


class RecordReader:
    """One source with its index, open to be read at any record."""

    def __init__(self, source: Path, places: Path, kind: FileKind) -> None:
        self._kind = kind
        self._source: BinaryIO = open(source, "rb")  # noqa: SIM115 - closed by `close`
        self._places: BinaryIO = open(places, "rb")  # noqa: SIM115
        self._head = self._read(*self._place(0)) if kind is FileKind.CSV else b""

    def __enter__(self) -> RecordReader:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        self._source.close()
        self._places.close()

    def raw(self, number: int) -> bytes:
        """Return one record as it stands in the file.

        Raises:
            NotFound: there is no such record.
        """
        return self._read(*self._place(number))

    def row(self, number: int) -> Mapping[str, Any]:
        """Return one record's values by name.

        Raises:
            NotFound: there is no such record.
            DeckDamaged: it is no record any more.
        """
        raw = self.raw(number)
        try:
            if self._kind is FileKind.CSV:
                return parse_csv_record(self._head, raw)
            values, problem = parse_object(raw)
        except (Unusable, ValueError, StopIteration) as error:
            raise _damaged(number, str(error)) from error
        if problem:
            raise _damaged(number, problem)
        return values

    def request(self, number: int) -> tuple[str, msgspec.Raw]:
        """Return a ready-made request: its own custom_id, and its params byte for byte.

        Raises:
            NotFound: there is no such record.
            DeckDamaged: it is no request any more.
        """
        try:
            found = msgspec.json.decode(self.raw(number), type=_RawRequest)
        except msgspec.MsgspecError as error:
            raise _damaged(number, str(error)) from error
        return found.custom_id, found.params

    def _place(self, number: int) -> tuple[int, int]:
        raw = os.pread(self._places.fileno(), _PLACE.size, number * _PLACE.size)
        if number < 0 or len(raw) != _PLACE.size:
            raise NotFound(f"The source has no record {number:,}.", hint="Run `batchdeck doctor`.")
        offset, length = _PLACE.unpack(raw)
        return int(offset), int(length)

    def _read(self, offset: int, length: int) -> bytes:
        return os.pread(self._source.fileno(), length, offset)


def _damaged(number: int, why: str) -> DeckDamaged:
    return DeckDamaged(
        f"Record {number:,} of a kept source cannot be read: {show(why, 120)}.",
        hint="Run `batchdeck doctor`.",
    )
