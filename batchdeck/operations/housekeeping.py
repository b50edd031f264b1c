"""Single batches in hand: cancel, delete, and adopt those made elsewhere."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, Sequence
from dataclasses import replace

from batchdeck.domain.batches import Batch, RemoteBatch
from batchdeck.domain.events import CountsChanged, Event, Finished, Note
from batchdeck.errors import ApiNotFound, ApiUnreachable, Conflict, NotFound, UsageError
from batchdeck.operations.collect import collect
from batchdeck.operations.context import Context


async def cancel(context: Context, batch_id: str) -> AsyncGenerator[Event, None]:
    """Ask the API to cancel a batch; the result is the updated `Batch`.

    Rows that are finished already still arrive (and are paid); the others come back as canceled, unpaid.

    Raises:
        Conflict: the batch has ended already.
    """
    context.require_writable("cancel a batch")
    batch = context.ledger.batch(batch_id)
    if batch.remote.has_ended:
        raise Conflict("The batch has ended already; there is nothing to cancel.")
    gateway = await context.open_gateway()
    context.audit.append("cancel", batch=batch_id, job=batch.job)
    remote = await gateway.cancel(batch_id)
    updated = await asyncio.to_thread(_record_remote, context, batch_id, remote)
    yield CountsChanged(batch_id, batch.job, remote.status, remote.counts)
    yield Finished(updated)


async def delete(context: Context, batch_id: str) -> AsyncGenerator[Event, None]:
    """Delete an ended batch at the API; the result is the updated `Batch`. The deck keeps its archive.

    Raises:
        UsageError: its results are not on this disk yet, so deleting would lose what was paid for.
        Conflict: the batch has not ended.
    """
    context.require_writable("delete a batch")
    batch = context.ledger.batch(batch_id)
    if not batch.remote.has_ended:
        raise Conflict("Only an ended batch can be deleted.", hint="Cancel it first: batchdeck cancel.")
    if batch.archive is None:
        raise UsageError(
            "Its results are not on this disk yet: deleting it would lose what was paid for.",
            hint="Run `batchdeck watch --once` first.",
        )
    gateway = await context.open_gateway()
    context.audit.append("delete", batch=batch_id, job=batch.job, own=batch.submission is not None)
    await gateway.delete(batch_id)

    def record() -> Batch:
        with context.ledger.transaction() as tx:
            gone = replace(tx.batch(batch_id), gone=True)
            tx.put(gone)
        return gone

    yield Finished(await asyncio.to_thread(record))


async def adopt(context: Context, batch_ids: Sequence[str]) -> AsyncGenerator[Event, None]:
    """Take in batches made elsewhere, all of the workspace's when none is named; archive those that ended.

    The result is a tuple of the `Batch`es taken in. One that this deck already tracks is left as it is.

    Raises:
        NotFound: the API knows no such batch.
    """
    context.require_writable("adopt a batch")
    gateway = await context.open_gateway()
    remotes: list[RemoteBatch] = []
    if batch_ids:
        for batch_id in batch_ids:
            try:
                remotes.append((await gateway.retrieve(batch_id)).batch)
            except ApiNotFound as error:
                raise NotFound(error.message, hint="Check the id and the workspace of the key.") from error
    else:
        async for remote in gateway.iterate_batches():
            remotes.append(remote)
    adopted: list[Batch] = []
    for remote in remotes:
        batch, is_new = await asyncio.to_thread(_take_in, context, remote)
        if not is_new:
            yield Note(f"{remote.id} is tracked already.")
            continue
        adopted.append(batch)
        yield CountsChanged(remote.id, None, remote.status, remote.counts)
        if remote.has_ended and remote.has_results:
            try:
                async for event in collect(context, remote.id):
                    if isinstance(event, Finished):
                        adopted[-1] = event.result
                    else:
                        yield event
            except (ApiUnreachable, ApiNotFound) as error:  # the others are taken in all the same
                yield Note(f"{remote.id}: {error.message} Polling downloads its results.", "warning")
    yield Finished(tuple(adopted))


def _record_remote(context: Context, batch_id: str, remote: RemoteBatch) -> Batch:
    with context.ledger.transaction() as tx:
        updated = replace(tx.batch(batch_id), remote=remote, last_polled_at=context.now())
        tx.put(updated)
    return updated


def _take_in(context: Context, remote: RemoteBatch) -> tuple[Batch, bool]:
    with context.ledger.transaction() as tx:
        known = tx.batches().get(remote.id)
        if known is not None:
            return known, False
        batch = Batch(remote.id, remote.id, None, remote, last_polled_at=context.now())
        tx.put(batch)
    context.audit.append("adopt", batch=remote.id, requests=remote.counts.total)
    return batch, True
