"""Work that goes on in the background of the app, whichever screen is shown: started, followed, stopped.

Screens start operations here and draw what is told; what an operation does is no business of this module.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from contextlib import aclosing
from dataclasses import dataclass, field
from functools import partial
from typing import Any, TypeVar, cast

from textual.app import App
from textual.message import Message
from textual.worker import Worker

from batchdeck.domain.events import (
    BatchSending,
    DocumentExported,
    DocumentScanned,
    Event,
    Finished,
    Operation,
    PagesPrepared,
    ResultsArriving,
    ScanStarted,
)
from batchdeck.domain.text import show
from batchdeck.errors import BatchDeckError
from batchdeck.tui.manners.pace import Pace
from batchdeck.tui.screens.spans import size as show_size

T = TypeVar("T")


class WorkMoved(Message, bubble=False):
    """Some work got on, or was begun; sent to the screen that is shown, at most four times a second."""


class WorkEnded(Message, bubble=False):
    """A piece of work is over; sent to the screen that is shown."""

    def __init__(self, piece: Piece) -> None:
        super().__init__()
        self.piece = piece


@dataclass(slots=True, eq=False)
class Piece:
    """One operation under way. Numbers and phrase are as of its last event."""

    name: str
    """What it is, in a phrase for the status line ("submitting contracts")."""
    is_quiet: bool = False
    """Whether the status line keeps silent about it."""
    done: int = 0
    total: int = 0
    """How much there is to do; 0 while that is not known."""
    unit: str = ""
    phrase: str = ""
    """What it is busy with right now; may be empty."""
    is_over: bool = False
    is_stopping: bool = False
    """Whether it was told to stop; it is over a little later."""
    error: BatchDeckError | None = None
    _worker: Worker[None] | None = field(default=None, repr=False)

    @property
    def share(self) -> float | None:
        """How much is done, from 0 to 1; None while that is not known."""
        return min(self.done / self.total, 1.0) if self.total else None

    def __str__(self) -> str:
        if not self.total:
            return self.name
        if self.unit == "bytes":
            return f"{self.name} {show_size(self.done)} of {show_size(self.total)}"
        return f"{self.name} {self.done:,}/{self.total:,} {self.unit}".rstrip()

    def cancel(self) -> None:
        """Stop it; what it has done so far stays, and the same operation goes on from there."""
        if self._worker is not None and not self.is_over:
            self.is_stopping = True
            self._worker.cancel()

    def note(self, event: Event) -> None:
        """Take over what an event says of how far the work has come."""
        match event:
            case ScanStarted(files=files):
                self.done, self.total, self.unit = 0, files, "files"
            case DocumentScanned(done=done, files=files):
                self.done, self.total, self.unit = done, files, "files"
            case PagesPrepared(done=done, total=total, document=document):
                self.done, self.total, self.unit = done, total, "pages prepared"
                self.phrase = show(document, 60)
            case BatchSending(sent=sent, size=size, requests=requests):
                self.done, self.total, self.unit = sent, size, "bytes"
                self.phrase = f"sending {requests:,} pages"
            case ResultsArriving(received=received, total=total):
                self.done, self.total, self.unit = received, total or 0, "bytes"
                self.phrase = "results arriving"
            case DocumentExported(done=done, documents=documents):
                self.done, self.total, self.unit = done, documents, "documents"


class Work:
    """The background work of one app. An operation goes on while other screens are used."""

    def __init__(self, app: App[Any]) -> None:
        self._app = app
        self._pieces: list[Piece] = []
        self._pace = Pace(app, self._tell_moved)
        self.trouble = ""
        """Why the deck's batches cannot be followed right now, and what to do; empty when all is well."""
        self.is_reaching = False
        """Whether the API is being asked for the first time, and nothing is known of it yet."""
        self.next_poll: dt.datetime | None = None
        """When the API is asked next; None while nothing is open or another process asks."""
        self.polled_by = ""
        """Who asks the API, in words; empty for nobody."""

    @property
    def pieces(self) -> tuple[Piece, ...]:
        """What is under way, the oldest first."""
        return tuple(self._pieces)

    @property
    def working(self) -> list[str]:
        """What is under way, in phrases for the status line."""
        return [str(piece) for piece in self._pieces if not piece.is_quiet]

    def start(
        self,
        name: str,
        operation: Operation[T],
        *,
        on_event: Callable[[Event], None] | None = None,
        on_done: Callable[[T], object] | None = None,
        on_error: Callable[[BatchDeckError], None] | None = None,
        quiet: bool = False,
    ) -> Piece:
        """Run an operation in the background; call in the event loop, where the callbacks come too.

        Args:
            name: what it is, in a phrase.
            operation: not used before.
            on_event: called with every event but the last.
            on_done: called with the result.
            on_error: called with the error that ended it; without it the error is shown as a toast.
            quiet: whether the status line keeps silent about it.
        """
        piece = Piece(name, quiet)
        self._pieces.append(piece)

        async def run() -> None:
            outcome: Callable[[], object] | None = None
            try:
                # The generator is closed here also when this task is cancelled, so that locks are given back
                # before anything else is started.
                async with aclosing(operation):
                    outcome = await self._follow(piece, operation, on_event, on_done)
            except BatchDeckError as error:
                piece.error = error
                outcome = self._failing(error, on_error)
            finally:
                piece.is_over = True
                self._pieces.remove(piece)
                self._app.post_message(WorkEnded(piece))
            if outcome is not None:
                outcome()

        piece._worker = self._app.run_worker(run(), name=name, group="work", exit_on_error=True)
        self._pace.request()
        return piece

    async def _follow(
        self,
        piece: Piece,
        operation: Operation[T],
        on_event: Callable[[Event], None] | None,
        on_done: Callable[[T], object] | None,
    ) -> Callable[[], object] | None:
        async for event in operation:
            if isinstance(event, Finished):
                return None if on_done is None else partial(on_done, cast("T", event.result))
            piece.note(event)
            if on_event is not None:
                on_event(event)
            self._pace.request()
        raise RuntimeError("an operation ended without its result")

    def _failing(
        self, error: BatchDeckError, on_error: Callable[[BatchDeckError], None] | None
    ) -> Callable[[], None]:
        if on_error is not None:
            return lambda: on_error(error)
        hint = f"\n{error.hint}" if error.hint else ""
        return lambda: self._app.notify(
            f"{error.message}{hint}", title=error.title, severity="error", timeout=10, markup=False
        )

    def _tell_moved(self) -> None:
        self._app.post_message(WorkMoved())
