"""Two operators at dashboards of their own and a `watch` beside them, on one deck, in three terminals.

Both submit folders of their own, and both send the same failed pages again and write the same documents, by
keys, at the same time. Meanwhile somebody stands in line at the deck's locks and measures how long it takes.
"""

from __future__ import annotations

import asyncio
import itertools
import os
import random
import re
import shlex
import shutil
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from dataclasses import dataclass, field
from pathlib import Path

from batchdeck.domain.requests import parse_custom_id
from batchdeck.store.layout import DeckLayout
from batchdeck.store.locks import hold
from tests.e2e.pdfs import write_pdf
from tests.e2e.terminal import READY, Tmux
from tests.faults.figures import Figures
from tests.faults.people import Person, fork
from tests.faults.server import Server, serving
from tests.faults.submits import SETTINGS, complain, judge

_FAILING = '[[rows]]\noutcome = "overloaded_error"\nattempts = 1\n'
_HOME = re.compile(r"▸ batches\s\s")
_FILTER = re.compile(r"· /\S+")
_PATIENCE = 120.0
_LONGEST_WAIT = 1.0
_BETWEEN_LOOKS = 0.02
_ESC_SECONDS = 0.3
"""After Esc a terminal program waits whether more comes: what follows at once counts as Alt and that key."""
_NOTHING_LEFT = ("Not now: retry", "No page has failed here")
_DOCUMENTS, _PAGES = 2, 2


def prove(seconds: float, seed: int, *, longest_wait: float | None = _LONGEST_WAIT) -> Figures:
    """Let two operators work side by side for a while, in rounds, at least one.

    Args:
        longest_wait: seconds that nobody may wait for a lock; None where the machine is not free.
    """
    figures = Figures("operators", seed)
    if shutil.which("tmux") is None:
        figures.note = "not run: tmux is not installed"
        return figures
    with figures.timed(), tempfile.TemporaryDirectory(prefix="batchdeck-faults-") as name:
        folder = Path(name)
        with (
            serving(folder / "server", _FAILING, seed=seed, batch_seconds=0.5) as server,
            ExitStack() as stack,
        ):
            person = Person(folder / "deck", server, SETTINGS)
            table = _Table(folder, person, stack)
            stop = folder / "stop"
            prober = fork(lambda: _stand_in_line(DeckLayout(person.deck), stop))
            try:
                jobs = _work(table, seconds, random.Random(seed))
            finally:
                stop.touch()
                prober.born = time.monotonic()  # it was to last; from now on it is to end
                ended = prober.wait()
            table.leave()
            complain([ended], figures)
            figures.runs = 2 * len(jobs)
            _judge(person, jobs, figures)
            wait = ended.told if isinstance(ended.told, float) else 0.0
            figures.note = (
                f"{len(jobs)} folders by two dashboards beside a watch; longest wait for a lock {wait:.2f} s"
            )
            is_long = longest_wait is not None and wait > longest_wait
            figures.blame(f"somebody waited {wait:.1f} s for a lock", damaged=is_long)
    return figures


@dataclass
class _Table:
    """Three terminals around one deck."""

    folder: Path
    person: Person
    stack: ExitStack
    operators: list[_Operator] = field(default_factory=list)

    def __post_init__(self) -> None:
        program = f"{shlex.quote(sys.executable)} -m batchdeck --deck deck"
        for name in ("anna", "bert"):
            pane = self._pane(name)
            pane.write(program)
            pane.keys("Enter")
            pane.wait_for("No batches yet", seconds=_PATIENCE)
            self.operators.append(_Operator(name, pane))
        self.watch = self._pane("watch")
        self.watch.write(f"{program} watch; echo code=$?")
        self.watch.keys("Enter")

    def _pane(self, name: str) -> Tmux:
        pane = Tmux(
            f"batchdeck-faults-{os.getpid()}-{name}", self.folder, _environ(self.person.server), 110, 30
        )
        self.stack.callback(pane.close)
        return pane

    def leave(self) -> None:
        """Let everybody quit, and see that they go."""
        for operator in self.operators:
            operator.pane.keys("q")
            operator.pane.wait_for(READY, seconds=_PATIENCE)
        self.watch.keys("C-c")
        self.watch.wait_for("code=", seconds=_PATIENCE)


def _environ(server: Server) -> dict[str, str]:
    kept = {name: os.environ[name] for name in ("PATH", "HOME", "PYTHONPATH") if name in os.environ}
    return kept | {
        "LC_ALL": "C.UTF-8",
        "TERM": "xterm-256color",
        "SHELL": "/bin/bash",
        "ANTHROPIC_BASE_URL": server.base_url,
        "ANTHROPIC_API_KEY": server.api_key,
        "BATCHDECK_POLLING_FLOOR_SECONDS": "0.5",
        "BATCHDECK_POLLING_CEILING_SECONDS": "1",
    }


