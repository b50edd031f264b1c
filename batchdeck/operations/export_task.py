"""What one document's export is made of: the task handed to a worker, and what the operator may choose."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from batchdeck.domain.batches import DocumentRef
from batchdeck.domain.documents import Outline
from batchdeck.domain.outcomes import Outcome
from batchdeck.html.fidelity import FidelityThresholds
from batchdeck.pdf.text import Trust


@dataclass(frozen=True, slots=True)
class ExportOptions:
    """How a job is exported."""

    template: str = ""
    """Name of a shipped template, or the path of the operator's own; empty for the one that is usual."""
    figures: str = "embed"
    """embed (data: URIs) or files (beside the document)."""


@dataclass(frozen=True, slots=True)
class AnswerPlace:
    """Where one page's answer lies: a line of an archived results file."""

    key: str
    offset: int
    length: int


@dataclass(frozen=True, slots=True)
class PagePlace:
    """One page of a document for the export worker."""

    number: int
    label: str
    outcome: Outcome
    custom_id: str
    model: str
    detail: str
    answer: AnswerPlace | None
    agrees: bool = False
    """Whether the answer was found to agree with the page's text layer when it arrived."""


@dataclass(frozen=True, slots=True)
class ExportTask:
    """One document to assemble."""

    root: str
    """The deck's folder."""
    out: str
    job: str
    recipe: str
    ref: DocumentRef
    outline: Outline
    pages: tuple[PagePlace, ...]
    options: ExportOptions
    thresholds: FidelityThresholds
    trust: Trust
    paid: Mapping[str, object] = field(default_factory=dict)
