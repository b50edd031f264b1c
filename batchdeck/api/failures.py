"""What the SDK and the network report, turned into BatchDeck's own errors. Nothing here connects.

Two readings of the same answer: of a call that may be repeated freely (`failure_of`), and of `create`, where
the one question is whether the API may have made a batch (`creation_failure_of`).
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from batchdeck.api.readings import read_http_date
from batchdeck.domain.outcomes import is_account_error
from batchdeck.domain.text import show
from batchdeck.errors import (
    AcceptanceUnknown,
    AccountHeld,
    ApiNotFound,
    ApiUnreachable,
    BatchDeckError,
    NotSent,
    RateLimited,
    RequestRefused,
)

if TYPE_CHECKING:
    from anthropic import AnthropicError, APIStatusError

    from batchdeck.domain.secret import Secret

NO_KEY_HINT = (
    "Set ANTHROPIC_API_KEY, name a key file (api.key_file in the settings) or a profile, or try everything "
    "without a key in the sandbox."
)
_NOT_SENT_HINT = "Check the connection and base_url; nothing was submitted."
LONGEST_WAIT = 3600.0
"""Seconds: no `retry-after` is obeyed for longer. The SDK alone would sleep for up to 49 days."""
DEFAULT_WAIT = 60.0
_MESSAGE_LIMIT = 400
_LONGEST_READ = 1_000_000
_KEY_LIKE = re.compile(r"sk-ant-[\w-]+|(?<=Bearer )[\w.~+/-]{8,}=*")

_ACCOUNT_CODES = frozenset(
    {
        "claude_code_key_creator_not_member",
        "cmek_key_disabled",
        "cmek_key_network_blocked",
        "contract_spend_limit_reached",
        "enforced_spend_limit_reached",
        "linked_organization_billing_unavailable",
        "linked_organization_spend_limit_reached",
        "organization_on_hold",
        "organization_type_not_supported",
        "parent_organization_required",
        "user_profile_billing_not_authorized",
        "user_profile_not_billable",
    }
)
"""Error codes (`error.details.error_code`) that hold the whole account, whatever their HTTP status."""
_ACCOUNT_STATUSES = frozenset({401, 402, 403})
_SAME_ELSEWHERE = frozenset({307, 308})
"""Redirects that say "not here": unlike 301 to 303 they are never the answer to work already done."""
_UNDECIDED = frozenset({408, 409, 425, 499})
"""Client errors after which the API may still have made the batch, or make it yet."""


@dataclass(frozen=True, slots=True)
class Refusal:
    """An HTTP answer other than success, reduced to what is branched on. All text is safe to show."""

    status: int
    message: str
    error_type: str = ""
    error_code: str = ""
    retry_after: float | None = None
    """Seconds, capped at an hour; None where the API does not say."""
    request_id: str = ""

    def __str__(self) -> str:
        facts = [f"HTTP {self.status}"]
        facts += [fact for fact in (self.error_type, self.error_code, self.request_id) if fact]
        return f"{self.message} ({', '.join(facts)})"


def clean(text: str, secret: Secret | None, limit: int = _MESSAGE_LIMIT) -> str:
    """Return text from outside fit to show: bounded, one line, control characters visible, no key in it."""
    text = text[:_LONGEST_READ]
    if secret is not None:  # before anything is cut, lest a part of it survive
        text = secret.hide_in(text)
    return show(_KEY_LIKE.sub("•••", " ".join(text.split())), limit)


def wait_asked_for(headers: Mapping[str, str]) -> float | None:
    """Return how many seconds an answer asks to wait, from 0 to an hour; None when it does not ask.

    A date is compared with the answer's own `date`, so a wrong local clock cannot stretch the wait.
    """
    for name, unit in (("retry-after-ms", 0.001), ("retry-after", 1.0)):
        try:
            seconds = float(headers[name]) * unit
        except (KeyError, ValueError):
            continue
        return min(max(seconds, 0.0), LONGEST_WAIT) if seconds == seconds else None  # NaN asks nothing
    until, sent = read_http_date(headers.get("retry-after")), read_http_date(headers.get("date"))
    if until is None or sent is None:
        return None
    return min(max((until - sent).total_seconds(), 0.0), LONGEST_WAIT)


def read_refusal(error: APIStatusError, secret: Secret | None) -> Refusal:
    """Reduce the SDK's status error. An HTML page from something in front of the API has no type or code."""
    headers = error.response.headers
    error_body = error.body.get("error") if isinstance(error.body, Mapping) else None
    fields: Mapping[str, Any] = error_body if isinstance(error_body, Mapping) else {}
    if isinstance(fields.get("message"), str):
        message = clean(fields["message"], secret)
    elif "location" in headers and 300 <= error.status_code < 400:
        message = f"The answer is a redirect to {clean(headers['location'], secret, 120)}"
    elif "html" in headers.get("content-type", ""):
        message = "An HTML page instead of the API's answer, from something in front of it"
    else:
        message = clean(str(error.body or "") or "No explanation given", secret)
    return Refusal(
        status=error.status_code,
        message=message,
        error_type=clean(str(fields.get("type") or ""), secret, 60),
        error_code=clean(error.error_code or "", secret, 60),
        retry_after=wait_asked_for(headers),
        request_id=clean(headers.get("request-id", ""), secret, 60),
    )


