"""Reading the API's JSON into the domain's objects. Unknown statuses and types are data, never errors."""

from __future__ import annotations

import datetime as dt
import email.utils
import re
from collections.abc import Mapping
from typing import Any, NamedTuple

from batchdeck.domain.batches import RemoteBatch, RequestCounts
from batchdeck.domain.models import ModelInfo
from batchdeck.domain.pacing import RateLimit
from batchdeck.domain.text import show

_LIFETIME = dt.timedelta(hours=24)
"""`expires_at` is this long after `created_at` (public documentation)."""
_BATCH_ID = re.compile(r"[A-Za-z0-9][A-Za-z0-9_.:-]{0,127}")
"""What a batch id may look like: ids become parts of URLs and names of folders."""
_MODEL_ID_LIMIT = 200


_LIMIT_HEADER = re.compile(r"anthropic-ratelimit-([a-z-]+)-remaining")


class UnreadableAnswer(Exception):
    """The API answered with success, but not with what was asked for."""


class Polled(NamedTuple):
    """A batch as the API described it, and after how many seconds it asks to be polled again."""

    batch: RemoteBatch
    retry_after: float | None


class Answered(NamedTuple):
    """One answer in real time: the message's JSON in one line, and what the API says of its limits."""

    message: bytes
    limits: tuple[RateLimit, ...]


class BatchPage(NamedTuple):
    """One page of the workspace's batches, newest first."""

    batches: list[RemoteBatch]
    has_more: bool
    last_id: str | None
    """What to pass as `after_id` for the next page."""


def read_batch(data: object) -> RemoteBatch:
    """Read a Message Batch.

    Raises:
        UnreadableAnswer: not a batch, or without id, status or creation time.
    """
    table = read_table(data)
    id_, status = table.get("id"), table.get("processing_status")
    created_at = _moment(table.get("created_at"))
    if not isinstance(id_, str) or not _BATCH_ID.fullmatch(id_):
        raise UnreadableAnswer("the batch has no usable id")
    if not isinstance(status, str) or created_at is None:
        raise UnreadableAnswer("the batch has no status or no creation time")
    return RemoteBatch(
        id=id_,
        status=show(status, 40),
        counts=_counts(table.get("request_counts")),
        created_at=created_at,
        expires_at=_moment(table.get("expires_at")) or created_at + _LIFETIME,
        ended_at=_moment(table.get("ended_at")),
        cancel_initiated_at=_moment(table.get("cancel_initiated_at")),
        archived_at=_moment(table.get("archived_at")),
        has_results=bool(table.get("results_url")),
    )


def read_batch_page(data: object) -> BatchPage:
    """Read one page of the list of batches.

    Raises:
        UnreadableAnswer: not a page, or one of its entries is not a batch.
    """
    table = read_table(data)
    entries = table.get("data")
    if not isinstance(entries, list):
        raise UnreadableAnswer("the list of batches has no entries")
    batches = [read_batch(entry) for entry in entries]
    last_id = table.get("last_id")
    if not isinstance(last_id, str):
        last_id = batches[-1].id if batches else None
    return BatchPage(batches, bool(table.get("has_more")), last_id)


def read_models(data: object) -> list[ModelInfo]:
    """Read the list of models.

    Raises:
        UnreadableAnswer: not a list of models, or one of them has no id.
    """
    entries = read_table(data).get("data")
    if not isinstance(entries, list):
        raise UnreadableAnswer("the list of models has no entries")
    return [_model(entry) for entry in entries]


def _model(data: object) -> ModelInfo:
    table = read_table(data)
    id_ = table.get("id")
    if not isinstance(id_, str) or not id_:
        raise UnreadableAnswer("the model has no id")
    max_tokens = table.get("max_tokens")
    return ModelInfo(
        id=show(id_, _MODEL_ID_LIMIT),
        max_tokens=max_tokens if isinstance(max_tokens, int) else None,
        retires_at=_moment(table.get("retires_at")),
        batch=_supports(table, "batch"),
        pdf=_supports(table, "pdf_input"),
        name=show(str(table.get("display_name") or ""), 80),
        lifecycle=show(str(table.get("lifecycle") or ""), 40),
    )


def read_table(data: object) -> Mapping[str, Any]:
    """Take a JSON object for what it is.

    Raises:
        UnreadableAnswer: something else.
    """
    if not isinstance(data, Mapping):
        raise UnreadableAnswer("that is not a JSON object")
    return data


def read_rate_limits(headers: Mapping[str, str]) -> tuple[RateLimit, ...]:
    """Read what an answer says of the limits on calls and tokens; what cannot be read is left out.

    Resets are measured from the answer's own `date`, so a wrong local clock does not stretch a pause.
    """
    sent = read_http_date(headers.get("date"))
    limits = []
    for header, value in headers.items():
        match = _LIMIT_HEADER.fullmatch(header.lower())
        if match is None or not value.strip().isdigit():
            continue
        name = match[1]
        whole = headers.get(f"anthropic-ratelimit-{name}-limit", "").strip()
        reset = _moment(headers.get(f"anthropic-ratelimit-{name}-reset"))
        wait = (reset - sent).total_seconds() if reset is not None and sent is not None else 0.0
        limits.append(RateLimit(name, int(value), int(whole) if whole.isdigit() else None, max(wait, 0.0)))
    return tuple(limits)


def read_http_date(value: str | None) -> dt.datetime | None:
    """Read a date as HTTP headers write it; None where there is none."""
    if not value:
        return None
    try:
        date = email.utils.parsedate_to_datetime(value)
    except ValueError:
        return None
    return date if date.tzinfo is not None else date.replace(tzinfo=dt.UTC)


def _supports(model: Mapping[str, Any], capability: str) -> bool | None:
    capabilities = model.get("capabilities")
    entry = capabilities.get(capability) if isinstance(capabilities, Mapping) else None
    supported = entry.get("supported") if isinstance(entry, Mapping) else None
    return supported if isinstance(supported, bool) else None


def _counts(data: object) -> RequestCounts:
    table = data if isinstance(data, Mapping) else {}

    def count(name: str) -> int:
        value = table.get(name)
        return value if isinstance(value, int) and value > 0 else 0

    return RequestCounts(
        processing=count("processing"),
        succeeded=count("succeeded"),
        errored=count("errored"),
        canceled=count("canceled"),
        expired=count("expired"),
    )


def _moment(value: object) -> dt.datetime | None:
    if not isinstance(value, str):
        return None
    try:
        moment = dt.datetime.fromisoformat(value)
    except ValueError:
        return None
    return moment if moment.tzinfo is not None else moment.replace(tzinfo=dt.UTC)
