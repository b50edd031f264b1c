"""Submitting: a plan becomes a job on disk, and its pages go out in turns; an interrupted job goes on."""

from __future__ import annotations

import asyncio
import os
import secrets
from collections.abc import AsyncGenerator, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import chain

from batchdeck.domain.batches import DocumentRef, Job, Mode, Part, SubmissionState
from batchdeck.domain.costs import Estimate
from batchdeck.domain.documents import Page, PlannedPageKind, kind_of_page
from batchdeck.domain.events import Event, Note
from batchdeck.domain.ladder import assign_rungs
from batchdeck.domain.planning import Plan, PlannedDocument, Turn, Unsent
from batchdeck.domain.standing import Spender
from batchdeck.domain.text import show
from batchdeck.errors import Conflict, NothingToSubmit
from batchdeck.operations.asked import keep_asks, keep_recipe
from batchdeck.operations.context import Context
from batchdeck.operations.ladder import climb
from batchdeck.operations.models import check_model
from batchdeck.operations.money import check_cost, expected_cost, require_account, uncounted_cost
from batchdeck.operations.plan import jobs_by_document, jobs_in_doubt, unsent_indices, waiting_indices
from batchdeck.operations.realtime_end import end_stopped_runs
from batchdeck.operations.send import by_order
from batchdeck.operations.sources import keep_source, tell
from batchdeck.operations.turns import Run, finish, first_turns, send_all, send_prepared, submissions_of
from batchdeck.recipes.recipe import load_recipe
from batchdeck.sources.reading import Told
from batchdeck.store.plans import read_plan, write_plan


async def submit(
    context: Context,
    plan: Plan,
    *,
    max_cost: float | None = None,
    stagger: float | None = None,
    spender: Spender | None = None,
) -> AsyncGenerator[Event, None]:
    """Submit a plan; the result is a `Submitted`.

    Calling it is the operator's word: it spends money. Killed at any instant it goes on where it was when
    the same documents are submitted again (or with `resume`).

    Args:
        max_cost: refuse the plan when its estimate is over this many dollars.
        stagger: seconds between two batches; by default as the settings say.
        spender: the standing order that submits, if one does; its caps hold for every batch.

    Raises:
        NothingToSubmit: the plan has no pages, or costs more than allowed.
        AccountHeld: the account is held, and nobody has said that it is in order again.
        ApiRefused: the API refused the first batch; later refusals are in the result.
        Conflict: a document was submitted by another process meanwhile.
    """
    context.require_writable("submit")
    if not plan.documents:
        raise NothingToSubmit(
            "No usable page is left.", hint="Run `batchdeck scan` to see the reason for each file."
        )
    fatal = [finding.message for finding in plan.findings if finding.fatal]
    if fatal:
        raise NothingToSubmit("The API would refuse every page: " + " ".join(fatal))
    require_account(context)
    check_cost(context, plan.estimate, max_cost, waiting=_prepared(context, plan.resumes))
    for warning in await check_model(context, plan.model, plan.max_tokens):
        yield Note(warning, "warning")
    if plan.resumes is None:
        job_id = await _create_job(context, plan, spender.name if spender is not None else "")
    else:
        job_id = plan.resumes
    async for event in resume(context, job_id, ResumeChanges(plan.mode, stagger=stagger), spender=spender):
        yield event


@dataclass(frozen=True, slots=True)
class ResumeChanges:
    """What is different for a job's unsent pages from how it was submitted. None: as it was."""

    mode: Mode | None = None
    model: str | None = None
    max_tokens: int | None = None
    stagger: float | None = None
    """Seconds between two batches."""


def _changed(context: Context, job: Job, changes: ResumeChanges) -> Job:
    """Record a new model or token limit for the pages of a job that are still to be sent."""
    changed = replace(job, model=changes.model or job.model, max_tokens=changes.max_tokens or job.max_tokens)
    if changed != job:
        changed = replace(changed, estimate=uncounted_cost(context, changed))
        with context.ledger.transaction() as tx:
            tx.put(changed)
        context.audit.append("changed", job=job.id, model=changed.model, max_tokens=changed.max_tokens)
    return changed


