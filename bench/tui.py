"""The dashboard's list against Textual's DataTable and against a bare Textual app, in a terminal of 80x24.

Each try is a process of its own in a pseudo-terminal, in alternating rounds. Measured from outside: when the
first frame is there, how many bytes it, one changed cell, one key and idling take, how long a key takes to
be seen. Measured inside: what loading rows costs in time and memory, and how long the loop stood still.
"""

from __future__ import annotations

import argparse
import fcntl
import json
import os
import pty
import select
import statistics
import struct
import sys
import tempfile
import termios
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from measure import Row, Spread, machine, spread

STAGE = Path(__file__).with_name("tui_stage.py")
Figures = dict[str, float]
_STARTS = 5
"""Starts a round, of which the fastest counts."""


@dataclass(frozen=True, slots=True)
class Way:
    """One contender: what is played, and with how many rows."""

    name: str
    stage: str
    rows: int = 0


BARE = Way("bare Textual app", "bare")
STOCK = Way("DataTable, 100,000 rows", "stock", 100_000)
OURS = Way("RowTable, 100,000 rows", "ours", 100_000)
OURS_MILLION = Way("RowTable, 1,000,000 rows", "ours", 1_000_000)
WAYS = (BARE, STOCK, OURS, OURS_MILLION)


class Terminal:
    """A program in a pseudo-terminal of 80x24 with 256 colours."""

    def __init__(self, arguments: Sequence[str]) -> None:
        self.started = time.perf_counter()
        self.pid, self.fd = pty.fork()
        if self.pid == 0:
            size = struct.pack("HHHH", 24, 80, 0, 0)
            fcntl.ioctl(1, termios.TIOCSWINSZ, size)
            environ = {k: v for k, v in os.environ.items() if k not in ("NO_COLOR", "COLORTERM", "TMUX")}
            os.execve(sys.executable, [sys.executable, *arguments], environ | {"TERM": "xterm-256color"})

    def send(self, key: str) -> None:
        os.write(self.fd, key.encode())

    def read_until(self, wanted: bytes, seconds: float = 120.0) -> tuple[float, int]:
        """Return when `wanted` had come, and how many bytes with it."""
        output = b""
        deadline = time.perf_counter() + seconds
        while wanted not in output:
            if time.perf_counter() > deadline:
                raise SystemExit(f"{wanted!r} did not appear: {output[-500:]!r}")
            output += self._read(0.5)
        return time.perf_counter(), len(output)

    def read_for(self, seconds: float) -> int:
        """Return how many bytes come within `seconds`."""
        count = 0
        deadline = time.perf_counter() + seconds
        while (left := deadline - time.perf_counter()) > 0:
            count += len(self._read(left))
        return count

    def read_answer(self, quiet: float) -> tuple[float, int]:
        """Return when the answer to a key began, and how many bytes it had until `quiet` seconds without."""
        output = self._read(120.0)
        first, count = time.perf_counter(), len(output)
        while output := self._read(quiet):
            count += len(output)
        return first, count

    def _read(self, seconds: float) -> bytes:
        if not select.select([self.fd], [], [], seconds)[0]:
            return b""
        try:
            return os.read(self.fd, 65_536)
        except OSError:
            return b""

    def end(self) -> None:
        self.send("q")
        while os.waitpid(self.pid, os.WNOHANG) == (0, 0):
            self._read(0.05)
        os.close(self.fd)


def first_paint(way: Way, report: Path) -> Figures:
    """Start one contender and see when its first frame is there, and how much follows until it is quiet."""
    terminal = Terminal([str(STAGE), way.stage, str(way.rows), str(report)])
    painted, size = terminal.read_until(b"0000001" if way.rows else b"READY")
    figures = {"first_paint_ms": (painted - terminal.started) * 1e3}
    figures["first_paint_kB"] = (size + terminal.read_for(0.5)) / 1e3
    terminal.end()
    return figures


def one_try(way: Way, report: Path, idle_seconds: float) -> Figures:
    """Play one contender once."""
    terminal = Terminal([str(STAGE), way.stage, str(way.rows), str(report)])
    terminal.read_until(b"READY")
    terminal.read_for(1.0)
    figures: Figures = {}
    if way.rows:
        terminal.send("l")
        terminal.read_until(b"LOADED")
        terminal.read_for(1.0)
        terminal.send("c")
        figures["changed_cell_bytes"] = terminal.read_answer(0.5)[1]
        waits = []
        for _ in range(10):
            pressed = time.perf_counter()
            terminal.send("j")
            seen, figures["key_bytes"] = terminal.read_answer(0.15)
            waits.append((seen - pressed) * 1e3)
        figures["key_to_paint_ms"] = statistics.median(waits)
        figures["key_to_paint_worst_ms"] = max(waits)
    figures["idle_bytes"] = terminal.read_for(idle_seconds)
    terminal.end()
    inside: Figures = json.loads(report.read_text())
    return figures | inside


