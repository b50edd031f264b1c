"""The models the sandbox offers: their names, limits and life cycle, as `/v1/models` lists them.

It offers the public models' names so that clients need no change; every answer comes from the same offline
engine, and every display name says so.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from batchdeck.sandbox.records import stamp


@dataclass(frozen=True, slots=True)
class Model:
    """One model. Names, dates of retirement: the public SDK's lists; limits: the public model overview."""

    id: str
    name: str
    line: str
    released: dt.date
    max_tokens: int = 128_000
    max_input_tokens: int = 1_000_000
    retires: dt.date | None = None
    always_thinks: bool = False
    """Whether its answers begin with a thinking block even when none was asked for."""
    aliases: tuple[str, ...] = ()

    def lifecycle(self, today: dt.date) -> str:
        if self.retires is None:
            return "active"
        return "retired" if today >= self.retires else "deprecated"

    def shown(self, now: dt.datetime) -> dict[str, Any]:
        """Return the model as the API lists it."""
        retires = None if self.retires is None else _midnight(self.retires)
        return {
            "type": "model",
            "id": self.id,
            "display_name": f"{self.name} (sandbox: offline engine)",
            "created_at": stamp(_midnight(self.released)),
            "lifecycle": self.lifecycle(now.date()),
            "line": self.line,
            "deprecated_at": None if retires is None else stamp(retires - dt.timedelta(days=180)),
            "retires_at": stamp(retires),
            "max_input_tokens": self.max_input_tokens,
            "max_tokens": self.max_tokens,
            "capabilities": _capabilities(),
        }


def _midnight(day: dt.date) -> dt.datetime:
    return dt.datetime.combine(day, dt.time(), dt.UTC)


def _capabilities() -> dict[str, Any]:
    yes, no = {"supported": True}, {"supported": False}
    return {
        "batch": yes,
        "citations": no,
        "code_execution": no,
        "context_management": {"supported": False},
        "effort": {"supported": True, "low": yes, "medium": yes, "high": yes, "max": no, "xhigh": no},
        "image_input": yes,
        "pdf_input": yes,
        "server_tools": {"supported": False, "code_execution": no, "web_search": no},
        "structured_outputs": yes,
        "thinking": {
            "supported": True,
            "types": {"adaptive": yes, "between_tools": no, "disabled": yes, "enabled": yes},
        },
    }


MODELS: Sequence[Model] = (
    Model("claude-fable-5-2", "Claude Fable 5.2", "fable", dt.date(2026, 11, 9), always_thinks=True),
    Model("claude-haiku-5-5", "Claude Haiku 5.5", "haiku", dt.date(2026, 10, 21), 64_000),
    Model("claude-sonnet-5-5", "Claude Sonnet 5.5", "sonnet", dt.date(2026, 10, 7)),
    Model("claude-fable-5-1", "Claude Fable 5.1", "fable", dt.date(2026, 9, 23), always_thinks=True),
    Model("claude-opus-5-5", "Claude Opus 5.5", "opus", dt.date(2026, 9, 9), always_thinks=True),
    Model("claude-sonnet-5", "Claude Sonnet 5", "sonnet", dt.date(2026, 6, 30)),
    Model("claude-fable-5", "Claude Fable 5", "fable", dt.date(2026, 6, 9), always_thinks=True),
    Model("claude-opus-5", "Claude Opus 5", "opus", dt.date(2026, 5, 28)),
    Model("claude-opus-4-8", "Claude Opus 4.8", "opus", dt.date(2026, 5, 5)),
    Model("claude-opus-4-7", "Claude Opus 4.7", "opus", dt.date(2026, 4, 16)),
    Model("claude-sonnet-4-6", "Claude Sonnet 4.6", "sonnet", dt.date(2026, 2, 17), 64_000),
    Model("claude-opus-4-6", "Claude Opus 4.6", "opus", dt.date(2026, 2, 5)),
    Model("claude-opus-4-5-20251101", "Claude Opus 4.5", "opus", dt.date(2025, 11, 24), 64_000, 200_000,
          aliases=("claude-opus-4-5",)),
    Model("claude-haiku-4-5-20251001", "Claude Haiku 4.5", "haiku", dt.date(2025, 10, 15), 64_000, 200_000,
          aliases=("claude-haiku-4-5",)),
    Model("claude-sonnet-4-5-20250929", "Claude Sonnet 4.5", "sonnet", dt.date(2025, 9, 29), 64_000, 200_000,
          retires=dt.date(2026, 11, 30), aliases=("claude-sonnet-4-5",)),
    Model("claude-opus-4-20250514", "Claude Opus 4", "opus", dt.date(2025, 5, 22), 32_000, 200_000,
          retires=dt.date(2026, 6, 15), aliases=("claude-opus-4-0",)),
    Model("claude-sonnet-4-20250514", "Claude Sonnet 4", "sonnet", dt.date(2025, 5, 22), 64_000, 200_000,
          retires=dt.date(2026, 6, 15), aliases=("claude-sonnet-4-0",)),
)  # fmt: skip
"""Newest first, as the API lists them."""

_BY_NAME = {name: model for model in MODELS for name in (model.id, *model.aliases)}


def find_model(name: str) -> Model | None:
    """Return the model of that id or alias, or None."""
    return _BY_NAME.get(name)
