"""One durable change to a deck's ledger, against the obvious ways of keeping the same records."""

from __future__ import annotations

import dataclasses
import datetime as dt
import itertools
import json
import os
import sqlite3
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

from measure import Contender, Result, Row, Spread, by_name, options, race, show, write_json
from tinydb import JSONStorage, TinyDB
from tinydb.storages import Storage
from tinydb.table import Document

from batchdeck.domain.batches import Batch, RemoteBatch, RequestCounts
from batchdeck.store.layout import prepare_deck
from batchdeck.store.ledger import Ledger
from batchdeck.store.records import encode

JSON = "TinyDB: JSONStorage"
ATOMIC = "TinyDB: written anew and renamed"
SQLITE = "SQLite: WAL, synchronous full"
OURS = "batchdeck: ledger"
CHANGES = 5
POLLED = 100
NOW = dt.datetime(2026, 1, 1, tzinfo=dt.UTC)


class AtomicStorage(Storage):
    """The whole content to a temporary file, synced, renamed, folder synced: safe, and dear."""

    def __init__(self, path: str) -> None:
        self._path = Path(path)

    def read(self) -> dict[str, dict[str, Any]] | None:
        return json.loads(self._path.read_bytes()) if self._path.exists() else None

    def write(self, data: dict[str, dict[str, Any]]) -> None:
        temporary = self._path.with_suffix(".tmp")
        with temporary.open("w") as file:
            json.dump(data, file)
            file.flush()
            os.fsync(file.fileno())
        temporary.rename(self._path)
        folder = os.open(self._path.parent, os.O_RDONLY)
        os.fsync(folder)
        os.close(folder)


def batch(number: int, polls: int = 0) -> Batch:
    """Return a batch as it stands after some polls."""
    id_ = f"msgbatch_{number:020d}"
    remote = RemoteBatch(id_, "in_progress", RequestCounts(1000 + polls), NOW, NOW + dt.timedelta(days=1))
    return Batch(id_, f"{number:010x}", "j00000000", remote, last_polled_at=NOW + dt.timedelta(seconds=polls))


def rows(count: int) -> Iterator[Document]:
    """Yield batches as TinyDB takes them."""
    return (Document(encode(batch(number)), number + 1) for number in range(count))


def tinydb_way(path: Path, storage: type[Storage], count: int) -> Callable[[range], float]:
    """Return what changes some batches in a TinyDB, each change on the disk before the next."""
    db = TinyDB(str(path), storage=storage)
    db.table("batches").insert_multiple(rows(count))
    polls = itertools.count(1)

    def change(numbers: range) -> float:
        for number in numbers:
            db.table("batches").update(encode(batch(number, next(polls))), doc_ids=[number + 1])
        return path.stat().st_size

    return change


def sqlite_way(path: Path, count: int) -> Callable[[range], float]:
    """Return what changes some batches in SQLite, a transaction each."""
    db = sqlite3.connect(path, isolation_level=None)
    db.execute("PRAGMA journal_mode=WAL")
    db.execute("PRAGMA synchronous=FULL")
    db.execute("CREATE TABLE batches (number INTEGER PRIMARY KEY, row TEXT)")
    db.execute("BEGIN")
    db.executemany(
        "INSERT INTO batches VALUES (?, ?)", ((row.doc_id, json.dumps(row)) for row in rows(count))
    )
    db.execute("COMMIT")
    polls = itertools.count(1)

    def change(numbers: range) -> float:
        for number in numbers:
            row = json.dumps(encode(batch(number, next(polls))))
            db.execute("UPDATE batches SET row = ? WHERE number = ?", (row, number + 1))
        return path.stat().st_size

    return change


def open_ledger(folder: Path, count: int) -> Ledger:
    """Return a ledger of so many batches."""
    ledger = Ledger.open(prepare_deck(folder))
    with ledger.transaction() as tx:
        for number in range(count):
            tx.put(batch(number))
    ledger.close()
    return ledger


