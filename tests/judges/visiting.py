"""Opening pages of `batchdeck serve` in a real browser, step by step, and what was seen on the way."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from batchdeck.html.external import Judges
from tests.judges.browser import drive

Step = tuple[str, Any]
"""What to do (a name in visit.mjs) and with what."""


@dataclass(frozen=True, slots=True)
class Visit:
    """What happened in the browser."""

    requests: tuple[str, ...]
    """Every address asked for, websockets included."""
    violations: tuple[str, ...]
    """Breaches of a page's content security policy."""
    errors: tuple[str, ...]
    """What the console called an error."""
    answers: dict[str, Any]
    """What `ask` steps returned, by name."""
    drawn: str
    """All text that came over websockets, without cursor movements and colours."""


def visit(judges: Judges, steps: Sequence[Step]) -> Visit:
    """Take the steps in one headless Chromium with a profile of its own. A step that fails fails the test."""
    seen = json.loads(drive("visit.mjs", judges, seconds=600, steps=steps))
    assert "failed" not in seen, f"{seen['failed']}\n{seen['errors']}\n{seen['violations']}"
    return Visit(
        tuple(seen["requests"]),
        tuple(seen["violations"]),
        tuple(seen["errors"]),
        seen["answers"],
        seen["drawn"],
    )
