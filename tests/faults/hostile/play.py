"""Playing hostile files through the product's own functions, in its own workers with its own limits."""

from __future__ import annotations

import asyncio
import hashlib
import io
import os
import resource
import time
import unicodedata
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import Any

import pikepdf

from batchdeck.config import Settings
from batchdeck.domain.documents import Document, UnusableFile
from batchdeck.operations.prepare import PageTask, PrepareTask, prepare_pages
from batchdeck.operations.workers import WorkerFailed, Workers
from batchdeck.pdf.images import crop, render_page
from batchdeck.pdf.scan import ScanLimits, scan_file
from batchdeck.pdf.split import Splitter
from batchdeck.pdf.text import TextReader
from tests.faults.hostile.corpus import Hostile

_ACTIVE = frozenset(
    {"/JavaScript", "/JS", "/Launch", "/SubmitForm", "/ImportData", "/GoToR", "/OpenAction", "/AA", "/EF"}
)
_HANG_AFTER = 30.0
"""Seconds beyond its limit after which a task that has not been stopped counts as a hang."""
_PAGES = 3
_AT_ONCE = 3
_LONGEST_WALK = 20_000


@dataclass(frozen=True)
class Seen:
    """What one task left behind in its worker."""

    result: Any
    peak_bytes: int
    """Greatest resident size of the worker so far."""
    leftovers: tuple[str, ...]
    """Child processes and sockets that it has and should not have."""


@dataclass
class Figures:
    """What a run came to."""

    files: int = 0
    outcomes: Counter[str] = field(default_factory=Counter)
    stopped: Counter[str] = field(default_factory=Counter)
    """Tasks that a limit stopped, by step."""
    died: Counter[str] = field(default_factory=Counter)
    """Workers that a signal ended, by step: their task alone was lost."""
    hangs: list[str] = field(default_factory=list)
    escapes: list[str] = field(default_factory=list)
    raised: list[str] = field(default_factory=list)
    """Tasks of the scan that raised, which it never may."""
    worst_seconds: float = 0.0
    worst: str = ""
    peak_bytes: int = 0
    parent_growth: int = 0

    @property
    def is_clean(self) -> bool:
        return not self.hangs and not self.escapes and not self.raised

    def line(self, seed: int) -> str:
        """Return the run in one line."""
        outcomes = ", ".join(f"{count} {name}" for name, count in sorted(self.outcomes.items()))
        return (
            f"hostile PDFs: seed {seed}, {self.files} files: {len(self.hangs)} hangs, "
            f"{len(self.escapes)} escapes, {len(self.raised)} scans raised, and the parent lives; "
            f"{sum(self.stopped.values())} tasks stopped by a limit, {sum(self.died.values())} workers lost "
            f"to a signal and replaced; worker peak {self.peak_bytes / 2**20:,.0f} MiB, parent grew "
            f"{self.parent_growth / 2**20:,.0f} MiB, longest task {self.worst_seconds:.1f} s ({self.worst}); "
            f"{outcomes}"
        )


async def play(files: Iterator[Hostile], folder: Path, *, settings: Settings | None = None) -> Figures:
    """Scan, split, read and draw every file, a few at a time.

    Args:
        files: what to play.
        folder: an empty folder for them; workers get nothing else to write to.
    """
    settings = settings or Settings()
    figures = Figures()
    workers = Workers(2, memory_bytes=settings.limits.memory_bytes)
    before = _resident()
    homes = {"TMPDIR": folder / "tmp", "HOME": folder / "home"}
    for home in homes.values():
        home.mkdir()
    kept = {name: os.environ.get(name) for name in homes}
    os.environ |= {name: str(home) for name, home in homes.items()}

    async def player() -> None:
        for hostile in files:
            await _play_one(hostile, folder, workers, settings, figures)

    try:
        async with asyncio.TaskGroup() as group:
            for _ in range(_AT_ONCE):
                group.create_task(player())
    finally:
        for name, value in kept.items():
            if value is None:
                del os.environ[name]
            else:
                os.environ[name] = value
        await workers.close()
    figures.parent_growth = _resident() - before
    figures.escapes += [f"left behind: {path}" for home in homes.values() for path in home.rglob("*")]
    return figures


