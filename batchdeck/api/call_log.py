"""The last calls that were made, each noted when it is over. Neither bodies nor headers are kept."""

from __future__ import annotations

import datetime as dt
import time
from collections import deque
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING

from batchdeck.api.bodies import TrackedBody
from batchdeck.api.failures import clean, read_refusal
from batchdeck.domain.calls import GIVEN_UP, HTTP_ERROR, ApiCall

if TYPE_CHECKING:
    import httpx2

    from batchdeck.domain.secret import Secret

MOST_CALLS = 2_000
"""Calls that are kept: some hours of polling in less than a megabyte."""
_LONGEST_PATH = 200
_LONGEST_ID = 60


def _utc_now() -> dt.datetime:
    return dt.datetime.now(dt.UTC)


@dataclass(slots=True)
class CallUnderWay:
    """A call that is not over yet. Whoever makes it puts the answer here as soon as its head is there."""

    response: httpx2.Response | None = None


class CallLog:
    """A ring of calls that outlives the gateways that make them. Belongs to one event loop."""

    def __init__(
        self,
        now: Callable[[], dt.datetime] = _utc_now,
        *,
        clock: Callable[[], float] = time.perf_counter,
        most: int = MOST_CALLS,
    ) -> None:
        """`now` says when a call begins, `clock` in seconds how long it takes; `most` calls are kept."""
        self._now = now
        self._clock = clock
        self._calls: deque[ApiCall] = deque(maxlen=most)
        self._made = 0

    @property
    def made(self) -> int:
        """How many calls were noted in all; it changes whenever `calls` does."""
        return self._made

    def calls(self) -> tuple[ApiCall, ...]:
        """Return the calls that are kept, in the order in which they ended."""
        return tuple(self._calls)

    @contextmanager
    def follow(
        self, method: str, path: str, secret: Secret | None, body: TrackedBody | bytes | None = None
    ) -> Iterator[CallUnderWay]:
        """Note the call that is made inside the block when the block is left, whichever way.

        Args:
            method: the HTTP method.
            path: the path, without host and query.
            secret: the key, which must not show in anything that is kept.
            body: what is sent; only its length is kept.
        """
        call = CallUnderWay()
        at, start = self._now(), self._clock()
        error = ""
        try:
            yield call
        except BaseException as failure:
            call.response = getattr(failure, "response", None) or call.response
            error = _kind_of(failure, secret)
            raise
        finally:
            self._made += 1
            answer = call.response
            self._calls.append(
                ApiCall(
                    n=self._made,
                    at=at,
                    method=method,
                    path=clean(path, secret, _LONGEST_PATH),
                    status=answer.status_code if answer is not None else None,
                    error=error,
                    milliseconds=round((self._clock() - start) * 1000),
                    sent=_sent(body, was_answered=answer is not None),
                    received=answer.num_bytes_downloaded if answer is not None else None,
                    request_id=clean(answer.headers.get("request-id", ""), secret, _LONGEST_ID)
                    if answer is not None
                    else "",
                )
            )


def _kind_of(failure: BaseException, secret: Secret | None) -> str:
    """Name what ended a call, in a word."""
    import anthropic  # loaded long before anything can fail; at the top it would cost every start a second
    import httpx2

    if isinstance(failure, anthropic.APIStatusError):
        return read_refusal(failure, secret).error_type or HTTP_ERROR
    if isinstance(failure, anthropic.AnthropicError | httpx2.HTTPError):
        return type(failure.__cause__ or failure).__name__
    return GIVEN_UP


def _sent(body: TrackedBody | bytes | None, *, was_answered: bool) -> int | None:
    """Return how many bytes of a body went out. Of one that is sent in one piece only an answer tells."""
    if body is None:
        return 0
    if isinstance(body, bytes):
        return len(body) if was_answered else None
    return body.sent
