"""Exporting: the newest good answer of every page, assembled into one validated document per source file."""

from __future__ import annotations

import asyncio
import sys
from collections import Counter
from collections.abc import AsyncGenerator, AsyncIterator
from dataclasses import replace
from pathlib import Path

from batchdeck.domain.batches import DocumentRef, Job
from batchdeck.domain.events import DocumentExported, Event, Finished, Note
from batchdeck.domain.planning import DocumentReport, ExportReport
from batchdeck.errors import InputError
from batchdeck.html.templates import Makes, Template, find_template, list_templates
from batchdeck.operations.asked import recipe_of
from batchdeck.operations.assemble import export_document
from batchdeck.operations.context import Context
from batchdeck.operations.export_records import export_records
from batchdeck.operations.export_task import AnswerPlace, ExportOptions, ExportTask, PagePlace
from batchdeck.operations.judge import thresholds_of
from batchdeck.operations.pages import job_pages
from batchdeck.operations.workers import WorkerFailed
from batchdeck.recipes.recipe import Contract
from batchdeck.store.disk import storage_failures
from batchdeck.store.layout import make_folder
from batchdeck.store.page_table import PageTable

_SECONDS_PER_DOCUMENT = 3_600.0


async def export(
    context: Context, job_id: str, *, out: Path | None = None, options: ExportOptions | None = None
) -> AsyncGenerator[Event, None]:
    """Assemble every document of a job; the result is an `ExportReport`.

    Answers that are no HTML go into one file for the whole job, as `export_records` says.

    Failed pages never fail a document: the page's own text layer stands in, marked as unverified, or a
    placeholder that says why. Each file is written whole or not at all.

    Args:
        out: folder for the files; the deck's own exports folder by default.

    Raises:
        NotFound: there is no such job or template.
        StorageFailed: the files cannot be written.
    """
    chosen = options or ExportOptions(figures=context.settings.export.figures)
    job = context.ledger.job(job_id)
    recipe = recipe_of(context, job)
    folder = out or context.layout.export(job_id)
    if recipe.contract is not Contract.PAGE_HTML:
        await asyncio.to_thread(_prepare, folder, is_own=out is None)
        async for event in export_records(context, job, recipe, folder, chosen.template or recipe.export):
            yield event
        return
    chosen = replace(chosen, template=chosen.template or context.settings.export.template)
    find_template(chosen.template)
    await asyncio.to_thread(_prepare, folder, is_own=out is None)
    tasks = _tasks(context, job, folder, chosen)
    reports: list[DocumentReport] = []
    failures: list[str] = []
    done = 0
    async for task, outcome in context.workers.map(export_document, tasks, seconds=_SECONDS_PER_DOCUMENT):
        done += 1
        if isinstance(outcome, WorkerFailed):
            failures.append(f"{task.ref.name}: {outcome.message}")
            yield Note(f"{task.ref.name} could not be exported. {outcome.message}", "error")
            continue
        if outcome.lacks:
            yield Note(
                f"{task.ref.name}: its kept source {outcome.lacks}, so it is exported without the text "
                "layer, links and figures of the PDF. `batchdeck doctor --repair` may have it back.",
                "warning",
            )
        # The strings that this process has already, not those that came with each of thousands of reports.
        main = sys.intern(outcome.main)
        reports.append(replace(outcome, folder=folder, document=task.ref.name, main=main))
        yield DocumentExported(
            outcome.document,
            outcome.html,
            outcome.pages,
            outcome.placeholders,
            outcome.errors,
            outcome.review,
            done,
            len(job.documents),
        )
    for other, count in Counter(report.replaces for report in reports if report.replaces).items():
        yield Note(
            f"{count:,} of the documents stand where job {other} had exported the same files to: to keep "
            "both, give each job a folder of its own.",
            "warning",
        )
    if failures and not reports:
        raise InputError("No document could be exported. " + " ".join(failures[:3]))
    if not context.read_only:
        context.audit.append("export", job=job_id, documents=len(reports), out=str(folder))
    yield Finished(ExportReport(job_id, folder, tuple(reports), tuple(failures)))


def choices_of(context: Context, job: Job) -> tuple[str, tuple[Template, ...]]:
    """Return the template that is usual for a job's answers, and the shipped ones that fit them.

    Raises:
        NotFound: its recipe is not there any more.
    """
    recipe = recipe_of(context, job)
    if recipe.contract is Contract.PAGE_HTML:
        return context.settings.export.template, list_templates(Makes.DOCUMENTS)
    return recipe.export, list_templates(Makes.RECORDS)


def _prepare(folder: Path, *, is_own: bool) -> None:
    """Make the folder: the deck's own open to its owner alone, another as the umask says."""
    with storage_failures("Preparing", folder):
        if is_own:
            make_folder(folder)
        else:
            folder.mkdir(parents=True, exist_ok=True)


async def _tasks(
    context: Context, job: Job, folder: Path, options: ExportOptions
) -> AsyncIterator[ExportTask]:
    """Yield what is to be made of each document. Its pages are looked at when its turn has come: of all of a
    large job's at once they would fill the memory."""
    table = await asyncio.to_thread(job_pages, context, job.id)
    for ref in job.documents:
        yield await asyncio.to_thread(_task, context, job, table, ref, folder, options)


def _task(
    context: Context, job: Job, table: PageTable, ref: DocumentRef, folder: Path, options: ExportOptions
) -> ExportTask:
    thresholds, trust = thresholds_of(context)
    pages: list[PagePlace] = []
    outcomes: Counter[str] = Counter()
    cost = 0.0
    for index in range(ref.first_index, ref.first_index + ref.pages):
        row = table.row_of(index)
        outcomes[row.outcome] += 1
        cost += row.cost or 0.0
        place = table.answer_place(index) if row.outcome.is_good else None
        pages.append(
            PagePlace(
                row.page,
                row.label,
                row.outcome,
                row.custom_id,
                row.model,
                row.detail,
                AnswerPlace(*place) if place is not None else None,
                row.recall is not None and row.recall >= thresholds.recall_warn,
            )
        )
    return ExportTask(
        str(context.layout.root),
        str(folder),
        job.id,
        job.recipe,
        ref,
        context.ledger.outline(job.id, ref.first_index),
        tuple(pages),
        options,
        thresholds,
        trust,
        {"usd": round(cost, 6), "outcomes": dict(outcomes)},
    )