async def _play_one(
    hostile: Hostile, folder: Path, workers: Workers, settings: Settings, figures: Figures
) -> None:
    path = folder / f"{hostile.number:05d}-{hostile.kind}.pdf"
    path.write_bytes(hostile.data)
    limits = settings.limits
    look = partial(
        scan_file, limits=ScanLimits(max_pages=limits.max_pages_per_document, page_bytes=limits.page_bytes)
    )
    step = _Step(hostile, workers, figures)
    figures.files += 1
    scanned = await step.run("scan", look, str(path), limits.scan_seconds)
    if isinstance(scanned, UnusableFile):
        figures.outcomes[scanned.problem.kind] += 1
        figures.escapes += _unprintable(hostile, [scanned.problem.message])
    elif isinstance(scanned, Document):
        figures.outcomes["usable with caveats" if scanned.caveats else "usable"] += 1
        numbers = sorted({*range(1, min(_PAGES, scanned.page_count) + 1), scanned.page_count})
        part = folder / f"{hostile.number:05d}.part"
        task = PrepareTask(
            source=str(path),
            name=path.name,
            page_count=scanned.page_count,
            language=scanned.language,
            pages=tuple(PageTask(number - 1, number, str(number)) for number in numbers),
            recipe="pdf-to-html",
            model="claude-opus-5-5",
            max_tokens=4096,
            as_image=False,
            request_bytes=limits.request_bytes,
            part=str(part),
        )
        await step.run("prepare", prepare_pages, task, 5 * limits.scan_seconds)
        part.unlink(missing_ok=True)
        found = await step.run("split", partial(_split, str(path)), numbers, limits.scan_seconds)
        figures.escapes += [f"{path.name} page {number}: {what}" for number, what in found or ()]
        await step.run("read", partial(_read, str(path)), numbers, limits.scan_seconds)
        await step.run("draw", partial(render_page, str(path), dpi=72), numbers[0], limits.scan_seconds)
        await step.run("crop", partial(_crop, str(path)), numbers[-1], limits.scan_seconds)
    else:
        figures.outcomes["stopped"] += 1
    if hashlib.sha256(path.read_bytes()).digest() != hashlib.sha256(hostile.data).digest():
        figures.escapes.append(f"{path.name} was changed")
    path.unlink()


@dataclass
class _Step:
    hostile: Hostile
    workers: Workers
    figures: Figures

    async def run(self, name: str, function: Callable[[Any], Any], argument: Any, seconds: float) -> Any:
        """Run one step in a worker; None where it failed, which is counted."""
        figures, what = self.figures, f"{name} of {self.hostile.number} {self.hostile.kind}"
        began = time.monotonic()
        try:
            seen: Seen = await asyncio.wait_for(
                self.workers.run(partial(_watched, function), argument, seconds=seconds),
                # It may have to wait for the other files' tasks first.
                4 * seconds + _HANG_AFTER,
            )
        except TimeoutError:
            figures.hangs.append(what)
            return None
        except WorkerFailed as failure:
            if "exit code" in failure.message:
                figures.died[name] += 1
            elif "longer than" in failure.message or "more memory" in failure.message:
                figures.stopped[name] += 1
            elif name == "scan":
                figures.raised.append(f"{what}: {failure.message}")
            return None
        finally:
            took = time.monotonic() - began
            if took > figures.worst_seconds:
                figures.worst_seconds, figures.worst = took, what
        figures.peak_bytes = max(figures.peak_bytes, seen.peak_bytes)
        figures.escapes += [f"{what}: {leftover}" for leftover in seen.leftovers]
        return seen.result


def _watched(function: Callable[[Any], Any], argument: Any) -> Seen:
    result = function(argument)
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024
    return Seen(result, peak, tuple(_leftovers()))


def _leftovers() -> Iterator[str]:
    for thread in Path("/proc/self/task").iterdir():
        children = (thread / "children").read_text().split()
        yield from (f"child process {child}" for child in children)
    for descriptor in Path("/proc/self/fd").iterdir():
        try:
            target = os.readlink(descriptor)
        except OSError:
            continue
        if target.startswith("socket:"):
            yield target


def _split(path: str, numbers: Sequence[int]) -> list[tuple[int, str]]:
    """Split pages, and return what in them could still act."""
    found: list[tuple[int, str]] = []
    with Splitter(path) as splitter:
        for number in numbers:
            single = splitter.page(number)
            with pikepdf.open(io.BytesIO(single)) as pdf:
                if len(pdf.pages) != 1:
                    found.append((number, f"{len(pdf.pages)} pages came out as one"))
                found += [(number, f"still has {name}") for name in sorted(_active(pdf))]
    return found


def _active(pdf: pikepdf.Pdf) -> set[str]:
    found: set[str] = set()
    for walked, one in enumerate(pdf.objects):
        if walked > _LONGEST_WALK:
            break
        waiting: list[Any] = [one]
        while waiting and len(waiting) < _LONGEST_WALK:
            current = waiting.pop()
            if isinstance(current, pikepdf.Dictionary | pikepdf.Stream):
                for key in current.keys():  # noqa: SIM118 - not a mapping of Python's
                    value = current[key]
                    if key in _ACTIVE or (key == "/S" and str(value) in _ACTIVE):
                        found.add(str(value) if key == "/S" else key)
                    if not getattr(value, "is_indirect", False):
                        waiting.append(value)
            elif isinstance(current, pikepdf.Array):
                waiting += [item for item in current if not getattr(item, "is_indirect", False)]
    return found


def _read(path: str, numbers: Sequence[int]) -> int:
    words = 0
    with TextReader(path) as reader:
        for number in numbers:
            words += reader.layer(number).words
            reader.lines(number)
            reader.pictures(number)
    return words


def _crop(path: str, number: int) -> int:
    return len(crop(path, number, (0, 0, 500, 500), dpi=150))


def _unprintable(hostile: Hostile, texts: Sequence[str]) -> list[str]:
    return [
        f"{hostile.number} {hostile.kind}: a control character in {text!r}"
        for text in texts
        if any(unicodedata.category(char) == "Cc" for char in text)
    ]


def _resident() -> int:
    return int(Path("/proc/self/statm").read_text().split()[1]) * resource.getpagesize()
