"""Collecting: an ended batch is downloaded whole, checked against what was submitted, archived, judged."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator
from dataclasses import replace

from batchdeck.api.gateway import Gateway
from batchdeck.domain.batches import Archive, Batch
from batchdeck.domain.costs import Usage
from batchdeck.domain.events import BatchArchived, Event, Finished, Note, ResultsArriving
from batchdeck.errors import ResultsIncomplete
from batchdeck.operations.context import Context
from batchdeck.operations.judge import judge_results, judge_task
from batchdeck.operations.rollup import refresh_rollup
from batchdeck.store.archive import ResultsWriter, read_submitted_ids
from batchdeck.store.index import read_index

_DOWNLOADS = 3
"""How often results that do not match what was submitted are downloaded before they are taken as they are."""
_PROGRESS_SECONDS = 0.25
_JUDGE_SECONDS = 3_600.0


async def collect(context: Context, batch_id: str) -> AsyncGenerator[Event, None]:
    """Archive one ended batch; the result is the updated `Batch`.

    Downloading is free: nothing is ever resubmitted here. Results that stay incomplete are kept, with what
    is wrong with them, and the pages without a line are shown as missing.

    Raises:
        ApiUnreachable: the results could not be downloaded now; the next poll tries again.
        StorageFailed: the disk did not take them.
    """
    batch = context.ledger.batch(batch_id)
    if batch.archive is None:
        gateway = await context.open_gateway()
        archive: Archive | None = None
        for attempt in range(1, _DOWNLOADS + 1):
            try:
                async for step in _download(context, gateway, batch, is_last=attempt == _DOWNLOADS):
                    if isinstance(step, Archive):
                        archive = step
                    else:
                        yield step
                break
            except ResultsIncomplete as error:
                if attempt == _DOWNLOADS:
                    raise
                yield Note(f"Batch {batch.id}: {error.message} Downloading again.", "warning")
        assert archive is not None
        batch = replace(batch, archive=archive)
    outcomes = await context.workers.run(judge_results, judge_task(context, batch), seconds=_JUDGE_SECONDS)
    missing = _missing(context, batch)
    batch = await asyncio.to_thread(_record, context, batch)
    yield BatchArchived(
        batch.id,
        batch.job,
        batch.outcomes,
        batch.cost,
        batch.archive.findings if batch.archive else (),
    )
    del outcomes, missing
    yield Finished[Batch](batch)


async def _download(
    context: Context, gateway: Gateway, batch: Batch, *, is_last: bool
) -> AsyncGenerator[Event | Archive, None]:
    """Download into a `.part` file and keep it if it is whole; the last item is the `Archive`."""
    received = 0
    writer = ResultsWriter(context.layout, batch.key)

    def on_bytes(total: int) -> None:
        nonlocal received
        received = total

    call = asyncio.ensure_future(gateway.download_results(batch.id, writer.write, on_bytes=on_bytes))
    try:
        shown = -1
        while not call.done():
            await asyncio.wait({call}, timeout=_PROGRESS_SECONDS)
            if received != shown:
                shown = received
                yield ResultsArriving(batch.id, received, None)
        call.result()
        submitted = read_submitted_ids(context.layout, batch.key) if batch.submission else None
        yield await asyncio.to_thread(
            writer.finish,
            submitted,
            batch.remote.counts,
            accept_findings=is_last,
            now=context.now(),
        )
    finally:
        call.cancel()
        writer.discard()


def _record(context: Context, batch: Batch) -> Batch:
    """Write the archive, the tally and the cost of a judged batch into the ledger."""
    assert batch.archive is not None
    index = read_index(context.layout, batch.key)
    outcomes = dict(index.tally())
    usage: Usage = index.usage()
    price = context.prices.of(batch.submission.model) if batch.submission else None
    cost = sum_cost(context, index.usage_by_model(), price is None)
    with context.ledger.transaction() as tx:
        batch = replace(tx.batch(batch.id), archive=batch.archive, outcomes=outcomes, usage=usage, cost=cost)
        tx.put(batch)
    context.audit.append(
        "archived",
        job=batch.job,
        batch=batch.id,
        rows=batch.archive.rows if batch.archive else 0,
        sha256=batch.archive.sha256 if batch.archive else "",
        cost_usd=round(cost, 6) if cost is not None else None,
    )
    if batch.job is not None:
        refresh_rollup(context, batch.job)
    return batch
