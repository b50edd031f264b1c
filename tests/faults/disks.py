"""Disks that are full or broken, at every write of a submission, of collecting, and of exporting."""

from __future__ import annotations

import os
import random
import subprocess
import tempfile
from collections.abc import Awaitable, Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from tests.e2e.pdfs import write_pdf
from tests.faults.collecting import export
from tests.faults.figures import Figures
from tests.faults.people import Ended, Person, collect, fork, submit
from tests.faults.server import Server, serving
from tests.faults.steps import Steps, break_down, run_out_of_space
from tests.faults.submits import SETTINGS, complain, judge, settle_all

FAILURES: dict[str, Callable[[], None]] = {"full": run_out_of_space, "broken": break_down}
PHASES = ("submit", "realtime", "collect", "export")
_PAGES = 2
_ROOM = range(0, 400_000, 8_192)
"""Bytes that a full disk has left when a submission begins."""
_DISK_BYTES = 4 << 20


def prove(share: float, seed: int, phases: Sequence[str] = PHASES) -> Figures:
    """Let each write of each phase fail once, in both ways; then let real disks be full at many sizes.

    What ends in an error must be an error of ours, with a hint; the old state must hold, and the same work,
    done again on a disk that is well, must come to its end without paying for anything twice.

    Args:
        share: how many of the cells are tried, from 0 to 1; which ones is decided by the seed.
        phases: what is done.
    """
    figures = Figures("disks", seed)
    chance = random.Random(seed)
    points: dict[str, int] = {}
    with figures.timed():
        for phase in phases:
            with tempfile.TemporaryDirectory(prefix="batchdeck-faults-") as folder:
                points[phase] = _one_phase(Path(folder), phase, share, chance, figures)
        sizes = _full_disks(share, chance, figures)
    writes = ", ".join(f"{count} writes of {phase}" for phase, count in points.items())
    figures.note = f"{writes}, x {len(FAILURES)} failures; {sizes} full disks; {share:.0%} of them"
    return figures


def _one_phase(folder: Path, phase: str, share: float, chance: random.Random, figures: Figures) -> int:
    people: list[Person] = []
    with serving(folder / "server") as server:

        def cell(name: str, at: int, fail: Callable[[], None]) -> Ended:
            person = Person(folder / name, server, SETTINGS)
            source = write_pdf(folder / f"in{name}" / f"{name}.pdf", _PAGES, seed=1, words=12).parent
            work = _work_of(phase, person, source, folder / f"out{name}")
            if phase in ("collect", "export"):
                complain([fork(lambda: submit(person, source)).wait()], figures)
                server.wait_ended()
            if phase == "export":
                complain([fork(lambda: collect(person)).wait()], figures)
            end = _failing_at(at, fail, work, figures)
            if end.error or at:
                again = fork(work).wait()
                complain([again], figures)
                figures.blame(f"{phase} {at}: {again.error} {again.message}", damaged=bool(again.error))
            settle_all(person, figures, [source])
            people.append(person)
            return end

        whole = cell("c0", 0, run_out_of_space)
        count = whole.told if isinstance(whole.told, int) else 0
        figures.blame(f"{phase}: it cannot be numbered: {whole}", damaged=count == 0)
        for kind, fail in FAILURES.items():
            for at in range(1, count + 1):
                if chance.random() < share:
                    cell(f"{kind}{at}", at, fail)
        expected = {(person.deck.name, page) for person in people for page in range(1, _PAGES + 1)}
        if phase == "realtime":
            asked = server.calls_of("messages")
            figures.blame(f"{asked} answers asked for", paid_twice=max(0, asked - len(expected)))
            figures.blame(f"{asked} answers asked for", lost=max(0, len(expected) - asked))
            figures.pages += asked
        else:
            judge(people, expected, figures)
    return count


def _work_of(phase: str, person: Person, source: Path, out: Path) -> Callable[[], Awaitable[object]]:
    match phase:
        case "submit":
            return lambda: submit(person, source)
        case "realtime":
            return lambda: submit(person, source, mode="realtime")
        case "collect":
            return lambda: collect(person)
        case _:
            return lambda: export(person, out)


def _failing_at(
    at: int, fail: Callable[[], None], work: Callable[[], Awaitable[object]], figures: Figures
) -> Ended:
    steps = Steps(at, fail, files_only=True)

    async def numbered() -> int:
        await work()
        return steps.taken

    end = fork(numbered, before=steps.install).wait()
    figures.runs += 1
    complain([end], figures)
    return end


def _full_disks(share: float, chance: random.Random, figures: Figures) -> int:
    """Submit to decks on file systems of their own with only so much room; make room, and go on."""
    chosen = [room for room in _ROOM if chance.random() < share]
    if os.geteuid() != 0:
        return 0
    done = 0
    with tempfile.TemporaryDirectory(prefix="batchdeck-faults-") as folder, serving(Path(folder)) as server:
        for room in chosen:
            done += _one_full_disk(Path(folder) / f"disk{room}", room, server, figures)
    return done


def _one_full_disk(mount: Path, room: int, server: Server, figures: Figures) -> bool:
    with _small_disk(mount) as is_mounted:
        if not is_mounted:
            return False
        source = write_pdf(mount.with_name(f"in{room}") / f"d{room}.pdf", _PAGES, seed=1, words=12).parent
        person = Person(mount / "deck", server, SETTINGS)
        ballast = mount / "ballast"
        left = os.statvfs(mount).f_bavail * os.statvfs(mount).f_frsize
        ballast.write_bytes(bytes(max(0, left - room)))
        end = fork(lambda: submit(person, source)).wait()
        figures.runs += 1
        complain([end], figures)
        ballast.unlink()
        settle_all(person, figures, [source])
        judge_one(person, f"d{room}", figures)
    return True


def judge_one(person: Person, name: str, figures: Figures) -> None:
    """Hold one document's pages against what the server was given."""
    given = [row for row in person.server.given() if f"-{name}-p" in row.custom_id]
    figures.pages += len(given)
    figures.blame(f"{name}: {len(given)} requests", paid_twice=max(0, len(given) - _PAGES))
    figures.blame(f"{name}: {len(given)} requests", lost=max(0, _PAGES - len(given)))


@contextmanager
def _small_disk(mount: Path) -> Iterator[bool]:
    """Mount a file system in memory, where that is allowed."""
    mount.mkdir()
    command = ["mount", "-t", "tmpfs", "-o", f"size={_DISK_BYTES}", "tmpfs", str(mount)]
    is_mounted = subprocess.run(command, capture_output=True, check=False).returncode == 0
    try:
        yield is_mounted
    finally:
        if is_mounted:
            subprocess.run(["umount", str(mount)], check=True)
