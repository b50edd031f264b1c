"""Collecting: an ended batch is downloaded whole, checked against what was submitted, archived, judged."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, Callable, Mapping
from contextlib import aclosing
from dataclasses import replace

from batchdeck.api.gateway import Gateway
from batchdeck.domain.batches import Archive, Batch
from batchdeck.domain.costs import Usage
from batchdeck.domain.events import BatchArchived, Event, Finished, Note, ResultsArriving
from batchdeck.domain.outcomes import Outcome
from batchdeck.errors import ResultsIncomplete
from batchdeck.operations.context import Context
from batchdeck.operations.judge import JUDGE_SECONDS, judge_results, judge_task
from batchdeck.operations.rollup import refresh_rollup
from batchdeck.store.archive import ResultsWriter, read_submitted_ids
from batchdeck.store.index import BatchIndex, read_index
from batchdeck.store.transaction import Transaction

_PAUSES = (0.0, 1.0, 3.0)
"""Seconds before each download. Results that do not match are kept only if they come the same every time."""
_PROGRESS_SECONDS = 0.25


async def collect(context: Context, batch_id: str) -> AsyncGenerator[Event, None]:
    """Archive one ended batch and judge its results; the result is the updated `Batch`.

    Downloading is free, and nothing is ever resubmitted here. Results that do not match what was submitted
    are downloaded again; when every download brings the very same rows, in whatever order, they are kept,
    with what is wrong with them, and pages without a row are shown as missing.

    Raises:
        ApiUnreachable: the results could not be downloaded whole now; the next poll tries again.
        StorageFailed: the disk did not take them.
    """
    batch = context.ledger.batch(batch_id)
    if batch.archive is None:
        async for event in _download(context, batch):
            if isinstance(event, Finished):
                batch = replace(batch, archive=event.result)
            else:
                yield event
    batch = await record_judged(context, batch)
    findings = batch.archive.findings if batch.archive else ()
    yield BatchArchived(batch.id, batch.job, batch.outcomes, batch.cost, findings)
    yield Finished(batch)


async def look_again(context: Context, batch: Batch) -> bool:
    """Download an archived batch once more, because pages are missing from it; say whether that brought them.

    It costs nothing, and sending those pages again would.

    Raises:
        ApiUnreachable: the results could not be downloaded now.
        ApiNotFound: the API does not have them any more.
    """
    assert batch.archive is not None
    gateway = await context.open_gateway()
    submitted = await asyncio.to_thread(read_submitted_ids, context.layout, batch.key)
    writer = ResultsWriter(context.layout, batch.key)
    try:
        async with aclosing(_receive(gateway, batch, writer)) as events:
            async for _ in events:
                pass
        if writer.sha256 == batch.archive.sha256:
            return False
        archive = await asyncio.to_thread(writer.finish, submitted, batch.remote.counts, now=context.now())
    except ResultsIncomplete:
        return False
    finally:
        writer.discard()
    await record_judged(context, replace(batch, archive=archive))
    return True


async def record_judged(
    context: Context, batch: Batch, settle: Callable[[Transaction], object] | None = None
) -> Batch:
    """Judge a batch whose results are on this disk, and record its archive, its tally and its cost.

    `settle` does what else belongs into the same transaction; the ledger has the batch when it returns.
    """
    task = await asyncio.to_thread(judge_task, context, batch)
    await context.workers.run(judge_results, task, seconds=JUDGE_SECONDS)
    return await asyncio.to_thread(_record, context, batch, settle)


async def _download(context: Context, batch: Batch) -> AsyncGenerator[Event, None]:
    """Download until the results are whole, or the same every time; the result is the `Archive`."""
    gateway = await context.open_gateway()
    submitted = (
        await asyncio.to_thread(read_submitted_ids, context.layout, batch.key) if batch.submission else None
    )
    seen: list[int] = []
    for number, pause in enumerate(_PAUSES, 1):
        await asyncio.sleep(pause)
        writer = ResultsWriter(context.layout, batch.key)
        try:
            async for event in _receive(gateway, batch, writer):
                yield event
            is_last = number == len(_PAUSES)
            is_same_every_time = is_last and set(seen) == {await asyncio.to_thread(writer.digest_rows)}
            archive: Archive = await asyncio.to_thread(
                writer.finish,
                submitted,
                batch.remote.counts,
                accept_findings=is_same_every_time,
                now=context.now(),
            )
        except ResultsIncomplete as error:
            if number == len(_PAUSES):
                raise
            seen.append(await asyncio.to_thread(writer.digest_rows))
            yield Note(f"Batch {batch.id}: {error.message} Downloading again.", "warning")
        else:
            yield Finished(archive)
            return
        finally:
            writer.discard()


async def _receive(gateway: Gateway, batch: Batch, writer: ResultsWriter) -> AsyncGenerator[Event, None]:
    """Download into the writer's part file, reporting bytes on the way."""
    received = 0

    def on_bytes(total: int) -> None:
        nonlocal received
        received = total

    call = asyncio.ensure_future(gateway.download_results(batch.id, writer.write, on_bytes=on_bytes))
    shown = -1
    try:
        while not call.done():
            await asyncio.wait({call}, timeout=_PROGRESS_SECONDS)
            if received != shown:
                shown = received
                yield ResultsArriving(batch.id, received, None)
        call.result()
    finally:
        if not call.done():
            call.cancel()
            await asyncio.wait({call})


def _record(context: Context, batch: Batch, settle: Callable[[Transaction], object] | None = None) -> Batch:
    """Write the archive, the tally and the cost of a judged batch into the ledger."""
    assert batch.archive is not None
    index = read_index(context.layout, batch.key)
    outcomes = _tally(batch, index)
    unmeasured = index.unmeasured()
    is_known = not unmeasured or index.usage() != Usage()
    cost = _cost(context, batch, index.usage_by_model()) if is_known else None
    with context.ledger.transaction() as tx:
        if settle is not None:
            settle(tx)
        batch = replace(
            tx.batch(batch.id),
            archive=batch.archive,
            outcomes=outcomes,
            usage=index.usage(),
            cost=cost,
            unmeasured=unmeasured,
        )
        tx.put(batch)
    assert batch.archive is not None
    context.audit.append(
        "archived",
        job=batch.job,
        batch=batch.id,
        rows=batch.archive.rows,
        sha256=batch.archive.sha256,
        cost_usd=round(cost, 6) if cost is not None else None,
    )
    if batch.job is not None:
        refresh_rollup(context, batch.job)
    return batch


def _tally(batch: Batch, index: BatchIndex) -> dict[Outcome, int]:
    """Count a batch's pages by outcome; the pages that no row came for are missing."""
    tally = index.tally()
    if batch.submission is not None:
        answered = sum(page >= 0 for page in index.pages)
        if answered < batch.submission.page_count:
            tally[Outcome.MISSING] = batch.submission.page_count - answered
    return tally


def _cost(context: Context, batch: Batch, usage_by_model: Mapping[str, Usage]) -> float | None:
    """Return what a batch's rows cost, or None where one of its models has no price."""
    asked = batch.submission.model if batch.submission is not None else ""
    total = 0.0
    for model, usage in usage_by_model.items():
        price = context.prices.of(model or asked) or context.prices.of(asked)
        if price is not None:
            total += price.cost(usage, batch=not batch.is_realtime)
        elif usage != Usage():
            return None
    return total
