"""Ledger records: how jobs, submissions, batches and documents become rows of plain JSON, and back.

A job's documents are rows of a table of their own; a batch's row names its submission by key.
"""

from __future__ import annotations

import dataclasses
import datetime as dt
import enum
import os
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from operator import attrgetter
from typing import Any, TypeVar

import msgspec

from batchdeck.domain.batches import Batch, DocumentRef, Job, Submission
from batchdeck.domain.documents import Outline
from batchdeck.domain.text import show
from batchdeck.errors import DeckDamaged
from batchdeck.store.rows import DOCTOR, Record, Written, record_of

T = TypeVar("T")


class Kind(enum.StrEnum):
    """The tables of a ledger."""

    META = "meta"
    JOBS = "jobs"
    DOCUMENTS = "documents"
    SUBMISSIONS = "submissions"
    BATCHES = "batches"


KEY_FIELD: Mapping[str, str] = {
    Kind.META: "name",
    Kind.JOBS: "id",
    Kind.DOCUMENTS: "id",
    Kind.SUBMISSIONS: "key",
    Kind.BATCHES: "id",
}
"""The field of each table's rows that a record is known by."""

META_NAME = "deck"
_INDEX = re.compile(r"[0-9]{1,18}")


@dataclass(frozen=True, slots=True)
class DeckMeta:
    """What a deck is bound to, which never changes once set since real and sandbox batches never mix; and
    whether its account is held."""

    endpoint: str = ""
    """Base URL of the API it talks to; empty until its first contact."""
    sandbox: bool = False
    profile: str = ""
    """Profile of the Anthropic configuration it was first used with, where one was named: its workspace."""
    held: str = ""
    """Why nothing that costs money is sent: what the API said of the account; empty while all is well."""
    held_at: dt.datetime | None = None


@dataclass(frozen=True, slots=True)
class DocumentUse:
    """A document in one job, with what was asked of it there."""

    job: str
    recipe: str
    model: str
    document: DocumentRef


LedgerRecord = Job | Submission | Batch | DeckMeta


def kind_of(record: LedgerRecord) -> Kind:
    """Return the table a record lives in."""
    match record:
        case Job():
            return Kind.JOBS
        case Submission():
            return Kind.SUBMISSIONS
        case Batch():
            return Kind.BATCHES
        case DeckMeta():
            return Kind.META


def encode(record: LedgerRecord) -> Record:
    """Return a record as plain JSON data, without the parts that are rows of their own."""
    if isinstance(record, Job):
        record = dataclasses.replace(record, documents=())  # they may be thousands
    row: Record = _plain(record)
    match record:
        case Job():
            del row["documents"]
        case Batch():
            del row["submission"]
        case DeckMeta():
            row["name"] = META_NAME
        case Submission():
            pass
    return row


def document_key(job: str, first_index: int) -> str:
    """Return what the row of a job's document is known by."""
    return f"{job}/{first_index}"


def split_document_key(key: str) -> tuple[str, int]:
    """Return the job and the first index that a document's row is known by.

    Raises:
        DeckDamaged: no row of a document is known by that.
    """
    job, _, first_index = key.rpartition("/")
    if not _INDEX.fullmatch(first_index):
        raise _damaged(Kind.DOCUMENTS, f"it is known by {show(key, 40)}")
    return job, int(first_index)


def encode_documents(job: Job, outlines: Mapping[int, Outline]) -> Iterable[Record]:
    """Yield the rows of a job's documents, in their order.

    Args:
        outlines: the bookmarks of documents that have none in the ledger, by first index.
    """
    for document in job.documents:
        row: Record = {
            "id": document_key(job.id, document.first_index),
            "job": job.id,
            **_plain(document),
            # JSON holds no lone surrogates: a path that is not UTF-8 is kept beside it, byte for byte.
            "path_bytes": "" if _is_unicode(document.path) else os.fsencode(document.path).hex(),
        }
        if document.first_index in outlines:
            row["outline"] = _plain(outlines[document.first_index])
        yield row


def decode_meta(row: Written) -> DeckMeta:
    """Read the deck's own row."""
    return _typed(row, DeckMeta, Kind.META)


def decode_job(row: Written, documents: tuple[DocumentRef, ...]) -> Job:
    """Read a job; its documents come from their own rows."""
    return dataclasses.replace(
        _typed({**record_of(row), "documents": ()}, Job, Kind.JOBS), documents=documents
    )


