"""Counting a few pages of a plan at the API, for an estimate that rests on them. It costs nothing."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import msgspec

from batchdeck.domain.costs import Estimate
from batchdeck.domain.counting import (
    UNKNOWN_HITS,
    CountedEstimate,
    PastBatch,
    default_output,
    estimate_counted,
    measure,
    past_hits,
    past_output,
    sample_pages,
)
from batchdeck.domain.documents import Caveat, Document
from batchdeck.domain.events import Event, Finished, PagesPrepared
from batchdeck.domain.planning import Plan
from batchdeck.domain.spending import paid_answers
from batchdeck.domain.text import show
from batchdeck.errors import (
    ApiNotFound,
    ApiRefused,
    ApiUnreachable,
    InputError,
    RequestRefused,
    StorageFailed,
)
from batchdeck.operations.context import Context
from batchdeck.operations.prepare import PageTask, PreparedPart, PrepareTask
from batchdeck.operations.prepare_files import prepare
from batchdeck.operations.sources import (
    CopyTask,
    RecordsTask,
    source_of,
    write_places,
    write_readable,
)
from batchdeck.operations.workers import WorkerFailed

_SECONDS_PER_DOCUMENT = 120.0
_SECONDS_OF_CALLS = 60.0
"""For all calls together: an estimate is not worth waiting for longer, and an answer may come for ever."""
_MOST_PAST = 50
"""Newest batches of the same recipe and model that output is taken from."""


async def count_estimate(context: Context, plan: Plan) -> AsyncGenerator[Event, None]:
    """Estimate a plan from a counted sample of its pages; the result is a `CountedEstimate`.

    A few pages, spread over the documents, are turned into the very requests that would be sent, and counted
    at the API; so is the part that all of them share, which the cache takes. Output is taken from earlier
    batches of the same recipe and model. Where the API cannot be asked, the result is the plan's own estimate
    with a note that says so.
    """
    if not plan.documents:
        yield Finished(CountedEstimate(plan.estimate, note="There is nothing to count."))
        return
    if len({asked.model for planned in plan.documents for asked in planned.document.asks}) > 1:
        note = "Not counted: the requests name several models, each with a price of its own."
        yield Finished(CountedEstimate(plan.estimate, note=note))
        return
    are_ready_made = any(planned.document.asks for planned in plan.documents)
    calls = shared = 0
    counts: list[int] = []
    refused: list[str] = []
    note = ""
    try:
        requests: list[Mapping[str, Any]] = []
        wanted = sample_pages(plan.documents, context.settings.money.count_pages)
        by_document: dict[str, tuple[Document, list[int]]] = {}
        for planned, number in wanted:
            by_document.setdefault(planned.document.sha256, (planned.document, []))[1].append(number)
        with context.layout.part_folder() as folder:
            for document, numbers in by_document.values():
                requests += await _requests_of(context, plan, document, numbers, folder)
                yield PagesPrepared(len(requests), len(wanted), show(document.path.rpartition("/")[2], 200))
        if not requests:
            raise ApiRefused("None of the pages chosen could be made into a request.")
        gateway = await context.open_gateway()
        async with asyncio.timeout(_SECONDS_OF_CALLS):
            for params in requests:
                calls += 1
                try:
                    counts.append(await gateway.count_tokens(params))
                except (RequestRefused, ApiNotFound) as error:
                    refused.append(error.message)
            if counts and requests[0].get("system") and not are_ready_made:
                calls += 1
                shared = await gateway.count_tokens(_alone(requests[0]))
    except (ApiUnreachable, ApiRefused) as error:
        note = error.message
    except TimeoutError:
        note = f"The API has not answered within {_SECONDS_OF_CALLS:g} s."
    if not counts:
        note = f"Not counted: {note or refused[0]}"
        yield Finished(CountedEstimate(plan.estimate, calls=calls, note=note))
        return
    if note:
        note = f"Counting was cut short: {note}"
    elif refused:
        note = f"{len(refused):,} of {len(requests):,} pages chosen cannot be counted: {refused[0]}"
    past = past_batches(context, plan.recipe, plan.model)
    output = past_output(past) or default_output(plan.max_tokens)
    own = measure([max(count - shared, 0) for count in counts], plan.pages)
    estimate = Estimate(0.0, 0.0, 0.0)
    for pages, is_batch in ((plan.pages - plan.realtime_pages, True), (plan.realtime_pages, False)):
        estimate += estimate_counted(
            pages,
            context.prices.of(plan.model),
            own=own,
            shared=shared,
            hits=past_hits(past) if past else UNKNOWN_HITS,
            output=output,
            max_tokens=plan.max_tokens,
            batch=is_batch,
        )
    yield Finished(
        CountedEstimate(
            estimate,
            calls,
            len(counts),
            replace(own, mean=own.mean + shared, low=own.low + shared, high=own.high + shared),
            shared,
            output,
            sum(batch.answers for batch in past),
            note,
        )
    )


def past_batches(context: Context, recipe: str, model: str) -> list[PastBatch]:
    """Return the newest archived batches that asked this model alone, as PDFs, with this recipe."""
    jobs = context.ledger.jobs()
    own = [
        batch
        for batch in context.ledger.batches().values()
        if batch.archive is not None
        and batch.submission is not None
        and batch.job is not None
        and batch.job in jobs
        and jobs[batch.job].recipe == recipe
        and {(part.model, part.as_image) for part in batch.submission.parts} == {(model, False)}
        and paid_answers(batch.outcomes)
    ]
    own.sort(key=lambda batch: batch.remote.created_at, reverse=True)
    return [PastBatch(paid_answers(batch.outcomes), batch.usage) for batch in own[:_MOST_PAST]]


async def _requests_of(
    context: Context, plan: Plan, document: Document, numbers: list[int], folder: Path
) -> list[Mapping[str, Any]]:
    """Return the parameters that pages of a document would be sent with; none where it cannot be read."""
    labels = {facts.number: facts.label for facts in document.pages}
    try:
        task = PrepareTask(
            source=await _readable(context, document, folder),
            name=show(document.path.rpartition("/")[2], 200),
            page_count=document.sheets or document.page_count,
            language=document.language,
            pages=tuple(PageTask(number, number, labels.get(number, "")) for number in numbers),
            recipe=plan.recipe,
            model=plan.model,
            max_tokens=plan.max_tokens,
            as_image=False,
            request_bytes=context.settings.limits.request_bytes,
            part=str(folder / document.sha256),
            kind=document.kind,
            places=str(folder / f"{document.sha256}.rows"),
        )
        if document.kind.has_rows:
            index = RecordsTask(task.source, task.places, document.kind)
            await context.workers.run(write_places, index, seconds=_SECONDS_PER_DOCUMENT)
        part = await context.workers.run(prepare, task, seconds=_SECONDS_PER_DOCUMENT)
    except (WorkerFailed, InputError, StorageFailed):
        return []  # submitting will say of each page why it cannot be sent
    return await asyncio.to_thread(_read_params, part)


async def _readable(context: Context, document: Document, folder: Path) -> str:
    kept = await asyncio.to_thread(source_of, context, document.sha256, document.kind)
    if kept is not None:
        return str(kept)
    if document.password or Caveat.REPAIRED in document.caveats:
        copy = folder / f"{document.sha256}.pdf"
        await context.workers.run(write_readable, CopyTask(document.path, str(copy), document.password))
        return str(copy)
    return document.path


def _read_params(part: PreparedPart) -> list[Mapping[str, Any]]:
    found: list[Mapping[str, Any]] = []
    with Path(part.task.part).open("rb") as file:
        for page in part.pages:
            line = file.read(page.length)
            if line:
                found.append(msgspec.json.decode(line)["params"])
    return found


def _alone(params: Mapping[str, Any]) -> dict[str, Any]:
    """Return a request of the shared part and hardly anything else."""
    return {
        "model": params["model"],
        "system": params["system"],
        "messages": [{"role": "user", "content": "."}],
    }
