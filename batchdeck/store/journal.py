"""The two files a ledger is kept in, as bytes: the readable snapshot and the journal of commits since.

Nothing here takes a lock or knows what a commit means; `storage` does.

Snapshot (`ledger.json`) is one JSON object, the form TinyDB's own JSONStorage reads. Its first line is a
table `ledger` with the format, the number and the mark of the last commit it holds, and the CRC-32 of these
and of all bytes after that line; then one line per record.

Journal (`ledger.journal`) is one line per commit: CRC-32 in 8 hexadecimal digits, a blank, and a JSON object
with its sequence number and the records it sets (null removes). Behind the last commit lie zeros, written
ahead as a reserve, so that what must be recorded still finds room on a full disk.
"""

from __future__ import annotations

import re
import zlib
from collections.abc import Iterable, Iterator, Mapping, MutableMapping
from dataclasses import dataclass
from itertools import islice

import msgspec

from batchdeck.errors import DeckDamaged
from batchdeck.store.rows import DOCTOR, Record, Written, WrittenDelta, WrittenRows, record_of, written_rows

Tables = dict[str, MutableMapping[str, Record]]
Delta = dict[str, dict[str, Record | None]]
"""By table and record number: the record as it is now, or None where it was removed."""

HEADER_TABLE = "ledger"
HEADER_BYTES = 200
"""More than a snapshot's first line ever has."""
MARK_BYTES = 8
_LINES_A_PIECE = 500
LEDGER_GONE = "ledger.json is empty or gone, but the deck has a ledger"


@dataclass(frozen=True, slots=True)
class Snapshot:
    """A ledger as its snapshot holds it."""

    format: int
    sequence: int
    mark: str
    """Of the last commit it holds; empty where there was none."""
    tables: Tables


@dataclass(frozen=True, slots=True)
class Commit:
    """One commit as the journal holds it."""

    sequence: int
    written: WrittenDelta
    """What it sets and removes, as it lies in the file."""
    start: int
    """Its byte offset in the file."""
    mark: str
    """Its first bytes, by which it is known again."""

    @property
    def delta(self) -> Delta:
        """What it sets and removes.

        Raises:
            DeckDamaged: a record is none.
        """
        return {
            table: {number: None if row is None else record_of(row) for number, row in rows.items()}
            for table, rows in self.written.items()
        }


@dataclass(frozen=True, slots=True)
class Replay:
    """What a stretch of journal holds: whole commits, and whether something unreadable follows them."""

    commits: tuple[Commit, ...]
    end: int
    """Offset behind the last whole commit."""
    torn: bool
    """A commit that was cut short, never acknowledged, follows."""


class Header(msgspec.Struct):
    """The first line of a snapshot."""

    format: int
    sequence: int
    mark: str
    crc32: str


_headers = msgspec.json.Decoder(dict[str, dict[str, Header]])
_snapshots = msgspec.json.Decoder(dict[str, dict[str, msgspec.Raw]])


def decode_header(line: bytes) -> Header:
    """Read the first line of a snapshot.

    Raises:
        DeckDamaged: it is not one.
    """
    try:
        return _headers.decode(line.removesuffix(b",") + b"}")[HEADER_TABLE]["1"]
    except (msgspec.MsgspecError, UnicodeDecodeError, KeyError) as error:
        raise DeckDamaged("ledger.json does not begin like a ledger.", hint=DOCTOR) from error


def _covered(header: Header) -> bytes:
    return f"{header.format} {header.sequence} {header.mark} ".encode()


def _checksum(header: Header, body: bytes | memoryview) -> str:
    return f"{zlib.crc32(body, zlib.crc32(_covered(header))):08x}"


def encode_snapshot(snapshot: Snapshot) -> Iterator[bytes]:
    """Yield a snapshot's bytes in pieces, the header first. They are made twice, to be counted and to be
    written: a ledger may be large, and is never in memory once more."""
    header = Header(snapshot.format, snapshot.sequence, snapshot.mark, "")
    checksum = zlib.crc32(_covered(header))
    for piece in _body(snapshot.tables):
        checksum = zlib.crc32(piece, checksum)
    header.crc32 = f"{checksum:08x}"
    yield b'{"' + HEADER_TABLE.encode() + b'": {"1": ' + msgspec.json.encode(header) + b"},\n"
    yield from _body(snapshot.tables)


def _body(tables: Tables) -> Iterator[bytes]:
    encode = msgspec.json.Encoder().encode
    # Never without a table: the header line ends in a comma.
    for position, (name, rows) in enumerate((tables or {"meta": {}}).items()):
        yield (b",\n" if position else b"") + encode(name) + b": {\n"
        lines = (encode(number) + b": " + encode(row) for number, row in written_rows(rows).items())
        before = b""
        while piece := list(islice(lines, _LINES_A_PIECE)):
            yield before + b",\n".join(piece)
            before = b",\n"
        yield b"\n}"
    yield b"\n}\n"


def decode_snapshot(data: bytes) -> Snapshot:
    """Read a snapshot.

    Raises:
        DeckDamaged: it is not one, or its bytes are not those that were written.
    """
    head = data[: data.find(b"\n") + 1]
    header = decode_header(head.removesuffix(b"\n"))
    if header.crc32 != _checksum(header, memoryview(data)[len(head) :]):
        raise DeckDamaged("ledger.json is not what was written: its checksum differs.", hint=DOCTOR)
    return _read_tables(data, header)


