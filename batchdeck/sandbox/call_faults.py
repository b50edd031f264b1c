"""What a rule does to a call: refusals before it, mischief after it, and damage to a results stream."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import AsyncIterator, Mapping
from pathlib import Path

import msgspec

from batchdeck.sandbox.faults import CallAction, CallRule, Endpoint, Faults
from batchdeck.sandbox.files import write_whole
from batchdeck.sandbox.problems import Problem
from batchdeck.sandbox.routes import Route
from batchdeck.sandbox.wire import Dropped, Reply, Request

_CREDIT = "Your credit balance is too low to access the API. Please go to Plans & Billing."
_USAGE = (
    "You have reached your specified API usage limits. You will regain access at the start of next month."
)
_REFUSALS: Mapping[CallAction, Problem] = {
    CallAction.RATE_LIMIT: Problem("rate_limit_error", "This request would exceed the rate limit."),
    CallAction.SPEND_LIMIT: Problem(
        "rate_limit_error",
        "The organization has reached the monthly spend limit of its tier.",
        error_code="enforced_spend_limit_reached",
    ),
    CallAction.USAGE_LIMIT: Problem("invalid_request_error", _USAGE),
    CallAction.BILLING: Problem("invalid_request_error", _CREDIT),
    CallAction.UNAUTHORIZED: Problem("authentication_error", "API key is invalid."),
    CallAction.FORBIDDEN: Problem("permission_error", "This key may not use this endpoint."),
    CallAction.NOT_FOUND: Problem("not_found_error", "Not found"),
    CallAction.SERVER_ERROR: Problem("api_error", "Internal server error"),
    CallAction.OVERLOADED: Problem("overloaded_error", "Overloaded"),
    CallAction.GATEWAY_TIMEOUT: Problem("timeout_error", "The request took too long."),
}
_DEFAULT_RETRY_AFTER = 2
_PROXY_PAGE = b"<html><head><title>413 Request Entity Too Large</title></head><body>cloudproxy</body></html>"
_GARBAGE = b'{"id": "msgbatch_01'


class CallFaults:
    """Counts the calls of each endpoint and knows which of them go wrong.

    Args:
        faults: the rules.
        seed: decides shares.
        path: file that keeps the counts, so that they go on after a restart.
    """

    def __init__(self, faults: Faults, seed: int, path: Path) -> None:
        self._faults = faults
        self._seed = seed
        self._path = path
        self._counts: Counter[str] = Counter()
        if path.exists():
            self._counts.update(msgspec.json.decode(path.read_bytes(), type=dict[str, int]))

    def rule_for(self, route: Route) -> CallRule | None:
        """Count a call and return the rule it falls under, or None."""
        if not self._faults.calls or route.endpoint.is_own:
            return None
        own = f"{route.endpoint} {route.id}"
        self._counts.update({route.endpoint.value: 1, own: 1} if route.id else {route.endpoint.value: 1})
        write_whole(self._path, msgspec.json.encode(self._counts))
        return self._faults.for_call(
            self._seed, route.endpoint, self._counts[route.endpoint], self._counts[own], route.id
        )


async def before_call(rule: CallRule, request: Request) -> Reply | None:
    """Do what a rule does before the call is looked at; a reply takes the place of the call.

    Raises:
        Problem: the call is refused.
        Dropped: the connection breaks before anything was done.
    """
    if rule.action in (CallAction.SLOW, CallAction.STALL):
        await asyncio.sleep(rule.seconds)
    if rule.action is CallAction.STALL:
        raise Dropped(reset=False)
    if rule.action is CallAction.RESET_BEFORE:
        async for _ in request.body:
            pass
        raise Dropped(reset=True)
    if rule.action is CallAction.TOO_LARGE_HTML:
        async for _ in request.body:
            pass
        return Reply(413, {"content-type": "text/html"}, _PROXY_PAGE)
    refusal = _REFUSALS.get(rule.action)
    if refusal is not None:
        async for _ in request.body:
            pass
        raise Problem(
            refusal.type,
            rule.message or refusal.message,
            status=refusal.status,
            error_code=refusal.error_code,
            headers=_waiting(rule),
        )
    return None


def _waiting(rule: CallRule) -> dict[str, str]:
    if rule.retry_after is not None:
        return {"retry-after": str(rule.retry_after)}
    if rule.action is CallAction.RATE_LIMIT:
        return {"retry-after": str(_DEFAULT_RETRY_AFTER)}
    return {}


def delay_of(rule: CallRule | None, endpoint: Endpoint) -> float:
    """Return how many seconds later than now a new batch is to appear."""
    if rule is None or rule.action is not CallAction.LATE_ACCEPTANCE or endpoint is not Endpoint.CREATE:
        return 0.0
    return rule.seconds


def after_call(rule: CallRule, reply: Reply) -> Reply:
    """Return what becomes of the reply to a call that was carried out.

    Raises:
        Problem: the call was carried out, and the answer denies it.
        Dropped: the call was carried out, and the answer is lost.
    """
    match rule.action:
        case CallAction.RESET_AFTER | CallAction.LATE_ACCEPTANCE:
            raise Dropped(reset=True)
        case CallAction.ERROR_AFTER:
            raise Problem("api_error", rule.message or "Internal server error")
        case CallAction.GARBAGE:
            return Reply(reply.status, reply.headers, _GARBAGE)
        case CallAction.CUT | CallAction.SHORT | CallAction.TORN if not isinstance(reply.body, bytes):
            return Reply(reply.status, reply.headers, _damaged(reply.body, rule))
    return reply


async def _damaged(body: AsyncIterator[bytes], rule: CallRule) -> AsyncIterator[bytes]:
    """Yield a results stream up to some row and end it there: cleanly (short), cleanly inside a row (torn),
    or by a lost connection inside a row (cut)."""
    rows = b"".join([piece async for piece in body]).splitlines(keepends=True)
    whole = min(rule.rows if rule.rows is not None else len(rows) // 2, len(rows) - 1)
    yield b"".join(rows[:whole])
    if rule.action is CallAction.SHORT:
        return
    yield rows[whole][: max(1, len(rows[whole]) // 2)]
    if rule.action is CallAction.CUT:
        raise Dropped(reset=False)
