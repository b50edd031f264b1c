"""Pages as lists show them: their state, their attempts, what came back and what it was made from."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass, field

from batchdeck.domain.costs import Usage
from batchdeck.domain.outcomes import Outcome, Remedy, remedy


@dataclass(frozen=True, slots=True)
class Attempt:
    """One page's turn in one batch."""

    custom_id: str
    submission: str
    batch: str | None
    number: int
    """1 for the page's first turn."""
    outcome: Outcome
    detail: str = ""
    error_type: str = ""
    stop_reason: str = ""
    usage: Usage = field(default_factory=Usage)
    model: str = ""
    max_tokens: int = 0
    change: str = ""
    at: dt.datetime | None = None
    realtime: bool = False
    """Whether it was asked at once, at the full price, instead of in a batch."""
    recall: float | None = None
    """Share of the text layer's words found in the answer; None where it was not or cannot be measured."""


@dataclass(frozen=True, slots=True)
class PageRow:
    """One page of a job as a list shows it."""

    index: int
    document: str
    """File name as shown."""
    sha256: str
    page: int
    """1-based page of the document."""
    label: str
    outcome: Outcome
    attempts: int
    custom_id: str = ""
    """Of the attempt that counts; empty while the page is in no submission."""
    batch: str = ""
    error_type: str = ""
    detail: str = ""
    usage: Usage = field(default_factory=Usage)
    cost: float | None = None
    max_tokens: int = 0
    model: str = ""
    recall: float | None = None

    @property
    def remedy(self) -> Remedy:
        return remedy(self.outcome, self.error_type, self.detail, self.attempts)


def held_back(row: PageRow, gate: str) -> str:
    """Return why a page has not gone out, given why its job has stopped at a gate; empty where it has not."""
    is_unsent = row.outcome is Outcome.PENDING and not row.attempts
    return f"held back at a gate: {gate}" if gate and is_unsent else ""


@dataclass(frozen=True, slots=True)
class PageDetail:
    """One page with every attempt, from oldest to newest."""

    row: PageRow
    job: str
    attempts: tuple[Attempt, ...]


@dataclass(frozen=True, slots=True)
class FailureGroup:
    """Failed pages of a job that share a cause and call for the same thing."""

    outcome: Outcome
    error_type: str
    remedy: Remedy
    pages: tuple[int, ...]
    """Global indices."""
    max_tokens: int = 0
    """The greatest max_tokens among them, for truncated pages."""
    example: str = ""


@dataclass(frozen=True, slots=True)
class Answer:
    """What came back for one attempt."""

    custom_id: str
    raw: bytes
    """The result line as received."""
    text: str
    """The answer's text blocks, joined; empty when there are none."""


@dataclass(frozen=True, slots=True)
class SourcePage:
    """One page of a source document as the PDF itself has it."""

    document: str
    page: int
    label: str
    text: str
    """The text layer; empty for a scan."""
    links: tuple[str, ...] = ()
    trusted: bool = False
    """Whether two extractors agree on the text."""
