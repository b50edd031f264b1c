"""Calls to the API as they are kept for the operator: how each of them went, and nothing of what was said."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass

GIVEN_UP = "given_up"
"""The error of a call that this side broke off: it was stopped, or its answer could not be put away."""
HTTP_ERROR = "http_error"
"""The error of a call that got a status which says no, without the API's own error type."""


@dataclass(frozen=True, slots=True)
class ApiCall:
    """One call that is over. All text is safe to show; None stands for what is not known."""

    n: int
    """Its number in this process, from 1, in the order in which calls ended."""
    at: dt.datetime
    """When it was begun."""
    method: str
    path: str
    """Without host and query."""
    status: int | None
    """The HTTP status; None where no answer came."""
    error: str
    """In a word: the API's error type, what broke on the network, or `GIVEN_UP`; empty where it went well."""
    milliseconds: int
    """From the first step towards sending to the last byte of the answer."""
    sent: int | None
    """Bytes of the request's body."""
    received: int | None
    """Bytes of the answer's body, as they came over the network."""
    request_id: str
    """The API's own name for the call, to tell its makers; empty where it gave none."""