@dataclass
class _Operator:
    """Somebody at a dashboard, working by keys."""

    name: str
    pane: Tmux

    def submit(self, folder: str) -> None:
        self.pane.keys("s")
        self._wait_for("all of this folder")
        self.pane.write(folder)
        self.pane.keys("Enter")
        self._wait_for("y sends them")
        self.pane.keys("y")
        self._wait_for("submitted in 1 batch")
        self._go_home()

    def retry(self, job: str) -> None:
        """Send a job's failed pages again, unless somebody else was faster."""
        self._find(job)
        self.pane.keys("r")
        screen = self._wait_for_one("y sends them", *_NOTHING_LEFT)
        if "y sends them" in screen:
            self.pane.keys("y")
            self._wait_for_one("submitted in 1 batch", "Somebody else was faster")
        self._go_home()

    def export(self, job: str) -> None:
        self._find(job)
        self.pane.keys("x")
        self._wait_for_one("x writes one HTML document", "x exports again")
        self.pane.keys("x")
        self._wait_for("Automated checks passed")
        self._go_home()

    def wait_done(self, job: str) -> None:
        """Wait until a job's row says that all of it is there."""
        self._find(job)
        self._wait_for_row(rf"✓ done\s+{job}")
        self._go_home()

    def wait_failed(self, job: str) -> None:
        """Wait until a job's row says that pages of it have failed."""
        self._find(job)
        self._wait_for_row(rf"✗ .*{job}")
        self._go_home()

    def _find(self, job: str) -> None:
        self.pane.keys("/")
        self.pane.wait_until(
            lambda screen: re.search(r"^ /\s*$", screen, re.M) is not None, "the filter", _PATIENCE
        )
        self.pane.write(job)
        self.pane.keys("Enter")
        self._wait_for(f"/{job}")

    def _go_home(self) -> None:
        """Press Esc until the first screen is there without a filter, each time when the last has done it."""
        asked_on = ""

        def is_home(screen: str) -> bool:
            nonlocal asked_on
            where = f"{screen.splitlines()[0]} {_FILTER.findall(screen)}"
            if _HOME.search(screen) and not _FILTER.search(screen):
                return True
            if where != asked_on:
                asked_on = where
                self.pane.keys("Escape")
            return False

        self.pane.wait_until(is_home, "the first screen", _PATIENCE)
        time.sleep(_ESC_SECONDS)

    def _wait_for(self, *wanted: str) -> str:
        return self.pane.wait_for(*wanted, seconds=_PATIENCE)

    def _wait_for_row(self, pattern: str) -> None:
        self.pane.wait_until(lambda screen: re.search(pattern, screen) is not None, pattern, _PATIENCE)

    def _wait_for_one(self, *wanted: str) -> str:
        return self.pane.wait_until(
            lambda screen: any(words in screen for words in wanted), f"one of {wanted}", _PATIENCE
        )


def _work(table: _Table, seconds: float, chance: random.Random) -> list[str]:
    """Let both work until the time is over; return the jobs."""
    jobs: list[str] = []
    began = time.monotonic()
    with ThreadPoolExecutor(2) as hands:

        def both(work: Callable[[_Operator], None]) -> None:
            list(hands.map(work, table.operators))

        for number in itertools.count():
            for operator in table.operators:
                job = f"{operator.name}{number:03}"
                for document in range(_DOCUMENTS):
                    name = f"{job}-{document}.pdf"
                    write_pdf(table.folder / job / name, _PAGES, seed=chance.randrange(1 << 30), words=12)
            both(lambda who, number=number: who.submit(f"{who.name}{number:03}"))  # type: ignore[misc]
            for operator in table.operators:
                job = f"{operator.name}{number:03}"
                jobs.append(job)
                both(lambda who, job=job: who.wait_failed(job))  # type: ignore[misc]
                both(lambda who, job=job: who.retry(job))  # type: ignore[misc]
                both(lambda who, job=job: who.wait_done(job))  # type: ignore[misc]
                both(lambda who, job=job: who.export(job))  # type: ignore[misc]
            if time.monotonic() - began >= seconds:
                break
    return jobs


async def _stand_in_line(layout: DeckLayout, stop: Path) -> float:
    """Take each lock of the deck by turns as anybody does, until told to stop; return the longest wait."""
    longest = 0.0
    while not os.path.exists(stop):  # noqa: ASYNC240 - nothing else runs in this loop
        for lock in (layout.ledger_lock, layout.audit_lock):
            began = time.monotonic()
            with hold(lock, wait_seconds=None, what="standing in line"):
                longest = max(longest, time.monotonic() - began)
            await asyncio.sleep(_BETWEEN_LOOKS)
    return longest


def _judge(person: Person, jobs: list[str], figures: Figures) -> None:
    """Each page was asked for twice, since it failed once, and is paid for once; each document is there."""
    names = [f"{job}-{document}" for job in jobs for document in range(_DOCUMENTS)]
    expected = {(name, page) for name in names for page in range(1, _PAGES + 1)}
    judge([person], expected, figures, collects=False)
    turns: Counter[tuple[str, int]] = Counter()
    for row in person.server.given():
        parsed = parse_custom_id(row.custom_id)
        if parsed is not None:
            turns[parsed.slug, parsed.page] += 1
    wrong = [page for page in expected if turns[page] != 2]
    figures.blame(f"not asked for twice: {sorted(wrong)[:3]}", damaged=len(wrong))
    stems = {path.name.rpartition("-")[0] for path in (person.deck / "exports").rglob("*.html")}
    missing = [name for name in names if name not in stems]
    figures.blame(f"not exported: {missing[:3]}", lost=len(missing))
