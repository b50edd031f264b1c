"""The fields that lists can be filtered and sorted by, and how to read them off a row."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Iterable, Mapping
from functools import partial
from operator import itemgetter
from typing import TypeVar

from batchdeck.domain.calls import ApiCall
from batchdeck.domain.overview import BatchRow
from batchdeck.domain.pages import PageRow
from batchdeck.domain.query import FieldKind, parse, sort_value

T = TypeVar("T")

PAGE_FIELDS: Mapping[str, FieldKind] = {
    "index": FieldKind.NUMBER,
    "document": FieldKind.TEXT,
    "page": FieldKind.NUMBER,
    "label": FieldKind.TEXT,
    "outcome": FieldKind.ENUM,
    "error": FieldKind.ENUM,
    "why": FieldKind.TEXT,
    "tries": FieldKind.NUMBER,
    "tokens": FieldKind.NUMBER,
    "cost": FieldKind.MONEY,
    "model": FieldKind.TEXT,
    "batch": FieldKind.TEXT,
    "id": FieldKind.ID,
    "remedy": FieldKind.ENUM,
    "recall": FieldKind.NUMBER,
}

BATCH_FIELDS: Mapping[str, FieldKind] = {
    "status": FieldKind.ENUM,
    "job": FieldKind.TEXT,
    "batch": FieldKind.TEXT,
    "try": FieldKind.NUMBER,
    "pages": FieldKind.NUMBER,
    "ok": FieldKind.NUMBER,
    "failed": FieldKind.NUMBER,
    "age": FieldKind.DURATION,
    "left": FieldKind.DURATION,
    "cost": FieldKind.MONEY,
    "model": FieldKind.TEXT,
    "key": FieldKind.TEXT,
}

CALL_FIELDS: Mapping[str, FieldKind] = {
    "when": FieldKind.TIME,
    "method": FieldKind.ENUM,
    "path": FieldKind.TEXT,
    "status": FieldKind.NUMBER,
    "error": FieldKind.ENUM,
    "ms": FieldKind.NUMBER,
    "sent": FieldKind.BYTES,
    "received": FieldKind.BYTES,
    "id": FieldKind.TEXT,
}


def page_value(row: PageRow, field: str) -> object:
    """Return a page's value of one of `PAGE_FIELDS`."""
    match field:
        case "error":
            return row.error_type or None
        case "why":
            return row.detail or None
        case "tries":
            return row.attempts
        case "tokens":
            return row.usage.output
        case "id":
            return row.custom_id or None
        case _:
            return getattr(row, field)


def batch_value(row: BatchRow, field: str, now: dt.datetime) -> object:
    """Return a batch's value of one of `BATCH_FIELDS`. `left` is the time until its results vanish."""
    match field:
        case "job":
            return row.job_name
        case "batch":
            return row.id or None
        case "try":
            return row.attempt
        case "pages":
            return row.requests
        case "ok":
            return row.good
        case "age":
            return now - row.created_at
        case "left":
            return row.vanish_at - now if row.vanish_at is not None else None
        case "cost":
            return row.cost if row.cost is not None else row.estimate
        case _:
            return getattr(row, field)


def call_value(call: ApiCall, field: str) -> object:
    """Return a call's value of one of `CALL_FIELDS`."""
    match field:
        case "when":
            return call.at
        case "error":
            return call.error or None
        case "ms":
            return call.milliseconds
        case "id":
            return call.request_id or None
        case _:
            return getattr(call, field)


def select(
    rows: Iterable[T], text: str, fields: Mapping[str, FieldKind], value: Callable[[T, str], object]
) -> Iterable[T]:
    """Return the rows that a filter lets through, in the order it asks for.

    Without a sort key the rows are passed on one by one, so that a million need no memory.

    Raises:
        FilterError: the filter cannot be read.
    """
    query = parse(text, fields)
    meets = query.tester()
    chosen = (row for row in rows if meets(partial(value, row)))
    if not query.sort:
        return chosen
    ordered = list(chosen)
    for key in reversed(query.sort):
        keyed = [(sort_value(value(row, key.field), fields[key.field]), row) for row in ordered]
        present = [(by, row) for by, row in keyed if by is not None]
        present.sort(key=itemgetter(0), reverse=key.descending)
        ordered = [row for _, row in present] + [row for by, row in keyed if by is None]
    return ordered
