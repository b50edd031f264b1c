"""Submitting: a plan becomes a job on disk, and its pages go out in turns; an interrupted job goes on."""

from __future__ import annotations

import asyncio
import secrets
from collections.abc import AsyncGenerator, Sequence

from batchdeck.domain.batches import DocumentRef, Job, Mode
from batchdeck.domain.costs import Estimate, TokensPerPage, estimate_pages
from batchdeck.domain.documents import Page
from batchdeck.domain.events import Event, Note
from batchdeck.domain.planning import Plan, Turn
from batchdeck.domain.text import show
from batchdeck.errors import Conflict, NothingToSubmit
from batchdeck.operations.context import Context
from batchdeck.operations.models import check_model
from batchdeck.operations.money import check_cost
from batchdeck.operations.plan import jobs_of_document, pages_at_once, unsent_indices, waiting_indices
from batchdeck.operations.realtime_end import end_stopped_runs
from batchdeck.operations.sources import keep_source
from batchdeck.operations.turns import Run, finish, send_all, send_prepared, submissions_of
from batchdeck.store.plans import write_plan
from batchdeck.store.records import DeckMeta


async def submit(
    context: Context, plan: Plan, *, max_cost: float | None = None
) -> AsyncGenerator[Event, None]:
    """Submit a plan; the result is a `Submitted`.

    Calling it is the operator's word: it spends money. Killed at any instant it goes on where it was when
    the same documents are submitted again (or with `resume`).

    Args:
        max_cost: refuse the plan when its estimate is over this many dollars.

    Raises:
        NothingToSubmit: the plan has no pages.
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
    check_cost(context, plan.estimate.usd, max_cost)
    for warning in await check_model(context, plan.model, plan.max_tokens):
        yield Note(warning, "warning")
    if plan.resumes is None:
        job = await _create_job(context, plan)
    else:
        job = context.ledger.job(plan.resumes)
    async for event in resume(context, job.id, plan.mode):
        yield event


async def resume(
    context: Context, job_id: str, mode: Mode | None = None, *, max_cost: float | None = None
) -> AsyncGenerator[Event, None]:
    """Send what a job has not sent yet: what is prepared, then what is in no batch. Result: `Submitted`.

    Args:
        mode: how to send what is in no batch; by default as the job was submitted.
        max_cost: refuse when the estimate is over this many dollars.

    Raises:
        NothingToSubmit: it would cost more than allowed.
    """
    context.require_writable("submit")
    await end_stopped_runs(context)
    check_cost(context, unsent_estimate(context, job_id, mode).usd, max_cost)
    job = context.ledger.job(job_id)
    run = Run(job, submissions_of(context, job.id))
    async for event in send_prepared(context, run):
        yield event
    run.seen = submissions_of(context, job.id)
    indices = unsent_indices(job, list(context.ledger.submissions().values()))
    if indices and not run.is_stopped:
        async for event in send_all(context, run, first_turns(context, job, indices, mode or job.mode)):
            yield event
    async for event in finish(context, run):
        yield event


def first_turns(context: Context, job: Job, indices: Sequence[int], mode: Mode) -> list[Turn]:
    """Return the turns that pages go out with for the first time: in batches, and in real time."""
    at_once = pages_at_once(context, job, mode)
    parted = ((index for index in indices if bool(at_once[index]) is realtime) for realtime in (False, True))
    return [
        Turn(chosen, job.model, job.max_tokens, realtime=realtime)
        for realtime, chosen in zip((False, True), map(tuple, parted), strict=True)
        if chosen
    ]


def unsent_estimate(context: Context, job_id: str, mode: Mode | None = None) -> Estimate:
    """Return what sending what a job has not sent yet would cost."""
    job = context.ledger.job(job_id)
    indices = waiting_indices(job, list(context.ledger.submissions().values()))
    price = context.prices.of(job.model)
    total = Estimate(0.0, 0.0, 0.0)
    for turn in first_turns(context, job, indices, mode or job.mode):
        total += estimate_pages(
            len(turn.indices), price, TokensPerPage(), max_tokens=turn.max_tokens, batch=not turn.realtime
        )
    return total


async def _create_job(context: Context, plan: Plan) -> Job:
    refs, pages = [], []
    for planned in plan.documents:
        document = planned.document
        await keep_source(context, document)
        refs.append(
            DocumentRef(
                document.sha256,
                show(document.path.rpartition("/")[2], 200),
                document.path,
                planned.first_index,
                len(planned.numbers),
                document.page_count,
                document.title,
                document.language,
                document.outline,
            )
        )
        labels = {facts.number: facts.label for facts in document.pages}
        pages += [
            Page(planned.first_index + offset, document.sha256, number, labels[number])
            for offset, number in enumerate(planned.numbers)
        ]
    job = Job(
        id="j" + secrets.token_hex(4),
        name=plan.name,
        created_at=context.now(),
        recipe=plan.recipe,
        model=plan.model,
        max_tokens=plan.max_tokens,
        documents=tuple(refs),
        pages=len(pages),
        operator=context.operator,
        mode=plan.mode,
        estimate=plan.estimate,
    )

    def record() -> None:
        write_plan(context.layout, job.id, pages)
        with context.ledger.transaction() as tx:
            if not plan.again:
                for ref in refs:
                    earlier = jobs_of_document(tx.jobs(), ref.sha256, plan.recipe)
                    if earlier:
                        raise Conflict(
                            f"{ref.name} was submitted meanwhile, in job {earlier[0]}.",
                            hint="Scan again; --again submits it once more.",
                        )
            if not tx.meta.endpoint:
                tx.put(DeckMeta(endpoint=context.endpoint, sandbox=tx.meta.sandbox))
            tx.put(job)
        context.audit.append(
            "job", job=job.id, documents=len(refs), pages=len(pages), estimate_usd=round(plan.estimate.usd, 4)
        )

    await asyncio.to_thread(record)
    return job
