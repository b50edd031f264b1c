"""Opening pages of `batchdeck serve` in a real browser, step by step, and what was seen on the way."""

from __future__ import annotations

import json
import subprocess
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from batchdeck.html.external import Judges
from tests.judges.browser import HERE

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
    with tempfile.TemporaryDirectory(prefix="batchdeck-visit-") as profile:
        task = {
            "modules": str(judges.modules),
            "chromium": judges.chromium,
            "profile": profile,
            "steps": steps,
        }
        done = subprocess.run(
            [judges.node, str(HERE / "visit.mjs")],
            input=json.dumps(task),
            capture_output=True,
            text=True,
            timeout=600,
            check=False,
        )
    assert done.returncode == 0, done.stderr[-2000:]
    seen = json.loads(done.stdout)
    assert "failed" not in seen, f"{seen['failed']}\n{seen['errors']}\n{seen['violations']}"
    return Visit(
        tuple(seen["requests"]),
        tuple(seen["violations"]),
        tuple(seen["errors"]),
        seen["answers"],
        seen["drawn"],
    )
