"""The tables of a notebook: their columns, and how counts, sums, times and outcomes are written in them."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from batchdeck.cli.output import money
from batchdeck.domain.costs import Estimate
from batchdeck.domain.outcomes import reason_of
from batchdeck.domain.overview import BatchRow
from batchdeck.domain.pages import PageRow
from batchdeck.notebook.cards import Columns, Table

BATCHES = Columns(
    ("Status", "Job", "Batch", "Try", "Pages", "Ok", "Failed", "Age", "Cost"), frozenset({3, 4, 5, 6, 7, 8})
)
JOBS = Columns(("Job", "Id", "Documents", "Pages", "Outcomes", "Model", "Submitted"), frozenset({2, 3}))
PAGES = Columns(("#", "Document", "Page", "Outcome", "Tries", "Cost", "Why"), frozenset({0, 4, 5}))
FAILURES = Columns(("Outcome", "Pages", "Calls for", "Example"), frozenset({1}))
FILES = Columns(("File", "Pages", "Size", "Title"), frozenset({1, 2}))
PROBLEMS = Columns(("File", "Problem"))
TURNS = Columns(("Outcome", "Pages", "Change", "Model"), frozenset({1}))
SKIPPED = Columns(("#", "Outcome", "Left out because"), frozenset({0}))
DOCUMENTS = Columns(
    ("Document", "Pages", "Placeholders", "Unverified", "Errors", "Review", "File"), frozenset(range(1, 6))
)
ATTEMPTS = Columns(("Try", "Outcome", "Batch", "Model", "max_tokens", "Change", "Why"), frozenset({0, 4}))
CHECKS = Columns(("Check", "Well", "Found"))
NAMED = Columns(("Name", "What it is", "More"))
PRICES = Columns(("Model", "Input", "Output", "Retires"), frozenset({1, 2}))
COSTS = Columns(
    ("For", "Name", "Pages", "Paid", "Estimated", "Under way", "Real time"), frozenset(range(2, 7))
)
FINDINGS = Columns(("File", "Line", "Rule", "Message"), frozenset({1}))


def batch_table(caption: str, rows: Sequence[BatchRow], now: dt.datetime, *, most: int = 50) -> Table:
    """Return batches as a table."""
    cells = (
        (
            row.status,
            row.job_name,
            row.id or f"({row.key})",
            row.attempt,
            f"{row.requests:,}",
            row.good,
            row.failed,
            span(now - row.created_at),
            money(row.cost),
        )
        for row in rows
    )
    return BATCHES.fill(caption, cells, len(rows), most=most)


def span(duration: dt.timedelta) -> str:
    """Return a duration: hours and minutes below a day, whole days from there on."""
    minutes = max(0, int(duration.total_seconds())) // 60
    return f"{minutes // 60}:{minutes % 60:02d}" if minutes < 1440 else f"{minutes // 1440}d"


def page_table(rows: Iterable[PageRow], count: int) -> Table:
    """Return pages as a table."""
    cells = (
        (
            row.index,
            row.document,
            row.page if row.label == str(row.page) else f"{row.page} ({row.label})",
            row.outcome,
            row.attempts,
            money(row.cost),
            why(row),
        )
        for row in rows
    )
    return PAGES.fill("Pages", cells, count)


def why(row: PageRow) -> str:
    """Return why a page is as it is."""
    return reason_of(row.error_type, row.detail)


def tally(outcomes: Mapping[Any, int]) -> str:
    """Return outcomes with their counts."""
    return ", ".join(f"{count:,} {outcome}" for outcome, count in outcomes.items())


def price(estimate: Estimate) -> str:
    """Return what something is expected to cost."""
    if not estimate.known:
        return "unknown: the model has no price"
    return f"about {money(estimate.usd)} ({money(estimate.low)} to {money(estimate.high)}, an estimate)"


def moment(when: dt.datetime) -> str:
    """Return a moment, in UTC."""
    return f"{when.astimezone(dt.UTC):%Y-%m-%d %H:%M} UTC"
