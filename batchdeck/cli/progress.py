"""Progress of long operations on stderr: bars where somebody looks, plain lines where nobody does."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TypeVar, cast

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TaskID, TextColumn, TimeElapsedColumn
from rich.text import Text

from batchdeck.cli.output import counted, money, size
from batchdeck.domain import events
from batchdeck.domain.documents import Document
from batchdeck.domain.events import Event, Finished, Operation
from batchdeck.domain.text import show

T = TypeVar("T")


class Narrator:
    """Tells the story of an operation's events: bars for what moves, a line for what has happened."""

    def __init__(self, *, quiet: bool = False) -> None:
        self._console = Console(stderr=True, markup=False, highlight=False, soft_wrap=True)
        self._quiet = quiet
        self._progress: Progress | None = None
        self._tasks: dict[str, TaskID] = {}

    async def run(self, operation: Operation[T]) -> T:
        """Run an operation to its end, telling of it, and return its result."""
        with self.telling():
            async for event in operation:
                if isinstance(event, Finished):
                    return cast("T", event.result)
                self.tell(event)
        raise RuntimeError("an operation ended without its result")

    def tell(self, event: Event) -> None:
        """Tell of one event."""
        if self._quiet:
            return
        match event:
            case events.DocumentScanned(file=file, done=done, files=files):
                self.move("Scanning", done, files)
                if not isinstance(file, Document):
                    self.say(f"✗ {show(file.path, 100)}: {file.problem}")
            case events.PagesPrepared(done=done, total=total):
                self.move("Preparing pages", done, total)
            case events.BatchSending(submission=key, sent=sent, size=total):
                self.move(f"Sending {size(total)} ({key[:4]})", sent, total)
            case events.BatchSubmitted(batch=batch, requests=requests):
                self.say(f"✓ {batch} accepted: {counted(requests, 'page')}")
            case events.AnswersArriving(submission=key, counts=counts):
                self.move(f"Answers in real time ({key[:4]})", counts.total - counts.processing, counts.total)
            case events.DocumentExported(done=done, documents=total):
                self.move("Exporting documents", done, total)
            case _:
                line = _line(event)
                if line:
                    self.say(line)

    def say(self, text: str) -> None:
        """Say something, line by line."""
        if not self._quiet:
            for line in text.splitlines():
                self._console.print(Text(show(line)))

    def move(self, what: str, done: int, total: int) -> None:
        """Show how far something is."""
        if self._progress is None:
            return
        if what not in self._tasks:
            self._tasks[what] = self._progress.add_task(what, total=total)
        self._progress.update(self._tasks[what], completed=done, total=total)

    @contextmanager
    def telling(self) -> Iterator[None]:
        """Show bars for the length of the block, where somebody looks."""
        if self._quiet or not sys.stderr.isatty():
            yield
            return
        columns = (
            TextColumn("{task.description}", markup=False),
            BarColumn(),
            MofNCompleteColumn(),
            TimeElapsedColumn(),
        )
        with Progress(*columns, console=self._console, refresh_per_second=4, transient=True) as progress:
            self._progress, self._tasks = progress, {}
            try:
                yield
            finally:
                self._progress = None


def _line(event: Event) -> str:
    """Return what to say of an event that is worth a line, else nothing."""
    match event:
        case events.Note(text=text, level=level):
            return f"{'! ' if level != 'info' else ''}{text}"
        case events.SubmissionRefused(reason=reason):
            return f"✗ The API refused the batch: {reason}"
        case events.SubmissionInDoubt(submission=key, reason=reason):
            return f"? It is not known whether the API took submission {key}: {reason}"
        case events.SubmissionSettled(submission=key, batch=None):
            return f"✓ The API never took submission {key}; its pages may be submitted again."
        case events.SubmissionSettled(submission=key, batch=batch):
            return f"✓ Submission {key} is batch {batch}."
        case events.RungStarted(rung=rung, rungs=rungs, pages=pages):
            return f"▸ Rung {rung} of {rungs}: {counted(pages, 'page')}"
        case events.GateFailed(job=job, rung=rung, reason=reason):
            return (
                f"✗ Job {job} stops before rung {rung}: {reason}.\n"
                f"  Look with `batchdeck pages {job}`; go on with `batchdeck submit --resume {job}`."
            )
        case events.DuplicateFound(batch=batch, submission=key):
            return f"! Batch {batch} repeats submission {key}: cancel it with `batchdeck cancel {batch}`."
        case events.Waiting(until=until, reason=reason):
            return f"… until {until.astimezone():%H:%M:%S}: {reason}"
        case events.CountsChanged(batch=batch, status=status, counts=counts):
            if status == "ended":
                return ""
            return f"▸ {batch} {status}: {counted(counts.total, 'request')}"
        case events.BatchEnded(batch=batch):
            return f"■ {batch} has ended; downloading its results"
        case events.BatchArchived(batch=batch, outcomes=outcomes, cost=cost, findings=findings):
            tally = ", ".join(f"{count} {outcome}" for outcome, count in outcomes.items())
            return "\n".join([f"✓ {batch} archived: {tally} · {money(cost)}", *findings])
        case events.ResultsAtRisk(batch=batch, vanish_at=vanish_at):
            return f"! The results of {batch} vanish on {vanish_at:%Y-%m-%d} and are not on this disk yet."
        case events.AccountHeldEvent(reason=reason):
            return f"! Paid work has stopped: {reason}"
        case events.StandingOrderActed(order=order, job=job, text=text, pages=pages, usd=usd, folder=folder):
            facts = [counted(pages, "page")] if pages else []
            facts += [f"about {money(usd)}"] if usd is not None else []
            facts += [str(folder)] if folder is not None else []
            return " · ".join([f"⟳ {order}, {job}: {text}", *facts])
        case events.StandingOrderHeld(order=order, job=job, reason=reason):
            return f"! {order}, {job}: {reason}"
        case events.InboxSubmitted(job=job, files=files, pages=pages, usd=usd):
            names = ", ".join(files[:4]) + (f" and {len(files) - 4} more" if len(files) > 4 else "")
            return f"⟳ inbox: {names} → {job}, {counted(pages, 'page')}, about {money(usd)}"
        case events.InboxDone(file=file, job=job, moved_to=target, is_duplicate=is_duplicate):
            known = "was submitted before, in" if is_duplicate else "belongs to"
            return f"✓ inbox: {file} {known} {job}" + (f"; now {target}" if target is not None else "")
        case events.InboxProblem(file=file, reason=reason, moved_to=target):
            return f"✗ inbox: {file}: {reason}" + (f" It is now {target}" if target is not None else "")
        case events.InboxHeld(files=files, reason=reason):
            return f"! inbox: {counted(files, 'file')} waiting: {reason}" if files else f"! inbox: {reason}"
        case events.PollFailed(batch=batch, reason=reason):
            return f"! {batch or 'The API'}: {reason} (it is tried again)"
        case _:
            return ""
