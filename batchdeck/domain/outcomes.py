"""Outcomes of pages: what a result means, and what each outcome calls for next."""

from __future__ import annotations

import enum
from collections.abc import Mapping
from dataclasses import dataclass, field

from batchdeck.domain.costs import Usage

JUDGE_VERSION = 1
"""Raised whenever the same answer would be judged differently: indexes of results are then made anew."""


class Outcome(enum.StrEnum):
    """What a result means for its page."""

    PENDING = "pending"
    OK = "ok"
    OK_REPAIRED = "ok_repaired"
    TRUNCATED = "truncated"
    REFUSED = "refused"
    BLOCKED = "blocked"
    EMPTY = "empty"
    REPETITION = "repetition"
    LOW_FIDELITY = "low_fidelity"
    MALFORMED = "malformed"
    ERRORED = "errored"
    EXPIRED = "expired"
    CANCELED = "canceled"
    MISSING = "missing"

    @property
    def is_good(self) -> bool:
        return self in GOOD

    @property
    def is_failure(self) -> bool:
        return self is not Outcome.PENDING and self not in GOOD

    @property
    def is_billed(self) -> bool:
        """Whether the API charges for such a row: only rows that `succeeded` in its own sense."""
        return self in _BILLED


GOOD = frozenset({Outcome.OK, Outcome.OK_REPAIRED})
_BILLED = GOOD | {
    Outcome.TRUNCATED,
    Outcome.REFUSED,
    Outcome.EMPTY,
    Outcome.REPETITION,
    Outcome.LOW_FIDELITY,
    Outcome.MALFORMED,
}


class Remedy(enum.StrEnum):
    """What an outcome calls for next."""

    NOTHING = "nothing"
    """Good, or still pending."""
    AS_IT_WAS = "as_it_was"
    """Transient: the same request again."""
    MORE_TOKENS = "more_tokens"
    """Cut off: the same request with more max_tokens, never fewer."""
    AS_IMAGE = "as_image"
    """The PDF could not be read: the page as an image."""
    CHANGED = "changed"
    """The same request would fail again the same way: another model, another prompt, or the text layer."""
    FIX_REQUEST = "fix_request"
    """The request itself is wrong."""
    MAY_BE_PAID = "may_be_paid"
    """It was sent in real time and its answer was lost: only if the operator asks."""
    UNKNOWN = "unknown"
    """The API names a failure that this version does not know: only if the operator asks."""
    ON_REQUEST = "on_request"
    """Only if the operator asks (canceled)."""
    OPERATOR_FIRST = "operator_first"
    """Credentials, permission, billing: nothing is sent again until the operator has acted."""


TRANSIENT_ERRORS = frozenset({"api_error", "overloaded_error", "rate_limit_error", "timeout_error"})
ANSWER_LOST = "answer_lost"
"""The error type, BatchDeck's own, of a real-time request that left and whose answer never came."""
REQUEST_ERRORS = frozenset({"invalid_request_error", "request_too_large"})
ACCOUNT_ERRORS = frozenset({"billing_error", "authentication_error", "permission_error"})
# Message texts are looked at only where the API gives nothing else to branch on.
_SPEND_LIMIT_PHRASE = "spend limit"
_ACCOUNT_PHRASES = ("credit balance", "billing", "usage limits", _SPEND_LIMIT_PHRASE)
_BLOCKED_PHRASE = "content filtering"
_UNREADABLE_PDF_PHRASE = "could not process pdf"
_UNREADABLE_IMAGE_PHRASE = "could not process image"


@dataclass(frozen=True, slots=True)
class ResultFacts:
    """One line of a batch's results, reduced to what judging needs. Types are the API's own strings:
    unknown ones are data."""

    custom_id: str
    type: str
    """succeeded, errored, canceled, expired, or something newer."""
    stop_reason: str = ""
    error_type: str = ""
    """`result.error.error.type`, or the refusal's category."""
    message: str = ""
    """`result.error.error.message`, as received; bounded and cleaned only where it is shown."""
    usage: Usage = field(default_factory=Usage)
    has_text: bool = False
    model: str = ""


@dataclass(frozen=True, slots=True)
class Verdict:
    """An outcome with its reason. `detail` is a short sentence or phrase for the operator."""

    outcome: Outcome
    detail: str = ""


def is_account_error(error_type: str, message: str) -> bool:
    """Say whether an error is about the account: then nothing is sent until the operator has acted."""
    if error_type in ACCOUNT_ERRORS:
        return True
    lowered = message.lower()
    if error_type == "rate_limit_error":  # how an *enforced* spend limit comes
        return _SPEND_LIMIT_PHRASE in lowered
    return error_type == "invalid_request_error" and any(phrase in lowered for phrase in _ACCOUNT_PHRASES)


