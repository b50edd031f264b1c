"""Pieces that endpoints share: JSON replies, lists in pages, request bodies spooled to a file."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import msgspec

from batchdeck.sandbox.problems import Problem, invalid
from batchdeck.sandbox.wire import BodyStalled, Reply, Request

_DEFAULT_PAGE = 20
_LARGEST_PAGE = 1_000


def json_reply(body: Any, status: int = 200) -> Reply:
    """Return a reply with a JSON body."""
    return Reply(status, {"content-type": "application/json"}, msgspec.json.encode(body))


def page_of(data: Sequence[dict[str, Any]], *, has_more: bool) -> dict[str, Any]:
    """Return one page of a list as the API writes it."""
    return {
        "data": data,
        "has_more": has_more,
        "first_id": data[0]["id"] if data else None,
        "last_id": data[-1]["id"] if data else None,
    }


def read_limit(request: Request) -> int:
    """Return how many entries a list call asks for.

    Raises:
        Problem: not a number from 1 to 1,000.
    """
    text = request.first("limit")
    if text is None:
        return _DEFAULT_PAGE
    if not text.lstrip("-").isdecimal():
        raise invalid("limit: Input should be a valid integer, unable to parse string as an integer")
    limit = int(text)
    if limit < 1:
        raise invalid("limit: Input should be greater than or equal to 1")
    if limit > _LARGEST_PAGE:
        raise invalid(f"limit: Input should be less than or equal to {_LARGEST_PAGE}")
    return limit


async def spool(request: Request, path: Path, most: int) -> None:
    """Write a request's body to a file. One that is too large is read to its end all the same, so that the
    client gets to see the refusal.

    Raises:
        Problem: more than `most` bytes, or the body stalled.
    """
    size = 0
    is_too_large = (request.content_length or 0) > most
    if is_too_large and request.headers.get("expect", "").lower() == "100-continue":
        raise too_large()
    try:
        with path.open("wb") as file:
            async for piece in request.body:
                size += len(piece)
                is_too_large = is_too_large or size > most
                if not is_too_large:
                    file.write(piece)
    except BodyStalled:
        raise invalid(
            "The request body did not finish arriving in time, so nothing was done.",
            error_code="request_body_timeout",
        ) from None
    if is_too_large:
        raise too_large()


def too_large() -> Problem:
    """Return the refusal of a body that is too large."""
    return Problem("request_too_large", "Request exceeds the maximum size")
