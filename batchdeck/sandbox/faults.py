"""What is told to go wrong: the rules of a faults file, and which rule a row or a call falls under.

Reading the file is in `faults_file`; what a rule does to an answer is in `row_faults` and `call_faults`.
"""

from __future__ import annotations

import enum
from dataclasses import dataclass
from fnmatch import fnmatchcase

from batchdeck.domain.documents import parse_page_ranges
from batchdeck.sandbox.chance import fraction

Ranges = tuple[tuple[int, int | None], ...]
"""(first, last) pairs, 1-based; `last` None for no end."""


class RowOutcome(enum.StrEnum):
    """What can become of a row."""

    INVALID_REQUEST_ERROR = "invalid_request_error"
    AUTHENTICATION_ERROR = "authentication_error"
    BILLING_ERROR = "billing_error"
    PERMISSION_ERROR = "permission_error"
    NOT_FOUND_ERROR = "not_found_error"
    RATE_LIMIT_ERROR = "rate_limit_error"
    TIMEOUT_ERROR = "timeout_error"
    API_ERROR = "api_error"
    OVERLOADED_ERROR = "overloaded_error"
    BLOCKED = "blocked"
    UNREADABLE = "unreadable"
    NO_CREDIT = "no_credit"
    EXPIRED = "expired"
    CANCELED = "canceled"
    UNKNOWN_TYPE = "unknown_type"
    MISSING = "missing"
    DUPLICATE = "duplicate"
    TRUNCATED = "truncated"
    CONTEXT_FULL = "context_full"
    REFUSED = "refused"
    PAUSED = "paused"
    EMPTY = "empty"
    ONLY_THINKING = "only_thinking"
    MALFORMED = "malformed"
    UNCLOSED = "unclosed"
    FENCED = "fenced"
    CHATTY = "chatty"
    REPEATING = "repeating"
    WRONG_PAGE = "wrong_page"
    LOSSY = "lossy"
    SPLIT_TEXT = "split_text"
    OFF_SCHEMA = "off_schema"
    OK = "ok"


class Endpoint(enum.StrEnum):
    """What a call asks for."""

    CREATE = "create"
    RETRIEVE = "retrieve"
    LIST = "list"
    CANCEL = "cancel"
    DELETE = "delete"
    RESULTS = "results"
    MESSAGES = "messages"
    COUNT_TOKENS = "count_tokens"
    MODELS = "models"
    SANDBOX = "sandbox"
    """The sandbox's own: what it is, its clock, its end. Faults do not touch them."""
    CLOCK = "clock"
    STOP = "stop"

    @property
    def is_own(self) -> bool:
        """Whether it is one of the sandbox's own endpoints."""
        return self in (Endpoint.SANDBOX, Endpoint.CLOCK, Endpoint.STOP)


class CallAction(enum.StrEnum):
    """What can happen to a call."""

    RATE_LIMIT = "rate_limit"
    SPEND_LIMIT = "spend_limit"
    USAGE_LIMIT = "usage_limit"
    BILLING = "billing"
    UNAUTHORIZED = "unauthorized"
    FORBIDDEN = "forbidden"
    NOT_FOUND = "not_found"
    SERVER_ERROR = "server_error"
    OVERLOADED = "overloaded"
    GATEWAY_TIMEOUT = "gateway_timeout"
    TOO_LARGE_HTML = "too_large_html"
    RESET_BEFORE = "reset_before"
    RESET_AFTER = "reset_after"
    ERROR_AFTER = "error_after"
    LATE_ACCEPTANCE = "late_acceptance"
    SLOW = "slow"
    STALL = "stall"
    CUT = "cut"
    SHORT = "short"
    TORN = "torn"
    GARBAGE = "garbage"
    OK = "ok"


@dataclass(frozen=True, slots=True)
class RowRule:
    """One rule about rows. Every condition given must hold; of all rules the first that fits decides."""

    number: int
    """Its place in the file, from 1; part of what decides a share."""
    outcome: RowOutcome
    share: float = 1.0
    custom_id: str = "*"
    pages: Ranges | None = None
    attempts: Ranges | None = None
    model: str = "*"
    below_max_tokens: int | None = None
    """Holds for rows that ask for fewer max_tokens than this."""
    input: str = "*"
    """pdf, image, text, or any."""
    message: str = ""
    category: str = ""


@dataclass(frozen=True, slots=True)
class CallRule:
    """One rule about calls."""

    number: int
    endpoint: str
    action: CallAction
    occurrences: Ranges | None = None
    """Which of the endpoint's calls, counted from 1 over the life of the state."""
    each_batch: bool = False
    """Count per batch instead of over all batches."""
    share: float = 1.0
    retry_after: int | None = None
    seconds: float = 5.0
    rows: int | None = None
    message: str = ""


@dataclass(frozen=True, slots=True)
class RowTraits:
    """What rules look at in one row."""

    key: str
    """What stays the same when the page is tried again."""
    custom_id: str
    page: int | None
    attempt: int
    model: str
    max_tokens: int
    inputs: frozenset[str]


@dataclass(frozen=True, slots=True)
class Faults:
    """All rules of a faults file, in its order."""

    rows: tuple[RowRule, ...] = ()
    calls: tuple[CallRule, ...] = ()

    def for_row(self, seed: int, traits: RowTraits) -> RowRule | None:
        """Return the first rule a row falls under, or None."""
        for rule in self.rows:
            if _row_fits(rule, traits) and fraction(seed, "row", rule.number, traits.key) < rule.share:
                return None if rule.outcome is RowOutcome.OK else rule
        return None

    def for_call(
        self, seed: int, endpoint: Endpoint, occurrence: int, batch_occurrence: int, batch_id: str
    ) -> CallRule | None:
        """Return the first rule a call falls under, or None.

        Args:
            seed: decides shares.
            endpoint: what is called.
            occurrence: how many calls of that endpoint there have been, this one included.
            batch_occurrence: the same for this one batch.
            batch_id: the batch, or empty.
        """
        for rule in self.calls:
            if not fnmatchcase(endpoint, rule.endpoint):
                continue
            count = batch_occurrence if rule.each_batch else occurrence
            drawn = (seed, "call", rule.number, endpoint, batch_id if rule.each_batch else "", count)
            if _within(count, rule.occurrences) and fraction(*drawn) < rule.share:
                return None if rule.action is CallAction.OK else rule
        return None


def _row_fits(rule: RowRule, traits: RowTraits) -> bool:
    return (
        fnmatchcase(traits.custom_id, rule.custom_id)
        and _within(traits.attempt, rule.attempts)
        and (rule.pages is None or (traits.page is not None and _within(traits.page, rule.pages)))
        and fnmatchcase(traits.model, rule.model)
        and (rule.below_max_tokens is None or traits.max_tokens < rule.below_max_tokens)
        and (rule.input == "*" or rule.input in traits.inputs)
    )


def _within(number: int, ranges: Ranges | None) -> bool:
    if ranges is None:
        return True
    return any(first <= number and (last is None or number <= last) for first, last in ranges)


def read_ranges(value: object) -> Ranges:
    """Return ranges from what a faults file may say: ``3``, ``[1, 4]`` or ``"1-3,7-"``.

    Raises:
        ValueError: it is none of these.
        UsageError: the text is not a list of ranges.
    """
    if isinstance(value, bool):
        raise ValueError
    if isinstance(value, int):
        value = [value]
    if isinstance(value, list) and all(
        isinstance(n, int) and not isinstance(n, bool) and n > 0 for n in value
    ):
        return tuple((n, n) for n in value)
    if isinstance(value, str):
        return parse_page_ranges(value)
    raise ValueError