def classify(facts: ResultFacts) -> Verdict:
    """Say what a result means by the API's own facts alone, before the answer's contract is checked.

    `OK` here means "succeeded, ended by itself, has text": the recipe's contract and the fidelity check may
    still lower it. A result type this version does not know is `ERRORED` with that type as its detail.
    """
    match facts.type:
        case "succeeded":
            return _classify_succeeded(facts)
        case "expired":
            return Verdict(Outcome.EXPIRED, "not processed within 24 hours")
        case "canceled":
            return Verdict(Outcome.CANCELED, "canceled before it was processed")
        case "errored":
            if facts.error_type == "invalid_request_error" and _BLOCKED_PHRASE in facts.message.lower():
                return Verdict(Outcome.BLOCKED, facts.message)
            return Verdict(Outcome.ERRORED, facts.message or "the API gave no reason")
        case unknown:
            return Verdict(Outcome.ERRORED, facts.message or f"unknown result type “{unknown}”")


def _classify_succeeded(facts: ResultFacts) -> Verdict:
    match facts.stop_reason:
        case "max_tokens":
            return Verdict(Outcome.TRUNCATED, f"cut at max_tokens after {facts.usage.output:,} tokens")
        case "model_context_window_exceeded":
            return Verdict(Outcome.TRUNCATED, "the context window was full")
        case "refusal":
            why = (facts.error_type, facts.message)
            return Verdict(Outcome.REFUSED, ": ".join(filter(None, why)) or "the model declined")
        case "end_turn" | "stop_sequence" | "":
            if not facts.has_text:
                return Verdict(Outcome.EMPTY, "the answer has no text")
            return Verdict(Outcome.OK)
        case other:
            return Verdict(Outcome.MALFORMED, f"stopped for “{other}”")


def reason_of(error_type: str, detail: str, between: str = " ") -> str:
    """Return an error type and a detail as one text, the type once where the detail begins with it (as a
    refusal's does with its category)."""
    return detail if detail.startswith(error_type) else between.join(filter(None, (error_type, detail)))


def remedy(outcome: Outcome, error_type: str = "", message: str = "", attempts: int = 1) -> Remedy:
    """Say what an outcome calls for next.

    `attempts` is how often the page has been tried: a PDF the API could not process is tried once more as
    it was (it is sometimes transient), then as an image.
    """
    match outcome:
        case Outcome.OK | Outcome.OK_REPAIRED | Outcome.PENDING:
            return Remedy.NOTHING
        case Outcome.TRUNCATED:
            return Remedy.MORE_TOKENS
        case Outcome.EXPIRED | Outcome.MISSING:
            return Remedy.AS_IT_WAS
        case Outcome.CANCELED:
            return Remedy.ON_REQUEST
        case Outcome.REFUSED | Outcome.BLOCKED:
            return Remedy.CHANGED
        case Outcome.EMPTY | Outcome.REPETITION | Outcome.LOW_FIDELITY | Outcome.MALFORMED:
            return Remedy.AS_IT_WAS if attempts < 2 else Remedy.CHANGED
        case Outcome.ERRORED:
            return _remedy_of_error(error_type, message, attempts)


def _remedy_of_error(error_type: str, message: str, attempts: int) -> Remedy:
    if is_account_error(error_type, message):
        return Remedy.OPERATOR_FIRST
    if error_type in TRANSIENT_ERRORS:
        return Remedy.AS_IT_WAS
    lowered = message.lower()
    if _UNREADABLE_PDF_PHRASE in lowered:
        return Remedy.AS_IT_WAS if attempts < 2 else Remedy.AS_IMAGE
    if _UNREADABLE_IMAGE_PHRASE in lowered:
        return Remedy.AS_IT_WAS if attempts < 2 else Remedy.CHANGED
    if error_type == "not_found_error":
        return Remedy.CHANGED
    if error_type == ANSWER_LOST:
        return Remedy.MAY_BE_PAID
    return Remedy.FIX_REQUEST if error_type in REQUEST_ERRORS else Remedy.UNKNOWN


def next_max_tokens(current: int, ceiling: int | None = None) -> int:
    """Return the max_tokens of a truncated page's next try: doubled, never fewer, at most `ceiling`."""
    doubled = current * 2
    return max(current, min(doubled, ceiling)) if ceiling is not None else doubled


def count_outcomes(outcomes: Mapping[Outcome, int]) -> tuple[int, int, int]:
    """Return (good, failed, pending) of a tally."""
    good = sum(n for outcome, n in outcomes.items() if outcome.is_good)
    pending = outcomes.get(Outcome.PENDING, 0)
    return good, sum(outcomes.values()) - good - pending, pending
