"""What each value of the deck is worth showing of: one function a type, from the value to its card."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from batchdeck.cli.output import counted, money, size
from batchdeck.deck import Deck
from batchdeck.domain.batches import Batch, Job, Submission
from batchdeck.domain.costs import PriceList
from batchdeck.domain.documents import Scan
from batchdeck.domain.listing import Listing
from batchdeck.domain.outcomes import reason_of
from batchdeck.domain.overview import BatchRow, by_need
from batchdeck.domain.pages import FailureGroup, PageDetail, PageRow
from batchdeck.domain.planning import ExportReport, Plan, RetryPlan, Submitted
from batchdeck.domain.spending import CostTable
from batchdeck.domain.text import show
from batchdeck.notebook.cards import Card, facts
from batchdeck.notebook.tables import (
    ATTEMPTS,
    CHECKS,
    COSTS,
    DOCUMENTS,
    FAILURES,
    FILES,
    FINDINGS,
    JOBS,
    NAMED,
    PRICES,
    PROBLEMS,
    SKIPPED,
    TURNS,
    batch_table,
    moment,
    page_table,
    price,
    tally,
    why,
)


def deck_card(deck: Deck) -> Card:
    """Return a deck: its sums, and its batches with those first that need a hand."""
    deck.refresh()
    sums, rows = deck.totals(), by_need(deck.batches())
    kind = "Sandbox deck" if deck.is_sandbox else "Deck"
    known = facts(
        endpoint=deck.endpoint,
        open_batches=f"{sums.open_batches:,}, {counted(sums.pages_in_flight, 'page')} in flight",
        failed_pages=f"{sums.pages_failed:,}",
        spent=money(sums.spent),
        opened="read-only" if deck.read_only else "",
        polled_by=deck.polled_by(),
    )
    tables = (batch_table("Batches", rows, deck.now(), most=12),) if rows else ()
    return Card(f"{kind} {show(str(deck.path), 200)}", known, tables=tables)


def scan_card(scan: Scan) -> Card:
    """Return what a scan found."""
    files = (
        (show(d.path), f"{d.page_count:,}", size(d.size), ", ".join([d.title, *d.caveats]).strip(", "))
        for d in scan.documents
    )
    problems = ((show(file.path), file.problem) for file in scan.unusable)
    tables = [FILES.fill("Usable files", files, len(scan.documents))] if scan.documents else []
    if scan.unusable:
        tables.append(PROBLEMS.fill("Files with a problem", problems, len(scan.unusable)))
    found = f"{counted(len(scan.documents), 'usable file')}, {counted(scan.page_count, 'page')}"
    return Card(f"Scan: {found}, {size(scan.size)}", tables=tuple(tables))


def plan_card(plan: Plan) -> Card:
    """Return what submitting a plan would send and cost."""
    known = facts(
        cost=price(plan.estimate),
        batches=f"about {plan.batches:,}",
        sends=size(plan.body_bytes),
        in_real_time=counted(plan.realtime_pages, "page") if plan.realtime_pages else "",
        model=plan.model,
        max_tokens=f"{plan.max_tokens:,}",
        recipe=plan.recipe,
        goes_on_with=plan.resumes,
    )
    files = (
        (show(p.document.path), f"{len(p.numbers):,}", size(p.document.size), p.document.title)
        for p in plan.documents
    )
    problems = ((show(file.path), file.problem) for file in plan.skipped)
    tables = [FILES.fill("To be submitted", files, len(plan.documents))] if plan.documents else []
    if plan.skipped:
        tables.append(PROBLEMS.fill("Left out", problems, len(plan.skipped)))
    notes = (*plan.caveats, *(finding.message for finding in plan.findings))
    title = f"Plan {plan.name}: {counted(plan.pages, 'page')} of {counted(len(plan.documents), 'document')}"
    return Card(title, known, notes, tuple(tables))


def retry_plan_card(plan: RetryPlan) -> Card:
    """Return what a retry would send and cost."""
    turns = ((t.outcome, f"{len(t.indices):,}", t.change, t.model) for t in plan.turns)
    skipped = ((f"{s.index:,}", s.outcome, s.reason) for s in plan.skipped)
    tables = [TURNS.fill("To be sent again", turns, len(plan.turns))] if plan.turns else []
    if plan.skipped:
        tables.append(SKIPPED.fill("Left out", skipped, len(plan.skipped)))
    title = f"Retry of {plan.job}: {counted(plan.pages, 'page')}"
    return Card(title, facts(cost=price(plan.estimate)), tables=tuple(tables))


def submitted_card(result: Submitted) -> Card:
    """Return what a submission or a retry came to."""
    notes = [f"The API refused: {reason}" for reason in result.refused]
    if result.held:
        notes.append(f"The account needs you first: {result.held}")
    if result.in_doubt:
        notes.append("It is not known whether the API took all of it: await deck.reconcile().")
    if result.is_climbing:
        notes.append(f"{counted(result.unsent, 'page')} on later rungs, sent by tracking once a gate holds.")
    elif result.unsent:
        notes.append(f"{counted(result.unsent, 'page')} not sent yet: await deck.resume(…).")
    known = facts(job=result.job, batches=", ".join(result.batches))
    return Card(f"Submitted {counted(result.pages, 'page')}", known, tuple(notes))


def job_card(job: Job) -> Card:
    """Return a job."""
    known = facts(
        id=job.id,
        pages=f"{job.pages:,} of {counted(len(job.documents), 'document')}",
        outcomes=tally(job.outcomes),
        estimate=price(job.estimate),
        model=job.model,
        recipe=job.recipe,
        submitted=moment(job.created_at),
        by=job.operator,
    )
    return Card(f"Job {show(job.name, 100)}", known)


def batch_card(batch: Batch) -> Card:
    """Return a batch."""
    counts = batch.remote.counts
    known = facts(
        status=batch.remote.status,
        requests=f"{counts.total:,}: {counts.processing:,} processing, {counts.succeeded:,} succeeded, "
        f"{counts.errored:,} errored, {counts.canceled:,} canceled, {counts.expired:,} expired",
        outcomes=tally(batch.outcomes),
        cost=money(batch.cost) if batch.cost is not None else "",
        archived="on this disk" if batch.archive is not None else "not yet",
        job=batch.job,
        created=moment(batch.remote.created_at),
    )
    return Card(f"Batch {batch.id}", known, batch.archive.findings if batch.archive else ())


def page_card(detail: PageDetail) -> Card:
    """Return one page with all its attempts."""
    row = detail.row
    known = facts(
        outcome=row.outcome,
        why=why(row),
        calls_for=row.remedy.replace("_", " "),
        cost=money(row.cost) if row.cost is not None else "",
    )
    attempts = (
        (
            a.number,
            a.outcome,
            a.batch,
            a.model,
            f"{a.max_tokens:,}",
            a.change,
            reason_of(a.error_type, a.detail),
        )
        for a in detail.attempts
    )
    title = f"Page {row.page} of {row.document}, #{row.index} of job {detail.job}"
    return Card(title, known, tables=(ATTEMPTS.fill("Attempts", attempts, len(detail.attempts)),))


def export_card(report: ExportReport) -> Card:
    """Return what an export came to."""
    rows = (
        (d.document, d.pages, d.placeholders, d.unverified, d.errors, d.review, d.html.name)
        for d in report.documents
    )
    table = DOCUMENTS.fill("Documents", rows, len(report.documents))
    title = f"Export of {report.job}: {counted(len(report.documents), 'document')}"
    return Card(title, facts(folder=report.folder, look="report.show()"), report.failures, (table,))


def tracked_card(result: Any) -> Card:
    """Return what tracking came to."""
    doubt = f", {counted(result.in_doubt, 'submission')} in doubt" if result.in_doubt else ""
    archived = counted(len(result.archived), "batch", "batches")
    return Card(f"Tracked: {archived} archived, {result.open_batches:,} open{doubt}")


def reconciled_card(result: Any) -> Card:
    """Return what a reconciliation came to."""
    known = facts(
        adopted=", ".join(result.adopted),
        never_accepted=", ".join(result.absent),
        not_settled_yet=", ".join(result.undecided),
        duplicates=", ".join(result.duplicates),
    )
    return Card("Reconciled" if known else "Reconciled: nothing was in doubt", known)


def validation_card(result: Any) -> Card:
    """Return what does not hold in HTML files."""
    rows = [(file.name, f.line or None, f.rule, f.message) for file, found in result.files for f in found]
    title = f"{counted(len(rows), 'finding')} in {counted(len(result.files), 'file')}"
    tables = (FINDINGS.fill("Findings", rows, len(rows)),) if rows else ()
    return Card(title, notes=result.not_installed, tables=tables)


def prices_card(prices: PriceList) -> Card:
    """Return the price list."""
    cells = ((name, f"{p.input:g}", f"{p.output:g}", p.retires) for name, p in prices.models.items())
    table = PRICES.fill("Batch prices, dollars per million tokens", cells, len(prices.models))
    return Card("Prices", facts(as_of=prices.as_of.isoformat(), source=prices.source), tables=(table,))


def costs_card(costs: CostTable) -> Card:
    """Return what was paid."""
    cells = (
        (
            row.key,
            row.name,
            f"{row.pages:,}",
            money(row.cost),
            money(row.estimated or None),
            money(row.pending or None),
            money(row.realtime_cost),
        )
        for row in (*costs.rows, costs.total)
    )
    table = COSTS.fill(f"By {costs.by}", cells, len(costs.rows) + 1)
    return Card(f"Paid: {money(costs.total.cost)}", tables=(table,))


def pages_card(table: Any) -> Card:
    """Return the pages of a job or a batch."""
    return Card(counted(len(table), "page"), tables=(page_table(table, len(table)),))


def listing_card(rows: Listing[Any]) -> Card | None:
    """Return a list of rows of one kind; None where there is no table for that kind."""
    if not rows:
        return Card("Nothing")
    make = _LISTS.get(type(rows[0])) or _LISTS_BY_NAME.get(type(rows[0]).__name__)
    return make(rows) if make is not None else None


def _jobs(jobs: Sequence[Job]) -> Card:
    cells = (
        (j.name, j.id, len(j.documents), f"{j.pages:,}", tally(j.outcomes), j.model, moment(j.created_at))
        for j in jobs
    )
    return Card(counted(len(jobs), "job"), tables=(JOBS.fill("Jobs, newest first", cells, len(jobs)),))


def _batches(rows: Sequence[BatchRow]) -> Card:
    table = batch_table("Batches", rows, dt.datetime.now(dt.UTC))
    return Card(counted(len(rows), "batch", "batches"), tables=(table,))


def _failures(groups: Sequence[FailureGroup]) -> Card:
    cells = ((g.outcome, f"{len(g.pages):,}", g.remedy.replace("_", " "), g.example) for g in groups)
    pages = sum(len(group.pages) for group in groups)
    return Card(f"{counted(pages, 'failed page')}", tables=(FAILURES.fill("By cause", cells, len(groups)),))


def _checks(checks: Sequence[Any]) -> Card:
    cells = ((check.name, "✓ yes" if check.ok else "✗ no", check.detail) for check in checks)
    bad = sum(not check.ok for check in checks)
    title = f"Doctor: {counted(bad, 'thing')} to see to" if bad else "Doctor: all well"
    return Card(title, tables=(CHECKS.fill("Checks", cells, len(checks)),))


def _recipes(recipes: Sequence[Any]) -> Card:
    table = NAMED.fill("Recipes", ((r.name, r.title, r.model) for r in recipes), len(recipes))
    return Card(counted(len(recipes), "recipe"), tables=(table,))


def _templates(templates: Sequence[Any]) -> Card:
    table = NAMED.fill("Templates", ((t.name, t.summary, t.folder) for t in templates), len(templates))
    return Card(counted(len(templates), "export template"), tables=(table,))


def _pages(rows: Sequence[PageRow]) -> Card:
    return Card(counted(len(rows), "page"), tables=(page_table(rows, len(rows)),))


_LISTS: Mapping[type, Callable[[Sequence[Any]], Card]] = {
    Job: _jobs,
    BatchRow: _batches,
    FailureGroup: _failures,
    PageRow: _pages,
}
_LISTS_BY_NAME: Mapping[str, Callable[[Sequence[Any]], Card]] = {
    "Check": _checks,
    "Recipe": _recipes,
    "Template": _templates,
}


def _submission_card(submission: Submission) -> Card:
    known = facts(
        state=submission.state,
        batch=submission.batch_id,
        pages=f"{submission.page_count:,}",
        attempt=submission.attempt,
        change=submission.change,
        note=submission.note,
    )
    return Card(f"Submission {submission.key}", known)


CARDS: Mapping[type, Callable[[Any], Card | None]] = {
    Deck: deck_card,
    Scan: scan_card,
    Plan: plan_card,
    RetryPlan: retry_plan_card,
    Submitted: submitted_card,
    Job: job_card,
    Batch: batch_card,
    Submission: _submission_card,
    PageDetail: page_card,
    ExportReport: export_card,
    PriceList: prices_card,
    CostTable: costs_card,
    Listing: listing_card,
}
"""Types that show themselves."""
CARDS_BY_NAME: Mapping[tuple[str, str], Callable[[Any], Card | None]] = {
    ("batchdeck.operations.track", "Tracked"): tracked_card,
    ("batchdeck.operations.reconcile", "Reconciled"): reconciled_card,
    ("batchdeck.operations.validate", "Validation"): validation_card,
    ("batchdeck.store.page_table", "PageTable"): pages_card,
}
"""Types below the deck that show themselves, by module and name: a face does not import what they are in."""
