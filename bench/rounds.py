"""Measuring ways of doing the same thing: each try in a process of its own, in alternating rounds, as ratios.

Absolute speeds of a shared machine move by factors within minutes; the ratio of two tries next to each other
does not.
"""

from __future__ import annotations

import asyncio
import json
import platform
import resource
import statistics
import subprocess
import sys
import time
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

_TICK = 0.002


@dataclass(frozen=True)
class Try:
    """One way of doing it, measured once."""

    seconds: float
    added_mb: float
    """Greatest memory during the work beyond what the process had before it, in MB (10^6)."""
    peak_mb: float
    longest_gap_ms: float
    """Longest time for which an event loop next to the work could not run; 0 where there was none."""


def resident_bytes() -> int:
    """Return this process's memory now."""
    pages = int(Path("/proc/self/statm").read_text().split()[1])
    return pages * resource.getpagesize()


async def measure(work: Callable[[], Awaitable[object]]) -> Try:
    """Do the work once on this loop and say what it took."""
    gaps: list[float] = [0.0]

    async def watch() -> None:
        before = time.perf_counter()
        while True:
            await asyncio.sleep(_TICK)
            now = time.perf_counter()
            gaps.append(now - before - _TICK)
            before = now

    watcher = asyncio.create_task(watch())
    await asyncio.sleep(5 * _TICK)
    gaps.clear()
    resident = resident_bytes()
    start = time.perf_counter()
    await work()
    seconds = time.perf_counter() - start
    await asyncio.sleep(_TICK)
    watcher.cancel()
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024
    return Try(seconds, max(0, peak - resident) / 1e6, peak / 1e6, max(gaps, default=0.0) * 1e3)


def report_try(measured: Try) -> None:
    """Hand a try over to the process that asked for it."""
    print(json.dumps(vars(measured)))


def run_rounds(
    script: str, ways: Sequence[str], rounds: int, arguments: Sequence[str]
) -> dict[str, list[Try]]:
    """Run every way once a round, each in a fresh process, after one round that is thrown away."""
    tries: dict[str, list[Try]] = {way: [] for way in ways}
    for number in range(rounds + 1):
        for way in ways:
            command = [sys.executable, script, "--way", way, *arguments]
            output = subprocess.run(command, capture_output=True, text=True, check=False)
            if output.returncode != 0:
                raise SystemExit(output.stderr)
            if number:
                tries[way].append(Try(**json.loads(output.stdout.splitlines()[-1])))
    return tries


def ratios(tries: Mapping[str, Sequence[Try]], way: str, base: str) -> list[float]:
    """Return how many times faster than `base` a way was, round by round."""
    return [b.seconds / a.seconds for a, b in zip(tries[way], tries[base], strict=True)]


def print_table(tries: Mapping[str, Sequence[Try]], base: str, amount: float, unit: str) -> None:
    """Print medians, and ratios against `base` with their range. `amount` is what one try works through."""
    heads = f"{'seconds':>9}{unit + '/s':>12}{'x':>7}{'range':>14}{'added MB':>10}{'peak MB':>9}{'gap ms':>8}"
    print(" " * 34 + heads)
    for way, measured in tries.items():
        seconds = statistics.median(t.seconds for t in measured)
        against = ratios(tries, way, base)
        spread = f"{min(against):.2f}-{max(against):.2f}"
        print(
            f"{way:34}{seconds:9.3f}{amount / seconds:12,.0f}{statistics.median(against):7.2f}{spread:>14}"
            f"{statistics.median(t.added_mb for t in measured):10.1f}"
            f"{max(t.peak_mb for t in measured):9.0f}{max(t.longest_gap_ms for t in measured):8.0f}"
        )


def write_report(path: Path | None, facts: Mapping[str, Any], tries: Mapping[str, Sequence[Try]]) -> None:
    """Write everything measured as JSON."""
    if path is None:
        return
    machine = {
        "python": platform.python_version(),
        "machine": platform.machine(),
        "system": platform.system(),
    }
    measured = {way: [vars(one) for one in runs] for way, runs in tries.items()}
    path.write_text(json.dumps({**facts, **machine, "tries": measured}, indent=1) + "\n")