def decode_documents(rows: Iterable[Written]) -> tuple[DocumentRef, ...]:
    """Read a job's documents."""
    return tuple(sorted(map(decode_document, rows), key=lambda ref: ref.first_index))


def decode_document(row: Written) -> DocumentRef:
    """Read a document of a job."""
    document = _typed(row, DocumentRef, Kind.DOCUMENTS)
    odd = _typed(row, _OddPath, Kind.DOCUMENTS).path_bytes
    return dataclasses.replace(document, path=os.fsdecode(bytes.fromhex(odd))) if odd else document


def decode_outline(row: Written) -> Outline:
    """Read the bookmarks of a document of a job."""
    return _typed(row, _Bookmarks, Kind.DOCUMENTS).outline


def decode_submission(row: Written) -> Submission:
    """Read a submission."""
    return _typed(row, Submission, Kind.SUBMISSIONS)


def decode_batch(row: Written) -> Batch:
    """Read a batch; its submission comes from its own row (`with_submission`)."""
    return _typed(row, Batch, Kind.BATCHES)


def with_submission(batch: Batch, submission: Submission | None) -> Batch:
    """Give a batch that was read just now its submission."""
    # Nobody else has it yet, and `replace` would take twice as long as all the rest.
    object.__setattr__(batch, "submission", submission)
    return batch


class Head(msgspec.Struct, gc=False):
    """What a record is known by and belongs to, which is read of each before anybody looks at it."""

    id: str = ""
    key: str = ""
    """Of a submission, and of a batch's submission."""
    name: str = ""
    job: str | None = None


def heads_of(kind: Kind, rows: Mapping[str, Written | None]) -> dict[str, Head]:
    """Return the heads of those rows that have not been removed, by number.

    Raises:
        DeckDamaged: one of them is no record of that table.
    """
    decode = _DECODERS[Head].decode
    try:
        heads: dict[str, Head] = {
            number: msgspec.convert(row, Head) if isinstance(row, dict) else decode(row)
            for number, row in rows.items()
            if row is not None
        }
    except _UNREADABLE as error:
        raise _damaged(kind, error) from error
    known_by = attrgetter(KEY_FIELD[kind])
    if not all(map(known_by, heads.values())):
        raise _damaged(kind, f"it has no “{KEY_FIELD[kind]}”")
    if kind is Kind.DOCUMENTS and any(head.job is None for head in heads.values()):
        raise _damaged(kind, "it does not say of which job")
    return heads


class _OddPath(msgspec.Struct):
    path_bytes: str = ""


class _Bookmarks(msgspec.Struct):
    outline: Outline = ()


_DECODERS: Mapping[type, msgspec.json.Decoder[Any]] = {
    kind: msgspec.json.Decoder(kind)
    for kind in (DeckMeta, DocumentRef, _OddPath, _Bookmarks, Submission, Batch, Head)
}


_UNREADABLE = (msgspec.MsgspecError, UnicodeDecodeError)


def _typed(row: Written, kind: type[T], table: Kind) -> T:
    try:
        if isinstance(row, dict):
            return msgspec.convert(row, kind)
        record: T = _DECODERS[kind].decode(row)
        return record
    except _UNREADABLE as error:
        raise _damaged(table, error) from error


def _damaged(table: Kind, reason: object) -> DeckDamaged:
    return DeckDamaged(f"A record of the ledger's table “{table}” cannot be read: {reason}.", hint=DOCTOR)


def _plain(record: object) -> Any:
    # As JSON gives it back: a row with a tuple in it would count as changed whenever it is written again.
    row = _listed(msgspec.to_builtins(record))
    try:
        encoded = msgspec.json.encode(row)
    except UnicodeEncodeError:
        return _speakable(row)
    # As it will be read back (lists for tuples): an unchanged record is known by being equal.
    return msgspec.json.decode(encoded)


def _listed(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: _listed(item) for key, item in value.items()}
    if isinstance(value, tuple | list):
        return [_listed(item) for item in value]
    return value


def _speakable(value: Any) -> Any:
    # Lone surrogates (from names that are not UTF-8) cannot be written as JSON; they are made visible.
    if isinstance(value, str):
        return value if value.isascii() or _is_unicode(value) else show(value)
    if isinstance(value, dict):
        return {_speakable(key): _speakable(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [_speakable(item) for item in value]
    return value


def _is_unicode(text: str) -> bool:
    try:
        text.encode()
    except UnicodeEncodeError:
        return False
    return True
