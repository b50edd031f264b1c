"""What a rule does to a row: the error it becomes, or how its answer is spoiled."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace

from batchdeck.sandbox.answers import Answer
from batchdeck.sandbox.faults import RowOutcome, RowRule
from batchdeck.sandbox.problems import Problem
from batchdeck.sandbox.tokens import BYTES_PER_TOKEN, cut_to_tokens, text_tokens

_LOOP = " and so on and so forth"
_LONGEST_LOOP = 20_000
"""Tokens of an answer that repeats itself, where max_tokens does not end it before."""
_ERRORS: Mapping[RowOutcome, tuple[str, str]] = {
    RowOutcome.INVALID_REQUEST_ERROR: (
        "invalid_request_error",
        "messages: the request could not be understood",
    ),
    RowOutcome.AUTHENTICATION_ERROR: ("authentication_error", "API key is invalid."),
    RowOutcome.BILLING_ERROR: ("billing_error", "There is a problem with the billing of this organization."),
    RowOutcome.PERMISSION_ERROR: ("permission_error", "This key may not use the model."),
    RowOutcome.NOT_FOUND_ERROR: ("not_found_error", "The requested resource could not be found."),
    RowOutcome.RATE_LIMIT_ERROR: ("rate_limit_error", "This request would exceed the rate limit."),
    RowOutcome.TIMEOUT_ERROR: ("timeout_error", "The request took too long."),
    RowOutcome.API_ERROR: ("api_error", "Internal server error"),
    RowOutcome.OVERLOADED_ERROR: ("overloaded_error", "Overloaded"),
    RowOutcome.BLOCKED: ("invalid_request_error", "Output blocked by content filtering policy"),
    RowOutcome.UNREADABLE: ("invalid_request_error", "Could not process PDF"),
    RowOutcome.NO_CREDIT: (
        "invalid_request_error",
        "Your credit balance is too low to access the API. Please go to Plans & Billing.",
    ),
}

UNANSWERED = frozenset({RowOutcome.EXPIRED, RowOutcome.CANCELED, RowOutcome.UNKNOWN_TYPE})
"""Rows that carry nothing but a type."""


def error_of(rule: RowRule) -> Problem | None:
    """Return the error that a row becomes under a rule, or None when it is answered."""
    if rule.outcome not in _ERRORS:
        return None
    kind, message = _ERRORS[rule.outcome]
    return Problem(kind, rule.message or message)


def copies_of(rule: RowRule | None) -> int:
    """Return how often a row appears in the results."""
    if rule is None:
        return 1
    return {RowOutcome.MISSING: 0, RowOutcome.DUPLICATE: 2}.get(rule.outcome, 1)


def spoil(rule: RowRule, answer: Answer) -> Answer:
    """Return the answer as it comes out under a rule; unchanged when the rule is not about answers."""
    change = _CHANGES.get(rule.outcome)
    return answer if change is None else change(rule, answer)


def _truncated(rule: RowRule, answer: Answer) -> Answer:
    kept = cut_to_tokens(answer.text, max(1, int(text_tokens(answer.text) * 0.6)))
    reason = "max_tokens" if rule.outcome is RowOutcome.TRUNCATED else "model_context_window_exceeded"
    return replace(answer.with_text(kept), stop_reason=reason, output_tokens=answer.max_tokens)


def _refused(rule: RowRule, answer: Answer) -> Answer:
    details = {
        "type": "refusal",
        "category": rule.category or None,
        "explanation": rule.message or "The sandbox was told to refuse this request.",
    }
    return replace(answer.with_text(""), stop_reason="refusal", stop_details=details, output_tokens=1)


def _paused(_: RowRule, answer: Answer) -> Answer:
    return replace(answer, stop_reason="pause_turn")


def _empty(_: RowRule, answer: Answer) -> Answer:
    return replace(answer.with_text(""), thinking="", output_tokens=1)


def _only_thinking(_: RowRule, answer: Answer) -> Answer:
    return replace(answer.with_text(""), thinking=answer.thinking or "The engine was told to think only.")


def _malformed(_: RowRule, answer: Answer) -> Answer:
    """The answer twice, such as two articles of the same page: nobody can say which is meant."""
    return answer.with_text(answer.text + answer.text)


def _unclosed(_: RowRule, answer: Answer) -> Answer:
    return answer.with_text(answer.text.removesuffix("</article>").removesuffix("}"))


def _off_schema(_: RowRule, answer: Answer) -> Answer:
    """JSON that can be read, and is another thing than the schema asked for."""
    return answer.with_text('{"unexpected": "The sandbox was told to leave the schema."}')


def _fenced(_: RowRule, answer: Answer) -> Answer:
    return answer.with_text(f"```html\n{answer.text}\n```")


def _chatty(_: RowRule, answer: Answer) -> Answer:
    return answer.with_text(f"Here is the page:\n\n{answer.text}\n\nLet me know if you need anything else.")


def _repeating(_: RowRule, answer: Answer) -> Answer:
    """The same words over and over until max_tokens."""
    start = answer.text.removesuffix("</article>")
    missing = answer.max_tokens - text_tokens(start) - text_tokens(answer.thinking)
    loops = int(min(max(missing, 0), _LONGEST_LOOP) * BYTES_PER_TOKEN / len(_LOOP)) + 4
    return answer.with_text(start + _LOOP * loops)


def _wrong_page(_: RowRule, answer: Answer) -> Answer:
    before, mark, after = answer.text.partition('data-page="')
    number, quote, rest = after.partition('"')
    if not mark or not number.isdigit():
        return answer
    return answer.with_text(f"{before}{mark}{int(number) + 1}{quote}{rest}")


def _lossy(_: RowRule, answer: Answer) -> Answer:
    """Half of the words go, the tags stay."""
    pieces = answer.text.replace("<", "\x00<").replace(">", ">\x00").split("\x00")
    kept = [piece if piece.startswith("<") else " ".join(piece.split()[::2]) for piece in pieces]
    return answer.with_text("".join(kept))


def _split_text(_: RowRule, answer: Answer) -> Answer:
    middle = len(answer.text) // 2
    return replace(answer, texts=(answer.text[:middle], answer.text[middle:]))


_CHANGES: Mapping[RowOutcome, Callable[[RowRule, Answer], Answer]] = {
    RowOutcome.TRUNCATED: _truncated,
    RowOutcome.CONTEXT_FULL: _truncated,
    RowOutcome.REFUSED: _refused,
    RowOutcome.PAUSED: _paused,
    RowOutcome.EMPTY: _empty,
    RowOutcome.ONLY_THINKING: _only_thinking,
    RowOutcome.MALFORMED: _malformed,
    RowOutcome.UNCLOSED: _unclosed,
    RowOutcome.FENCED: _fenced,
    RowOutcome.CHATTY: _chatty,
    RowOutcome.REPEATING: _repeating,
    RowOutcome.WRONG_PAGE: _wrong_page,
    RowOutcome.LOSSY: _lossy,
    RowOutcome.SPLIT_TEXT: _split_text,
    RowOutcome.OFF_SCHEMA: _off_schema,
}
