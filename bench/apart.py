"""Contenders that each need a fresh process: what they add to memory, how long they hold a loop up."""

from __future__ import annotations

import argparse
import asyncio
import json
import statistics
import subprocess
import sys
import time
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import asdict, dataclass

from measure import Result, spread
from memory import memory_mb

_TICK = 0.002


@dataclass(frozen=True, slots=True)
class Try:
    """One way of doing the job, measured once. MB are 10^6 bytes."""

    seconds: float
    added_mb: float
    """Greatest memory during the work beyond what the process had before it."""
    peak_mb: float
    longest_gap_ms: float
    """Longest time for which the event loop could do nothing else."""
    longest_work_ms: float = 0.0
    """Longest time the loop's thread worked between two turns: what of a gap is not other processes'."""
    processor: float = 0.0
    """Seconds of the processor: this process's in all its life, and those of the processes it has ended."""
    others_mb: float = 0.0
    """Greatest memory of a process that it has started and ended."""


async def measure(work: Callable[[], Awaitable[object]]) -> Try:
    """Do the work once on this loop and say what it took."""
    gap = turn = 0.0  # no list of them: over minutes it would be memory that the work has not taken

    async def watch() -> None:
        nonlocal gap, turn
        before, used = time.perf_counter(), time.thread_time()
        while True:
            await asyncio.sleep(_TICK)
            now, spent = time.perf_counter(), time.thread_time()
            gap = max(gap, now - before - _TICK)
            turn = max(turn, spent - used)
            before, used = now, spent

    watcher = asyncio.create_task(watch())
    await asyncio.sleep(5 * _TICK)
    gap = turn = 0.0
    resident = memory_mb(what="VmRSS")
    start = time.perf_counter()
    await work()
    seconds = time.perf_counter() - start
    await asyncio.sleep(_TICK)
    watcher.cancel()
    peak = memory_mb()
    return Try(seconds, max(0, peak - resident), peak, gap * 1e3, turn * 1e3)


def add_inner_options(parser: argparse.ArgumentParser) -> None:
    """Add what the benchmark tells its own processes."""
    for name in ("--way", "--url", "--scratch"):
        parser.add_argument(name, help=argparse.SUPPRESS)


def report(measured: Try) -> None:
    """Hand a try over to the process that asked for it."""
    print(json.dumps(asdict(measured)))


def race_apart(
    script: str, ways: Sequence[str], rounds: int, arguments: Sequence[str]
) -> tuple[list[Result], dict[str, list[Try]]]:
    """Let the ways take turns as `measure.race` does, each try in a process of its own.

    Returns the results, whose amount is the median of the memory added, and every try.
    """
    tries: dict[str, list[Try]] = {way: [] for way in ways}
    order = list(ways)
    for number in range(rounds + 1):
        for way in order:
            command = [sys.executable, script, "--way", way, *arguments]
            ended = subprocess.run(command, capture_output=True, text=True, check=False)
            if ended.returncode != 0:
                raise SystemExit(ended.stderr)
            if number:
                tries[way].append(Try(**json.loads(ended.stdout.splitlines()[-1])))
        order.reverse()
    return [_result(way, tries) for way in ways], tries


def _result(way: str, tries: Mapping[str, Sequence[Try]]) -> Result:
    mine = tries[way]
    return Result(
        way,
        spread([one.seconds for one in mine]),
        {
            other: spread([b.seconds / a.seconds for a, b in zip(mine, theirs, strict=True)])
            for other, theirs in tries.items()
            if other != way
        },
        statistics.median(one.added_mb for one in mine),
    )


def show_costs(tries: Mapping[str, Sequence[Try]]) -> None:
    """Print what the ways cost beside time, as medians."""
    width = max(map(len, tries))
    print(f"\n| {'':{width}} | added MB | peak MB | longest gap, ms |\n|---|---|---|---|")
    for way, measured in tries.items():
        added = statistics.median(one.added_mb for one in measured)
        peak = statistics.median(one.peak_mb for one in measured)
        gap = statistics.median(one.longest_gap_ms for one in measured)
        print(f"| {way:{width}} | {added:8.1f} | {peak:7.0f} | {gap:15.0f} |")
