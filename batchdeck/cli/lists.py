"""The commands that list: batches, jobs, pages, one page."""

from __future__ import annotations

import datetime as dt
import sys
from collections.abc import Iterable, Iterator
from typing import Annotated, Any

import typer

from batchdeck.cli.app import app
from batchdeck.cli.options import Json, read_outcomes
from batchdeck.cli.output import money, print_json, print_json_list, print_table
from batchdeck.cli.session import Session, narrate
from batchdeck.deck import Deck
from batchdeck.domain.batches import Job
from batchdeck.domain.columns import BATCH_FIELDS, PAGE_FIELDS, batch_value, page_value, select
from batchdeck.domain.outcomes import Outcome, reason_of
from batchdeck.domain.overview import BatchRow, banner
from batchdeck.domain.pages import Attempt, PageRow, held_back
from batchdeck.domain.text import show
from batchdeck.errors import NotFound

Filter = Annotated[
    str, typer.Option("--filter", "-f", help="Filter and sort, as in the dashboard (docs/filters.md).")
]


@app.command("ls")
def list_batches(context: typer.Context, filter_: Filter = "", json: Json = False) -> None:
    """List tracked batches, newest first."""

    async def command(deck: Deck) -> int:
        rows = list(
            select(
                deck.batches(), filter_, BATCH_FIELDS, lambda row, field: batch_value(row, field, deck.now())
            )
        )
        if json:
            print_json({"batches": [_batch_record(row) for row in rows], "held": deck.held or None})
            return 0
        for line in banner(deck.held, deck.totals()):
            narrate(line)
        titles = ("STATUS", "JOB", "BATCH", "TRY", "PAGES", "OK", "FAILED", "AGE", "COST", "LINEAGE")
        now = deck.now()
        print_table(
            titles,
            [
                (
                    row.status,
                    row.job_name,
                    row.id or f"({row.key})",
                    row.attempt,
                    row.requests,
                    row.good,
                    row.failed,
                    age(now - row.created_at),
                    money(row.cost),
                    _lineage(row),
                )
                for row in rows
            ],
            right=(3, 4, 5, 6, 7, 8),
        )
        return 0

    session: Session = context.obj
    session.run(command)


def _lineage(row: BatchRow) -> str:
    return f"retries {', '.join(row.lineage)}: {row.change}" if row.lineage else ""


def _batch_record(row: BatchRow) -> dict[str, Any]:
    return {
        "id": row.id or None,
        "key": row.key,
        "job": row.job or None,
        "job_name": row.job_name,
        "status": row.status,
        "counts": row.counts,
        "requests": row.requests,
        "attempt": row.attempt,
        "lineage": list(row.lineage),
        "change": row.change,
        "archived": row.archived,
        "realtime": row.realtime,
        "outcomes": dict(row.outcomes),
        "model": row.model,
        "cost": {"estimated": row.estimate, "actual": row.cost},
        "created_at": row.created_at,
        "expires_at": row.expires_at,
        "ended_at": row.ended_at,
        "note": row.note,
    }


def age(span: dt.timedelta) -> str:
    """Return a time span for a table: minutes and hours, or days."""
    seconds = max(0, int(span.total_seconds()))
    if seconds < 60:
        return f"{seconds}s"
    if seconds < 86_400:
        return f"{seconds // 3600}:{seconds % 3600 // 60:02d}"
    return f"{seconds // 86_400}d"


@app.command("jobs")
def list_jobs(context: typer.Context, json: Json = False) -> None:
    """List jobs, newest first."""

    async def command(deck: Deck) -> int:
        jobs = deck.jobs()
        if json:
            print_json({"jobs": [_job_record(deck, job) for job in jobs]})
            return 0
        held_back = [deck.held_back(job) for job in jobs]
        titles = ("STATE", "JOB", "NAME", "DOCUMENTS", "PAGES", "OUTCOMES", "COST")
        rows = [
            (
                deck.job_state(job),
                job.id,
                job.name,
                len(job.documents),
                job.pages,
                _outcomes(job, held),
                money(deck.job_cost(job)),
            )
            for job, held in zip(jobs, held_back, strict=True)
        ]
        for job, held in zip(jobs, held_back, strict=True):
            if held:
                narrate(f"{job.name}: {held:,} of {job.pages:,} pages are held back at a gate: {job.gate}.")
                narrate(
                    f"  → batchdeck retry {job.id} sends again what failed; "
                    f"batchdeck submit --resume {job.id} lets them on."
                )
        print_table(titles, rows, right=(3, 4, 6))
        return 0

    session: Session = context.obj
    session.run(command)


def _outcomes(job: Job, held: int) -> str:
    counts: dict[str, int] = {str(outcome): count for outcome, count in job.outcomes.items()}
    counts[Outcome.PENDING] = max(counts.get(Outcome.PENDING, 0) - held, 0)
    return ", ".join(f"{count} {what}" for what, count in {**counts, "held back": held}.items() if count)