async def resume(
    context: Context,
    job_id: str,
    changes: ResumeChanges | None = None,
    *,
    max_cost: float | None = None,
    spender: Spender | None = None,
) -> AsyncGenerator[Event, None]:
    """Send what a job has not sent yet: what is prepared, then what is in no batch. Result: `Submitted`.

    Args:
        changes: what is different from how the job was submitted.
        max_cost: refuse when the estimate is over this many dollars.
        spender: the standing order that goes on with it, if one does.

    Raises:
        NothingToSubmit: it would cost more than allowed.
        AccountHeld: the account is held, and nobody has said that it is in order again.
    """
    context.require_writable("submit")
    await end_stopped_runs(context)
    changes = changes or ResumeChanges()
    job = await asyncio.to_thread(_changed, context, context.ledger.job(job_id), changes)
    mode = changes.mode or job.mode
    require_account(context)
    unsent = await asyncio.to_thread(unsent_of, context, job_id, mode)
    check_cost(context, unsent.estimate, max_cost, waiting=_prepared(context, job_id))
    run = Run(job, submissions_of(context, job.id), spender, changes.stagger)
    async for event in send_prepared(context, run):
        yield event
    run.seen = submissions_of(context, job.id)
    if job.ladder and not run.is_stopped:
        async for event in climb(context, run, mode):
            yield event
    elif not run.is_stopped:
        turns = await asyncio.to_thread(_unsent_turns, context, job, mode)
        async for event in send_all(context, run, turns):
            yield event
    async for event in finish(context, run):
        yield event


def _unsent_turns(context: Context, job: Job, mode: Mode) -> list[Turn]:
    indices = unsent_indices(job, list(context.ledger.submissions().values()))
    return first_turns(context, job, indices, mode)


def _prepared(context: Context, job_id: str | None) -> frozenset[str]:
    """Return the keys of a job's submissions that were prepared by a run that was stopped."""
    submissions = context.ledger.submissions().values()
    return frozenset(s.key for s in submissions if s.job == job_id and s.state is SubmissionState.PREPARED)


def unsent_of(context: Context, job_id: str, mode: Mode | None) -> Unsent:
    """Return what goes out when a job is gone on with, and what it would cost."""
    job = context.ledger.job(job_id)
    indices: Sequence[int] = waiting_indices(job, list(context.ledger.submissions().values()))
    if job.ladder and indices:
        rungs = read_plan(context.layout, job_id).rungs
        rung = min(rungs[index] for index in indices)
        indices = [index for index in indices if rungs[index] == rung]
    total = Estimate(0.0, 0.0, 0.0)
    for turn in first_turns(context, job, indices, mode or job.mode):
        part = Part(turn.ranges, turn.model, turn.max_tokens)
        total += expected_cost(context, job, part, realtime=turn.realtime)
    return Unsent(len(indices), total)


async def _create_job(context: Context, plan: Plan, order: str) -> str:
    """Record a job; return its id."""
    recipe = load_recipe(plan.recipe)
    job_id = "j" + secrets.token_hex(4)
    asks: dict[tuple[str, int], list[int]] = {}
    with context.layout.part_folder() as folder:
        refs: list[DocumentRef] = []
        pages: list[Iterable[Page]] = []
        for planned in plan.documents:
            document = planned.document
            await keep_source(context, document)
            refs.append(_ref(planned))
            if document.kind.has_rows:
                told = await tell(context, document.sha256, document.kind, recipe, folder)
                pages.append(_pages_of_records(planned, told, asks if document.asks else None))
            else:
                pages.append(_pages(planned))
        job = Job(
            id=job_id,
            name=plan.name,
            created_at=context.now(),
            recipe=plan.recipe,
            model=plan.model,
            max_tokens=plan.max_tokens,
            documents=tuple(refs),
            pages=plan.pages,
            operator=context.operator,
            mode=plan.mode,
            ladder=plan.ladder,
            estimate=plan.estimate,
            order=order,
        )
        planned_pages: Iterable[Page] = chain.from_iterable(pages)
        if plan.ladder:
            planned_pages = await asyncio.to_thread(_with_rungs, plan, job_id, planned_pages)
        await asyncio.to_thread(_record, context, plan, job, planned_pages, asks)
    return job_id


