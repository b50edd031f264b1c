"""A deck of a million pages: start, lists, filters, commands, an export and memory, against an empty deck.

The dashboard is the real one, in a terminal of 80x24; “shown” is when the last byte of a frame has come. The
deck is made in `--folder` (2.5 GB, minutes) and kept there for the next time where it was named.
"""

from __future__ import annotations

import contextlib
import json
import os
import statistics
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, NamedTuple

from made_deck import ENDPOINT, Shape, make_deck, size_of
from measure import Row, machine, options, spread
from memory import ChildrenWatched, memory_mb
from tui import Terminal

from batchdeck.store.layout import prepare_deck

Figures = dict[str, list[float]]
_SOME_FAILED = 6
_QUIET = 0.4
"""Seconds without a byte after which a frame is taken to be whole."""
_RESTING_MS = 5.0
"""Of the processor, in that time: less than the dashboard does where something is still to come."""
_FILTERS = ("failed>10", "job:reports-0123", "cost>0.1 sort:-cost")
_PAGE_FILTERS = ("outcome:truncated", "document:report tokens>1000", "sort:-tokens")


def dashboard(deck: Path) -> Terminal:
    """Start the dashboard on a deck."""
    return Terminal(["-m", "batchdeck", "--deck", str(deck)])


def settled(terminal: Terminal) -> float:
    """Return when the last byte came of what a key has brought about.

    A list that is being sorted says nothing meanwhile: it is over when the processor rests too.
    """
    last = time.perf_counter()
    is_first = True
    used = processor_ms(terminal.pid)
    while True:
        while terminal._read(5.0 if is_first else _QUIET):
            last, is_first = time.perf_counter(), False
        is_first = False
        before, used = used, processor_ms(terminal.pid)
        if used - before < _RESTING_MS:
            return last


class Cost(NamedTuple):
    """What showing something took: of the processor, and by the clock, in ms."""

    processor: float
    clock: float


def processor_ms(pid: int) -> float:
    """Return what all threads of a process have had of the processor."""
    tasks = Path(f"/proc/{pid}/task").iterdir()
    return sum(int((task / "schedstat").read_text().split()[0]) for task in tasks) / 1e6


def press(terminal: Terminal, keys: str, wanted: bytes = b"") -> Cost:
    """Send keys, and return what it took until all was shown, `wanted` among it."""
    start, used = time.perf_counter(), processor_ms(terminal.pid)
    terminal.send(keys)
    end = terminal.read_until(wanted)[0] if wanted else None
    last = settled(terminal)
    return Cost(processor_ms(terminal.pid) - used, ((end or last) - start) * 1e3)


def middle(costs: Sequence[Cost]) -> Cost:
    """Return the median of several."""
    return Cost(*(statistics.median(each) for each in zip(*costs, strict=True)))


def first_paint(deck: Path, wanted: bytes) -> tuple[Cost, float]:
    """Return what it takes from the start of the process to its first frame, and its MB when it is quiet."""
    terminal = dashboard(deck)
    seen = terminal.read_until(wanted)[0]
    cost = Cost(processor_ms(terminal.pid), (seen - terminal.started) * 1e3)
    settled(terminal)
    memory = memory_mb(terminal.pid, "VmRSS")
    terminal.end()
    return cost, memory


def walk(deck: Path, shape: Shape) -> dict[str, Cost | float]:
    """Go through the dashboard once, as somebody who looks for failures, and return ms and MB."""
    terminal = dashboard(deck)
    terminal.read_until(b"small")
    settled(terminal)
    found: dict[str, Cost | float] = {}
    found["home, cursor one down"] = middle([press(terminal, "j") for _ in range(8)])
    found["home, to the end"] = press(terminal, "G")
    found["home, to the top"] = press(terminal, "g")
    found["home, sorted by cost"] = press(terminal, "C")
    press(terminal, "=")
    terminal.send("/")
    settled(terminal)
    found["home, a letter of a filter (dearest)"] = max(press(terminal, letter) for letter in "reports-0000")
    press(terminal, "\r")
    press(terminal, "g")
    pages = f"{shape.batches * shape.pages:,} pages".encode()
    found["job, opened (first load)"] = press(terminal, "\r", pages)
    found["back to the home list"] = press(terminal, "\x1b")
    found["job, opened again"] = press(terminal, "\r", pages)
    found["job, failures only"] = press(terminal, "e")
    press(terminal, "e")
    found["job, cursor one down"] = middle([press(terminal, "j") for _ in range(8)])
    found["job, to the end"] = press(terminal, "G")
    found["job, sorted by outcome"] = press(terminal, "O")
    press(terminal, "=")
    found["job, documents"] = press(terminal, "d")
    press(terminal, "d")
    terminal.send("/")
    settled(terminal)
    found["job, a letter of a filter (dearest)"] = max(press(terminal, letter) for letter in "truncated")
    press(terminal, "\x1b")
    press(terminal, "\x1b")
    found["costs, opened (first load)"] = press(terminal, "m")
    press(terminal, "\x1b")
    found["costs, opened again"] = press(terminal, "m")
    found["memory of the dashboard, MB"] = memory_mb(terminal.pid, "VmHWM")
    press(terminal, "\x1b")
    terminal.send("q")
    with contextlib.suppress(ChildProcessError):
        while os.waitpid(terminal.pid, os.WNOHANG) == (0, 0):
            terminal._read(0.05)
    os.close(terminal.fd)
    return found


