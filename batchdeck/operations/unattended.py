"""What the poller does besides polling, without being asked each time: standing orders and the inbox."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator
from contextlib import aclosing

from batchdeck.domain.events import Event
from batchdeck.domain.inbox import InboxOrder
from batchdeck.operations.context import Context
from batchdeck.operations.inbox import Inbox
from batchdeck.operations.standing import StandingOrders


class Unattended:
    """The standing orders of one poller, and its inbox if there is one."""

    def __init__(self, context: Context, inbox: InboxOrder | None) -> None:
        self._orders = StandingOrders(context)
        self._inbox = Inbox(context, inbox) if inbox is not None else None
        self._patience = inbox.settle_seconds if inbox is not None else 0.0

    @property
    def is_waiting(self) -> bool:
        """Whether files have come that may still be growing, or something is to be done at once."""
        return self._orders.is_due() or (self._inbox is not None and self._inbox.is_settling)

    def is_due(self) -> bool:
        """Say whether there may be something to do now."""
        return self._orders.is_due() or (self._inbox is not None and self._inbox.is_due())

    async def round(self, *, once: bool = False) -> AsyncGenerator[Event, None]:
        """Do what there is to do now. With `once`, wait for files that have just come to be complete."""
        if self._inbox is not None:
            async with aclosing(self._inbox.round()) as events:
                async for event in events:
                    yield event
            if once and self._inbox.is_settling:
                await asyncio.sleep(self._patience)
                async with aclosing(self._inbox.round()) as events:
                    async for event in events:
                        yield event
        async with aclosing(self._orders.round()) as events:
            async for event in events:
                yield event

    async def close(self) -> None:
        """Stop listening for changes."""
        if self._inbox is not None:
            await self._inbox.close()
