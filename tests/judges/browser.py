"""Finding the judges of this folder, and opening documents in a browser to see what they do."""

from __future__ import annotations

import json
import subprocess
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from batchdeck.html.external import Judges, find_judges

HERE = Path(__file__).parent


@dataclass(frozen=True, slots=True)
class Deeds:
    """What a document did in a browser: scripts run, addresses asked for, dangerous markup in its tree."""

    hits: tuple[str, ...]
    requests: tuple[str, ...]
    dangers: tuple[str, ...]


def judges_here() -> Judges:
    """Return the judges installed by `npm ci` in this folder, or elsewhere on this machine."""
    return find_judges([HERE / "node_modules"])


def drive(script: str, judges: Judges, *, seconds: float, **task: Any) -> str:
    """Have a script of this folder do a task in a headless Chromium with a profile of its own; return what it
    printed. A script that fails, or takes longer than `seconds`, fails the test."""
    with tempfile.TemporaryDirectory(prefix="batchdeck-judge-") as profile:
        task |= {"modules": str(judges.modules), "chromium": judges.chromium, "profile": profile}
        done = subprocess.run(
            [judges.node, str(HERE / script)],
            input=json.dumps(task),
            capture_output=True,
            text=True,
            timeout=seconds,
            check=False,
        )
    assert done.returncode == 0, done.stderr[-2000:]
    return done.stdout


def watch(files: Sequence[Path], judges: Judges) -> dict[Path, Deeds]:
    """Open files in one headless Chromium, poke at everything in them, and return what each did."""
    printed = drive("probe.mjs", judges, seconds=900, files=[str(file) for file in files])
    rows = [json.loads(line) for line in printed.splitlines()]
    return {
        Path(row["file"]): Deeds(tuple(row["hits"]), tuple(row["requests"]), tuple(row["dangers"]))
        for row in rows
    }
