"""Models as the API lists them, reduced to what is checked before money is spent."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class ModelInfo:
    """One model the API offers. None means that the API does not say."""

    id: str
    max_tokens: int | None = None
    """Greatest `max_tokens` of a request."""
    retires_at: dt.datetime | None = None
    batch: bool | None = None
    """Whether it can be used in batches."""
    pdf: bool | None = None
    """Whether it reads PDF documents."""
    name: str = ""
    """Name for people."""
    lifecycle: str = ""
    """active, deprecated, retired, or something newer."""