def command(deck: Path, *arguments: str) -> tuple[float, float, float]:
    """Return the seconds by the clock and of the processor, and the greatest MB, of one command."""
    start = time.perf_counter()
    pid = os.fork()
    if pid == 0:
        with open(os.devnull, "w") as nothing:
            os.dup2(nothing.fileno(), 1)
            os.dup2(nothing.fileno(), 2)
        os.execv(sys.executable, [sys.executable, "-m", "batchdeck", "--deck", str(deck), *arguments])
    with ChildrenWatched() as seen:
        _, status, used = os.wait4(pid, 0)
    if os.waitstatus_to_exitcode(status) not in (0, _SOME_FAILED):
        raise SystemExit(f"`batchdeck {' '.join(arguments)}` ended with {os.waitstatus_to_exitcode(status)}")
    return time.perf_counter() - start, used.ru_utime + used.ru_stime, seen.most_mb


def ask(deck: Path) -> dict[str, float]:
    """Ask the Python API, in a process of its own, for what the lists show; every job's pages at the end."""
    import asyncio

    from batchdeck.deck import Deck
    from batchdeck.domain.columns import BATCH_FIELDS, batch_value, select

    found: dict[str, float] = {}

    @contextlib.contextmanager
    def timed(what: str) -> Iterator[None]:
        start = time.process_time()
        yield
        found[what] = (time.process_time() - start) * 1e3

    def filtered(opened: Deck, text: str) -> int:
        now = opened.now()
        return len(list(select(opened.batches(), text, BATCH_FIELDS, lambda r, f: batch_value(r, f, now))))

    async def work() -> None:
        with timed("API: open"):
            opened = await Deck.open(deck, read_only=True)
        async with opened:
            with timed("API: batches, first"):
                opened.batches()
            with timed("API: batches"):
                opened.batches()
            found["API: batches filtered"] = max(_ms(lambda t=t: filtered(opened, t)) for t in _FILTERS)
            job = opened.jobs()[1].id
            with timed("API: pages of a job, first"):
                table = opened.pages(job)
            with timed("API: pages of a job"):
                table = opened.pages(job)
            with timed("API: failures by cause"):
                table.failure_groups()
            with timed("API: all pages of all jobs, each read once"):
                count = sum(len(opened.pages(each.id)) for each in opened.jobs())
            found["pages"] = count

    asyncio.run(work())
    found["API: memory after all jobs, MB"] = memory_mb()
    return found


def _ms(work: Callable[[], object]) -> float:
    start = time.process_time()
    work()
    return (time.process_time() - start) * 1e3


def ask_apart(deck: Path) -> dict[str, float]:
    """Return what `ask` finds in a fresh process."""
    import subprocess

    asked = subprocess.run(
        [sys.executable, __file__, "--ask", str(deck)], check=True, stdout=subprocess.PIPE, text=True
    )
    found: dict[str, float] = json.loads(asked.stdout)
    return found


def measure(full: Path, empty: Path, shape: Shape, rounds: int) -> Figures:
    """Measure in rounds, the two decks in alternation, after one start of each that does not count."""
    figures: Figures = {}

    def note(found: Mapping[str, Cost | float]) -> None:
        for what, value in found.items():
            if isinstance(value, Cost):
                note({f"{what}, ms of processor": value.processor, f"{what}, ms by the clock": value.clock})
            else:
                figures.setdefault(what, []).append(value)

    first_paint(full, b"small"), first_paint(empty, b"No batches yet")
    for _ in range(rounds):
        starts = [(first_paint(full, b"small"), first_paint(empty, b"No batches yet")) for _ in range(3)]
        ours, bare = (min((pair[which] for pair in starts), key=lambda one: one[0].clock) for which in (0, 1))
        note({"first paint": ours[0], "first paint, × an empty deck": ours[0].clock / bare[0].clock})
        note({"first paint, processor × an empty deck": ours[0].processor / bare[0].processor})
        note({"memory at the first paint, MB": ours[1], "of an empty deck, MB": bare[1]})
        note(walk(full, shape))
        note(ask_apart(full))
        nothing = command(empty, "ls")[1]
        for name, arguments in {
            "ls": ["ls", "--json"],
            "jobs": ["jobs", "--json"],
            "pages": ["pages", "reports-0000", "--json"],
            "export": ["export", "small"],
        }.items():
            seconds, used, memory = command(full, *arguments)
            note(
                {
                    f"{name}, s": seconds,
                    f"{name}, s of processor": used,
                    f"{name}, MB": memory,
                    f"{name}, × ls of an empty deck": used / nothing,
                }
            )
    return figures


