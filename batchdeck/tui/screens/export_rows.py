"""What the Export screen says of documents: before and while they are written, and in the report."""

from __future__ import annotations

from batchdeck.domain.batches import DocumentRef
from batchdeck.domain.events import DocumentExported
from batchdeck.domain.planning import DocumentReport, ExportReport
from batchdeck.domain.text import show
from batchdeck.tui.glyphs import NOTHING, Tone
from batchdeck.tui.screens.paths import short_path
from batchdeck.tui.screens.spans import counted
from batchdeck.tui.widgets.row_table import Align, Cell, Column, Cut

Waiting = tuple[DocumentRef, DocumentExported | None]


def _state(line: Waiting) -> Cell:
    return Cell(NOTHING, Tone.MUTED) if line[1] is None else Cell("✓ written", Tone.GOOD)


def _flagged(count: int, tone: Tone) -> Cell:
    return Cell(f"{count:,}", tone) if count else Cell("0", Tone.MUTED)


WAITING_COLUMNS = (
    Column[Waiting]("document", "DOCUMENT", lambda line: show(line[0].name, 200), 20, grow=1, cut=Cut.MIDDLE),
    Column[Waiting]("pages", "PAGES", lambda line: f"{line[0].pages:,}", 7, align=Align.RIGHT),
    Column[Waiting]("state", "STATE", _state, 10),
)

REPORT_COLUMNS = (
    Column[DocumentReport](
        "document",
        "DOCUMENT",
        lambda d: show(d.document, 200),
        18,
        grow=1,
        cut=Cut.MIDDLE,
        sort=lambda d: d.document.casefold(),
        letter="D",
    ),
    Column[DocumentReport](
        "pages", "PAGES", lambda d: f"{d.pages:,}", 6, align=Align.RIGHT, sort=lambda d: d.pages, letter="P"
    ),
    Column[DocumentReport](
        "placeholders",
        "NOT CONVERTED",
        lambda d: _flagged(d.placeholders, Tone.BAD),
        13,
        align=Align.RIGHT,
        sort=lambda d: d.placeholders,
    ),
    Column[DocumentReport](
        "unverified",
        "UNVERIFIED",
        lambda d: _flagged(d.unverified, Tone.WARN),
        10,
        align=Align.RIGHT,
        sort=lambda d: d.unverified,
    ),
    Column[DocumentReport](
        "errors",
        "ERRORS",
        lambda d: _flagged(d.errors, Tone.BAD),
        6,
        align=Align.RIGHT,
        sort=lambda d: d.errors,
        letter="E",
    ),
    Column[DocumentReport](
        "review",
        "REVIEW",
        lambda d: _flagged(d.review, Tone.WARN),
        6,
        align=Align.RIGHT,
        sort=lambda d: d.review,
        letter="R",
    ),
    Column[DocumentReport](
        "file", "FILE", lambda d: show(d.html.name, 200), 14, grow=1, cut=Cut.MIDDLE, drop=1
    ),
)


def verdict(report: ExportReport) -> tuple[str, Tone]:
    """Return what an export came to, with the folder, and how good that is."""
    errors = sum(document.errors for document in report.documents)
    review = sum(document.review for document in report.documents)
    placeholders = sum(document.placeholders for document in report.documents)
    unverified = sum(document.unverified for document in report.documents)
    if errors:
        lines = [f"✗ {counted(errors, 'automated check')} not passed: see the reports beside the documents."]
    else:
        lines = [f"✓ Automated checks passed, {counted(review, 'item')} for review."]
    gaps = [
        f"{counted(placeholders, 'page')} could not be converted" if placeholders else "",
        f"{counted(unverified, 'page')} shown as the source's text layer, unverified" if unverified else "",
    ]
    if any(gaps):
        lines.append("! " + "; ".join(gap for gap in gaps if gap) + ".")
    lines += [f"✗ {show(failure, 200)}" for failure in report.failures[:2]]
    lines.append(show(short_path(str(report.folder)), 300))
    tone = Tone.BAD if errors or report.failures else Tone.WARN if any(gaps) else Tone.GOOD
    return "\n".join(lines), tone
