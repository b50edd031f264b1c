"""What a ledger's two files still say when they are damaged: every record that can be read, and what cannot.

Only reads. A commit is a set of whole records, so a later one holds even where one before it is unreadable.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import msgspec

from batchdeck.errors import DeckDamaged, DeckTooNew
from batchdeck.store.disk import storage_failures
from batchdeck.store.journal import (
    HEADER_BYTES,
    LEDGER_GONE,
    Commit,
    Tables,
    decode_header,
    decode_snapshot,
    decode_snapshot_as,
    find_commits,
    replay,
)
from batchdeck.store.layout import DeckLayout
from batchdeck.store.records import (
    KEY_FIELD,
    META_NAME,
    Kind,
    decode_batch,
    decode_document,
    decode_job,
    decode_meta,
    decode_outline,
    decode_submission,
)
from batchdeck.store.rows import Record
from batchdeck.store.storage import CURRENT, LedgerFormat

STAND_IN_RECIPE = "pdf-to-html"
STAND_IN_TOKENS = 4096
_TABLE = re.compile(rb'"([a-z]+)": \{')
_ROW = re.compile(rb'"(\d+)": (\{.*\}),?')
_DECODERS: Mapping[str, Callable[[Record], object]] = {
    Kind.META: decode_meta,
    Kind.JOBS: lambda row: decode_job(row, ()),
    Kind.DOCUMENTS: lambda row: (decode_document(row), decode_outline(row)),
    Kind.SUBMISSIONS: decode_submission,
    Kind.BATCHES: decode_batch,
}


@dataclass(frozen=True, slots=True)
class Salvage:
    """A ledger as far as it can be read."""

    tables: Tables
    format: int
    """Of the tables: the newest there is, whatever that of the files was."""
    sequence: int
    """Number of the last commit that is anywhere in the files."""
    problems: tuple[str, ...]
    """What is wrong with the files; empty where they are sound."""
    lost: tuple[str, ...]
    """What they no longer say, as exactly as they let on."""
    unreadable: tuple[bytes, ...]
    """The lines and records that could not be taken."""

    @property
    def is_sound(self) -> bool:
        return not self.problems


def salvage(layout: DeckLayout, *, format_: LedgerFormat = CURRENT) -> Salvage:
    """Read a deck's ledger as far as its files let on.

    Raises:
        DeckTooNew: written by a newer version; there is nothing to mend.
        StorageFailed: a file cannot be read at all.
    """
    with storage_failures("Reading", layout.ledger):
        is_there = layout.ledger.exists()
        data, journal = _bytes_of(layout.ledger), _bytes_of(layout.journal)
        is_gone = not data and (is_there or bool(journal.strip(b"\0")) or layout.has_been_used)
    work = _Work(format_)
    work.problems += [f"{path.name} is a folder" for path in (layout.ledger, layout.journal) if path.is_dir()]
    work.take_snapshot(data, is_gone=is_gone)
    work.take_journal(journal)
    work.drop_what_cannot_be_read()
    return Salvage(
        work.tables,
        format_.number,
        work.sequence,
        tuple(work.problems),
        tuple(work.lost),
        tuple(work.unreadable),
    )


def _bytes_of(path: Path) -> bytes:
    return path.read_bytes() if path.exists() and not path.is_dir() else b""


class _Work:
    """One salvage under way."""

    def __init__(self, format_: LedgerFormat) -> None:
        self._format = format_
        self._is_proved = True
        self._mark = ""
        self.tables: Tables = {}
        self.sequence = 0
        self.problems: list[str] = []
        self.lost: list[str] = []
        self.unreadable: list[bytes] = []

    def take_snapshot(self, data: bytes, *, is_gone: bool) -> None:
        if not data:
            if is_gone:
                self.problems.append(LEDGER_GONE)
            return
        number = self._format.number
        try:
            snapshot = decode_snapshot(data)
            tables: Tables = {name: dict(rows) for name, rows in snapshot.tables.items()}
            number, self.sequence, self.tables = snapshot.format, snapshot.sequence, tables
        except DeckDamaged as error:
            known = range(min(self._format.migrations, default=number), number + 1)
            number = self._take_renumbered(data, known)
            if number not in known:
                self.problems.append(error.message.removesuffix("."))
                number = max(known.start, self._take_lines(data))
        if number > self._format.number:
            raise DeckTooNew(
                f"The ledger has format {number}; this BatchDeck knows up to {self._format.number}.",
                hint="Update BatchDeck on this machine. Nothing was changed.",
            )
        for older in range(number, self._format.number):
            self.tables = self._format.migrations[older](self.tables)

    def _take_renumbered(self, data: bytes, known: range) -> int:
        """Take a snapshot of which only the format number was changed; return the one it was written in, 0
        where more is wrong with it."""
        try:
            snapshot = decode_snapshot_as(data, known)
            tables: Tables = {name: dict(rows) for name, rows in snapshot.tables.items()} if snapshot else {}
        except DeckDamaged:
            return 0
        if snapshot is None:
            return 0
        self.sequence, self.tables = snapshot.sequence, tables
        self.problems.append("somebody or something has changed the format number of ledger.json")
        return snapshot.format

    def take_journal(self, data: bytes) -> None:
        commits = sorted(find_commits(data), key=lambda commit: commit.sequence)
        if commits and not self._is_proved and not self._follows(commits):
            self.sequence = commits[0].sequence - 1
        newer = [commit for commit in commits if commit.sequence > self.sequence]
        try:
            if self._is_proved:
                replay(data, 0, self.sequence)
        except DeckDamaged as error:
            self.problems.append(error.message.removesuffix("."))
        if not self.tables and not self.sequence and newer and newer[0].sequence > 1:
            self.lost.append(f"what only ledger.json held: commits 1 to {newer[0].sequence - 1:,}")
            self.sequence = newer[0].sequence - 1
        for commit in newer:
            self._take_commit(commit)

    def drop_what_cannot_be_read(self) -> None:
        """Take out records that are no records of their table, and those that belong to nothing."""
        for kind in Kind:
            for number, row in list(self.tables.get(kind, {}).items()):
                reason = _why_unusable(kind, row)
                if reason:
                    self._drop(kind, number, f"a record of “{kind}” ({_named(kind, row)}): {reason}")
        jobs = {row["id"] for row in self.tables.get(Kind.JOBS, {}).values()}
        named = [
            row["job"]
            for kind in (Kind.DOCUMENTS, Kind.SUBMISSIONS, Kind.BATCHES)
            for row in self.tables.get(kind, {}).values()
        ]
        for job in dict.fromkeys(named):
            if job is not None and job not in jobs:
                self._stand_in(job)

    def _stand_in(self, job: str) -> None:
        """Put a record in the place of a lost job, so that what it owned still belongs to something."""
        what = f"job {job}: its name, recipe, operator and estimate; it goes on with recipe {STAND_IN_RECIPE}"
        self.problems.append(f"the record of job {job} is lost")
        self.lost.append(what)
        documents = [r for r in self.tables.get(Kind.DOCUMENTS, {}).values() if r["job"] == job]
        submissions = [r for r in self.tables.get(Kind.SUBMISSIONS, {}).values() if r["job"] == job]
        parts = [part for row in submissions for part in row.get("parts", ())]
        ends = [row["first_index"] + row["pages"] for row in documents]
        ends += [stop for row in submissions for _, stop in row["indices"]]
        table = self.tables.setdefault(Kind.JOBS, {})
        table[str(1 + max(map(int, table), default=0))] = {
            "id": job,
            "name": f"{job} (recovered)",
            "created_at": min((row["created_at"] for row in submissions), default="1970-01-01T00:00:00Z"),
            "recipe": STAND_IN_RECIPE,
            "model": parts[0]["model"] if parts else "",
            "max_tokens": parts[0]["max_tokens"] if parts else STAND_IN_TOKENS,
            "pages": max(ends, default=0),
        }

    def _follows(self, commits: list[Commit]) -> bool:
        """Say whether commits go on from what a damaged header says of its last one."""
        return commits[0].sequence == self.sequence + 1 or any(
            (commit.sequence, commit.mark) == (self.sequence, self._mark) for commit in commits
        )

    def _take_commit(self, commit: Commit) -> None:
        if commit.sequence <= self.sequence:
            return
        if commit.sequence > self.sequence + 1:
            first, last = self.sequence + 1, commit.sequence - 1
            what = f"commit {first:,}" if first == last else f"commits {first:,} to {last:,}"
            self.lost.append(f"{what}: what they changed and no later commit did")
        for name, rows in commit.delta.items():
            self._apply(name, rows)
        self.sequence = commit.sequence

    def _apply(self, name: str, rows: Mapping[str, Record | None]) -> None:
        table = self.tables.setdefault(name, {})
        for number, row in rows.items():
            if row is None:
                table.pop(number, None)
            else:
                table[number] = row

    def _take_lines(self, data: bytes) -> int:
        """Take the records of a damaged snapshot line by line; return its format."""
        lines = data.split(b"\n")
        number, self._is_proved = self._format.number, False
        try:
            header = decode_header(lines[0][:HEADER_BYTES])
        except DeckDamaged:
            self.unreadable.append(lines[0])
        else:
            number, self.sequence, self._mark = header.format, header.sequence, header.mark
        table = ""
        for line in lines[1:]:
            if start := _TABLE.fullmatch(line):
                table = start[1].decode()
            elif line.strip(b"{},\0 "):
                self._take_line(table, line)
        kept = sum(map(len, self.tables.values()))
        self.lost.append(f"the proof that {kept:,} records of ledger.json are as they were written")
        return number

    def _take_line(self, table: str, line: bytes) -> None:
        row = _ROW.fullmatch(line)
        try:
            record: Any = msgspec.json.decode(row[2]) if row is not None else None
        except (msgspec.MsgspecError, UnicodeDecodeError):
            record = None
        if isinstance(record, dict):
            table = _table_of(record, table)
        if row is None or not isinstance(record, dict) or not table:
            self.unreadable.append(line)
            self.lost.append(f"a record of the table “{table or '?'}” of ledger.json")
            return
        rows, number = self.tables.setdefault(table, {}), row[1].decode()
        # Its number may be what is damaged: it never takes another's place.
        rows[number if number not in rows else str(1 + max(map(int, rows)))] = record

    def _drop(self, kind: Kind, number: str, what: str) -> None:
        row = self.tables[kind].pop(number)
        self.problems.append(f"{what} cannot be used")
        self.lost.append(what)
        self.unreadable.append(msgspec.json.encode({kind: {number: row}}))


def _table_of(row: Record, named: str) -> str:
    """Return the table that a record of a damaged file is of: the one it stands in, or else by its fields."""
    if named in _DECODERS and not _why_unusable(Kind(named), row):
        return named
    if row.get(KEY_FIELD[Kind.META]) == META_NAME:
        return Kind.META
    others = (kind for kind in Kind if kind is not Kind.META)
    return next((kind for kind in others if not _why_unusable(kind, row)), named)


def _why_unusable(kind: Kind, row: Record) -> str:
    if not isinstance(row.get(KEY_FIELD[kind]), str):
        return f"it has no “{KEY_FIELD[kind]}”"
    if kind is Kind.DOCUMENTS and not isinstance(row.get("job"), str):
        return "it does not say of which job"
    try:
        _DECODERS[kind](row)
    except DeckDamaged as error:
        return error.message.removesuffix(".")
    except (ValueError, KeyError, TypeError) as error:
        return f"{type(error).__name__}: {error}"
    return ""


def _named(kind: Kind, row: Record) -> str:
    return str(row.get(KEY_FIELD[kind], "nameless"))