def ledger_way(folder: Path, count: int) -> Callable[[range], float]:
    """Return what changes some batches in BatchDeck's ledger, a transaction each."""
    ledger = open_ledger(folder, count)
    polls = itertools.count(1)

    def change(numbers: range) -> float:
        for number in numbers:
            with ledger.transaction() as tx:
                known = tx.batch(batch(number).id)
                tx.put(dataclasses.replace(known, remote=batch(number, next(polls)).remote))
        return sum(path.stat().st_size for path in folder.glob("ledger.*"))

    return change


def race_changes(folder: Path, count: int, rounds: int) -> list[Result]:
    """Let the ways take turns at some changes among `count` batches."""
    ways = {
        JSON: tinydb_way(folder / "plain.json", JSONStorage, count),
        ATOMIC: tinydb_way(folder / "atomic.json", AtomicStorage, count),
        SQLITE: sqlite_way(folder / "rows.sqlite", count),
        OURS: ledger_way(folder / "deck", count),
    }
    starts = itertools.cycle(range(0, count - CHANGES, CHANGES))

    def changing(way: Callable[[range], float]) -> Callable[[], float]:
        def run() -> float:
            start = next(starts)
            return way(range(start, start + CHANGES))

        return run

    return race([Contender(name, changing(way)) for name, way in ways.items()], rounds)


def race_polls(folder: Path, count: int, rounds: int) -> list[Result]:
    """Let one write for all that a poll has changed race a write for each."""
    ledger = open_ledger(folder / "polled", count)
    polls = itertools.count(1)

    def each() -> float:
        for number in range(POLLED):
            with ledger.transaction() as tx:
                tx.put(batch(number, next(polls)))
        return POLLED

    def together() -> float:
        with ledger.transaction() as tx:
            for number in range(POLLED):
                tx.put(batch(number, next(polls)))
        return POLLED

    return race([Contender("a transaction each", each), Contender("one transaction", together)], rounds)


def rows_of(changes: list[Result], polls: list[Result], count: int) -> list[Row]:
    """Return what is held: the time of one commit, and one write for all that a poll has changed."""
    ours, each = by_name(changes)[OURS], by_name(polls)
    one = Spread(
        *(value / CHANGES * 1e3 for value in (ours.seconds.least, ours.seconds.median, ours.seconds.greatest))
    )
    return [
        Row("ledger", f"one commit among {count:,} batches, ms", one, most=5),
        Row("ledger", "a commit, × TinyDB’s JSONStorage", ours.speed[JSON]),
        Row("ledger", "a commit, × SQLite (WAL, full)", ours.speed[SQLITE]),
        Row(
            "ledger",
            f"{POLLED} batches in one commit, × each alone",
            each["one transaction"].speed["a transaction each"],
        ),
    ]


def main() -> None:
    parser = options(__doc__ or "")
    parser.add_argument(
        "--batches", type=int, nargs="+", default=[1_000, 10_000], help="sizes (default: %(default)s)"
    )
    arguments = parser.parse_args()
    tables: dict[str, list[Result]] = {}
    held: list[Row] = []
    for count in arguments.batches:
        with tempfile.TemporaryDirectory(dir=arguments.folder) as scratch:
            title = f"{CHANGES} changes, each on the disk before the next, among {count:,} batches"
            changes = tables[title] = race_changes(Path(scratch), count, arguments.rounds)
            show(title, tables[title], "bytes on disk", [JSON, ATOMIC, SQLITE])
            title = f"{POLLED} batches of one poll, among {count:,}"
            tables[title] = race_polls(Path(scratch), count, arguments.rounds)
            show(title, tables[title], "batches", ["a transaction each"])
            held = rows_of(changes, tables[title], count)
    write_json(arguments.json, "ledger", tables, held)


if __name__ == "__main__":
    main()
