"""The circumstances of one request, as the server tells them to the worker that answers it."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass

from batchdeck.sandbox.chance import token


@dataclass(frozen=True, slots=True)
class Call:
    """The circumstances of one request."""

    name: str
    """custom_id, or request id of a real-time call."""
    salt: str
    """Makes the ids of this batch different from all others."""
    version: str
    today: dt.date
    in_batch: bool
    is_first: bool = True
    attempt: int = 1

    @property
    def message_id(self) -> str:
        return "msg_sandbox_" + token(self.salt, self.name)
