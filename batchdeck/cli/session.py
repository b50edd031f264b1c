"""One run of a command: opening the deck, running the coroutine, turning what happens into an exit code."""

from __future__ import annotations

import asyncio
import errno
import select
import signal
import socket
import sys
from collections.abc import Callable, Coroutine, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import typer

from batchdeck.deck import Deck, DeckOpening
from batchdeck.domain.stories import said_by, story_of
from batchdeck.domain.text import show
from batchdeck.errors import BatchDeckError, Interrupted, StorageFailed, UsageError

EXIT_FAILED_PAGES = 6
_STOPPING = (signal.SIGTERM, signal.SIGHUP)
_ANSWERS = {"y": True, "yes": True, "n": False, "no": False, "": False}
_DISK = frozenset({errno.ENOSPC, errno.EDQUOT, errno.EIO, errno.EFBIG})
"""What writing fails with when the disk behind our output is to blame."""


@dataclass(frozen=True, slots=True)
class Session:
    """The root's options, as every command gets them."""

    deck: Path | None
    read_only: bool
    base_url: str | None
    profile: str | None
    sandbox: bool
    debug: bool

    def run(
        self,
        command: Callable[[Deck], Coroutine[Any, Any, int]],
        *,
        deck: Path | None = None,
        sandbox: bool | None = None,
        faults: Path | None = None,
    ) -> None:
        """Open the deck, run a command on it, and exit with the code it returns or its error calls for."""

        async def with_deck() -> int:
            async with self.open(deck, sandbox=sandbox, faults=faults) as opened:
                return await command(opened)

        self.run_bare(with_deck)

    def open(
        self,
        deck: Path | None = None,
        *,
        sandbox: bool | None = None,
        faults: Path | None = None,
        read_only: bool = False,
    ) -> DeckOpening:
        """Return the deck about to be opened as the root's options say, for ``async with``."""
        return Deck.open(
            deck or self.deck,
            sandbox=self.sandbox if sandbox is None else sandbox,
            base_url=self.base_url,
            profile=self.profile,
            read_only=self.read_only or read_only,
            faults=faults,
        )

    def run_bare(self, command: Callable[[], Coroutine[Any, Any, int]]) -> None:
        """Run a command that needs no deck, and exit likewise."""
        try:
            code = asyncio.run(_until_signalled(command()))
        except (KeyboardInterrupt, asyncio.CancelledError, Interrupted):
            narrate("Stopped. Nothing is lost: the same command goes on where this one was.")
            raise typer.Exit(Interrupted.exit_code) from None
        except BatchDeckError as error:
            if self.debug:
                narrate(story_of(error))
            print_error(error)
            raise typer.Exit(error.exit_code) from None
        except BrokenPipeError:
            # The reader of our output has gone (`batchdeck ls | head`): nothing is wrong.
            sys.stderr.close()
            raise typer.Exit(0) from None
        except typer.Exit:
            raise
        except Exception as error:
            if self.debug:
                narrate(story_of(error))
            unexpected: BatchDeckError = BatchDeckError(
                f"{type(error).__name__}: {said_by(error)}",
                hint="This is a defect of BatchDeck. Run the command again with --debug to see where.",
            )
            if isinstance(error, OSError) and error.errno in _DISK:
                unexpected = StorageFailed(
                    f"{error.strerror}.", hint="Make room on the disk that is written to, then do it again."
                )
                with suppress(
                    OSError
                ):  # or the interpreter fails once more at its end, with a code of its own
                    sys.stdout.close()
            elif isinstance(error, PermissionError) and error.filename is not None:
                unexpected = StorageFailed(
                    f"{show(str(error.filename), 200)}: {error.strerror}.",
                    hint="Check whose it is, and that you may read and write it.",
                )
            print_error(unexpected)
            raise typer.Exit(unexpected.exit_code) from None
        raise typer.Exit(code)


async def _until_signalled(command: Coroutine[Any, Any, int]) -> int:
    """Run a command as a task that SIGTERM and SIGHUP stop as Ctrl-C does, unless they were to be ignored
    from the start: that is how `nohup` keeps a command when its terminal goes."""
    task = asyncio.ensure_future(command)
    loop = asyncio.get_running_loop()
    for number in _STOPPING:
        if signal.getsignal(number) != signal.SIG_IGN:
            loop.add_signal_handler(number, task.cancel)
    return await task


def narrate(text: str) -> None:
    """Say something to the operator, on stderr."""
    typer.echo(show(text, newlines=True), err=True)


def print_error(error: BatchDeckError) -> None:
    """Print an error's three lines on stderr: what happened, why, what to do next."""
    narrate(f"{error.title}.")
    narrate(f"  {error.message}")
    if error.hint:
        narrate(f"  → {error.hint}")


def confirm(question: str, *, yes: bool, otherwise: str = "Nothing was sent.") -> None:
    """Ask before money is spent or something is destroyed; `otherwise` is what is said after a no.

    Raises:
        UsageError: nobody is there to answer and `--yes` was not given.
        Interrupted: a signal came instead of an answer.
        typer.Exit: the answer was no.
    """
    if yes:
        return
    if not is_somebody_there():
        raise UsageError("Nobody is there to confirm.", hint="Give --yes to go ahead without asking.")
    if not ask(question):
        narrate(otherwise)
        raise typer.Exit(0)


def is_somebody_there() -> bool:
    """Say whether questions can be answered: stdin may be closed altogether."""
    return sys.stdin is not None and sys.stdin.isatty()


def ask(question: str) -> bool:
    """Ask a question whose answer is no unless it is yes; the end of the input is a no.

    Raises:
        Interrupted: a signal came instead of an answer.
    """
    with signals_interrupt() as wait_for_input:
        while True:
            typer.echo(f"{question} [y/N]: ", nl=False, err=True)
            wait_for_input()
            line = sys.stdin.buffer.readline()
            if not line:
                narrate("")
                return False
            answer = _ANSWERS.get(line.decode(errors="replace").strip().casefold())
            if answer is not None:
                return answer
            narrate("Answer y or n.")


@contextmanager
def signals_interrupt() -> Iterator[Callable[[], None]]:
    """Have signals end what waits for somebody at the terminal, by raising `Interrupted`. The event loop,
    which hears of them otherwise, stands still meanwhile.

    Yields what waits until something has been typed. Whoever begins to read without it does not hear a signal
    that came the moment before, and `input` breaks where a signal's handler raises.
    """

    def interrupt(_number: int, _frame: object) -> None:
        raise Interrupted("A signal came instead of an answer.")

    def wait_for_input() -> None:
        while sys.stdin not in select.select([sys.stdin, woken], [], [])[0]:
            woken.recv(1)  # another signal than those that interrupt

    woken, wakes = socket.socketpair()
    with woken, wakes:
        wakes.setblocking(False)
        heard = [
            number for number in (signal.SIGINT, *_STOPPING) if signal.getsignal(number) != signal.SIG_IGN
        ]
        waker = signal.set_wakeup_fd(wakes.fileno(), warn_on_full_buffer=False)
        before = {number: signal.signal(number, interrupt) for number in heard}
        try:
            yield wait_for_input
        except Interrupted:
            narrate("")  # not where the signal is heard, which may be in the midst of writing the question
            raise
        finally:
            for number, handler in before.items():
                signal.signal(number, handler)
            signal.set_wakeup_fd(waker)