def _ref(planned: PlannedDocument) -> DocumentRef:
    document = planned.document
    return DocumentRef(
        document.sha256,
        show(document.path.rpartition("/")[2], 200),
        os.path.abspath(document.path),
        planned.first_index,
        len(planned.numbers),
        document.sheets or document.page_count,
        document.title,
        document.language,
        document.kind,
    )


def _pages(planned: PlannedDocument) -> Iterator[Page]:
    label_of = {facts.number: facts.label for facts in planned.document.pages}
    for index, number in enumerate(planned.numbers, planned.first_index):
        yield Page(index, planned.document.sha256, number, label_of[number])


def _pages_of_records(
    planned: PlannedDocument, told: Iterable[Told], asks: dict[tuple[str, int], list[int]] | None
) -> Iterator[Page]:
    """Yield the records of a file that are submitted, and note what ready-made requests ask for. Both the
    chosen numbers and what is told ascend."""
    numbers = iter(enumerate(planned.numbers, planned.first_index))
    index, wanted = next(numbers)
    for each in told:
        if each.number != wanted:
            continue
        if asks is not None:
            asks.setdefault((each.model, each.max_tokens), []).append(index)
        yield Page(index, planned.document.sha256, each.number, each.label)
        index, wanted = next(numbers, (-1, -1))


def _with_rungs(plan: Plan, job_id: str, pages: Iterable[Page]) -> list[Page]:
    kinds: list[PlannedPageKind] = []
    for planned in plan.documents:
        document = planned.document
        facts_of = {facts.number: facts for facts in document.pages}
        kinds += [
            PlannedPageKind(
                document.sha256,
                kind_of_page(facts_of[number], document.page_count) if number in facts_of else (),
            )
            for number in planned.numbers
        ]
    rungs = assign_rungs(kinds, plan.ladder, job_id)
    return [replace(page, rung=rung) for page, rung in zip(pages, rungs, strict=True)]


def _record(
    context: Context,
    plan: Plan,
    job: Job,
    pages: Iterable[Page],
    asks: Mapping[tuple[str, int], list[int]],
) -> None:
    keep_recipe(context, job.id, plan.recipe)
    if write_plan(context.layout, job.id, pages) != job.pages:
        raise Conflict("A source has changed since the scan.", hint="Scan again.")
    if asks:
        keep_asks(context, job.id, asks)
    with context.ledger.transaction() as tx:
        earlier = {} if plan.again else jobs_by_document(tx.jobs(), plan.recipe)
        in_doubt = jobs_in_doubt(tx.jobs(), tx.submissions().values(), plan.recipe)
        for ref in job.documents:
            if doubtful := in_doubt.get(ref.sha256):
                raise Conflict(
                    f"It is not known whether the API took pages of {ref.name} in job {doubtful}.",
                    hint="Run `batchdeck reconcile` first.",
                )
            if ref.sha256 in earlier:
                raise Conflict(
                    f"{ref.name} was submitted meanwhile, in job {earlier[ref.sha256][0]}.",
                    hint="Scan again. To submit it once more: --again, or in the dashboard e, again yes.",
                )
        if not tx.meta.endpoint:
            tx.put(replace(tx.meta, endpoint=context.endpoint, profile=context.profile))
        documents = ((planned.first_index, planned.document) for planned in plan.documents)
        tx.add_job(job, {first: document.outline for first, document in documents if document.outline})
    context.audit.append(
        "job",
        job=job.id,
        documents=len(job.documents),
        pages=job.pages,
        estimate_usd=round(plan.estimate.usd, 4),
        recipe=job.recipe,
        name=job.name,
        **by_order(job.order),
    )