def decode_snapshot_as(data: bytes, formats: Iterable[int]) -> Snapshot | None:
    """Read a snapshot of which only the format number was changed: its checksum holds with one of `formats`.
    None where more is wrong with it.

    Raises:
        DeckDamaged: its checksum holds, and yet it is none.
    """
    head = data[: data.find(b"\n") + 1]
    try:
        header = decode_header(head.removesuffix(b"\n"))
    except DeckDamaged:
        return None
    for number in formats:
        renumbered = msgspec.structs.replace(header, format=number)
        if number != header.format and header.crc32 == _checksum(renumbered, memoryview(data)[len(head) :]):
            return _read_tables(data, renumbered)
    return None


def _read_tables(data: bytes, header: Header) -> Snapshot:
    try:
        written = _snapshots.decode(data)
    except (msgspec.MsgspecError, UnicodeDecodeError) as error:
        raise DeckDamaged(f"ledger.json cannot be read: {error}.", hint=DOCTOR) from error
    del written[HEADER_TABLE]
    tables: Tables = {name: WrittenRows(rows) for name, rows in written.items()}
    return Snapshot(header.format, header.sequence, header.mark, tables)


class _Frame(msgspec.Struct):
    sequence: int
    set: WrittenDelta


class _Line(msgspec.Struct):
    sequence: int
    set: dict[str, dict[str, msgspec.Raw]]


_NULL = msgspec.Raw(b"null")


_BEGIN = re.compile(rb'[0-9a-f]{8} \{"sequence":')
"""How every commit begins; inside one, the quotation mark would be escaped."""
_lines = msgspec.json.Decoder(_Line)


def encode_commit(sequence: int, delta: Mapping[str, Mapping[str, Written | None]]) -> bytes:
    """Return one commit as a line of the journal."""
    payload = msgspec.json.encode({"sequence": sequence, "set": delta})
    return b"%08x %b\n" % (zlib.crc32(payload), payload)


def replay(data: bytes, start: int, after: int) -> Replay:
    """Read commits from a stretch of journal.

    Args:
        data: the journal from offset `start` to its end.
        start: where `data` begins in the file.
        after: the sequence number of the last commit known; those up to it are passed over.

    Raises:
        DeckDamaged: whole commits follow something unreadable, or one is missing in between. A commit cut
            short by a crash can only ever be the last, since each is on the disk before the next begins.
    """
    commits: list[Commit] = []
    position = 0
    while (frame := _frame_at(data, position)) is not None:
        end = data.index(b"\n", position) + 1
        if frame.sequence > after:
            expected = commits[-1].sequence + 1 if commits else after + 1
            if frame.sequence != expected:
                raise DeckDamaged(
                    f"ledger.journal lacks commit {expected}: {frame.sequence} is the next.", hint=DOCTOR
                )
            mark = data[position : position + MARK_BYTES].decode("ascii")
            commits.append(Commit(frame.sequence, frame.set, start + position, mark))
        position = end
    rest = data[position:]
    last = commits[-1].sequence if commits else after
    is_torn = rest != bytes(len(rest))
    if is_torn and _holds_later_commit(rest, last):
        raise DeckDamaged(
            f"ledger.journal is unreadable at byte {start + position:,}, and whole commits follow.",
            hint=DOCTOR,
        )
    return Replay(tuple(commits), start + position, torn=is_torn)


def find_commits(data: bytes) -> Iterator[Commit]:
    """Yield every whole commit of a journal, in the order of the file, whatever lies between them."""
    end = 0
    for found in _BEGIN.finditer(data):
        if found.start() < end:
            continue
        try:
            frame = _frame_at(data, found.start())
        except DeckDamaged:
            continue
        if frame is not None:
            end = data.index(b"\n", found.start()) + 1
            mark = data[found.start() : found.start() + MARK_BYTES].decode("ascii")
            yield Commit(frame.sequence, frame.set, found.start(), mark)


def _frame_at(data: bytes, position: int) -> _Frame | None:
    newline = data.find(b"\n", position)
    if newline < 0 or data[position + MARK_BYTES : position + MARK_BYTES + 1] != b" ":
        return None
    payload = memoryview(data)[position + MARK_BYTES + 1 : newline]
    if data[position : position + MARK_BYTES] != b"%08x" % zlib.crc32(payload):
        return None
    try:
        line = _lines.decode(payload)
    except (msgspec.MsgspecError, UnicodeDecodeError) as error:
        raise DeckDamaged(f"ledger.journal holds a commit of another kind: {error}.", hint=DOCTOR) from error
    # Copies: one row that lives on would keep all the bytes that were read with it.
    return _Frame(
        line.sequence,
        {
            table: {number: None if row == _NULL else row.copy() for number, row in rows.items()}
            for table, rows in line.set.items()
        },
    )


def _holds_later_commit(rest: bytes, last: int) -> bool:
    return any(
        frame is not None and frame.sequence > last
        for frame in (_frame_at(rest, found.start()) for found in _BEGIN.finditer(rest))
    )