def run_rounds(rounds: int, idle_seconds: float) -> dict[str, list[Figures]]:
    """Let the contenders take turns, after one round that is thrown away.

    Starting is short and the machine's other work weighs on it: it takes five turns a round, close together.
    """
    tries: dict[str, list[Figures]] = {way.name: [] for way in WAYS}
    with tempfile.TemporaryDirectory() as scratch:
        report = Path(scratch) / "report.json"
        for number in range(rounds + 1):
            ways = WAYS if number % 2 else WAYS[::-1]
            starts: dict[str, list[Figures]] = {way.name: [] for way in WAYS}
            for _ in range(_STARTS if number else 1):
                for way in ways:
                    starts[way.name].append(first_paint(way, report))
            for way in ways:
                figures = one_try(way, report, idle_seconds)
                if number:
                    for figure in ("first_paint_ms", "first_paint_kB"):
                        figures[figure] = min(start[figure] for start in starts[way.name])
                    tries[way.name].append(figures)
    return tries


def median_of(tries: Sequence[Figures], figure: str) -> float | None:
    known = [one[figure] for one in tries if figure in one]
    return statistics.median(known) if known else None


def ratio(tries: Mapping[str, Sequence[Figures]], way: Way, peer: Way, figure: str) -> float | None:
    """Return the median over the rounds of a figure against the peer's in the same round."""
    pairs = zip(tries[way.name], tries[peer.name], strict=True)
    known = [
        mine[figure] / max(theirs[figure], 1e-9)
        for mine, theirs in pairs
        if figure in mine and figure in theirs
    ]
    return statistics.median(known) if known else None


FIGURES = {
    "first_paint_ms": "first paint, ms (fastest of 5)",
    "first_paint_kB": "bytes until quiet after the start, kB",
    "load_cpu_s": "loading the rows, s of processor",
    "load_s": "loading the rows, s",
    "gap_ms": "loop held while loading, ms",
    "load_mb": "memory the rows take, MB",
    "changed_cell_bytes": "one changed cell, bytes",
    "key_bytes": "cursor one down, bytes",
    "key_to_paint_ms": "key to paint, ms (median of 10)",
    "key_to_paint_worst_ms": "key to paint, ms (worst of 10)",
    "idle_bytes": "idle, bytes",
}


def show(tries: Mapping[str, Sequence[Figures]]) -> None:
    """Print medians, and what our list needs against its peers (less is better)."""
    print(
        "| " + " | ".join(["figure", *(way.name for way in WAYS), "against DataTable", "against bare"]) + " |"
    )
    print("|" + "---|" * (len(WAYS) + 3))
    for figure, name in FIGURES.items():
        cells = [median_of(tries[way.name], figure) for way in WAYS]
        cells += [ratio(tries, OURS, STOCK, figure), ratio(tries, OURS, BARE, figure)]
        print("| " + " | ".join([name, *("–" if cell is None else f"{cell:,.3g}" for cell in cells)]) + " |")


def rows_of(tries: Mapping[str, Sequence[Figures]], idle: float) -> list[Row]:
    """Return what is held of the list alone; the whole dashboard is measured by `bench/million.py`."""

    def against(way: Way, peer: Way, figure: str) -> Spread:
        return spread([a[figure] / b[figure] for a, b in zip(tries[way.name], tries[peer.name], strict=True)])

    def of(way: Way, figure: str, scale: float = 1) -> Spread:
        return spread([one[figure] * scale for one in tries[way.name]])

    key = "key_to_paint_ms"
    return [
        Row(
            "first paint",
            "frame with a list, × a bare Textual app",
            against(OURS, BARE, "first_paint_ms"),
            1.3,
        ),
        Row(
            "list", "loading 100,000 rows, processor time × DataTable", against(OURS, STOCK, "load_cpu_s"), 1
        ),
        Row("list", "memory of 100,000 rows, × DataTable", against(OURS, STOCK, "load_mb"), 1),
        Row("list", "loading 1,000,000 rows, ms", of(OURS_MILLION, "load_s", 1e3), 100),
        Row("list", "memory of 1,000,000 rows, MB", of(OURS_MILLION, "load_mb")),
        Row(
            "list",
            "key to paint, 1,000,000 rows × DataTable with 100,000",
            against(OURS_MILLION, STOCK, key),
            1,
        ),
        Row("list", "key to paint at 1,000,000 rows, ms", of(OURS_MILLION, key), 100),
        Row("list", "bytes of one changed cell, × DataTable", against(OURS, STOCK, "changed_cell_bytes"), 1),
        Row("list", "bytes of one changed cell", of(OURS_MILLION, "changed_cell_bytes")),
        Row("list", "bytes of one key, × DataTable", against(OURS, STOCK, "key_bytes"), 1),
        Row("list", "idle, bytes a minute", of(OURS_MILLION, "idle_bytes", 60 / idle), 0),
        Row("event loop", "longest gap while loading 1,000,000 rows, ms", of(OURS_MILLION, "gap_ms"), 50),
    ]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=3, help="measured rounds (default: %(default)s)")
    parser.add_argument("--idle", type=float, default=3.0, help="seconds to idle (default: %(default)s)")
    parser.add_argument("--json", type=Path, metavar="FILE", help="also write the figures as JSON")
    arguments = parser.parse_args()
    tries = run_rounds(arguments.rounds, arguments.idle)
    show(tries)
    if arguments.json is not None:
        held = [row.as_json() for row in rows_of(tries, arguments.idle)]
        report = {"benchmark": "tui", "machine": machine(), "rows": held, "tries": tries}
        arguments.json.write_text(json.dumps(report, indent=2) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
