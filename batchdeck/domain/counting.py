"""Estimates from a counted sample: which pages are counted, and what their tokens say of all the others."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

from batchdeck.domain.costs import Estimate, ModelPrice, TokensPerPage, Usage
from batchdeck.domain.planning import PlannedDocument

_T90 = (6.31, 2.92, 2.35, 2.13, 2.02, 1.94, 1.89, 1.86, 1.83)
"""Student's t at 90 % (two-sided) for 2 to 10 values: no more pages are counted (`money.count_pages`)."""
_OTHER_PAGES = 0.2
"""The least that other pages are expected to differ from those of earlier batches, as a share."""


@dataclass(frozen=True, slots=True)
class Measured:
    """A mean, and the range that the mean over all pages probably lies in."""

    mean: float
    low: float
    high: float


UNKNOWN_HITS = Measured(0.64, 0.30, 0.98)
"""Share of the constant part of a prompt that is read from the cache, where the deck has no history
(public documentation: 30-98 % of the requests of a batch)."""


@dataclass(frozen=True, slots=True)
class PastBatch:
    """What one archived batch of the same recipe and model tells of the next: answers and their tokens."""

    answers: int
    usage: Usage


@dataclass(frozen=True, slots=True)
class CountedEstimate:
    """An estimate with what it rests on. Tokens are of one page."""

    estimate: Estimate
    calls: int = 0
    """Calls of `count_tokens` that were made. They cost nothing."""
    pages: int = 0
    """Pages that were counted; 0 where the estimate is the uncounted one."""
    input: Measured | None = None
    """Input tokens, the part that all pages share included; None where nothing was counted."""
    shared: int = 0
    """Input tokens of the part that all pages share, which the cache takes."""
    output: Measured | None = None
    answers: int = 0
    """Earlier answers that the output was taken from; 0 where it is a default."""
    note: str = ""
    """Why nothing was counted, or what to know of the count; may be empty."""


def sample_pages(documents: Sequence[PlannedDocument], count: int) -> list[tuple[PlannedDocument, int]]:
    """Choose `count` pages, evenly spread over all pages and so over the documents by their length.

    Returns the document and the 1-based page number of each, fewer where there are fewer pages.
    """
    total = sum(len(document.numbers) for document in documents)
    count = min(count, total)
    wanted = [(2 * place + 1) * total // (2 * count) for place in range(count)]
    chosen: list[tuple[PlannedDocument, int]] = []
    before = 0
    for document in documents:
        after = before + len(document.numbers)
        chosen += [
            (document, document.numbers[place - before]) for place in wanted if before <= place < after
        ]
        before = after
    return chosen


def measure(values: Sequence[int], population: int) -> Measured:
    """Return the mean of a sample, and the range that holds the mean of the population nine times in ten.

    Student's t, with the correction for a sample that is a good part of a finite population; of one value
    the range is the wide one of uncounted estimates.

    Args:
        values: the counted tokens, at least one, at most ten.
        population: how many pages there are.
    """
    count = len(values)
    mean = sum(values) / count
    if count >= population:
        return Measured(mean, mean, mean)
    if count == 1:
        default = TokensPerPage()
        return Measured(mean, mean * default.low_share, mean * default.high_share)
    variance = sum((value - mean) ** 2 for value in values) / (count - 1)
    half = _T90[count - 2] * math.sqrt(variance / count * (1 - count / population))
    return Measured(mean, max(mean - half, 0.0), mean + half)


def past_output(past: Sequence[PastBatch]) -> Measured | None:
    """Return output tokens a page from earlier batches: their mean, and the range of their own means."""
    means = [batch.usage.output / batch.answers for batch in past if batch.answers]
    answers = sum(batch.answers for batch in past)
    if not answers:
        return None
    mean = sum(batch.usage.output for batch in past) / answers
    low, high = mean * (1 - _OTHER_PAGES), mean * (1 + _OTHER_PAGES)
    return Measured(mean, min(*means, low), max(*means, high))


def past_hits(past: Sequence[PastBatch]) -> Measured | None:
    """Return which share of the cached input was read instead of written; None where nothing was cached."""
    read = sum(batch.usage.cache_read for batch in past)
    written = sum(batch.usage.cache_write_1h + batch.usage.cache_write_5m for batch in past)
    return Measured(*(read / (read + written),) * 3) if read + written else None


def default_output(max_tokens: int) -> Measured:
    """Return the output tokens of a page that nothing is known of."""
    tokens = TokensPerPage()
    mean = min(tokens.output, max_tokens)
    high = min(tokens.output * tokens.high_share, max_tokens)
    return Measured(mean, mean * tokens.low_share, high)


def estimate_counted(
    pages: int,
    price: ModelPrice | None,
    *,
    own: Measured,
    shared: int,
    hits: Measured | None,
    output: Measured,
    max_tokens: int,
    batch: bool = True,
) -> Estimate:
    """Estimate what `pages` requests cost, from tokens of one page.

    Args:
        own: input tokens that each page has for itself.
        shared: input tokens of the part that all share, marked for the cache.
        hits: share of the requests that read the shared part from the cache, the others write it for an
            hour; None where it is not cached.
        output: no end assumes more than `max_tokens`.
        batch: whether at the batch price.
    """
    if price is None:
        return Estimate(0.0, 0.0, 0.0, known=False)

    def cost(own_tokens: float, read_share: float | None, output_tokens: float) -> float:
        cached = pages * shared if read_share is not None else 0
        read = cached * (read_share or 0.0)
        usage = Usage(
            input=round(pages * (own_tokens + shared) - cached),
            output=round(pages * min(output_tokens, max_tokens)),
            cache_read=round(read),
            cache_write_1h=round(cached - read),
        )
        return price.cost(usage, batch=batch)

    mean, most, least = (hits.mean, hits.high, hits.low) if hits is not None else (None, None, None)
    return Estimate(
        cost(own.mean, mean, output.mean),
        cost(own.low, most, output.low),
        cost(own.high, least, output.high),
    )
