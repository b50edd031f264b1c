"""Waiting for room in the organisation's queue: what would not fit is sent later instead of being refused."""

from __future__ import annotations

import asyncio
import datetime as dt
from collections.abc import AsyncGenerator

from batchdeck.api.gateway import Gateway
from batchdeck.domain.events import Waiting
from batchdeck.operations.context import Context

_OLDEST = dt.timedelta(hours=25)
"""A batch has ended a day after it was made (public documentation): older ones hold no room."""
_LONGEST_PAUSE = 60.0


async def wait_for_room(context: Context, gateway: Gateway, requests: int) -> AsyncGenerator[Waiting, None]:
    """Wait until a batch fits into what the API may have queued (`limits.queued_requests`), saying so.

    What waits in the whole workspace counts, whoever sent it. An empty queue takes any batch.

    Args:
        requests: how many the batch has.
    """
    most = context.settings.limits.queued_requests
    if most is None:
        return
    while (queued := await _queued(context, gateway)) and queued + requests > most:
        seconds = min(_LONGEST_PAUSE, context.settings.polling.ceiling_seconds)
        until = context.now() + dt.timedelta(seconds=seconds)
        yield Waiting(
            until, f"{queued:,} requests are queued at the API, {requests:,} more would pass {most:,}"
        )
        await asyncio.sleep(seconds)


async def _queued(context: Context, gateway: Gateway) -> int:
    """Return how many requests of the workspace the API has still to work off."""
    queued = 0
    async for batch in gateway.iterate_batches():
        if context.now() - batch.created_at > _OLDEST:
            break
        if not batch.has_ended:
            queued += batch.counts.processing
    return queued