def _job_record(deck: Deck, job: Job) -> dict[str, Any]:
    submissions = deck.submissions(job.id)
    return {
        "job": job.id,
        "name": job.name,
        "documents": len(job.documents),
        "pages": job.pages,
        "batches": [s.batch_id for s in submissions if s.batch_id is not None],
        "outcomes": dict(job.outcomes),
        "cost": {"estimated": job.estimate.usd, "actual": deck.job_cost(job)},
        "state": deck.job_state(job),
        "ladder": list(job.ladder),
        "gate": job.gate or None,
        "held_back": deck.held_back(job),
        "recipe": job.recipe,
        "model": job.model,
        "max_tokens": job.max_tokens,
        "created_at": job.created_at,
        "operator": job.operator,
    }


@app.command("pages")
def list_pages(
    context: typer.Context,
    target: Annotated[str, typer.Argument(help="A job or a batch.", metavar="JOB_OR_BATCH")],
    outcome: Annotated[list[str] | None, typer.Option("--outcome", "-o", help="Only these outcomes.")] = None,
    filter_: Filter = "",
    json: Json = False,
) -> None:
    """List the pages of a job or a batch with their states."""

    async def command(deck: Deck) -> int:
        wanted, name = read_outcomes(outcome), deck.target(target)
        table = deck.pages(name)
        gate = next((job.gate for job in deck.jobs() if job.id == name), "")
        chosen = (row for row in table if not wanted or row.outcome in wanted)
        rows = select(chosen, filter_, PAGE_FIELDS, page_value)
        if json:
            records = (_page_record(row) | {"held_back": held_back(row, gate) or None} for row in rows)
            print_json_list({}, "pages", records)
            return 0
        titles = ("#", "DOCUMENT", "PAGE", "OUTCOME", "TRIES", "COST", "WHY")
        print_table(titles, _page_cells(rows, gate), right=(0, 4, 5))
        return 0

    session: Session = context.obj
    session.run(command)


def _page_cells(rows: Iterable[PageRow], gate: str) -> Iterator[tuple[object, ...]]:
    for row in rows:
        why = reason_of(row.error_type, row.detail) or held_back(row, gate)
        label = row.label if row.label == str(row.page) else f"{row.page} ({row.label})"
        yield row.index, row.document, label, row.outcome, row.attempts, money(row.cost), why


def _page_record(row: PageRow) -> dict[str, Any]:
    return {
        "custom_id": row.custom_id or None,
        "index": row.index,
        "document": row.document,
        "sha256": row.sha256,
        "page": row.page,
        "label": row.label,
        "outcome": row.outcome,
        "error_type": row.error_type or None,
        "message": row.detail or None,
        "attempts": row.attempts,
        "batch": row.batch or None,
        "calls_for": row.remedy,
        "recall": row.recall,
        "cost": row.cost,
    }


@app.command("page")
def show_page(
    context: typer.Context,
    custom_id: Annotated[
        str, typer.Argument(help="The custom_id of any of its attempts.", metavar="CUSTOM_ID")
    ],
    raw: Annotated[bool, typer.Option("--raw", help="Print the result line as received.")] = False,
    json: Json = False,
) -> None:
    """Show one page with all its attempts."""

    async def command(deck: Deck) -> int:
        detail = deck.page(custom_id)
        answer = deck.answer(custom_id)
        if raw:
            if answer is None:
                raise NotFound("Nothing has come back for this attempt yet.", hint="See `batchdeck ls`.")
            sys.stdout.buffer.write(answer.raw.rstrip(b"\n") + b"\n")
            return 0
        if json:
            record = _page_record(detail.row) | {
                "job": detail.job,
                "attempts": [_attempt_record(attempt) for attempt in detail.attempts],
            }
            print_json(record)
            return 0
        row = detail.row
        typer.echo(f"{row.document}, page {row.page} ({show(row.label)}), #{row.index} of job {detail.job}")
        typer.echo(f"{row.outcome} {show(row.detail)}; it calls for: {row.remedy.replace('_', ' ')}")
        titles = ("TRY", "OUTCOME", "BATCH", "MODEL", "MAX_TOKENS", "CHANGE", "WHY", "CUSTOM_ID")
        cells = [
            (
                a.number,
                a.outcome,
                a.batch,
                a.model,
                a.max_tokens,
                a.change,
                reason_of(a.error_type, a.detail),
                a.custom_id,
            )
            for a in detail.attempts
        ]
        print_table(titles, cells, right=(0, 4))
        if answer is not None and answer.text:
            typer.echo("\n" + show(answer.text, newlines=True))
        return 0

    session: Session = context.obj
    session.run(command)


def _attempt_record(attempt: Attempt) -> dict[str, Any]:
    return {
        "number": attempt.number,
        "custom_id": attempt.custom_id,
        "batch": attempt.batch,
        "submission": attempt.submission,
        "outcome": attempt.outcome,
        "error_type": attempt.error_type or None,
        "message": attempt.detail or None,
        "stop_reason": attempt.stop_reason or None,
        "model": attempt.model,
        "max_tokens": attempt.max_tokens,
        "change": attempt.change,
        "realtime": attempt.realtime,
        "usage": attempt.usage,
        "at": attempt.at,
    }
