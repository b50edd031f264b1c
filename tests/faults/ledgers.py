"""Kills during ledger writes, with one to four processes at once, and at every system call."""

from __future__ import annotations

import tempfile
from pathlib import Path

from tests.faults.figures import Figures
from tests.unit.store.kill_arena import fight, kill_at_every_call


def prove(kills: int, seed: int, *, every_call: bool = True) -> Figures:
    """Kill that many writers at random moments, then one at each system call that changes the disk.

    The folder is one in memory where there is one: a kill meets the code, not the disk, and so more of them
    fit a second.
    """
    figures = Figures("ledger", seed)
    memory = Path("/dev/shm")
    with (
        figures.timed(),
        tempfile.TemporaryDirectory(dir=memory if memory.is_dir() else None) as folder,
    ):
        acknowledged = calls = 0
        try:
            killed, acknowledged = fight(Path(folder), kills, seed)
            figures.runs = figures.kills = killed
            if every_call:
                calls = kill_at_every_call(Path(folder))
                figures.runs, figures.kills = figures.runs + calls, figures.kills + calls
        except AssertionError as broken:
            lost = "lost" in str(broken)
            figures.blame(str(broken), lost=lost, damaged=not lost)
    figures.note = f"{acknowledged:,} acknowledged transactions; {calls:,} system calls"
    return figures
