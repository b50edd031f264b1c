"""Repeating calls that cost nothing and change nothing twice: a few tries, growing pauses, jitter."""

from __future__ import annotations

import asyncio
import random
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from typing import TypeVar

from batchdeck.errors import ApiUnreachable, RateLimited

_T = TypeVar("_T")


@dataclass(frozen=True, slots=True)
class Patience:
    """How often and how long an idempotent call is tried again. Never used for anything that costs money."""

    tries: int = 3
    first_pause: float = 0.5
    """Seconds; doubled after every try, less up to a quarter of jitter."""
    longest_pause: float = 8.0
    longest_obeyed: float = 20.0
    """Seconds: a longer `retry-after` is handed to the caller, who has other things to do meanwhile."""
    sleep: Callable[[float], Awaitable[None]] = asyncio.sleep
    random: random.Random = field(default_factory=random.Random)

    async def keep_trying(self, call: Callable[[], Awaitable[_T]]) -> _T:
        """Return the first answer of `call`, repeated while the API cannot be reached.

        Raises:
            RateLimited: the API asks for a longer wait than is obeyed here.
            ApiUnreachable: the last try failed too.
        """
        pause = self.first_pause
        for _ in range(self.tries - 1):
            try:
                return await call()
            except RateLimited as error:
                if error.retry_after > self.longest_obeyed:
                    raise
                await self.sleep(error.retry_after)
            except ApiUnreachable:
                await self.sleep(min(pause, self.longest_pause) * (1 - self.random.random() / 4))
            pause *= 2
        return await call()