_SHOWN_AT_ONCE = 100.0
_FIRST = frozenset({"job, opened (first load)", "costs, opened (first load)"})
_CLOCK = ", ms by the clock"


def rows_of(figures: Figures) -> list[Row]:
    """Return what is held: start, every list after its first load, memory; and what is only told.

    Lists are held to 100 ms of the processor: what they take by the clock too, where nobody else wants it.
    """
    step = "million pages"
    rows = [
        Row(step, "first paint, × an empty deck", spread(figures["first paint, × an empty deck"]), 2),
        Row(
            step,
            "the same in processor time, ×",
            spread(figures["first paint, processor × an empty deck"]),
            2,
        ),
        Row(step, "memory at the first paint, MB", spread(figures["memory at the first paint, MB"]), 300),
        Row(
            step,
            "memory of the dashboard after a walk, MB",
            spread(figures["memory of the dashboard, MB"]),
            300,
        ),
        Row(
            step,
            "memory after all jobs were read, MB",
            spread(figures["API: memory after all jobs, MB"]),
            300,
        ),
    ]
    for what, values in figures.items():
        name = what.removesuffix(", ms of processor")
        if name != what:
            most = None if name in _FIRST or name == "first paint" else _SHOWN_AT_ONCE
            clock = statistics.median(figures[name + _CLOCK])
            rows.append(Row(step, what, spread(values), most, note=f"{clock:.0f} ms by the clock"))
        elif what.startswith("API: ") and "memory" not in what:
            rows.append(Row(step, f"{what}, ms of processor", spread(values)))
        elif what.startswith(("ls,", "jobs,", "pages,", "export,")):
            rows.append(Row(step, f"`{what.replace(',', '`,', 1)}", spread(values)))
    return rows


def ready_deck(folder: Path, shape: Shape, workers: int) -> tuple[Path, float]:
    """Return the deck of that shape in a folder, made if it is not there, and the seconds that took."""
    deck = folder / f"deck-{shape.jobs}-{shape.batches}-{shape.pages}"
    done = deck / "made"
    if done.exists():
        return deck, 0.0
    start = time.perf_counter()
    make_deck(deck, shape, workers)
    done.touch()
    return deck, time.perf_counter() - start


def main() -> None:
    parser = options(__doc__ or "", rounds=3)
    parser.add_argument("--jobs", type=int, default=400, help="(default: %(default)s)")
    parser.add_argument("--batches", type=int, default=5, help="of a job (default: %(default)s)")
    parser.add_argument("--pages", type=int, default=500, help="of a batch (default: %(default)s)")
    parser.add_argument("--ask", type=Path, help="only ask the Python API about this deck")
    given = parser.parse_args()
    os.environ.update(ANTHROPIC_BASE_URL=ENDPOINT, ANTHROPIC_API_KEY="bench")
    if given.ask:
        print(json.dumps(ask(given.ask)))
        return
    shape = Shape(given.jobs, given.batches, given.pages)
    with tempfile.TemporaryDirectory(prefix="batchdeck-bench-") as scratch:
        full, seconds = ready_deck(Path(given.folder or scratch), shape, len(os.sched_getaffinity(0)))
        empty = prepare_deck(Path(scratch) / "empty").root
        made = {"pages": shape.total, "MB": size_of(full) / 1e6, "seconds": seconds}
        print(f"{shape.jobs:,} jobs, {shape.jobs * shape.batches:,} batches, {made}", flush=True)
        figures = measure(full, empty, shape, given.rounds)
    rows = rows_of(figures)
    for row in rows:
        print(f"| {row.what} | {row.target} | {row.figure} | {row.verdict} |")
    if given.json is not None:
        report: dict[str, Any] = {
            "benchmark": "million",
            "machine": machine(),
            "deck": made,
            "figures": figures,
        }
        report["rows"] = [row.as_json() for row in rows]
        given.json.write_text(json.dumps(report, indent=2, ensure_ascii=False) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