def failure_from(error: AnthropicError, secret: Secret | None) -> BatchDeckError:
    """Turn what the SDK raised for a call that may be repeated freely into BatchDeck's own error."""
    import anthropic  # loaded long before anything can fail; at the top it would cost every start a second

    if isinstance(error, anthropic.APIStatusError):
        return failure_of(read_refusal(error, secret))
    if isinstance(error, anthropic.APIConnectionError):
        if isinstance(error.__cause__, BatchDeckError):
            return error.__cause__
        return unreachable(describe_network_error(error, secret))
    return _no_credential(error, secret)


def creation_failure_from(
    error: AnthropicError, secret: Secret | None, *, left_whole: bool, what: str = "batch"
) -> BatchDeckError:
    """Turn what the SDK raised for a call that may not be made twice into BatchDeck's own error.

    `left_whole` says whether the body's last byte was handed to the transport: without it no server can hold
    the whole request, so nothing was made.
    """
    import anthropic

    if isinstance(error, anthropic.APIStatusError):
        failure = creation_failure_of(read_refusal(error, secret))
        if isinstance(failure, AcceptanceUnknown) and not left_whole:
            return NotSent(failure.message, status=failure.status, hint=_NOT_SENT_HINT)
        return failure
    words = describe_network_error(error, secret)
    if left_whole:
        return acceptance_unknown(f"The {what} was sent, but no answer came back. {words}")
    if isinstance(error.__cause__, BatchDeckError):
        return error.__cause__
    if isinstance(error, anthropic.APIConnectionError):
        return NotSent(words, hint=_NOT_SENT_HINT)
    return _no_credential(error, secret)


def failure_of(refusal: Refusal) -> BatchDeckError:
    """Say what a refusal means for a call that may be repeated freely."""
    held = _account_hold(refusal)
    if held is not None:
        return held
    if refusal.status == 404:
        return ApiNotFound(str(refusal), status=404, error_type=refusal.error_type)
    if refusal.status == 429 or (refusal.retry_after is not None and _is_passing(refusal.status)):
        return _rate_limit(refusal)
    if _is_passing(refusal.status):
        return ApiUnreachable(str(refusal), status=refusal.status, hint="Tried again at the next poll.")
    return _refused(refusal)


def creation_failure_of(refusal: Refusal) -> BatchDeckError:
    """Say what a refusal means for `create`: refused for certain, to be sent later, or in doubt.

    Rule: 4xx other than 408, 409, 425, 429 and 499 says no; 429 says "not now"; everything else may come
    from a layer in front of an API that has made the batch.
    """
    held = _account_hold(refusal)
    if held is not None:
        return held
    if refusal.status == 429:
        return _rate_limit(refusal)
    if refusal.status in _SAME_ELSEWHERE or (
        400 <= refusal.status < 500 and refusal.status not in _UNDECIDED
    ):
        return _refused(refusal)
    return acceptance_unknown(str(refusal), refusal.status)


def acceptance_unknown(message: str, status: int | None = None) -> AcceptanceUnknown:
    """Make the error that says: look among the workspace's batches before sending anything again."""
    return AcceptanceUnknown(
        message,
        status=status,
        hint="Nothing is sent again until BatchDeck has looked for it among the workspace's batches.",
    )


def unreachable(message: str) -> ApiUnreachable:
    """Make the error of a call that got no answer at all."""
    return ApiUnreachable(message, hint="Check the connection and base_url.")


def describe_network_error(error: BaseException, secret: Secret | None) -> str:
    """Say in a sentence what broke, from the innermost cause that has words."""
    cause: BaseException = error.__cause__ or error
    words = clean(str(cause), secret, 200)
    name = type(cause).__name__
    return f"{name}: {words}" if words else f"{name} on the way to the API"


def _no_credential(error: AnthropicError, secret: Secret | None) -> AccountHeld:
    return AccountHeld(clean(str(error), secret), hint=NO_KEY_HINT)


def _is_passing(status: int) -> bool:
    return status >= 500 or status in _UNDECIDED


def _account_hold(refusal: Refusal) -> AccountHeld | None:
    if not (
        refusal.error_code in _ACCOUNT_CODES
        or refusal.status in _ACCOUNT_STATUSES
        or (refusal.status < 500 and is_account_error(refusal.error_type, refusal.message))
    ):
        return None
    return AccountHeld(
        str(refusal),
        status=refusal.status,
        error_type=refusal.error_code or refusal.error_type,
        hint=_ACCOUNT_HINTS.get(refusal.status, "Look at limits, billing and keys in the Claude Console."),
    )


_ACCOUNT_HINTS = {
    401: "Check the API key and where it comes from: `batchdeck doctor` says which one is used.",
    402: "Check billing in the Claude Console.",
    403: "This key may not do that: check its workspace and permissions in the Claude Console.",
}


def _rate_limit(refusal: Refusal) -> RateLimited:
    wait = DEFAULT_WAIT if refusal.retry_after is None else refusal.retry_after
    return RateLimited(
        str(refusal), status=refusal.status, retry_after=wait, hint=f"Goes on by itself after {wait:.0f} s."
    )


def _refused(refusal: Refusal) -> RequestRefused:
    if refusal.status == 413:
        hint = "Make the batches smaller: lower limits.batch_bytes in the settings."
    elif refusal.status == 404:
        hint = "Check base_url: nothing answers there under the API's paths."
    elif 300 <= refusal.status < 400:
        hint = "Redirects are not followed, since they would carry the key along: set base_url itself."
    else:
        hint = "The same request would be refused again."
    return RequestRefused(str(refusal), status=refusal.status, error_type=refusal.error_type, hint=hint)
