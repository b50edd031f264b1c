"""Timing for all benchmarks: contenders take turns within one run, so that only ratios are compared."""

from __future__ import annotations

import argparse
import gc
import json
import os
import platform
import statistics
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any


@dataclass(frozen=True, slots=True)
class Contender:
    """One way of doing the job. `run` does all of it and returns what it came to (bytes, rows, …)."""

    name: str
    run: Callable[[], float]


@dataclass(frozen=True, slots=True)
class Spread:
    """Least, middle and greatest of a figure over the rounds."""

    least: float
    median: float
    greatest: float

    def __str__(self) -> str:
        return f"{self.median:.2f} [{self.least:.2f}–{self.greatest:.2f}]"


@dataclass(frozen=True, slots=True)
class Result:
    """What one contender needed: seconds, how many times as fast as each other one, and what came out."""

    name: str
    seconds: Spread
    speed: Mapping[str, Spread]
    amount: float


@dataclass(frozen=True, slots=True)
class Row:
    """One line of the table that `python -m bench` prints: a figure against what it is to be held to."""

    step: str
    """The part of the work: scan, split, first paint …"""
    what: str
    """What was measured, against what, in which unit."""
    figure: Spread
    most: float | None = None
    """It is to be at most this."""
    least: float | None = None
    """It is to be at least this."""
    note: str = ""

    @property
    def target(self) -> str:
        if self.most is not None:
            return f"≤ {self.most:g}"
        return f"≥ {self.least:g}" if self.least is not None else "–"

    @property
    def verdict(self) -> str:
        """“met”, or by how much it was not; medians count."""
        got = self.figure.median
        if self.most is not None and got > self.most:
            return f"over by {got / self.most - 1:.0%}" if self.most else f"not met: {got:g}"
        if self.least is not None and got < self.least:
            return f"short by {1 - got / self.least:.0%}"
        return "met" if self.target != "–" else ""

    def as_json(self) -> dict[str, Any]:
        return asdict(self) | {"target": self.target, "verdict": self.verdict}

    @classmethod
    def from_json(cls, row: Mapping[str, Any]) -> Row:
        figure = Spread(**row["figure"])
        return cls(row["step"], row["what"], figure, row["most"], row["least"], row["note"])


def show_rows(rows: Sequence[Row]) -> str:
    """Return rows as one Markdown table."""
    lines = ["| step | figure | target | min | median | max | verdict |", "|---|---|---|--:|--:|--:|---|"]
    for row in rows:
        cells = [_number(value) for value in (row.figure.least, row.figure.median, row.figure.greatest)]
        verdict = f"{row.verdict} ({row.note})" if row.note else row.verdict
        lines.append(f"| {row.step} | {row.what} | {row.target} | {' | '.join(cells)} | {verdict} |")
    return "\n".join(lines)


def _number(value: float) -> str:
    return f"{value:,.0f}" if abs(value) >= 100 else f"{value:.3g}"


def spread(values: Sequence[float]) -> Spread:
    """Return the spread of a figure over the rounds."""
    return Spread(min(values), statistics.median(values), max(values))


def race(
    contenders: Sequence[Contender], rounds: int, clock: Callable[[], float] = time.perf_counter
) -> list[Result]:
    """Let contenders take turns, each round in the order opposite to the last, after one unmeasured round.

    Machines change speed within minutes: a ratio is taken within its round, and only ratios count. Work that
    neither waits nor starts processes is better timed by `time.process_time`, which others do not disturb.
    """
    amounts = {one.name: one.run() for one in contenders}
    seconds: dict[str, list[float]] = {one.name: [] for one in contenders}
    order = list(contenders)
    for _ in range(rounds):
        for one in order:
            gc.collect()
            start = clock()
            one.run()
            seconds[one.name].append(clock() - start)
        order.reverse()
    return [
        Result(
            name,
            spread(mine),
            {
                other: spread([theirs[at] / mine[at] for at in range(rounds)])
                for other, theirs in seconds.items()
                if other != name
            },
            amounts[name],
        )
        for name, mine in seconds.items()
    ]


def show(title: str, results: Sequence[Result], unit: str, peers: Sequence[str]) -> None:
    """Print results as a table of ratios: speed against each peer, and what came out against the first."""
    first = results[0]
    print(f"\n{title}")
    width = max(len(one.name) for one in results)
    heads = [f"times as fast as {peer}" for peer in peers]
    print(f"| {'':{width}} | {'seconds':>20} | " + " | ".join(heads) + f" | {unit} against {first.name} |")
    print("|" + "---|" * (len(peers) + 3))
    for one in results:
        cells = [
            f"{one.speed[peer]!s:>{len(head)}}" if peer in one.speed else f"{'1':>{len(head)}}"
            for peer, head in zip(peers, heads, strict=True)
        ]
        amount = one.amount / first.amount if first.amount else 1.0
        print(f"| {one.name:{width}} | {one.seconds!s:>20} | " + " | ".join(cells) + f" | {amount:.3f} |")


def options(description: str, rounds: int = 5) -> argparse.ArgumentParser:
    """Return the arguments that every benchmark takes: a folder, the rounds, and where JSON goes."""
    parser = argparse.ArgumentParser(description=description)
    parser.add_argument("folder", nargs="?", help="PDFs to work on (default: a set that is made for it)")
    parser.add_argument("--rounds", type=int, default=rounds, help="measured rounds (default: %(default)s)")
    parser.add_argument("--json", type=Path, metavar="FILE", help="also write the figures as JSON")
    return parser


def machine() -> dict[str, Any]:
    """Return what figures were measured on, and how busy it is just now."""
    return {
        "cpus": len(os.sched_getaffinity(0)),
        "architecture": platform.machine(),
        "python": platform.python_version(),
        "load": os.getloadavg()[0],
    }


def write_json(
    path: Path | None,
    name: str,
    tables: Mapping[str, Sequence[Result]],
    rows: Sequence[Row] = (),
    **facts: object,
) -> None:
    """Write the figures of a benchmark with the machine they were measured on, where a path was given."""
    if path is None:
        return
    report = {
        "benchmark": name,
        "machine": machine(),
        "rows": [row.as_json() for row in rows],
        "tables": {title: [asdict(one) for one in results] for title, results in tables.items()},
        **facts,
    }
    path.write_text(json.dumps(report, indent=2, ensure_ascii=False) + "\n", encoding="utf-8")


def by_name(results: Sequence[Result]) -> dict[str, Result]:
    """Return results by the contender's name."""
    return {one.name: one for one in results}
