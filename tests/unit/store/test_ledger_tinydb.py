"""TinyDB over a transaction does what TinyDB does over its own storage, and notes only what has changed."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from tinydb import TinyDB, where
from tinydb.operations import delete, increment
from tinydb.storages import MemoryStorage
from tinydb.table import Document

from batchdeck.store.journal import Tables
from batchdeck.store.staging import StagedDB

COMMITTED: Tables = {
    "jobs": {"1": {"id": "a", "n": 1, "tags": ["x"]}, "2": {"id": "b", "n": 2, "tags": []}},
    "batches": {"7": {"id": "m"}},
}

OPERATIONS: dict[str, Callable[[TinyDB], object]] = {
    "insert": lambda db: db.table("jobs").insert({"id": "c"}),
    "insert with a number": lambda db: db.table("jobs").insert(Document({"id": "c"}, 9)),
    "insert many": lambda db: db.table("jobs").insert_multiple([{"id": "c"}, Document({"id": "d"}, 5)]),
    "update by number": lambda db: db.table("jobs").update({"n": 5}, doc_ids=[1]),
    "update none": lambda db: db.table("jobs").update({"n": 5}, doc_ids=[99]),
    "update by condition": lambda db: db.table("jobs").update(increment("n"), where("id") == "b"),
    "update all": lambda db: db.table("jobs").update(delete("n")),
    "upsert known": lambda db: db.table("jobs").upsert(Document({"n": 6}, 2)),
    "upsert new": lambda db: db.table("jobs").upsert(Document({"id": "z"}, 30)),
    "upsert by condition": lambda db: db.table("jobs").upsert({"n": 8}, where("id") == "a"),
    "remove by number": lambda db: db.table("jobs").remove(doc_ids=[1]),
    "remove by condition": lambda db: db.table("jobs").remove(where("n") > 1),
    "truncate": lambda db: db.table("jobs").truncate(),
    "drop a table": lambda db: db.drop_table("jobs"),
    "drop all": lambda db: db.drop_tables(),
    "a new table": lambda db: db.table("notes").insert({"text": "hi"}),
}


def plain() -> TinyDB:
    db = TinyDB(storage=MemoryStorage)
    for name, rows in COMMITTED.items():
        table = db.table(name)
        table.insert_multiple([Document(dict(row, **{}), int(number)) for number, row in rows.items()])
    return db


def content(db: TinyDB) -> dict[str, dict[int, dict[str, object]]]:
    found = {name: {row.doc_id: dict(row) for row in db.table(name).all()} for name in db.tables()}
    return {name: rows for name, rows in found.items() if rows}


@pytest.mark.parametrize("operation", OPERATIONS)
def test_an_operation_does_what_it_does_in_tinydb(operation: str) -> None:
    expected, staged = plain(), StagedDB(COMMITTED)
    assert OPERATIONS[operation](staged) == OPERATIONS[operation](expected)
    assert content(staged) == content(expected)
    assert len(staged.table("jobs")) == len(expected.table("jobs"))


@pytest.mark.parametrize("operation", OPERATIONS)
def test_committed_rows_are_never_touched(operation: str) -> None:
    before = repr(COMMITTED)
    OPERATIONS[operation](StagedDB(COMMITTED))
    assert repr(COMMITTED) == before


def test_only_what_differs_is_noted() -> None:
    db = StagedDB(COMMITTED)
    jobs = db.table("jobs")
    assert jobs.get(where("id") == "a") is not None
    jobs.update({"n": 2})
    jobs.remove(doc_ids=[jobs.insert({"id": "gone again"})])
    db.table("batches").update({"id": "m"}, doc_ids=[7])
    assert db.delta() == {"jobs": {"1": {"id": "a", "n": 2, "tags": ["x"]}}}


def test_a_nested_change_stays_inside() -> None:
    db = StagedDB(COMMITTED)
    db.table("jobs").update(lambda row: row["tags"].append("y"), doc_ids=[1])
    assert COMMITTED["jobs"]["1"]["tags"] == ["x"]
    assert db.delta()["jobs"]["1"] == {"id": "a", "n": 1, "tags": ["x", "y"]}


def test_a_number_in_use_is_refused() -> None:
    with pytest.raises(ValueError, match="already exists"):
        StagedDB(COMMITTED).table("jobs").insert(Document({"id": "c"}, 1))
